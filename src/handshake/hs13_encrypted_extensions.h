/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_HS13_ENCRYPTED_EXTENSIONS_H
#define HANDSHAKE_HS13_ENCRYPTED_EXTENSIONS_H

#include "handshake/extension.h"

/* EncryptedExtensions, RFC 8446 4.3.1, as a struct. The slices lie in the message. */
struct encrypted_extensions {
	uint32_t seen;			/* extension_bit(): absence is a bit, zero is a value */
	struct slice groups;		/* 16-bit numbers, the server's order */
	struct slice alpn;		/* the one protocol */
	uint16_t record_size_limit;
};

/* offered: what our ClientHello had. 0 or KTLS_REFUSED(). */
KTLS_CHECKED int encrypted_extensions_decode(struct encrypted_extensions *ee, struct slice body,
    uint32_t offered);
void encrypted_extensions_encode(struct writer *w, const struct encrypted_extensions *ee);

#endif
