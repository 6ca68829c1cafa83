/* SPDX-License-Identifier: MIT */
#ifndef POST_STATE_H
#define POST_STATE_H

#include <ktls/handshake.h>
#include <ktls/post.h>
#include <ktls/record.h>
#include "base/secret_pages.h"
#include "base/wire.h"
#include "crypto/crypto.h"

/* The inside of a ktls_post, for src/post alone. Small: an idle connection keeps it. */

#define MESSAGE_MAX	65536	/* bytes of a message in several records */
#define UPDATES_MAX	32	/* KeyUpdates, tickets, ignored alerts in a row, without data between them */

/* Only where a key log was asked for. */
struct post_keylog {
	ktls_keylog_fn *log;
	void *arg;
	uint8_t client_random[32];
};

/* What ktls_post_next() has to yield, in this order. */
enum {
	DUE_REKEY_RX = 1 << 0,
	DUE_UPDATE = 1 << 1,
	DUE_REKEY_TX = 1 << 2,
	DUE_CLOSE = 1 << 3,
	DUE_CLOSED = 1 << 4,
};

struct ktls_post {
	struct ktls_crypto *crypto;
	struct secret_slot *slot;	/* two secrets, TX's and RX's, of 48 bytes each */
	struct post_keylog *keylog;	/* or NULL */
	uint8_t *partial;		/* a message that isn't complete yet, or NULL */
	size_t partial_len;
	uint32_t generation[KTLS_DIRS];
	int err;			/* final */
	enum ktls_role role;
	enum ktls_cipher cipher;
	enum crypto_hash hash;
	uint16_t version;
	uint8_t due;			/* DUE_* */
	uint8_t in_a_row;		/* see UPDATES_MAX */
	bool request;			/* our KeyUpdate asks for the peer's */
	bool in_kernel[KTLS_DIRS];
	bool closing, peer_closed;
};

/* A secret in the slot, or NULL where the slot was lost in a fork. */
static inline uint8_t *
post_secret(struct ktls_post *post, enum ktls_dir dir)
{
	uint8_t *bytes = secret_slot_bytes(post->slot);

	return bytes != NULL ? bytes + (size_t)dir * HASH_LEN_MAX : NULL;
}

/* keys.c */
void post_keylog_secret(struct ktls_post *post, enum ktls_dir dir, const uint8_t *secret);

/* message.c: the whole messages at the front of data; *used bytes of it. */
KTLS_CHECKED int post_messages(struct ktls_post *post, struct slice data, size_t *used);

#endif
