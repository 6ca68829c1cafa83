/* SPDX-License-Identifier: MIT */
#ifndef GET_PROGRESS_H
#define GET_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* A bar on the terminal, redrawn five times a second at most. */
struct get_progress {
	bool on;
	uint64_t total;			/* 0: not known */
	uint64_t began, drawn;		/* ms */
};

/* on: where it is wanted; a standard error that is no terminal never gets one. */
void get_progress_begin(struct get_progress *progress, bool on, uint64_t total);
void get_progress_show(struct get_progress *progress, uint64_t done);
/* The last bar. Only where all went well: what went wrong is said below the last that was drawn. */
void get_progress_end(struct get_progress *progress, uint64_t done);

#endif
