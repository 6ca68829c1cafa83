/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ktls/cmd.h"
#include "serve/listen.h"
#include "serve/options.h"

#define WORKERS_MAX	1024

static const char help[] =
"usage: ktls serve [OPTION]... DIR\n"
"\n"
"Serves the files of DIR over HTTPS: TLS 1.3, HTTP/1.1, GET and HEAD.\n"
"\n"
"  --listen [ADDRESS:]PORT   default localhost:8443; all addresses: [::]:8443\n"
"  --cert FILE --key FILE    PEM; without them a certificate for localhost and\n"
"                            this host is made, kept and used again\n"
"  --offload WHICH           who makes the records: auto (the default: the kernel\n"
"                            for bodies over 64 KiB), tx, rx, full, none\n"
"  --engine WHICH            auto (the default), io_uring, epoll\n"
"  --workers N               processes; default: one a core\n"
"  --log FILE                one line a request; - is standard output (the default),\n"
"                            off is no log\n"
"  --timeout SECONDS         for a handshake, a request, and progress of an answer;\n"
"                            default 10\n"
"  --idle-timeout SECONDS    between two requests; default 60\n";

static const struct word {
	const char *word;
	int value;
} offloads[] = {
	{ "auto", KTLS_OFFLOAD_AUTO }, { "none", KTLS_OFFLOAD_NONE }, { "tx", KTLS_OFFLOAD_TX },
	{ "rx", KTLS_OFFLOAD_RX }, { "full", KTLS_OFFLOAD_FULL }, { NULL, 0 },
}, engines[] = {
	{ "auto", KTLS_ENGINE_AUTO }, { "io_uring", KTLS_ENGINE_URING },
	{ "epoll", KTLS_ENGINE_EPOLL }, { NULL, 0 },
};

static bool
parse_word(const char *option, const char *text, const struct word *words, int *value)
{
	for (const struct word *w = words; w->word != NULL; w++) {
		if (strcmp(w->word, text) == 0) {
			*value = w->value;
			return true;
		}
	}
	fprintf(stderr, "ktls serve: --%s takes", option);
	for (const struct word *w = words; w->word != NULL; w++)
		fprintf(stderr, "%s %s", w == words ? "" : w[1].word == NULL ? " or" : ",",
		    w->word);
	fprintf(stderr, ", not \"%s\"\n", text);
	return false;
}

static bool
parse_workers(const char *text, unsigned *workers)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*workers = (unsigned)n;
	if (*text >= '0' && *text <= '9' && *end == '\0' && n >= 1 && n <= WORKERS_MAX)
		return true;
	fprintf(stderr, "ktls serve: --workers takes a whole number from 1 to %d, not \"%s\"\n",
	    WORKERS_MAX, text);
	return false;
}

static bool
parse_seconds(const char *option, const char *text, unsigned *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end != text && *end == '\0' && seconds >= 0.1 && seconds <= 86400) {
		*ms = (unsigned)(seconds * 1000);
		return true;
	}
	fprintf(stderr, "ktls serve: --%s takes seconds from 0.1 to 86400, not \"%s\"\n",
	    option, text);
	return false;
}

static bool
add_listen(struct serve_options *o, const char *where)
{
	if (o->listen_count == LISTEN_MAX) {
		fprintf(stderr, "ktls serve: --listen at most %d times\n", LISTEN_MAX);
		return false;
	}
	if (!serve_listen_valid(where)) {
		fprintf(stderr, "ktls serve: --listen takes [ADDRESS:]PORT, as 8443, "
		    "0.0.0.0:8443 or [::]:8443, not \"%s\"\n", where);
		return false;
	}
	o->listen[o->listen_count++] = where;
	return true;
}

static bool
parse_one(struct serve_options *o, const char *name, const char *value)
{
	int word;

	if (strcmp(name, "listen") == 0) {
		return add_listen(o, value);
	} else if (strcmp(name, "cert") == 0) {
		o->cert = value;
	} else if (strcmp(name, "key") == 0) {
		o->key = value;
	} else if (strcmp(name, "log") == 0) {
		o->log = value;
	} else if (strcmp(name, "offload") == 0) {
		if (!parse_word(name, value, offloads, &word))
			return false;
		o->offload = (enum ktls_offload)word;
	} else if (strcmp(name, "engine") == 0) {
		if (!parse_word(name, value, engines, &word))
			return false;
		o->engine = (enum ktls_engine)word;
	} else if (strcmp(name, "workers") == 0) {
		return parse_workers(value, &o->workers);
	} else {
		return parse_seconds(name, value, strcmp(name, "timeout") == 0 ?
		    &o->timeout : &o->idle_timeout);
	}
	return true;
}

static bool
complete(struct serve_options *o, int argc, char **argv)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (optind == argc) {
		fputs("ktls serve: which directory? ktls serve DIR\n", stderr);
		return false;
	}
	if (optind + 1 < argc) {
		fprintf(stderr, "ktls serve: one directory, please: \"%s\" is too much\n",
		    argv[optind + 1]);
		return false;
	}
	if ((o->cert == NULL) != (o->key == NULL)) {
		fprintf(stderr, "ktls serve: --%s needs --%s beside it\n",
		    o->cert != NULL ? "cert" : "key", o->cert != NULL ? "key" : "cert");
		return false;
	}
	o->dir = argv[optind];
	if (o->listen_count == 0)
		o->listen[o->listen_count++] = "localhost:8443";
	if (o->workers == 0)
		o->workers = cores > 0 && cores < WORKERS_MAX ? (unsigned)cores : 1;
	return true;
}

int
serve_options_parse(struct serve_options *o, int argc, char **argv, int *status)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'o' },
		{ "cert", required_argument, NULL, 'o' },
		{ "key", required_argument, NULL, 'o' },
		{ "offload", required_argument, NULL, 'o' },
		{ "engine", required_argument, NULL, 'o' },
		{ "workers", required_argument, NULL, 'o' },
		{ "log", required_argument, NULL, 'o' },
		{ "timeout", required_argument, NULL, 'o' },
		{ "idle-timeout", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, index = 0;

	*o = (struct serve_options){ .log = "-", .timeout = 10000, .idle_timeout = 60000 };
	*status = EXIT_USAGE;
	while ((c = getopt_long(argc, argv, "h", options, &index)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			*status = EXIT_OK;
			return -1;
		}
		if (c != 'o') {		/* getopt_long() has said what was wrong */
			fputs("ktls serve --help tells the options\n", stderr);
			return -1;
		}
		if (!parse_one(o, options[index].name, optarg))
			return -1;
	}
	return complete(o, argc, argv) ? 0 : -1;
}
