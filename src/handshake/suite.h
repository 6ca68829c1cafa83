/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_SUITE_H
#define HANDSHAKE_SUITE_H

#include "crypto/crypto.h"

/*
 * Who signs the key exchange of a TLS 1.2 suite: RFC 8422 5.10 counts Ed25519 as ECDSA.
 * TLS 1.3 suites leave it open.
 */
enum suite_auth { AUTH_ANY, AUTH_ECDSA, AUTH_RSA };

/* A cipher suite: AEAD and hash, RFC 8446 B.4; TLS 1.2: RFC 5289 3.2, RFC 7905 2. */
struct suite {
	uint16_t id;
	uint16_t version;
	enum suite_auth auth;
	enum ktls_cipher cipher;
	enum crypto_hash hash;
};

/* NULL: unknown, or another version's */
const struct suite *suite_find(uint16_t id, uint16_t version);
const struct suite *suite_of(enum ktls_cipher cipher);	/* its suite in TLS 1.3 */
/* TLS 1.2's; NULL: we have none */
const struct suite *suite12_of(enum ktls_cipher cipher, enum suite_auth auth);
/* Which suites of TLS 1.2 the key can sign for. */
enum suite_auth suite_auth_of(const EVP_PKEY *key);

#endif
