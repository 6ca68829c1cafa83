/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_FLIGHT_H
#define HANDSHAKE_FLIGHT_H

#include <ktls/record.h>
#include "base/wire.h"

/*
 * What is to be sent: messages are collected in plain, put into as few records
 * as the peer's limit allows when the keys change or the flight ends, and leave
 * from out. Zeroed is empty.
 */
struct flight {
	uint8_t *plain;
	size_t plain_len, plain_room;
	uint8_t *out;
	size_t out_len, out_sent, out_room;
};

struct ktls_hs;

void flight_free(struct flight *f);
/* n bytes of out have left. */
void flight_sent(struct flight *f, size_t n);

/* A writer behind the messages that are there, with at least room bytes. */
KTLS_CHECKED int flight_open(struct flight *f, size_t room, struct writer *w);
/* What was written counts from now on. */
void flight_add(struct flight *f, const struct writer *w);

/* The messages become records under the keys in force. */
KTLS_CHECKED int flight_flush(struct ktls_hs *hs);
/* A change_cipher_spec, in middlebox compatibility mode, once. */
KTLS_CHECKED int flight_ccs(struct ktls_hs *hs);
/* TLS 1.2's, every time. */
KTLS_CHECKED int flight_change_cipher_spec(struct ktls_hs *hs);
/* An alert, behind what stands in records; messages that don't yet are dropped. */
KTLS_CHECKED int flight_alert(struct ktls_hs *hs, uint8_t alert);

#endif
