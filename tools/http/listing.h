/* SPDX-License-Identifier: MIT */
#ifndef HTTP_LISTING_H
#define HTTP_LISTING_H

#include "http/buf.h"
#include "http/target.h"

#define HTTP_LISTING_MAX	10000u	/* entries; a directory with more says so */

/*
 * The page for an open directory: directories first, then by name. What would not
 * be served is not listed: names that begin with a dot, devices, links that lead
 * out of root. Blocks on the file system. 0 or -errno; out->full is asked by the caller.
 */
HTTP_CHECKED int http_listing_put(struct http_buf *out, int root, const struct http_path *path,
    int dir);

#endif
