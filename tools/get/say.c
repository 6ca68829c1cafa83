/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "get/say.h"

/* The cursor stands behind a bar. One terminal, one bar: so it is the program's. */
static volatile sig_atomic_t at_bar;

void
get_say_bar_done(void)
{
	if (at_bar)
		fputc('\n', stderr);
	at_bar = 0;
}

void
get_say(const char *format, ...)
{
	va_list args;

	get_say_bar_done();
	fputs("ktls get: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void
get_say_bar(const char *line)
{
	at_bar = 1;
	fprintf(stderr, "\r%s\033[K", line);
}

void
get_say_in_signal(const char *sentence)
{
	(void)!write(STDERR_FILENO, "\n", at_bar != 0);
	(void)!write(STDERR_FILENO, sentence, strlen(sentence));
}
