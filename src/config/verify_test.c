/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "config/alloc_testlib.h"
#include "config/chain_testlib.h"

#define DAY	86400
#define R(name)	KTLS_REFUSED(KTLS_R_##name)

static struct test_pki *pki;

/* What the certificate is, whom we wanted, what comes out, and what the sentence says. */
/* clang-format off */
static const struct {
	enum test_cert cert;
	const char *name;
	int err, alert;
	const char *says;
} cases[] = {
	{ TEST_EC, "localhost", 0, -1, "" },
	{ TEST_EC, "LocalHost", 0, -1, "" },
	{ TEST_EC, "www.example.org", 0, -1, "" },
	{ TEST_EC, "127.0.0.1", 0, -1, "" },
	{ TEST_EC, "::1", 0, -1, "" },
	{ TEST_EC, "0:0:0:0:0:0:0:1", 0, -1, "" },
	{ TEST_RSA, "localhost", 0, -1, "" },
	{ TEST_CHAINED, "localhost", 0, -1, "" },
	{ TEST_IP, "127.0.0.1", 0, -1, "" },
	{ TEST_WILDCARD, "www.example.org", 0, -1, "" },
	{ TEST_EC, "example.org", R(CERT_NAME), 42, "the certificate of \"localhost\" is not for \"example.org\"" },
	{ TEST_EC, "127.0.0.2", R(CERT_NAME), 42, "is not for \"127.0.0.2\"" },
	{ TEST_EC, "::2", R(CERT_NAME), 42, "is not for \"::2\"" },
	{ TEST_EC, "localhost.", R(CERT_NAME), 42, "is not for \"localhost.\"" },
	{ TEST_OTHER_NAME, "localhost", R(CERT_NAME), 42, "the certificate of \"other.example.org\" is not for \"localhost\"" },
	{ TEST_IP, "localhost", R(CERT_NAME), 42, "the certificate of \"/CN=ip\"" },
	{ TEST_CN_ONLY, "localhost", R(CERT_NAME), 42, "the certificate of \"/CN=localhost\"" },
	{ TEST_WILDCARD, "example.org", R(CERT_NAME), 42, "\"*.example.org\"" },
	{ TEST_WILDCARD, "a.b.example.org", R(CERT_NAME), 42, "\"*.example.org\"" },
	{ TEST_PARTIAL_WILDCARD, "www.example.org", R(CERT_NAME), 42, "\"w*.example.org\"" },
	{ TEST_ESCAPE, "localhost", R(CERT_NAME), 42, "\"?[31mred\"" },
	{ TEST_EXPIRED, "localhost", R(CERT_EXPIRED), 45, "the certificate of \"localhost\" expired on 20" },
	{ TEST_NOT_YET, "localhost", R(CERT_NOT_YET_VALID), 45, "is not valid before 20" },
	{ TEST_CLIENT_ONLY, "localhost", R(CERT_PURPOSE), 43, "the certificate of \"localhost\": its purpose is not that of a TLS server" },
	{ TEST_SERVER_ONLY, "localhost", 0, -1, "" },
	{ TEST_DEEP, "localhost", 0, -1, "" },
	{ TEST_SHA1, "localhost", R(CERT_WEAK), 42, "the certificate of \"localhost\"" },
	{ TEST_P224, "localhost", R(CERT_KEY), 43, "the certificate of \"localhost\": its key is neither ECDSA on a curve that we know nor" },
	{ TEST_NOT_SIGNING, "localhost", R(CERT_KEY_USAGE), 43, "the certificate of \"localhost\": its key may not sign" },
	{ TEST_SELF_SIGNED, "localhost", R(CERT_UNTRUSTED), 48, "self-signed" },
	{ TEST_STRANGER, "localhost", R(CERT_UNTRUSTED), 48, "\"/CN=Test Stranger\"" },
	{ TEST_UNDER_LEAF, "localhost", R(CERT_AUTHORITY), 42, "invalid CA certificate" },
	{ TEST_CONSTRAINED, "localhost", R(CERT_AUTHORITY), 42, "excluded subtree" },
	{ TEST_RSA_1024, "localhost", R(CERT_WEAK), 42, "too weak" },
	{ TEST_P384, "localhost", 0, -1, "" },
	{ TEST_P521, "localhost", 0, -1, "" },
	{ TEST_ED25519, "localhost", 0, -1, "" },
	{ TEST_RSA_PSS, "localhost", 0, -1, "" },
	/* Ours are names; libcrypto would take these for "any" and for "all below". */
	{ TEST_EC, "", -EINVAL, -1, "" },
	{ TEST_EC, NULL, -EINVAL, -1, "" },
	{ TEST_EC, ".example.org", -EINVAL, -1, "" },
};
/* clang-format on */

