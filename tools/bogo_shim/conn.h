/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_CONN_H
#define BOGO_SHIM_CONN_H

#include <sys/types.h>
#include <ktls/handshake.h>
#include <ktls/post.h>
#include <ktls/record.h>
#include <ktls/store.h>
#include "bogo_shim/options.h"

/* What the engine may hand back behind a handshake, and one record more. */
#define CONN_IN_MAX	(8 * KTLS_RECORD_MAX)
#define CONN_ALPN_MAX	16

/* What outlives a connection: a process makes several, one after the other. */
struct shim {
	struct ktls_crypto *crypto;
	struct ktls_tickets *tickets;
	struct ktls_sessions *sessions;
	int64_t now;			/* ms since 1970: it stands still unless a test moves it */
};

KTLS_CHECKED int shim_open(struct shim *shim);
void shim_close(struct shim *shim);

/* One connection: the engine, then records by hand. Every error below is final. */
struct conn {
	const struct shim_options *o;
	struct shim *shim;
	bool resumption;		/* not the first connection of this process */
	int fd;
	struct ktls_config *cfg;
	struct ktls_hs *hs;
	struct ktls_post *post;
	struct ktls_record *rec[KTLS_DIRS];

	unsigned asked[KTLS_ASK_COUNT];	/* questions, by kind */
	const char *own_refusal;	/* the runner's name for what a hook of ours refused */
	const char *unmet;		/* what the test expects of a question, and wasn't so */

	uint8_t in[CONN_IN_MAX];	/* sealed records, received and not yet opened */
	size_t in_off, in_len;
	uint8_t *data;			/* inside in: application data not yet read */
	size_t data_len;
	bool peer_gone;			/* the end of the stream */

	uint8_t held[64];		/* the end of a record that was sent in part */
	size_t held_len;

	unsigned hellos_sent;		/* ours: two, where there was a HelloRetryRequest */
	char secret[KTLS_DIRS][2 * KTLS_SECRET_MAX + 1];	/* traffic secrets, in hex */
};

/* The config that the options ask for. */
KTLS_CHECKED int conn_config(struct conn *c);

/* Which questions are asked, and whether their callback answers them at once. */
KTLS_CHECKED int conn_ask(struct conn *c);
/* Answers the engine's open question. */
void conn_answer(struct conn *c, struct ktls_hs *hs, const struct ktls_question *q);

/* Everything up to the application's first byte. */
KTLS_CHECKED int conn_handshake(struct conn *c);

/*
 * Up to len bytes of application data; 0 when the peer has closed. KeyUpdates are
 * answered on the way. Peeking leaves them there.
 */
KTLS_CHECKED ssize_t conn_recv(struct conn *c, void *buf, size_t len);
KTLS_CHECKED ssize_t conn_peek(struct conn *c, void *buf, size_t len);
KTLS_CHECKED int conn_send(struct conn *c, const void *data, size_t len);
KTLS_CHECKED int conn_send_record(struct conn *c, uint8_t type, const void *data, size_t len);
/* The first byte of a record of a few bytes; the rest leaves before the next record. */
KTLS_CHECKED int conn_send_held(struct conn *c, const void *data, size_t len);
/* The alert of err. Whether it leaves does not matter any more. */
void conn_send_alert(struct conn *c, int err);
KTLS_CHECKED int conn_key_update(struct conn *c);
/* close_notify; where wait is set, until the peer's has come. */
KTLS_CHECKED int conn_close(struct conn *c, bool wait);

void conn_free(struct conn *c);

#endif
