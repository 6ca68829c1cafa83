/* SPDX-License-Identifier: MIT */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <ktls/store.h>
#include "base/wire.h"
#include "crypto/crypto.h"

#define SESSION_LIFETIME_MAX	604800	/* seconds, RFC 8446 4.6.1 */
#define SESSION_CONTEXT_LEN	32
#define SESSION_NAME_MAX	255	/* bytes of SNI, and of ALPN */
#define SESSION_CHAIN_MAX	16384	/* bytes of the peer's; with a longer one no session */
#define SESSION_TIME_MAX	(((int64_t)1 << 48) - 1)
#define SESSION_ENCODED_MAX	65000

/*
 * What resumes a connection: its secret, and all that it is bound to. A server seals it
 * in a ticket or remembers it under a session id, a client keeps it with that ticket or id.
 */
struct session {
	uint16_t version, suite;	/* suite: IANA's number */
	bool ems;			/* TLS 1.2: with the extended master secret, RFC 7627 5.3 */
	bool verified;			/* the peer's chain was judged good, not merely taken */
	uint8_t context[SESSION_CONTEXT_LEN];	/* of the config that made it (config.h) */
	uint8_t secret[HASH_LEN_MAX];	/* TLS 1.3: the PSK; TLS 1.2: the master secret */
	size_t secret_len;		/* TLS 1.3: 32 or 48; TLS 1.2: 48 */
	int64_t issued;			/* ms since 1970, as the others 0 .. SESSION_TIME_MAX */
	int64_t authenticated;		/* s since 1970: the full handshake behind it */
	int64_t expires;		/* s since 1970 */
	/* s since 1970: when the peer's chain expires; 0: no chain */
	int64_t chain_end;
	uint32_t age_add;		/* TLS 1.3 */
	struct slice server_name;	/* SNI, or empty */
	struct slice alpn;
	struct slice chain;		/* the peer's: DER, each behind its length in 3 bytes */
	struct slice id;		/* client: ticket, or TLS 1.2 session id; server: empty */
	bool id_is_ticket;
};

/*
 * One allocation, OPENSSL_clear_free() it. -ENOMEM; -EMSGSIZE where something is over the
 * limits above, a chain is no chain, or the version has no such secret.
 */
KTLS_CHECKED int session_encode(const struct session *session, uint8_t **out, size_t *len);
/*
 * Every slice lies in data. -EINVAL, and nothing in session, for all that session_encode()
 * doesn't write. Wipe with session_wipe().
 */
KTLS_CHECKED int session_decode(struct session *session, struct slice data);
void session_wipe(struct session *session);

#endif
