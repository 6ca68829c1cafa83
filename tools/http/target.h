/* SPDX-License-Identifier: MIT */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include "http/fields.h"

#define HTTP_PATH_MAX	4096	/* with its NUL: what open takes */

/*
 * The file that a target means, below the served directory. The name is relative,
 * without an empty, "." or ".." segment, so it can't leave the directory by itself
 * (a link could: files.h opens beneath).
 */
struct http_path {
	char name[HTTP_PATH_MAX];	/* decoded, NUL at the end; empty: the directory itself */
	size_t len;
	bool slash;			/* ends in one, or in a dot segment: a directory */
	bool hidden;			/* some segment begins with a dot */
	struct http_text query;		/* with its '?', of the target; or empty */
};

/*
 * Reads a target as browsers do (WHATWG URL): the query is cut off, segments are
 * split at each '/', then decoded, then dot segments removed, %2e being a dot;
 * ".." at the top stays there. Empty segments count for nothing. Refused:
 *   %00 and a bad percent-encoding	400
 *   %2F				404: no file's name has a slash in it, and were it
 *					taken for one, others would see another path
 *   longer than a path may be		414
 */
HTTP_CHECKED bool http_target_path(struct http_path *path, struct http_text target,
    struct http_fault *fault);

#endif
