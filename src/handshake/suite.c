/* SPDX-License-Identifier: MIT */
#include "handshake/suite.h"

static const struct suite suites[] = {
	{ 0x1301, KTLS_AES_128_GCM, HASH_SHA256 },
	{ 0x1302, KTLS_AES_256_GCM, HASH_SHA384 },
	{ 0x1303, KTLS_CHACHA20_POLY1305, HASH_SHA256 },
	{ 0x1304, KTLS_AES_128_CCM, HASH_SHA256 },
};

const struct suite *
suite_find(uint16_t id)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

const struct suite *
suite_of(enum ktls_cipher cipher)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++)
		if (suites[i].cipher == cipher)
			return &suites[i];
	return NULL;
}
