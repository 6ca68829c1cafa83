/* SPDX-License-Identifier: MIT */
#ifndef KTLS_CMD_H
#define KTLS_CMD_H

/*
 * The subcommands, each in cmd_<name>.c. argv[0] is "ktls <name>", for getopt's
 * messages; argv[1] is the first argument. What it returns is the exit status.
 */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* one line on stderr has said why */
	EXIT_USAGE = 2,
};

int cmd_serve(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_probe(int argc, char **argv);

#endif
