/* SPDX-License-Identifier: MIT */
#ifndef GET_OPTIONS_H
#define GET_OPTIONS_H

#include <ktls.h>
#include "http/url.h"

/* What the command line asks for. Strings are argv's. */
struct get_options {
	struct http_url url;
	const char *url_text;
	const char *output;		/* a file or "-"; NULL: named after the URL */
	const char *cafile;
	bool insecure;
	bool splice;
	bool quiet;
	bool verbose;
	enum ktls_offload offload;
	unsigned timeout;		/* ms without progress */
};

/* 0: go on. Otherwise the program ends with *status; what was wrong has been said. */
int get_options_parse(struct get_options *options, int argc, char **argv, int *status);

#endif
