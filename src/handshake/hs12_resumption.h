/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_HS12_RESUMPTION_H
#define HANDSHAKE_HS12_RESUMPTION_H

#include "handshake/client_hello.h"
#include "handshake/machine.h"

/* Sessions of TLS 1.2, by id (RFC 5246 7.3) or ticket (RFC 5077), bound as RFC 7627 5.3 says. */

/* A client has one in hs->resume that it may offer. */
bool hs12_session_offered(const struct ktls_hs *hs);

/* A server asks for what the client offers; false: it offers nothing, or nobody would answer. */
bool hs12_session_ask(struct ktls_hs *hs, const struct client_hello *ch);
/* Without it (hs12_negotiate.c). */
void hs12_full_handshake(struct ktls_hs *hs, const struct client_hello *ch);

/*
 * Makes hs->resume.encoded of this connection. id: a client's, a ticket or a session id;
 * lifetime in seconds. -ENOMEM; what is too long to be kept leaves it NULL.
 */
KTLS_CHECKED int hs12_session_make(struct ktls_hs *hs, struct slice id, bool is_ticket,
    uint32_t lifetime);
/* Both are Finished: *next is WAIT_KEPT, where there is a session to keep, or CONNECTED. */
KTLS_CHECKED int hs12_session_keep(struct ktls_hs *hs, enum hs_state *next);

#endif
