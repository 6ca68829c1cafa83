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
#define WARNINGS_MAX	4	/* alerts that end nothing likewise */

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
	/* TLS 1.3: two traffic secrets, TX's and RX's, of 48 bytes each; TLS 1.2: NULL */
	struct secret_slot *slot;
	struct secret_slot *kept;	/* KEPT_*, or NULL where none of them is wanted */
	struct hs_tickets *tickets;	/* or NULL: none are wanted, or none any more */
	uint8_t *partial;		/* a message that isn't complete yet, or NULL */
	size_t partial_len;
	ktls_keylog_fn *keylog;		/* or NULL: then client_random is empty */
	void *keylog_arg;
	uint8_t client_random[32];
	uint32_t generation[KTLS_DIRS];
	int err;			/* final */
	uint16_t version;
	enum ktls_role role;
	enum ktls_cipher cipher;
	enum crypto_hash hash;
	uint8_t tickets_wanted;
	uint8_t due;			/* DUE_* */
	uint8_t in_a_row;		/* KeyUpdates and empty records, see IN_A_ROW_MAX */
	uint8_t tickets_in_a_row;	/* a server gives several at once, before all else */
	uint8_t warnings;		/* see WARNINGS_MAX */
	bool request;			/* our KeyUpdate asks for the peer's */
	bool exports;			/* KEPT_EXPORTER is there */
	bool in_kernel[KTLS_DIRS];
	bool closing, peer_closed;
};
_Static_assert(sizeof(struct ktls_post) + sizeof(struct secret_slot) <= 320,
    "an idle connection stays small");

/* Where in the slot `kept`. */
#define KEPT_EXPORTER		0	/* TLS 1.2: the master secret */
#define KEPT_RESUMPTION		48	/* TLS 1.3 */
#define KEPT_CLIENT_RANDOM	48	/* TLS 1.2: what its exporter needs besides */
#define KEPT_SERVER_RANDOM	80

/* post.c. ktls_post_new() without a handshake: what can fail, then what can't. */
KTLS_CHECKED int post_alloc(struct ktls_post **post);
/* takes secrets->tickets */
void post_begin(struct ktls_post *post, struct hs_secrets *secrets);

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

/* ticket.c: NewSessionTicket; and no more of them are wanted. */
KTLS_CHECKED int ticket_recv(struct ktls_post *post, struct slice body);
void ticket_enough(struct ktls_post *post);

#endif
