/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "get/options.h"
#include "get/say.h"
#include "ktls/cmd.h"

static const char help[] =
"usage: ktls get [OPTION]... URL\n"
"\n"
"Fetches an https:// URL, through the kernel's TLS where that works.\n"
"\n"
"  -o, --output FILE    where to; - is standard output. Default: a file named as\n"
"                       the last part of the URL's path\n"
"      --cafile FILE    trust these certificates (PEM) instead of the system's\n"
"      --insecure       take any certificate\n"
"      --offload WHICH  who opens the records: auto (the default), rx (the kernel),\n"
"                       none (this program)\n"
"      --splice         from the kernel's TLS to the file without a copy\n"
"      --timeout SECS   without progress; default 30\n"
"  -q, --quiet          no progress bar\n"
"  -v, --verbose        tell what was negotiated\n"
"\n"
"The file has its name only when it is whole; until then it is FILE.part.\n";

static bool
parse_offload(const char *text, enum ktls_offload *offload)
{
	static const struct {
		const char *word;
		enum ktls_offload offload;
	} words[] = {
		{ "auto", KTLS_OFFLOAD_AUTO }, { "rx", KTLS_OFFLOAD_RX },
		{ "none", KTLS_OFFLOAD_NONE },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(text, words[i].word) == 0) {
			*offload = words[i].offload;
			return true;
		}
	}
	get_say("--offload takes auto, rx or none, not \"%s\"", text);
	return false;
}

static bool
parse_timeout(const char *text, unsigned *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0.1 && seconds <= 86400)) {
		get_say("--timeout takes seconds from 0.1 to 86400, not \"%s\"", text);
		return false;
	}
	*ms = (unsigned)(seconds * 1000);
	return true;
}

static bool
complete(struct get_options *o, int argc, char **argv)
{
	const char *wrong;

	if (optind == argc) {
		get_say("which URL? ktls get https://...");
		return false;
	}
	if (optind + 1 < argc) {
		get_say("one URL, please: \"%s\" is too much", argv[optind + 1]);
		return false;
	}
	if (o->output != NULL && *o->output == '\0') {
		get_say("--output takes a file, or -");
		return false;
	}
	o->url_text = argv[optind];
	if ((wrong = http_url_parse(&o->url, http_text(o->url_text))) != NULL) {
		get_say("%s: %s", o->url_text, wrong);
		return false;
	}
	return true;
}

int
get_options_parse(struct get_options *o, int argc, char **argv, int *status)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "cafile", required_argument, NULL, 'c' },
		{ "insecure", no_argument, NULL, 'i' },
		{ "offload", required_argument, NULL, 'f' },
		{ "splice", no_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*o = (struct get_options){ .timeout = 30000 };
	*status = EXIT_USAGE;
	while ((c = getopt_long(argc, argv, "o:qvh", options, NULL)) != -1) {
		switch (c) {
		case 'o': o->output = optarg; break;
		case 'c': o->cafile = optarg; break;
		case 'i': o->insecure = true; break;
		case 's': o->splice = true; break;
		case 'q': o->quiet = true; break;
		case 'v': o->verbose = true; break;
		case 'f':
			if (!parse_offload(optarg, &o->offload))
				return -1;
			break;
		case 't':
			if (!parse_timeout(optarg, &o->timeout))
				return -1;
			break;
		case 'h':
			fputs(help, stdout);
			*status = EXIT_OK;
			return -1;
		default:			/* getopt_long() has said what was wrong */
			fputs("ktls get --help tells the options\n", stderr);
			return -1;
		}
	}
	return complete(o, argc, argv) ? 0 : -1;
}
