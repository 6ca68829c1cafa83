/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <ktls.h>
#include "ktls/cmd.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{ "serve", cmd_serve, "serves a directory over HTTPS" },
	{ "get", cmd_get, "fetches an https:// URL" },
	{ "probe", cmd_probe, "what this kernel can do" },
};

static void
usage(FILE *to)
{
	fputs("usage: ktls COMMAND [OPTION]...\n       ktls --help | --version\n\n", to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].what);
	fputs("\nktls COMMAND --help tells its options.\n", to);
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
run(const struct command *command, int argc, char **argv)
{
	char name[32];

	snprintf(name, sizeof(name), "ktls %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

/* What was printed and could not be written (a full disk) is a failure too. */
static int
flushed(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("ktls: standard output");
	return status != EXIT_OK ? status : EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return flushed(EXIT_OK);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("ktls " KTLS_VERSION);
		return flushed(EXIT_OK);
	}
	if ((command = find(argv[1])) == NULL) {
		fprintf(stderr, "ktls: there is no %s %s; ktls --help tells which there are\n",
		    argv[1][0] == '-' ? "option" : "command", argv[1]);
		return EXIT_USAGE;
	}
	return flushed(run(command, argc - 1, argv + 1));
}
