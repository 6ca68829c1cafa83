/* SPDX-License-Identifier: MIT */
#ifndef HTTP_FILES_H
#define HTTP_FILES_H

#include <sys/stat.h>
#include "http/target.h"

struct http_file {
	int fd;
	bool is_dir;
	uint64_t size;
	time_t modified;
	const char *type;	/* media type, of a file that was found */
};

enum http_found {
	HTTP_FOUND_FILE,	/* file->fd is to be read; the caller closes it */
	HTTP_FOUND_DIR,		/* the same, to be listed: it has no index.html */
	HTTP_FOUND_REDIRECT,	/* a directory, and the path lacks the slash at its end */
	HTTP_FOUND_NOTHING,	/* fault says why */
};

/*
 * Opens what path means below root, with openat2(RESOLVE_BENEATH): neither ".."
 * nor a link, absolute or not, leads out, whoever renames things meanwhile.
 * Links that stay beneath are followed. Only regular files and directories.
 * Where a container's filter refuses openat2, no link is followed.
 */
HTTP_CHECKED enum http_found http_file_find(int root, const struct http_path *path,
    struct http_file *file, struct http_fault *fault);

/* One name below root. The descriptor does not block and is closed on exec. */
HTTP_CHECKED bool http_file_open(int root, const char *name, struct http_file *file,
    struct http_fault *fault);

/* What a name leads to, links followed, opening nothing. 0 or -errno. */
HTTP_CHECKED int http_file_stat(int root, const char *name, struct stat *st);

#endif
