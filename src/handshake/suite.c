/* SPDX-License-Identifier: MIT */
#include "handshake/suite.h"

/* clang-format off */
static const struct suite suites[] = {
	{ 0x1301, KTLS_TLS13, AUTH_ANY,   KTLS_AES_128_GCM,       HASH_SHA256 },
	{ 0x1302, KTLS_TLS13, AUTH_ANY,   KTLS_AES_256_GCM,       HASH_SHA384 },
	{ 0x1303, KTLS_TLS13, AUTH_ANY,   KTLS_CHACHA20_POLY1305, HASH_SHA256 },
	{ 0x1304, KTLS_TLS13, AUTH_ANY,   KTLS_AES_128_CCM,       HASH_SHA256 },
	{ 0xc02b, KTLS_TLS12, AUTH_ECDSA, KTLS_AES_128_GCM,       HASH_SHA256 },
	{ 0xc02c, KTLS_TLS12, AUTH_ECDSA, KTLS_AES_256_GCM,       HASH_SHA384 },
	{ 0xcca9, KTLS_TLS12, AUTH_ECDSA, KTLS_CHACHA20_POLY1305, HASH_SHA256 },
	{ 0xc02f, KTLS_TLS12, AUTH_RSA,   KTLS_AES_128_GCM,       HASH_SHA256 },
	{ 0xc030, KTLS_TLS12, AUTH_RSA,   KTLS_AES_256_GCM,       HASH_SHA384 },
	{ 0xcca8, KTLS_TLS12, AUTH_RSA,   KTLS_CHACHA20_POLY1305, HASH_SHA256 },
};
/* clang-format on */
#define SUITES	(sizeof(suites) / sizeof(*suites))

const struct suite *
suite_find(uint16_t id, uint16_t version)
{
	for (size_t i = 0; i < SUITES; i++)
		if (suites[i].id == id && suites[i].version == version)
			return &suites[i];
	return NULL;
}

static const struct suite *
find(uint16_t version, enum ktls_cipher cipher, enum suite_auth auth)
{
	for (size_t i = 0; i < SUITES; i++)
		if (suites[i].version == version && suites[i].cipher == cipher &&
		    suites[i].auth == auth)
			return &suites[i];
	return NULL;
}

const struct suite *
suite_of(enum ktls_cipher cipher)
{
	return find(KTLS_TLS13, cipher, AUTH_ANY);
}

const struct suite *
suite12_of(enum ktls_cipher cipher, enum suite_auth auth)
{
	return find(KTLS_TLS12, cipher, auth);
}

enum suite_auth
suite_auth_of(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") ? AUTH_RSA : AUTH_ECDSA;
}
