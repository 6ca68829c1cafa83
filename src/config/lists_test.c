/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "config/config.h"

static struct ktls_config *
config(void)
{
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	return cfg;
}

static void
defaults(void **unused)
{
	static const uint16_t groups[] = {
		KTLS_GROUP_X25519, KTLS_GROUP_SECP256R1, KTLS_GROUP_SECP384R1, KTLS_GROUP_SECP521R1,
	};
	struct ktls_config *cfg = config();
	uint16_t schemes[SIGNATURE_SCHEMES];

	(void)unused;
	assert_int_equal(cfg->version_min, KTLS_TLS12);
	assert_int_equal(cfg->version_max, KTLS_TLS13);
	assert_int_equal(cfg->cipher_count, 3);
	assert_int_equal(cfg->ciphers[0], KTLS_AES_128_GCM);
	assert_int_equal(cfg->ciphers[1], KTLS_AES_256_GCM);
	assert_int_equal(cfg->ciphers[2], KTLS_CHACHA20_POLY1305);
	assert_int_equal(cfg->group_count, 4);
	assert_memory_equal(cfg->groups, groups, sizeof(groups));
	assert_int_equal(signature_schemes(cfg->crypto, schemes), SIGNATURE_SCHEMES);
	assert_int_equal(cfg->sign_scheme_count, SIGNATURE_SCHEMES);
	assert_memory_equal(cfg->sign_schemes, schemes, sizeof(schemes));
	assert_int_equal(cfg->verify_scheme_count, SIGNATURE_SCHEMES);
	assert_memory_equal(cfg->verify_schemes, schemes, sizeof(schemes));
	ktls_config_unref(cfg);
}

#define R3	"TLS 1.2 (0x0303) and TLS 1.3 (0x0304) are possible"

/* One list a line. */
/* clang-format off */
static const struct {
	const char *rule;
	unsigned ciphers[4];
	size_t count;
	int err;
	size_t have;
} cipher_cases[] = {
	{ "one", { KTLS_CHACHA20_POLY1305 }, 1, 0, 1 },
	{ "all", { KTLS_AES_128_CCM, KTLS_AES_256_GCM, KTLS_AES_128_GCM, KTLS_CHACHA20_POLY1305 }, 4, 0, 4 },
	{ "CCM, for TLS 1.3", { KTLS_AES_128_CCM }, 1, 0, 1 },
	{ "none", { 0 }, 0, -EINVAL, 3 },
	{ "twice", { KTLS_AES_128_GCM, KTLS_AES_128_GCM }, 2, -EINVAL, 3 },
	{ "unknown", { KTLS_AES_128_GCM, KTLS_CIPHERS }, 2, -EINVAL, 3 },
};

static const struct {
	const char *rule;
	uint16_t min, max;
	int err;
	const char *says;
} version_cases[] = {
	{ "both", 0x0303, 0x0304, 0, "" },
	{ "TLS 1.2 alone", 0x0303, 0x0303, 0, "" },
	{ "TLS 1.3 alone", 0x0304, 0x0304, 0, "" },
	{ "in the wrong order", 0x0304, 0x0303, -EINVAL, "versions 0x0304 to 0x0303: none is in between" },
	{ "TLS 1.1", 0x0302, 0x0304, -EINVAL, R3 },
	{ "TLS 1.4", 0x0303, 0x0305, -EINVAL, R3 },
	{ "nothing", 0, 0, -EINVAL, R3 },
	{ "DTLS 1.2", 0xfefd, 0xfefd, -EINVAL, R3 },
};

