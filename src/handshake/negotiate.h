/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_NEGOTIATE_H
#define HANDSHAKE_NEGOTIATE_H

#include "handshake/client_hello.h"
#include "handshake/machine.h"

/*
 * What a server makes of a ClientHello, in the order of the states: client_hello_recv()
 * -> KTLS_ASK_CONFIG -> client_hello_configured(), which chooses the version and hands
 * over to one of these. Each checks, commits, and names the state that follows.
 */
KTLS_CHECKED int hs13_negotiate(struct ktls_hs *hs, const struct client_hello *ch);
KTLS_CHECKED int hs12_negotiate(struct ktls_hs *hs, const struct client_hello *ch);

/* The client can't or won't resume: who are we? (hs13_negotiate.c) */
KTLS_CHECKED int hs13_full_handshake(struct ktls_hs *hs, const struct client_hello *ch);

/* RFC 8446 4.1.2: what the second ClientHello must repeat. */
KTLS_CHECKED int hs13_check_retry(struct ktls_hs *hs, const struct client_hello *ch);

/* What both versions share (client_hello_recv.c). */
KTLS_CHECKED int negotiate_alpn(const struct ktls_hs *hs, const struct client_hello *ch,
    const char **alpn);
KTLS_CHECKED int negotiate_identity(struct ktls_hs *hs, const struct identity_wanted *wanted,
    int *identity, uint16_t *scheme);
/* Commits record_size_limit, and which extensions are answered. */
void negotiate_limits(struct ktls_hs *hs, const struct client_hello *ch);

#endif