static void
each_certificate_has_its_verdict(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int err = chain_judge_one(cfg, pki, cases[i].cert, cases[i].name);

		if (err != cases[i].err || ktls_err_alert(err) != cases[i].alert ||
		    strstr(chain_why, cases[i].says) == NULL)
			fail_msg("case %zu, %s: %s; \"%s\"", i, cases[i].name,
			    ktls_strerror(err), chain_why);
	}
	ktls_config_unref(cfg);
}

/* The same of a client's, which has no name to be judged by. */
static const struct {
	enum test_cert cert;
	int err, alert;
	const char *says;
} client_cases[] = {
	{ TEST_EC, 0, -1, "" },
	{ TEST_CHAINED, 0, -1, "" },
	{ TEST_CLIENT_ONLY, 0, -1, "" },
	{ TEST_OTHER_NAME, 0, -1, "" },
	{ TEST_SERVER_ONLY, R(CERT_PURPOSE), 43, "its purpose is not that of a TLS client" },
	{ TEST_EXPIRED, R(CERT_EXPIRED), 45, "the certificate of \"localhost\" expired on 20" },
	{ TEST_STRANGER, R(CERT_UNTRUSTED), 48, "\"/CN=Test Stranger\"" },
	{ TEST_NOT_SIGNING, R(CERT_KEY_USAGE), 43, "its key may not sign" },
	{ TEST_P224, R(CERT_KEY), 43, "its key is neither" },
};

static void
each_clients_certificate_has_its_verdict(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);	/* it trusts TEST_CA */

	(void)unused;
	assert_int_equal(ktls_config_client_auth(cfg, KTLS_CLIENT_AUTH_REQUIRE), 0);
	for (size_t i = 0; i < sizeof(client_cases) / sizeof(*client_cases); i++) {
		struct chain c = chain_of(pki, client_cases[i].cert);
		struct peer peer;
		int err = chain_judge_as(cfg, &c, KTLS_CLIENT, NULL, &peer);

		if (err != client_cases[i].err || ktls_err_alert(err) != client_cases[i].alert ||
		    strstr(chain_why, client_cases[i].says) == NULL)
			fail_msg("case %zu: %s; \"%s\"", i, ktls_strerror(err), chain_why);
		EVP_PKEY_free(peer.key);
		chain_free(&c);
	}
	ktls_config_unref(cfg);
}

/* Authorities between the leaf and what is trusted. */
static const struct {
	enum test_cert trusted, cert;
	unsigned depth;
	int err;
} depths[] = {
	{ TEST_CA, TEST_EC, 0, 0 },
	{ TEST_CA, TEST_CHAINED, 0, R(CERT_DEPTH) },
	{ TEST_CA, TEST_CHAINED, 1, 0 },
	{ TEST_CA, TEST_DEEP, 1, R(CERT_DEPTH) },
	{ TEST_CA, TEST_DEEP, 2, 0 },
	{ TEST_INTERMEDIATE, TEST_CHAINED, 0, 0 },
	{ TEST_INTERMEDIATE, TEST_DEEP, 0, R(CERT_DEPTH) },
	{ TEST_INTERMEDIATE, TEST_DEEP, 1, 0 },
};

static void
each_depth(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
		const char *trusted = test_pki_cert_file(pki, depths[i].trusted);
		struct ktls_config *cfg;
		int err;

		assert_int_equal(ktls_config_new(&cfg), 0);
		assert_int_equal(ktls_config_trust_file(cfg, trusted), 0);
		assert_int_equal(ktls_config_verify_depth(cfg, depths[i].depth), 0);
		err = chain_judge_one(cfg, pki, depths[i].cert, "localhost");
		if (err != depths[i].err)
			fail_msg("case %zu: %s; \"%s\"", i, ktls_strerror(err), chain_why);
		ktls_config_unref(cfg);
	}
}

