/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "config/setter.h"
#include "crypto/group.h"

/*
 * Versions, ciphers, groups, signature schemes: lists in order of preference. An unknown
 * number is a mistake; one that this libcrypto lacks is dropped, so that a program's
 * list serves every libcrypto; nothing left is a mistake again.
 */

static const enum ktls_cipher default_ciphers[] = {
	KTLS_AES_128_GCM, KTLS_AES_256_GCM, KTLS_CHACHA20_POLY1305,
};
static const uint16_t default_groups[] = {
	KTLS_GROUP_X25519, KTLS_GROUP_SECP256R1, KTLS_GROUP_SECP384R1, KTLS_GROUP_SECP521R1,
};

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

int
lists_default(struct ktls_config *cfg)
{
	int err;

	cfg->version_min = KTLS_TLS12;
	cfg->version_max = KTLS_TLS13;
	cfg->sign_scheme_count = signature_schemes(cfg->crypto, cfg->sign_schemes);
	cfg->verify_scheme_count = signature_schemes(cfg->crypto, cfg->verify_schemes);
	if ((err = ktls_config_ciphers(cfg, default_ciphers, COUNT(default_ciphers))) != 0)
		return err;
	return ktls_config_groups(cfg, default_groups, COUNT(default_groups));
}

/* TLS 1.2's suites are those with GCM and ChaCha20: with CCM alone it can't be spoken. */
static int
check_ccm(struct ktls_config *cfg, uint16_t version_max, const enum ktls_cipher *ciphers,
    size_t count)
{
	if (version_max == KTLS_TLS12 && count == 1 && ciphers[0] == KTLS_AES_128_CCM)
		return config_fail(cfg, -EINVAL,
		    "AES-128-CCM is for TLS 1.3 alone, which these versions leave out");
	return 0;
}

int
ktls_config_versions(struct ktls_config *cfg, uint16_t min, uint16_t max)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (min < KTLS_TLS12 || max > KTLS_TLS13)
		return config_fail(cfg, -EINVAL, "versions %#06x to %#06x: TLS 1.2 (0x0303) and "
		    "TLS 1.3 (0x0304) are possible", min, max);
	if (min > max)
		return config_fail(cfg, -EINVAL,
		    "versions %#06x to %#06x: none is in between", min, max);
	if ((err = check_ccm(cfg, max, cfg->ciphers, cfg->cipher_count)) != 0)
		return err;
	cfg->version_min = min;
	cfg->version_max = max;
	return 0;
}

int
ktls_config_ciphers(struct ktls_config *cfg, const enum ktls_cipher *ciphers, size_t count)
{
	enum ktls_cipher have[KTLS_CIPHERS] = {0};
	size_t have_count = 0;
	unsigned seen = 0;
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	for (size_t i = 0; i < count; i++) {
		unsigned cipher = ciphers[i];

		if (cipher >= KTLS_CIPHERS)
			return config_fail(cfg, -EINVAL,
			    "there is no cipher %u in enum ktls_cipher", cipher);
		if (seen & 1u << cipher)
			return config_fail(cfg, -EINVAL, "the cipher %s was given twice",
			    ktls_cipher_name(ciphers[i]));
		seen |= 1u << cipher;
		if (cfg->crypto->aead[cipher] != NULL)
			have[have_count++] = ciphers[i];
	}
	if (have_count == 0)
		return count == 0 ? config_fail(cfg, -EINVAL, "no cipher was given") :
		    config_fail(cfg, -ENOTSUP, "this libcrypto has none of the ciphers given");
	if ((err = check_ccm(cfg, cfg->version_max, have, have_count)) != 0)
		return err;

	memcpy(cfg->ciphers, have, sizeof(have));
	cfg->cipher_count = have_count;
	return 0;
}

/* What is told apart by IANA's numbers. */
struct registry {
	const char *one, *many;			/* for sentences */
	size_t max;
	bool (*named)(uint16_t id);
	bool (*known)(struct ktls_crypto *crypto, uint16_t id);
	const char *choice;
};

static bool
group_named(uint16_t id)
{
	return group_share_len(id) != 0;
}

static const struct registry groups_registry = {
	"group", "groups", CONFIG_GROUPS_MAX, group_named, group_known,
	"X25519 is 29, P-256 23, P-384 24, P-521 25",
};
static const struct registry schemes_registry = {
	"signature scheme", "signature schemes", CONFIG_SCHEMES_MAX, signature_named,
	signature_known, "SHA-1 and MD5 are refused (RFC 9155)",
};

/* Replaces list, or leaves it as it was. */
static int
take(struct ktls_config *cfg, const struct registry *registry, const uint16_t *ids, size_t count,
    uint16_t *list, size_t *list_count)
{
	uint16_t have[CONFIG_SCHEMES_MAX];
	size_t have_count = 0;
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (count == 0 || count > registry->max)
		return config_fail(cfg, -EINVAL, "%zu %s were given: 1 to %zu are possible",
		    count, registry->many, registry->max);
	for (size_t i = 0; i < count; i++) {
		if (!registry->named(ids[i]))
			return config_fail(cfg, -EINVAL, "%s %u (%#06x) is not known: %s",
			    registry->one, ids[i], ids[i], registry->choice);
		for (size_t j = 0; j < i; j++)
			if (ids[i] == ids[j])
				return config_fail(cfg, -EINVAL, "%s %u (%#06x) was given twice",
				    registry->one, ids[i], ids[i]);
		if (registry->known(cfg->crypto, ids[i]))
			have[have_count++] = ids[i];
	}
	if (have_count == 0)
		return config_fail(cfg, -ENOTSUP, "this libcrypto has none of the %s given",
		    registry->many);

	memcpy(list, have, have_count * sizeof(*have));
	*list_count = have_count;
	return 0;
}
_Static_assert(CONFIG_SCHEMES_MAX >= CONFIG_GROUPS_MAX, "take() has room for both");
_Static_assert(CONFIG_SCHEMES_MAX >= SIGNATURE_SCHEMES, "lists_default() has room for all");

int
ktls_config_groups(struct ktls_config *cfg, const uint16_t *groups, size_t count)
{
	return take(cfg, &groups_registry, groups, count, cfg->groups, &cfg->group_count);
}

int
ktls_config_sign_schemes(struct ktls_config *cfg, const uint16_t *schemes, size_t count)
{
	return take(cfg, &schemes_registry, schemes, count, cfg->sign_schemes,
	    &cfg->sign_scheme_count);
}

int
ktls_config_verify_schemes(struct ktls_config *cfg, const uint16_t *schemes, size_t count)
{
	return take(cfg, &schemes_registry, schemes, count, cfg->verify_schemes,
	    &cfg->verify_scheme_count);
}
