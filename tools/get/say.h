/* SPDX-License-Identifier: MIT */
#ifndef GET_SAY_H
#define GET_SAY_H

#include <stdbool.h>

/* What people read on standard error: sentences, and under way the progress bar's line. */

/* "ktls get: " and a sentence; below the bar, where there is one. */
void get_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Draws the bar, over the one before. */
void get_say_bar(const char *line);
/* It stays as it is, and what follows stands below. */
void get_say_bar_done(void);

/* For a signal handler. */
void get_say_in_signal(const char *sentence);

#endif