/* Not the leaf's: the intermediate ends in 20 days, the leaf in 30. */
static void
the_chain_ends_with_the_first_of_its_certificates(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain_of(pki, TEST_CHAINED);
	struct peer peer;
	int64_t left;

	(void)unused;
	for (int i = 0; i < 2; i++) {		/* judged, then remembered */
		assert_int_equal(chain_judge_as(cfg, &c, KTLS_SERVER, "localhost", &peer), 0);
		left = peer.not_after - (int64_t)time(NULL);
		assert_true(left > 19 * DAY && left <= 20 * DAY);
		EVP_PKEY_free(peer.key);
	}
	chain_free(&c);
	ktls_config_unref(cfg);
}

static void
a_key_for_who_judges_elsewhere(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain_of(pki, TEST_STRANGER);
	struct peer peer = {0};

	(void)unused;
	assert_int_equal(config_use(cfg, true), 0);
	assert_int_equal(config_peer_key(cfg, c.cert, c.count, &peer, chain_why,
	    sizeof(chain_why)), R(CERT_KEY_USAGE));
	assert_null(peer.key);
	chain_free(&c);
	c = chain_of(pki, TEST_SELF_SIGNED);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(config_peer_key(cfg, c.cert, c.count, &peer, chain_why,
		    sizeof(chain_why)), 0);
		assert_non_null(peer.key);
		assert_false(peer.verified);
		assert_true(peer.not_after == INT64_MAX);
		EVP_PKEY_free(peer.key);
		/* Remembered, but for nobody who judges. */
		assert_int_equal(chain_judge(cfg, &c, "localhost"), R(CERT_UNTRUSTED));
	}
	chain_free(&c);
	ktls_config_unref(cfg);
}

static void
a_chain_may_lack_nothing(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain_of(pki, TEST_CHAINED);

	(void)unused;
	c.count = 1;
	assert_int_equal(chain_judge(cfg, &c, "localhost"), R(CERT_UNTRUSTED));
	c.count = 0;
	assert_int_equal(chain_judge(cfg, &c, "localhost"), R(CERTIFICATE_NONE));
	c.count = 2;
	chain_free(&c);
	ktls_config_unref(cfg);
}

/* What isn't needed is ignored (RFC 8446 4.4.2), up to a limit. */
static void
a_chain_may_have_more_than_it_needs(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain_of(pki, TEST_EC), other = chain_of(pki, TEST_STRANGER);

	(void)unused;
	for (; c.count < CONFIG_PEER_CHAIN_MAX; c.count++)
		c.cert[c.count] = chain_exact(other.cert[0].p, other.cert[0].len);
	assert_int_equal(chain_judge(cfg, &c, "localhost"), 0);
	c.cert[c.count++] = chain_exact(other.cert[0].p, other.cert[0].len);
	assert_int_equal(chain_judge(cfg, &c, "localhost"), R(CERTIFICATE_CHAIN_LONG));
	chain_free(&c);
	chain_free(&other);
	ktls_config_unref(cfg);
}

static void
broken_certificates(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain_of(pki, TEST_CHAINED), broken = { .count = 2 };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		char says[64];

		snprintf(says, sizeof(says), "certificate %zu of 2 can't be decoded", i + 1);
		for (size_t n = 0; n < c.cert[i].len; n++) {
			broken.cert[1 - i] = c.cert[1 - i];
			broken.cert[i] = chain_exact(c.cert[i].p, n);
			assert_int_equal(chain_judge(cfg, &broken, "localhost"), R(CERT_MALFORMED));
			assert_string_equal(chain_why, says);
			free((void *)(uintptr_t)broken.cert[i].p);
		}
	}
	chain_free(&c);
	ktls_config_unref(cfg);
}

static void
a_byte_behind_a_certificate(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain_of(pki, TEST_EC);
	uint8_t *longer = calloc(1, c.cert[0].len + 1);

	(void)unused;
	assert_non_null(longer);
	memcpy(longer, c.cert[0].p, c.cert[0].len);
	free((void *)(uintptr_t)c.cert[0].p);
	c.cert[0].p = longer;
	assert_int_equal(chain_judge(cfg, &c, "localhost"), 0);
	c.cert[0].len++;
	assert_int_equal(chain_judge(cfg, &c, "localhost"), R(CERT_MALFORMED));
	chain_free(&c);
	ktls_config_unref(cfg);
}

/* The last byte belongs to the signature: it still decodes, and must not pass. */
static void
a_wrong_signature(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain_of(pki, TEST_RSA);

	(void)unused;
	((uint8_t *)(uintptr_t)c.cert[0].p)[c.cert[0].len - 1] ^= 1;
	assert_int_equal(chain_judge(cfg, &c, "localhost"), R(CERT_SIGNATURE));
	chain_free(&c);
	ktls_config_unref(cfg);
}

