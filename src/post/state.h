/* SPDX-License-Identifier: MIT */
#ifndef POST_STATE_H
#define POST_STATE_H

#include <ktls/post.h>
#include <ktls/record.h>
#include "base/secret_pages.h"
#include "base/wire.h"
#include "crypto/crypto.h"
#include "handshake/secrets.h"

/* The inside of a ktls_post, for src/post alone. Small: an idle connection keeps it. */

#define MESSAGE_MAX	65536	/* bytes of a message's body */
#define MESSAGE_HEADER	4	/* its type and the length of its body */
#define IN_A_ROW_MAX	32	/* KeyUpdates, tickets, empty records with no data between them */
#define CANCELED_MAX	4	/* user_canceled likewise: one says it all */

/*
 * What ktls_post_next() has to yield, the lowest first. A KeyUpdate that was yielded
 * leaves REKEY_TX due, before whatever else we may have to send: it was the last
 * record under the old keys.
 */
enum {
	DUE_REKEY_RX = 1 << 0,
	DUE_REKEY_TX = 1 << 1,
	DUE_UPDATE = 1 << 2,
	DUE_CLOSE = 1 << 3,
	DUE_CLOSED = 1 << 4,
};

struct ktls_post {
	struct ktls_crypto *crypto;
	struct secret_slot *slot;	/* two secrets, TX's and RX's, of 48 bytes each */
	uint8_t *partial;		/* a message that isn't complete yet, or NULL */
	size_t partial_len;
	ktls_keylog_fn *keylog;		/* or NULL: then client_random is empty */
	void *keylog_arg;
	uint8_t client_random[32];
	uint32_t generation[KTLS_DIRS];
	int err;			/* final */
	enum ktls_role role;
	enum ktls_cipher cipher;
	enum crypto_hash hash;
	uint8_t due;			/* DUE_* */
	uint8_t in_a_row;		/* see IN_A_ROW_MAX */
	uint8_t canceled;		/* see CANCELED_MAX */
	bool request;			/* our KeyUpdate asks for the peer's */
	bool in_kernel[KTLS_DIRS];
	bool closing, peer_closed;
};
_Static_assert(sizeof(struct ktls_post) + sizeof(struct secret_slot) <= 320,
    "an idle connection stays small");

/* post.c. ktls_post_new() without a handshake: what can fail, then what can't. */
KTLS_CHECKED int post_alloc(struct ktls_post **post);
void post_begin(struct ktls_post *post, const struct hs_secrets *secrets);

/* keys.c: a secret in the slot, or NULL where the slot was lost in a fork. */
uint8_t *post_secret(struct ktls_post *post, enum ktls_dir dir);

/*
 * message.c. Bytes of the message that starts with data, its header too, judged by
 * the header alone: nobody buffers what will be refused. While the header isn't
 * complete: the header's.
 */
KTLS_CHECKED int post_message_len(const struct ktls_post *post, struct slice data, size_t *len);
/* A whole one, which post_message_len() let pass; last: its record has nothing behind it. */
KTLS_CHECKED int post_message(struct ktls_post *post, struct slice message, bool last);

#endif
