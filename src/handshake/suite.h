/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_SUITE_H
#define HANDSHAKE_SUITE_H

#include "crypto/crypto.h"

/* A cipher suite, RFC 8446 B.4: the AEAD and the hash go together. */
struct suite {
	uint16_t id;
	enum ktls_cipher cipher;
	enum crypto_hash hash;
};

const struct suite *suite_find(uint16_t id);		/* NULL: unknown */
const struct suite *suite_of(enum ktls_cipher cipher);	/* its suite in TLS 1.3 */

#endif
