/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_BENCH_TESTLIB_H
#define HANDSHAKE_BENCH_TESTLIB_H

#include "handshake/machine.h"
#include "handshake/pair_testlib.h"

/*
 * For tests of what is below the messages: a client and a server in the middle of
 * a handshake, and records made by hand for either, sealed under the keys of the
 * other. Configs are message_config()'s.
 */
struct bench {
	struct ktls_hs *client, *server;
	struct pair_wire hello;		/* the client's ClientHello, a record */
	struct pair_wire up, down;	/* what is to be delivered to the server, to the client */
	struct pair_wire flight;	/* the server's behind its ServerHello, in the clear */
	struct ktls_record *seal[2];	/* by role: its handshake keys, to send */
};

enum bench_stage {
	BENCH_HELLO,		/* hello is made, nobody has it */
	BENCH_WAIT_EE,		/* the server has sent its flight, the client has its ServerHello */
	BENCH_FLIGHT2,		/* the client has all of it and is done: its answer is in up */
};

void bench_new(struct bench *b, enum bench_stage stage);
void bench_free(struct bench *b);

/* A record in the clear, or one sealed by `from`, put on the wire to the other. */
void bench_plain(struct bench *b, enum ktls_role from, uint8_t type, const void *data, size_t len);
void bench_sealed(struct bench *b, enum ktls_role from, uint8_t type, const void *data, size_t len);

/* Delivers what is on the wire to `to`; returns its want. */
int bench_deliver(struct bench *b, enum ktls_role to, enum pair_way way);

/* Takes the alert that hs sends, opened by what seals for it; -1 where it sends none. */
int bench_alert(struct bench *b, enum ktls_role from);

/*
 * What a fuzz target does with its input, a program for the other side of `to`.
 * First byte: the stage, and how bytes are delivered. Then steps: what (below), a
 * record's type, two bytes of length, and that many bytes where it takes any.
 */
enum bench_step {
	STEP_RAW,	/* bytes as they are */
	STEP_PLAIN,	/* a record in the clear */
	STEP_SEALED,	/* a protected one */
	STEP_GOOD,	/* that many bytes of what the other side would really send, as a record */
	STEP_END,	/* the stream ends */
	STEPS
};
int bench_fuzz(enum ktls_role to, const uint8_t *data, size_t len);

#endif
