/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_HS13_PSK_H
#define HANDSHAKE_HS13_PSK_H

#include "handshake/client_hello.h"
#include "handshake/machine.h"

/* pre_shared_key, RFC 8446 4.2.11: tickets, always with (EC)DHE (psk_dhe_ke). */
#define PSK_DHE_KE	1

/*
 * Client: the extension's length for the session that is offered; and, once the ClientHello
 * up to the binders stands in `hello` (the message, with its header), its binder.
 */
struct psk_offer {
	struct slice ticket;
	uint32_t age;			/* obfuscated_ticket_age */
	size_t binder_len;
};
/* Whether there is a session to be offered now; fills in offer. */
bool hs13_psk_offer(const struct ktls_hs *hs, struct psk_offer *offer);
KTLS_CHECKED int hs13_psk_bind(struct ktls_hs *hs, struct slice hello, uint8_t *binder);

/* Server: whether to look at what the client offers; and the first identity to be opened. */
bool hs13_psk_offered(const struct ktls_hs *hs, const struct client_hello *ch);
void hs13_psk_ask(struct ktls_hs *hs, unsigned identity);

#endif
