/* SPDX-License-Identifier: MIT */
#ifndef BENCH_HANDSHAKE_BENCH_H
#define BENCH_HANDSHAKE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is measured: a row of the table, on both sides. */
enum row { ROW_13_ECDSA, ROW_13_RSA, ROW_13_PSK, ROW_12_ECDSA, ROW_12_TICKET, ROWS };
enum side { CLIENT, SERVER, SIDES };

extern const char *const row_name[ROWS];	/* for people */
extern const char *const row_key[ROWS];		/* for the command line */
extern const char *const side_name[SIDES];
extern const double to_reach[ROWS][SIDES];	/* of the floor */

#define BATCH		16	/* connections that take their turns together */
#define HOST		"localhost"

/*
 * Who is measured. A connection is a slot; each of its sides takes its turn, the client
 * first: it is created in turn 0, has done the handshake after the turns, and can then
 * send and receive; TURN_END takes it away. libssl and libktls need three turns, the floor
 * does all in the first.
 */
#define TURNS		3
#define TURN_END	TURNS

struct contender {
	const char *name;
	/* Contexts for a row, and what it takes to resume; false: it can't do this row. */
	bool (*open)(enum row row, size_t slots);
	void (*turn)(enum side side, size_t slot, unsigned turn);
	void (*close)(void);
};

extern const struct contender ours, libssl, the_floor;
/* libssl with SSL_MODE_RELEASE_BUFFERS, for its memory */
extern const struct contender libssl_released;

/* Certificates: DIR/ecdsa.pem, .key, -root.pem, and the same for rsa; made where missing. */
enum pki_kind { PKI_ECDSA, PKI_RSA };
enum pki_file { PKI_CERT, PKI_KEY, PKI_ROOT };
void pki_prepare(const char *dir);
const char *pki_path(enum pki_kind kind, enum pki_file file);
enum pki_kind pki_of(enum row row);

/* Says what went wrong, with libcrypto's queue, and ends the program. */
#define PRINTF_DIES(fmt, args)	__attribute__((noreturn, format(printf, fmt, args)))
PRINTF_DIES(1, 2)
void die(const char *fmt, ...);
#define NEED(cond)	((cond) ? (void)0 : die("%s:%d: %s", __FILE__, __LINE__, #cond))

/*
 * Bytes that live, of the allocator and of anonymous mappings, and the most since the
 * reset: differences count, from heap_count() on.
 */
void heap_count(void);
int64_t heap_live(void);
int64_t heap_peak(void);
void heap_peak_reset(void);

/* The tables, each printed at once (time.c, memory.c, records.c). */
void time_table(unsigned rounds);
void memory_table(void);
void records_table(unsigned rounds);

/* This thread's processor time in nanoseconds. */
int64_t cpu_now(void);
double median(double *values, size_t count);	/* sorts them */

#endif
