/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "bench_handshake/bench.h"

/*
 * bench_handshake DIR			the tables; DIR keeps the certificates
 * bench_handshake DIR TABLE		one of them: time, records, memory
 * bench_handshake DIR CONTENDER ROW	handshakes, counted by callgrind: see instructions
 */

#define ROUNDS		7
#define COUNTED		10		/* handshakes that callgrind sees */

const char *const row_name[ROWS] = {
	"TLS 1.3 ECDSA P-256", "TLS 1.3 RSA-2048", "TLS 1.3 PSK-DHE", "TLS 1.2 ECDSA P-256",
	"TLS 1.2 ticket",
};
const char *const row_key[ROWS] = {
	"tls13-ecdsa", "tls13-rsa", "tls13-psk", "tls12-ecdsa", "tls12-ticket",
};
const char *const side_name[SIDES] = { "client", "server" };
const double to_reach[ROWS][SIDES] = {
	[ROW_13_ECDSA] = { 1.30, 1.08 }, [ROW_13_RSA] = { 1.40, 1.05 },
	[ROW_13_PSK] = { 1.12, 1.10 }, [ROW_12_ECDSA] = { 1.30, 1.08 },
	[ROW_12_TICKET] = { 2.5, 2.5 },
};

static const struct contender *const all[] = { &ours, &libssl, &the_floor };

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "bench_handshake: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/*
 * callgrind collects inside these two and nowhere else: they must stay functions of these
 * names, which call and don't jump.
 */
void counted_client(const struct contender *c, unsigned turn);
void counted_server(const struct contender *c, unsigned turn);

__attribute__((noinline)) void
counted_client(const struct contender *c, unsigned turn)
{
	c->turn(CLIENT, 0, turn);
	__asm__ volatile("");
}

__attribute__((noinline)) void
counted_server(const struct contender *c, unsigned turn)
{
	c->turn(SERVER, 0, turn);
	__asm__ volatile("");
}

static void
count_handshakes(const struct contender *c, enum row row)
{
	NEED(c->open(row, 1));
	for (unsigned turn = 0; turn <= TURN_END; turn++)	/* nobody's first time counts */
		for (enum side side = CLIENT; side < SIDES; side++)
			c->turn(side, 0, turn);
	for (unsigned i = 0; i < COUNTED; i++)
		for (unsigned turn = 0; turn <= TURN_END; turn++) {
			counted_client(c, turn);
			counted_server(c, turn);
		}
	c->close();
	printf("handshakes: %d\n", COUNTED);
}

static int
count(const char *who, const char *what)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (enum row row = 0; row < ROWS; row++)
			if (strcmp(all[i]->name, who) == 0 && strcmp(row_key[row], what) == 0) {
				count_handshakes(all[i], row);
				return 0;
			}
	die("%s, %s: no such contender or row", who, what);
}

/* All of them where none is named. */
static int
tables(const char *name)
{
	bool time = name == NULL || strcmp(name, "time") == 0;
	bool records = name == NULL || strcmp(name, "records") == 0;
	bool memory = name == NULL || strcmp(name, "memory") == 0;

	if (!time && !records && !memory)
		die("%s: no such table", name);
	if (time)
		time_table(ROUNDS);
	if (records)
		records_table(ROUNDS);
	if (memory)
		memory_table();
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: bench_handshake DIR [TABLE | CONTENDER ROW]\n");
		return 2;
	}
	/* Pages that the allocator gives back and takes again are no part of a handshake. */
	NEED(mallopt(M_TRIM_THRESHOLD, 1 << 30) && mallopt(M_TOP_PAD, 1 << 24));
	pki_prepare(argv[1]);
	return argc == 4 ? count(argv[2], argv[3]) : tables(argc == 3 ? argv[2] : NULL);
}
