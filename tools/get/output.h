/* SPDX-License-Identifier: MIT */
#ifndef GET_OUTPUT_H
#define GET_OUTPUT_H

#include <limits.h>
#include "get/options.h"

/* Where the body goes. It has its name only when it is whole. */
struct get_output {
	char name[PATH_MAX];		/* "" for standard output */
	char part[PATH_MAX + 8];
	int fd;
};

/* These print their sentence and return false where they fail. */
bool get_output_open(struct get_output *out, const struct get_options *options);
bool get_output_write(struct get_output *out, const void *data, size_t len);
/* The file is whole: it gets its name. */
bool get_output_finish(struct get_output *out);
/* It isn't: what is there stays in FILE.part, unless it is nothing. */
void get_output_abandon(struct get_output *out);

#endif
