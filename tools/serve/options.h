/* SPDX-License-Identifier: MIT */
#ifndef SERVE_OPTIONS_H
#define SERVE_OPTIONS_H

#include <ktls.h>
#include <ktls/uring.h>

#define LISTEN_MAX	8

/* What the command line asks for. Strings are argv's. */
struct serve_options {
	const char *dir;
	const char *listen[LISTEN_MAX];		/* [ADDRESS:]PORT */
	size_t listen_count;
	const char *cert, *key;			/* both or none */
	enum ktls_offload offload;
	enum ktls_engine engine;
	unsigned workers;
	const char *log;			/* a file, "-" or "off" */
	unsigned timeout, idle_timeout;		/* ms */
};

/* 0: go on. Otherwise the program ends with *status; what was wrong has been said. */
int serve_options_parse(struct serve_options *options, int argc, char **argv, int *status);

#endif
