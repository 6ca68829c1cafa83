/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "interop/peer.h"

#define COUNT(table)	(sizeof(table) / sizeof(*(table)))

struct name {
	uint16_t number;
	const char *name;
};

/* IANA's numbers; of the groups NIST's names, as every peer has them. */
static const struct name groups[] = {
	{ KTLS_GROUP_X25519, "X25519" },
	{ KTLS_GROUP_SECP256R1, "P-256" },
	{ KTLS_GROUP_SECP384R1, "P-384" },
	{ KTLS_GROUP_SECP521R1, "P-521" },
}, schemes[] = {
	{ 0x0401, "rsa_pkcs1_sha256" },
	{ 0x0501, "rsa_pkcs1_sha384" },
	{ 0x0601, "rsa_pkcs1_sha512" },
	{ 0x0403, "ecdsa_secp256r1_sha256" },
	{ 0x0503, "ecdsa_secp384r1_sha384" },
	{ 0x0603, "ecdsa_secp521r1_sha512" },
	{ 0x0804, "rsa_pss_rsae_sha256" },
	{ 0x0805, "rsa_pss_rsae_sha384" },
	{ 0x0806, "rsa_pss_rsae_sha512" },
	{ 0x0807, "ed25519" },
	{ 0x0809, "rsa_pss_pss_sha256" },
	{ 0x080a, "rsa_pss_pss_sha384" },
	{ 0x080b, "rsa_pss_pss_sha512" },
};

static uint16_t
number_of(const struct name *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].number;
	return 0;
}

static const char *
name_of(const struct name *table, size_t count, uint16_t number)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].number == number)
			return table[i].name;
	return NULL;
}

uint16_t
peer_group(const char *name)
{
	return number_of(groups, COUNT(groups), name);
}

const char *
peer_group_name(uint16_t group)
{
	return name_of(groups, COUNT(groups), group);
}

uint16_t
peer_scheme(const char *name)
{
	return number_of(schemes, COUNT(schemes), name);
}

const char *
peer_scheme_name(uint16_t scheme)
{
	return name_of(schemes, COUNT(schemes), scheme);
}
