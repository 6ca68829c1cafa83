/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_HS12_SERVER_HELLO_H
#define HANDSHAKE_HS12_SERVER_HELLO_H

#include "handshake/machine.h"

/*
 * TLS 1.2's ServerHello, RFC 5246 7.4.1.3. All slices lie in the message; an extension's
 * fields count where seen says so.
 */
struct server_hello12 {
	uint16_t version;
	struct slice random, session_id;
	uint16_t suite;
	uint8_t compression;
	uint32_t seen;			/* extension_bit() */
	struct slice alpn;
	struct slice point_formats;	/* a byte each, at least one */
	struct slice renegotiated_connection;
	uint16_t record_size_limit;
};

/* offered: what our ClientHello had. 0 or KTLS_REFUSED(). */
KTLS_CHECKED int server_hello12_decode(struct server_hello12 *sh, struct slice body,
    uint32_t offered);
void server_hello12_encode(struct writer *w, const struct server_hello12 *sh);

#endif
