/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_SECRETS_H
#define HANDSHAKE_SECRETS_H

#include <ktls/handshake.h>
#include "crypto/crypto.h"
#include "session/session.h"

/*
 * A TLS 1.3 server's tickets come when the handshake is over: what a client makes a
 * session of each by.
 */
struct hs_tickets {
	struct ktls_config *cfg;	/* a reference: who keeps sessions, and what time it is */
	/* session_encode()d; secret, ticket and times are the ticket's own */
	uint8_t *session;
	size_t session_len;
	size_t key_len;
	uint8_t key[];			/* under which they are kept */
};

/* session: what all have in common; borrowed, as key. -ENOMEM, or session_encode()'s errors. */
KTLS_CHECKED int hs_tickets_new(struct hs_tickets **tickets, struct ktls_config *cfg,
    const struct session *session, struct slice key);
void hs_tickets_free(struct hs_tickets *tickets);	/* wipes; NULL is fine */

/* What a finished handshake leaves to the life after it (src/post). */
struct hs_secrets {
	struct ktls_crypto *crypto;		/* a reference, the taker's */
	enum ktls_role role;
	uint16_t version;
	enum ktls_cipher cipher;
	enum crypto_hash hash;
	ktls_keylog_fn *keylog;			/* or NULL */
	void *keylog_arg;
	uint8_t client_random[32], server_random[32];
	/* TLS 1.3: application traffic secrets in force */
	uint8_t traffic[KTLS_DIRS][HASH_LEN_MAX];
	/*
	 * Where the config wants it kept: exporter_secret, of TLS 1.2 the master secret. In
	 * TLS 1.2 only with the extended master secret (RFC 7627 5.4).
	 */
	bool exports;
	uint8_t exporter[HASH_LEN_MAX];
	/* A TLS 1.3 client that takes tickets, else NULL; the taker's. */
	struct hs_tickets *tickets;
	uint8_t resumption[HASH_LEN_MAX];	/* resumption_secret, for them */
};

/*
 * Once, after want returned 0; wipes the engine's own copies. The taker wipes its own by
 * hs_secrets_wipe(), which lets go of what it hasn't taken. -EAGAIN before, -EALREADY after.
 */
KTLS_CHECKED int hs_take_secrets(struct ktls_hs *hs, struct hs_secrets *secrets);
void hs_secrets_wipe(struct hs_secrets *secrets);

/*
 * The peer's chain, each certificate behind its length in 3 bytes: OPENSSL_free() it. Once,
 * after hs_take_secrets(); NULL where there is none. ktls_hs_peer_chain() has none from then on.
 */
uint8_t *hs_take_peer_chain(struct ktls_hs *hs, size_t *len);

#endif
