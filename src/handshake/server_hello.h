/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_SERVER_HELLO_H
#define HANDSHAKE_SERVER_HELLO_H

#include "handshake/machine.h"

/*
 * ServerHello and HelloRetryRequest, RFC 8446 4.1.3 and 4.1.4: one structure. All
 * slices lie in the message; an extension's fields count where seen says so.
 */
struct server_hello {
	uint16_t legacy_version;
	struct slice random, session_id;
	uint16_t suite;
	uint8_t compression;
	uint32_t seen;			/* extension_bit() */
	uint16_t version;		/* supported_versions */
	uint16_t group;			/* key_share */
	struct slice share;		/* and its key_exchange, which a HelloRetryRequest hasn't */
	struct slice cookie;
	uint16_t psk;			/* pre_shared_key: selected_identity */
};

/* in: IN_SH or IN_HRR; offered: what our ClientHello had. 0 or KTLS_REFUSED(). */
KTLS_CHECKED int server_hello_decode(struct server_hello *sh, struct slice body,
    unsigned in, uint32_t offered);

/* Whether it has no supported_versions: TLS 1.2 or less, RFC 8446 4.1.3. */
bool server_hello_is_older(struct slice body);

/*
 * RFC 8446 4.1.3: the last bytes of the random of a server that knows TLS 1.3 and chooses
 * 1.2. Where a client sees them, or those of one that knows 1.2, and had offered more,
 * somebody has changed its hello.
 */
#define SENTINEL_LEN	8
extern const uint8_t server_hello_sentinel[SENTINEL_LEN];
bool server_hello_is_downgrade(struct slice random);

/* What both must keep; sets *suite. */
KTLS_CHECKED int server_hello_check(struct ktls_hs *hs, const struct server_hello *sh,
    const struct suite **suite);

/* An empty share makes a HelloRetryRequest's key_share: a group alone. */
void server_hello_encode(struct writer *w, const struct server_hello *sh);

#endif
