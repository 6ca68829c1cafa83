/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <ktls/conn.h>
#include <ktls/post.h>
#include "bench_handshake/ours.h"

/*
 * Bytes that a connection holds, each side's apart: as the allocator has them (what was
 * asked for, rounded up), libcrypto's and libssl's included, and anonymous mappings. The
 * mean of many that live at once, and the most that one held during its handshake.
 */

#define MANY		1024
#define CONNS		64		/* these need two descriptors each */
#define AFTER_TO_REACH	512

struct memory {
	int64_t peak[SIDES], done[SIDES];
	int64_t user[SIDES], kernel[SIDES];	/* ours, after the hand-over */
};

/* Bytes that this side's turn of these connections has added. */
static int64_t
turn_of(const struct contender *c, enum side side, size_t slots, unsigned turn)
{
	int64_t before = heap_live();

	for (size_t i = 0; i < slots; i++)
		c->turn(side, i, turn);
	return heap_live() - before;
}

static void
measure_peak(const struct contender *c, int64_t peak[SIDES])
{
	int64_t live[SIDES] = { 0, 0 }, before, most;

	for (unsigned turn = 0; turn < TURNS; turn++)
		for (enum side side = CLIENT; side < SIDES; side++) {
			before = heap_live();
			heap_peak_reset();
			c->turn(side, 0, turn);
			most = live[side] + heap_peak() - before;
			live[side] += heap_live() - before;
			if (most > peak[side])
				peak[side] = most;
		}
	for (enum side side = CLIENT; side < SIDES; side++)
		c->turn(side, 0, TURN_END);
}

/*
 * What is left of one side's connections: first both directions in userspace, then in the kernel.
 */
static void
hand_over(enum side side, struct ktls_crypto *crypto, struct memory *m)
{
	static struct {
		struct ktls_record *record[KTLS_DIRS];
		struct ktls_post *post;
	} all[MANY];
	int64_t before = heap_live() - m->done[side];

	for (size_t i = 0; i < MANY; i++) {
		struct ktls_hs *hs = ours_hs(side, i);

		for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++)
			all[i].record[dir] = ours_record(hs, crypto, dir);
		NEED(ktls_post_new(&all[i].post, hs) == 0);
		ktls_hs_free(hs);
	}
	m->user[side] = heap_live() - before;
	for (size_t i = 0; i < MANY; i++)
		for (int dir = 0; dir < KTLS_DIRS; dir++)
			ktls_record_free(all[i].record[dir]);
	m->kernel[side] = heap_live() - before;
	for (size_t i = 0; i < MANY; i++)
		ktls_post_free(all[i].post);
}

static void
measure(const struct contender *c, enum row row, struct memory *m)
{
	*m = (struct memory){ 0 };
	NEED(c->open(row, MANY));
	for (unsigned i = 0; i < 2; i++)		/* the second is measured */
		measure_peak(c, m->peak);
	for (unsigned turn = 0; turn < TURNS; turn++)
		for (enum side side = CLIENT; side < SIDES; side++)
			m->done[side] += turn_of(c, side, MANY, turn);
	for (enum side side = CLIENT; side < SIDES; side++)
		if (c == &ours)
			hand_over(side, ours_crypto(), m);
		else
			(void)turn_of(c, side, MANY, TURN_END);
	c->close();
}

static void
print(const char *name, const char *what, const int64_t bytes[SIDES], size_t count)
{
	printf("%-24s %-40s %8lld %8lld\n", name, what, (long long)bytes[SERVER] / (long long)count,
	    (long long)bytes[CLIENT] / (long long)count);
}

/* A connection of conn.h over a socket, idle, both directions in userspace. */
static void
measure_conns(int64_t bytes[SIDES])
{
	static const struct ktls_hs_params params = { .server_name = HOST };
	static struct ktls_conn *conn[CONNS][SIDES];
	struct ktls_config *cfg[SIDES];
	struct ktls_crypto *crypto;
	int err[SIDES], fd[CONNS][SIDES];

	NEED(ktls_crypto_new(&crypto, NULL, NULL) == 0);
	for (enum side side = CLIENT; side < SIDES; side++) {
		cfg[side] = ours_config(ROW_13_ECDSA, side, crypto);
		NEED(ktls_config_offload(cfg[side], KTLS_OFFLOAD_NONE) == 0);
		bytes[side] = 0;
	}
	for (size_t i = 0; i < CONNS; i++) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd[i]) == 0);
		err[CLIENT] = err[SERVER] = -EAGAIN;
		for (enum side side = CLIENT; err[CLIENT] != 0 || err[SERVER] != 0;
		    side = 1 - side) {
			int64_t before = heap_live();

			if (conn[i][side] == NULL)
				NEED(ktls_conn_new(&conn[i][side], cfg[side], side == CLIENT ?
				    KTLS_CLIENT : KTLS_SERVER, fd[i][side],
				    side == CLIENT ? &params : NULL) == 0);
			if (err[side] != 0)
				err[side] = ktls_conn_handshake(conn[i][side]);
			NEED(err[side] == 0 || err[side] == -EAGAIN);
			if (i != 0)			/* nobody's first time counts */
				bytes[side] += heap_live() - before;
		}
	}
	for (size_t i = 0; i < CONNS; i++)
		for (enum side side = CLIENT; side < SIDES; side++) {
			ktls_conn_free(conn[i][side]);
			close(fd[i][side]);
		}
	for (enum side side = CLIENT; side < SIDES; side++)
		ktls_config_unref(cfg[side]);
	ktls_crypto_unref(crypto);
}

void
memory_table(void)
{
	static const struct contender *const others[] = { &libssl, &libssl_released };
	struct memory m;
	int64_t conns[SIDES];

	heap_count();
	printf("\nBytes of a connection, TLS 1.3 with ECDSA %43s %8s\n\n", "server", "client");
	for (size_t i = 0; i < 2; i++) {
		measure(others[i], ROW_13_ECDSA, &m);
		print(others[i]->name, "the most during the handshake", m.peak, 1);
		print("", "afterwards", m.done, MANY);
	}
	measure(&ours, ROW_13_ECDSA, &m);
	print("ours", "the most during the handshake", m.peak, 1);
	print("", "done, before the hand-over", m.done, MANY);
	print("", "after it, both directions in userspace", m.user, MANY);
	print("", "after it, both directions in the kernel", m.kernel, MANY);
	measure_conns(conns);
	print("", "ktls_conn, both directions in userspace", conns, CONNS - 1);
	printf("%-24s %-40s %8d  %s\n", "", "to reach, both in the kernel", AFTER_TO_REACH,
	    m.kernel[SERVER] <= AFTER_TO_REACH * MANY && m.kernel[CLIENT] <= AFTER_TO_REACH * MANY ?
	    "met" : "MISSED");
}
