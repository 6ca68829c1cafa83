/* SPDX-License-Identifier: MIT */
#ifndef GET_OUTPUT_H
#define GET_OUTPUT_H

#include <limits.h>
#include "get/options.h"

/*
 * Where the body goes. A file has its name only when it is whole: until then it
 * is FILE.part. What is no file (standard output, a device, a FIFO) is written to.
 */
struct get_output {
	char name[PATH_MAX];
	char part[PATH_MAX + 8];	/* "": written to directly */
	int fd;
};

/*
 * These print their sentence and return false where they fail. From open on a
 * signal that ends the program first does what get_output_abandon() does.
 */
bool get_output_open(struct get_output *out, const struct get_options *options);
bool get_output_write(struct get_output *out, const void *data, size_t len);
/* The file is whole: it gets its name. */
bool get_output_finish(struct get_output *out);
/* It isn't: what is there stays in FILE.part, unless it is nothing. */
void get_output_abandon(struct get_output *out);

#endif