typedef int setter(struct ktls_config *, const uint16_t *, size_t);
static const struct {
	const char *rule;
	setter *set;
	uint16_t ids[17];
	size_t count;
	int err;
	const char *says;
} list_cases[] = {
	{ "the other order", ktls_config_groups, { 23, 29 }, 2, 0, "" },
	{ "one", ktls_config_groups, { 23 }, 1, 0, "" },
	{ "all", ktls_config_groups, { 25, 24, 23, 29 }, 4, 0, "" },
	{ "none", ktls_config_groups, { 0 }, 0, -EINVAL, "0 groups were given: 1 to 8 are possible" },
	{ "unknown", ktls_config_groups, { 29, 0x4a4a }, 2, -EINVAL, "group 19018 (0x4a4a) is not known: X25519 is 29" },
	{ "finite field", ktls_config_groups, { 256 }, 1, -EINVAL, "group 256 (0x0100) is not known" },
	{ "twice", ktls_config_groups, { 29, 29 }, 2, -EINVAL, "group 29 (0x001d) was given twice" },
	{ "too many", ktls_config_groups, { 29, 23 }, 9, -EINVAL, "9 groups were given" },
	{ "two", ktls_config_sign_schemes, { 0x0807, 0x0401 }, 2, 0, "" },
	{ "none", ktls_config_sign_schemes, { 0 }, 0, -EINVAL, "0 signature schemes were given: 1 to 16" },
	{ "SHA-1", ktls_config_sign_schemes, { 0x0403, 0x0201 }, 2, -EINVAL, "signature scheme 513 (0x0201) is not known: SHA-1" },
	{ "Ed448", ktls_config_sign_schemes, { 0x0808 }, 1, -EINVAL, "(0x0808) is not known" },
	{ "twice", ktls_config_sign_schemes, { 0x0403, 0x0403 }, 2, -EINVAL, "(0x0403) was given twice" },
	{ "too many", ktls_config_sign_schemes, { 0x0403 }, 17, -EINVAL, "17 signature schemes" },
	{ "two", ktls_config_verify_schemes, { 0x0804, 0x0403 }, 2, 0, "" },
	{ "MD5", ktls_config_verify_schemes, { 0x0101 }, 1, -EINVAL, "is not known: SHA-1 and MD5 are refused" },
	{ "none", ktls_config_verify_schemes, { 0 }, 0, -EINVAL, "0 signature schemes" },
};
/* clang-format on */

static void
each_cipher_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cipher_cases) / sizeof(*cipher_cases); i++) {
		struct ktls_config *cfg = config();
		enum ktls_cipher ciphers[4];
		int err;

		for (size_t j = 0; j < 4; j++)
			ciphers[j] = (enum ktls_cipher)cipher_cases[i].ciphers[j];
		err = ktls_config_ciphers(cfg, ciphers, cipher_cases[i].count);
		if (err != cipher_cases[i].err || cfg->cipher_count != cipher_cases[i].have ||
		    cfg->ciphers[0] != (err != 0 ? KTLS_AES_128_GCM : ciphers[0]) ||
		    (err != 0) != (*ktls_config_error(cfg) != '\0'))
			fail_msg("%s: err %d, %zu ciphers", cipher_cases[i].rule, err,
			    cfg->cipher_count);
		ktls_config_unref(cfg);
	}
}

static void
each_version_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(version_cases) / sizeof(*version_cases); i++) {
		struct ktls_config *cfg = config();
		uint16_t min = version_cases[i].min, max = version_cases[i].max;
		int err = ktls_config_versions(cfg, min, max);

		if (err != version_cases[i].err ||
		    strstr(ktls_config_error(cfg), version_cases[i].says) == NULL ||
		    cfg->version_min != (err != 0 ? KTLS_TLS12 : min) ||
		    cfg->version_max != (err != 0 ? KTLS_TLS13 : max))
			fail_msg("%s: err %d, \"%s\"", version_cases[i].rule, err,
			    ktls_config_error(cfg));
		ktls_config_unref(cfg);
	}
}

/* DESIGN.md, policy: AES-128-CCM has no suite in TLS 1.2; in whatever order it is said. */
static void
ccm_is_for_tls13(void **unused)
{
	static const enum ktls_cipher ccm[] = { KTLS_AES_128_CCM, KTLS_AES_128_GCM };
	struct ktls_config *cfg = config();

	(void)unused;
	assert_int_equal(ktls_config_ciphers(cfg, ccm, 1), 0);
	assert_int_equal(ktls_config_versions(cfg, KTLS_TLS12, KTLS_TLS12), -EINVAL);
	assert_non_null(strstr(ktls_config_error(cfg), "AES-128-CCM is for TLS 1.3 alone"));
	assert_int_equal(cfg->version_max, KTLS_TLS13);
	assert_int_equal(ktls_config_ciphers(cfg, ccm, 2), 0);
	assert_int_equal(ktls_config_versions(cfg, KTLS_TLS12, KTLS_TLS12), 0);
	assert_int_equal(ktls_config_ciphers(cfg, ccm, 1), -EINVAL);
	assert_int_equal(cfg->cipher_count, 2);
	ktls_config_unref(cfg);
}

