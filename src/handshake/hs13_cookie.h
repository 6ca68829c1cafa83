/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_HS13_COOKIE_H
#define HANDSHAKE_HS13_COOKIE_H

#include "handshake/negotiate.h"

/*
 * A HelloRetryRequest whose server keeps nothing, RFC 8446 4.2.2: what it would have to
 * keep stands in the cookie, sealed by the config's retry_tickets.
 */
#define COOKIE_PLAIN_MAX	(2 + 2 + 32 + HASH_LEN_MAX)
#define COOKIE_MAX		(COOKIE_PLAIN_MAX + KTLS_TICKETS_OVERHEAD)

/* The cookie for the ClientHello in hs->hello, once suite and group are chosen. */
KTLS_CHECKED int hs13_cookie_make(struct ktls_hs *hs, uint8_t cookie[COOKIE_MAX], size_t *len);

/*
 * The first message that this engine sees is the second ClientHello: it goes on as if it had
 * sent the HelloRetryRequest itself. KTLS_REFUSED(CH_COOKIE): it isn't one of ours.
 */
KTLS_CHECKED int hs13_cookie_take(struct ktls_hs *hs, const struct client_hello *ch);

/* The HelloRetryRequest's body (hs13_hello_retry_request.c). */
void hs13_hello_retry_request_encode(const struct ktls_hs *hs, struct writer *w,
    struct slice session_id, struct slice cookie);

#endif
