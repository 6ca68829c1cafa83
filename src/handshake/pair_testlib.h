/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_PAIR_TESTLIB_H
#define HANDSHAKE_PAIR_TESTLIB_H

#include <ktls/handshake.h>

/*
 * For tests: bytes carried from one engine to another, or to anything else, in
 * several manners. What goes wrong in here ends the test program with a sentence.
 */
enum pair_way {
	PAIR_WHOLE,	/* as much as fits into the lent buffer */
	PAIR_BYTES,	/* one byte at a time into the lent buffer */
	PAIR_FEED,	/* by ktls_hs_feed() */
	PAIR_FEED_BYTES,
	PAIR_WAYS
};

/* Bytes on their way to an engine; zeroed is empty. */
struct pair_wire {
	unsigned char *data;
	size_t len;
};

void pair_wire_add(struct pair_wire *wire, const void *data, size_t len);
void pair_wire_free(struct pair_wire *wire);

/* Takes all that hs wants to send. */
void pair_collect(struct ktls_hs *hs, struct pair_wire *wire);
/* Gives hs what is on the wire until that is empty or hs wants to send, is done, has failed. */
void pair_deliver(struct ktls_hs *hs, struct pair_wire *wire, enum pair_way way);

/* Both to their end: done, failed, or waiting for a silent peer. Returns whether both are done. */
bool pair_run(struct ktls_hs *client, struct ktls_hs *server, enum pair_way way);

#endif