static void
expect_list(const uint16_t *list, size_t list_count, const uint16_t *want, size_t count)
{
	assert_int_equal(list_count, count);
	assert_memory_equal(list, want, count * sizeof(*want));
}

/* The list that was set is the one given; the others, and all after a mistake, are as before. */
static void
each_list_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(list_cases) / sizeof(*list_cases); i++) {
		struct ktls_config *cfg = config(), *before = config();
		setter *set = list_cases[i].set;
		const uint16_t *ids = list_cases[i].ids;
		size_t count = list_cases[i].count;
		int err = set(cfg, ids, count);

		if (err != list_cases[i].err ||
		    strstr(ktls_config_error(cfg), list_cases[i].says) == NULL ||
		    (err != 0) != (*ktls_config_error(cfg) != '\0'))
			fail_msg("%s: err %d, \"%s\"", list_cases[i].rule, err,
			    ktls_config_error(cfg));
		if (err == 0 && set == ktls_config_groups)
			expect_list(cfg->groups, cfg->group_count, ids, count);
		else
			expect_list(cfg->groups, cfg->group_count, before->groups, 4);
		if (err == 0 && set == ktls_config_sign_schemes)
			expect_list(cfg->sign_schemes, cfg->sign_scheme_count, ids, count);
		else
			expect_list(cfg->sign_schemes, cfg->sign_scheme_count,
			    before->sign_schemes, SIGNATURE_SCHEMES);
		if (err == 0 && set == ktls_config_verify_schemes)
			expect_list(cfg->verify_schemes, cfg->verify_scheme_count, ids, count);
		else
			expect_list(cfg->verify_schemes, cfg->verify_scheme_count,
			    before->verify_schemes, SIGNATURE_SCHEMES);
		ktls_config_unref(cfg);
		ktls_config_unref(before);
	}
}

/* What libcrypto lacks is dropped; only where nothing is left it is refused. */
static void
what_crypto_lacks_is_dropped(void **unused)
{
	static const enum ktls_cipher chacha[] = { KTLS_CHACHA20_POLY1305 };
	static const uint16_t x25519[] = { KTLS_GROUP_X25519 };
	static const uint16_t ed25519[] = { SIG_ED25519, SIG_RSA_PKCS1_SHA512 };
	struct ktls_crypto *crypto, *lacking;
	struct ktls_config *cfg;

	(void)unused;
	assert_int_equal(ktls_crypto_new(&crypto, NULL, NULL), 0);
	lacking = OPENSSL_memdup(crypto, sizeof(*crypto));
	assert_non_null(lacking);
	lacking->aead[KTLS_CHACHA20_POLY1305] = NULL;
	lacking->group[0].ctx = NULL;
	lacking->schemes &= ~signature_bit(SIG_ED25519);
	assert_int_equal(ktls_config_new_with(&cfg, lacking), 0);
	assert_int_equal(cfg->cipher_count, 2);
	assert_int_equal(cfg->group_count, 3);
	assert_int_equal(cfg->sign_scheme_count, SIGNATURE_SCHEMES - 1);
	assert_int_equal(cfg->verify_scheme_count, SIGNATURE_SCHEMES - 1);
	assert_int_equal(ktls_config_ciphers(cfg, chacha, 1), -ENOTSUP);
	assert_int_equal(ktls_config_groups(cfg, x25519, 1), -ENOTSUP);
	assert_string_equal(ktls_config_error(cfg),
	    "this libcrypto has none of the groups given");
	assert_int_equal(ktls_config_sign_schemes(cfg, ed25519, 1), -ENOTSUP);
	assert_int_equal(cfg->cipher_count, 2);
	assert_int_equal(cfg->group_count, 3);
	assert_int_equal(ktls_config_sign_schemes(cfg, ed25519, 2), 0);
	assert_int_equal(cfg->sign_scheme_count, 1);
	ktls_config_unref(cfg);
	OPENSSL_free(lacking);
	ktls_crypto_unref(crypto);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(each_cipher_rule),
		cmocka_unit_test(each_version_rule),
		cmocka_unit_test(ccm_is_for_tls13),
		cmocka_unit_test(each_list_rule),
		cmocka_unit_test(what_crypto_lacks_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