static int64_t
shifted(void *days)
{
	return ((int64_t)time(NULL) + *(const int *)days * DAY) * 1000;
}

static void
the_clock_is_the_configs(void **unused)
{
	int days = 60;
	struct ktls_config *cfg = test_pki_client(pki);

	(void)unused;
	assert_int_equal(ktls_config_clock(cfg, shifted, &days), 0);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), R(CERT_EXPIRED));
	days = -2;
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), R(CERT_NOT_YET_VALID));
	days = 0;
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
	ktls_config_unref(cfg);
}

static void
without_verification_the_leaf_is_decoded(void **unused)
{
	static const uint8_t garbage[] = { 1, 2, 3 };
	struct ktls_config *cfg;
	struct chain c = chain_of(pki, TEST_SELF_SIGNED);

	(void)unused;
	assert_int_equal(ktls_config_new(&cfg), 0);
	assert_int_equal(ktls_config_verify(cfg, false), 0);
	c.cert[c.count++] = chain_exact(garbage, sizeof(garbage));
	assert_int_equal(chain_judge(cfg, &c, NULL), 0);
	assert_null(atomic_load(&cfg->trust.store));
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EXPIRED, "other"), 0);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_P224, NULL), R(CERT_KEY));
	assert_int_equal(chain_judge_one(cfg, pki, TEST_NOT_SIGNING, NULL), R(CERT_KEY_USAGE));
	c.cert[0].len--;
	assert_int_equal(chain_judge(cfg, &c, NULL), R(CERT_MALFORMED));
	chain_free(&c);
	ktls_config_unref(cfg);
}

/* A config that no client used: refused, whatever the certificate. */
static void
nothing_is_trusted_before_use(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain_of(pki, TEST_EC);
	struct peer peer = {0};
	int err;

	(void)unused;
	err = config_verify_chain(cfg, c.cert, 1, KTLS_SERVER, "localhost", &peer, chain_why,
	    sizeof(chain_why));
	assert_int_equal(err, -EINVAL);
	assert_null(peer.key);
	chain_free(&c);
	ktls_config_unref(cfg);
}

/* Never a good verdict, never a leak; afterwards all is as before. */
static void
run_out_of_memory(struct ktls_config *cfg, size_t at_least)
{
	struct chain c = chain_of(pki, TEST_CHAINED);
	size_t n;
	int err;

	assert_int_equal(chain_judge(cfg, &c, "localhost"), 0);
	for (n = 0;; n += 1 + n / 64) {
		struct peer peer = {0};

		test_alloc_fail(n);
		err = config_verify_chain(cfg, c.cert, c.count, KTLS_SERVER, "localhost",
		    &peer, chain_why, sizeof(chain_why));
		if (!test_alloc_failed()) {
			EVP_PKEY_free(peer.key);
			break;
		}
		if (err >= 0 || peer.key != NULL)
			fail_msg("allocation %zu: err %d", n, err);
	}
	assert_true(n > at_least);
	assert_int_equal(err, 0);
	chain_free(&c);
	ktls_config_unref(cfg);
}

static void
running_out_of_memory(void **unused)
{
	struct ktls_config *all_anew = test_pki_client(pki);

	(void)unused;
	run_out_of_memory(test_pki_client(pki), 2);	/* by its own cache */
	assert_int_equal(ktls_config_chains(all_anew, NULL), 0);
	run_out_of_memory(all_anew, 20);
}

static int
set_up(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	return 0;
}

static int
tear_down(void **unused)
{
	(void)unused;
	test_pki_free(pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_certificate_has_its_verdict),
		cmocka_unit_test(each_clients_certificate_has_its_verdict),
		cmocka_unit_test(each_depth),
		cmocka_unit_test(the_chain_ends_with_the_first_of_its_certificates),
		cmocka_unit_test(a_key_for_who_judges_elsewhere),
		cmocka_unit_test(a_chain_may_lack_nothing),
		cmocka_unit_test(a_chain_may_have_more_than_it_needs),
		cmocka_unit_test(broken_certificates),
		cmocka_unit_test(a_byte_behind_a_certificate),
		cmocka_unit_test(a_wrong_signature),
		cmocka_unit_test(the_clock_is_the_configs),
		cmocka_unit_test(without_verification_the_leaf_is_decoded),
		cmocka_unit_test(nothing_is_trusted_before_use),
		cmocka_unit_test(running_out_of_memory),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
