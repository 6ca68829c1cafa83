/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include "ktls/cmd.h"
#include "probe/probe.h"

static const char usage[] =
    "usage: ktls probe [--json]\n"
    "\n"
    "Tries what this kernel can do for TLS, and says of each no what would make it\n"
    "a yes. Nothing is changed, but that the kernel may load its tls module.\n"
    "\n"
    "  --json  the same for programs to read\n"
    "  --help  this text\n";

int
cmd_probe(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct probe p;
	bool json = false;
	int opt, err;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "%s: takes no argument: %s\n%s", argv[0], argv[optind], usage);
		return EXIT_USAGE;
	}
	probe_ask(&p);
	if (!json) {
		probe_print_table(&p);
		return EXIT_OK;
	}
	if ((err = probe_print_json(&p)) == 0)
		return EXIT_OK;
	fprintf(stderr, "%s: %s\n", argv[0], ktls_strerror(err));
	return EXIT_FAILED;
}
