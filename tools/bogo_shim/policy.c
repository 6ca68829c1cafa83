/* SPDX-License-Identifier: MIT */
#include "bogo_shim/policy.h"

struct policy {
	enum ktls_cipher ciphers[2];
	size_t cipher_count;
	uint16_t groups[2];
	size_t group_count;
	uint16_t schemes[8];
	size_t scheme_count;
};

static const struct policy fips_202205 = {
	.ciphers = { KTLS_AES_128_GCM, KTLS_AES_256_GCM }, .cipher_count = 2,
	.groups = { KTLS_GROUP_SECP256R1, KTLS_GROUP_SECP384R1 }, .group_count = 2,
	/* ECDSA, RSASSA-PSS, RSASSA-PKCS1-v1_5: RFC 8446 4.2.3 */
	.schemes = { 0x0403, 0x0503, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601 },
	.scheme_count = 8,
};

static const struct policy wpa_202304 = {
	.ciphers = { KTLS_AES_256_GCM }, .cipher_count = 1,
	.groups = { KTLS_GROUP_SECP384R1 }, .group_count = 1,
	.schemes = { 0x0503, 0x0805, 0x0806, 0x0501, 0x0601 }, .scheme_count = 5,
};

static int
set(struct ktls_config *cfg, const struct policy *policy)
{
	int err;

	if ((err = ktls_config_ciphers(cfg, policy->ciphers, policy->cipher_count)) != 0 ||
	    (err = ktls_config_groups(cfg, policy->groups, policy->group_count)) != 0 ||
	    (err = ktls_config_sign_schemes(cfg, policy->schemes, policy->scheme_count)) != 0)
		return err;
	return ktls_config_verify_schemes(cfg, policy->schemes, policy->scheme_count);
}

int
policy_set(struct ktls_config *cfg, const struct shim_options *o)
{
	if (o->fips_202205)
		return set(cfg, &fips_202205);
	return o->wpa_202304 ? set(cfg, &wpa_202304) : 0;
}
