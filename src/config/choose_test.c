/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include "config/config.h"
#include "config/pki_testlib.h"

static struct test_pki *pki;

#define P256	SIG_ECDSA_SECP256R1_SHA256
#define P384	SIG_ECDSA_SECP384R1_SHA384
#define P521	SIG_ECDSA_SECP521R1_SHA512
#define EDDSA	SIG_ED25519
#define PSS256	SIG_RSA_PSS_RSAE_SHA256
#define PSS512	SIG_RSA_PSS_RSAE_SHA512
#define PSSPSS	SIG_RSA_PSS_PSS_SHA256
#define PKCS256	SIG_RSA_PKCS1_SHA256
#define NONE	TEST_CERTS
#define ALL	{ P256, EDDSA, PSS256, P384, P521, PKCS256 }

/*
 * The config's identities, what is wanted, and which one serves by which scheme. One rule a line.
 */
/* clang-format off */
static const struct wish {
	const char *rule;
	enum test_cert have[4];			/* up to NONE */
	const char *server_name;
	uint16_t version, schemes[6], schemes_cert[4], groups[3];
	enum test_cert authority[2];		/* their names; NONE */
	bool no_ecdsa, no_rsa;
	int want;
	uint16_t scheme;
} wishes[] = {
	/* names */
	{ "no name: the first", { TEST_EC, TEST_RSA, NONE }, NULL, KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "an empty name: the first", { TEST_EC, TEST_RSA, NONE }, "", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "an exact name", { TEST_EC, TEST_OTHER_NAME, NONE }, "other.example.org", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "another's name, in capitals", { TEST_EC, TEST_OTHER_NAME, NONE }, "OTHER.Example.ORG", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "the certificate's in capitals", { TEST_EC, TEST_UPPER, NONE }, "www.example.net", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "its wildcard in capitals", { TEST_EC, TEST_UPPER, NONE }, "a.deep.example.net", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "exact before wildcard", { TEST_WILDCARD, TEST_OTHER_NAME, NONE }, "other.example.org", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "wildcard", { TEST_OTHER_NAME, TEST_WILDCARD, NONE }, "x.example.org", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "a wildcard is one label", { TEST_EC, TEST_WILDCARD, NONE }, "x.y.example.org", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "a wildcard is a label", { TEST_EC, TEST_WILDCARD, NONE }, "example.org", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "and not an empty one", { TEST_EC, TEST_WILDCARD, NONE }, ".example.org", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "nothing behind a name", { TEST_EC, TEST_OTHER_NAME, NONE }, "other.example.org.", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "nor before it", { TEST_EC, TEST_OTHER_NAME, NONE }, "another.example.org", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "a part of a name", { TEST_EC, TEST_OTHER_NAME, NONE }, "other.example.or", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "nothing behind a wildcard", { TEST_EC, TEST_WILDCARD, NONE }, "x.example.org.", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "no partial wildcard", { TEST_EC, TEST_PARTIAL_WILDCARD, NONE }, "web.example.org", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "a common name is none", { TEST_OTHER_NAME, TEST_CN_ONLY, NONE }, "localhost", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "the order of the calls", { TEST_OTHER_NAME, TEST_RSA, TEST_EC, NONE }, "localhost", KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, 1, PSS256 },
	{ "nobody's name: all are tried", { TEST_RSA, TEST_EC, NONE }, "unknown.example", KTLS_TLS13, { P256 }, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "the name, and no signature", { TEST_EC, TEST_OTHER_NAME, NONE }, "other.example.org", KTLS_TLS13, { PSS256 }, { 0 }, { 0 }, { NONE }, false, false, -1, 0 },
	{ "the name, and not the first's signature", { TEST_RSA, TEST_EC, NONE }, "localhost", KTLS_TLS13, { P256 }, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "the exact one can't sign: the wildcard", { TEST_EC, TEST_WILDCARD, TEST_RSA, NONE }, "www.example.org", KTLS_TLS13, { PSS256 }, { 0 }, { 0 }, { NONE }, false, false, 2, PSS256 },
	{ "no exact one can: the wildcard", { TEST_WILDCARD, TEST_RSA, NONE }, "www.example.org", KTLS_TLS13, { P256 }, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	/* schemes */
	{ "no identity", { NONE }, NULL, KTLS_TLS13, ALL, { 0 }, { 0 }, { NONE }, false, false, -1, 0 },
	{ "no scheme", { TEST_EC, NONE }, NULL, KTLS_TLS13, { 0 }, { 0 }, { 0 }, { NONE }, false, false, -1, 0 },
	{ "our order of schemes", { TEST_RSA, NONE }, NULL, KTLS_TLS13, { PSS512, PSS256 }, { 0 }, { 0 }, { NONE }, false, false, 0, PSS256 },
	{ "P-384", { TEST_EC, TEST_P384, NONE }, NULL, KTLS_TLS13, { P384 }, { 0 }, { 0 }, { NONE }, false, false, 1, P384 },
	{ "P-521", { TEST_P384, TEST_P521, NONE }, NULL, KTLS_TLS13, { P521 }, { 0 }, { 0 }, { NONE }, false, false, 1, P521 },
	{ "Ed25519", { TEST_EC, TEST_ED25519, NONE }, NULL, KTLS_TLS13, { EDDSA }, { 0 }, { 0 }, { NONE }, false, false, 1, EDDSA },
	{ "RSASSA-PSS", { TEST_RSA, TEST_RSA_PSS, NONE }, NULL, KTLS_TLS13, { PSSPSS }, { 0 }, { 0 }, { NONE }, false, false, 1, PSSPSS },
	{ "PKCS1 is not for TLS 1.3", { TEST_RSA, NONE }, NULL, KTLS_TLS13, { PKCS256 }, { 0 }, { 0 }, { NONE }, false, false, -1, 0 },
	{ "PKCS1 is for TLS 1.2", { TEST_RSA, NONE }, NULL, KTLS_TLS12, { PKCS256 }, { 0 }, { 0 }, { NONE }, false, false, 0, PKCS256 },
	{ "PSS before PKCS1", { TEST_RSA, NONE }, NULL, KTLS_TLS12, { PKCS256, PSS256 }, { 0 }, { 0 }, { NONE }, false, false, 0, PSS256 },
	{ "TLS 1.2: a hash, and any curve", { TEST_P384, NONE }, NULL, KTLS_TLS12, { P256 }, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "schemes that nobody knows", { TEST_EC, NONE }, NULL, KTLS_TLS13, { 0x0a0a, 0x0203, P256 }, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	/* TLS 1.2's suites and certificate_types; its groups (RFC 8422 5.1) */
	{ "RSA alone", { TEST_EC, TEST_ED25519, TEST_RSA, NONE }, NULL, KTLS_TLS12, ALL, { 0 }, { 0 }, { NONE }, true, false, 2, PSS256 },
	{ "ECDSA alone", { TEST_RSA, TEST_EC, NONE }, NULL, KTLS_TLS12, ALL, { 0 }, { 0 }, { NONE }, false, true, 1, P256 },
	{ "Ed25519 counts as ECDSA", { TEST_RSA, TEST_ED25519, NONE }, NULL, KTLS_TLS12, ALL, { 0 }, { 0 }, { NONE }, false, true, 1, EDDSA },
	{ "neither", { TEST_RSA, TEST_EC, NONE }, NULL, KTLS_TLS12, ALL, { 0 }, { 0 }, { NONE }, true, true, -1, 0 },
	{ "a curve that the client has", { TEST_P384, TEST_EC, NONE }, NULL, KTLS_TLS12, ALL, { 0 }, { 29, 23 }, { NONE }, false, false, 1, P256 },
	{ "no such curve", { TEST_P384, NONE }, NULL, KTLS_TLS12, ALL, { 0 }, { 29, 23 }, { NONE }, false, false, -1, 0 },
	{ "RSA and Ed25519 have no curve", { TEST_EC, TEST_ED25519, NONE }, NULL, KTLS_TLS12, ALL, { 0 }, { 29 }, { NONE }, false, false, 1, EDDSA },
	{ "TLS 1.3 has its schemes for that", { TEST_P384, NONE }, NULL, KTLS_TLS13, ALL, { 0 }, { 29, 23 }, { NONE }, false, false, 0, P384 },
	/* wishes: signature_algorithms_cert, certificate_authorities */
	{ "a chain that the peer verifies first", { TEST_UNDER_RSA, TEST_EC, NONE }, NULL, KTLS_TLS13, { P256 }, { 0 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "it verifies both", { TEST_UNDER_RSA, TEST_EC, NONE }, NULL, KTLS_TLS13, { P256, PKCS256 }, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "its list for certificates counts", { TEST_UNDER_RSA, TEST_EC, NONE }, NULL, KTLS_TLS13, { P256 }, { PKCS256 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "a wish is no demand", { TEST_UNDER_RSA, NONE }, NULL, KTLS_TLS13, { P256 }, { P384 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "nobody checks a self-signed one", { TEST_EC, TEST_SELF_SIGNED, NONE }, NULL, KTLS_TLS13, { P256 }, { PKCS256 }, { 0 }, { NONE }, false, false, 1, P256 },
	{ "nor does it overrule the name", { TEST_UNDER_RSA, TEST_OTHER_NAME, NONE }, "localhost", KTLS_TLS13, { P256 }, { 0 }, { 0 }, { NONE }, false, false, 0, P256 },
	{ "an authority", { TEST_EC, TEST_UNDER_RSA, NONE }, NULL, KTLS_TLS13, ALL, { 0 }, { 0 }, { TEST_RSA_CA, NONE }, false, false, 1, P256 },
	{ "the second authority", { TEST_EC, TEST_UNDER_RSA, NONE }, NULL, KTLS_TLS13, ALL, { 0 }, { 0 }, { TEST_STRANGER, TEST_RSA_CA }, false, false, 1, P256 },
	{ "further up the chain", { TEST_UNDER_RSA, TEST_CHAINED, NONE }, NULL, KTLS_TLS13, ALL, { 0 }, { 0 }, { TEST_CA, NONE }, false, false, 1, P256 },
	{ "an authority between", { TEST_EC, TEST_CHAINED, NONE }, NULL, KTLS_TLS13, ALL, { 0 }, { 0 }, { TEST_INTERMEDIATE, NONE }, false, false, 1, P256 },
	{ "nobody's authority: the first that fits", { TEST_RSA, TEST_EC, NONE }, NULL, KTLS_TLS13, { P256 }, { 0 }, { 0 }, { TEST_STRANGER, NONE }, false, false, 1, P256 },
	{ "its authority, and no signature", { TEST_EC, TEST_UNDER_RSA, NONE }, NULL, KTLS_TLS13, { PSS256 }, { 0 }, { 0 }, { TEST_RSA_CA, NONE }, false, false, -1, 0 },
	{ "the authority before the chain's schemes", { TEST_EC, TEST_UNDER_RSA, NONE }, NULL, KTLS_TLS13, { P256 }, { 0 }, { 0 }, { TEST_RSA_CA, NONE }, false, false, 1, P256 },
};
/* clang-format on */

static void
add_identity(struct ktls_config *cfg, enum test_cert n)
{
	const char *cert = test_pki_cert(pki, n), *key = test_pki_key(pki, n);

	assert_int_equal(ktls_config_identity_pem(cfg, cert, strlen(cert), key, strlen(key)), 0);
}

static struct ktls_config *
config(const enum test_cert *have)
{
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	for (size_t i = 0; i < 4 && have[i] != NONE; i++)
		add_identity(cfg, have[i]);
	return cfg;
}

/* A list as on the wire, up to a 0, of memory of exactly that length. */
static struct slice
list(const uint16_t *ids, size_t max)
{
	uint8_t *p = malloc(2 * max + 1);
	size_t n = 0;

	assert_non_null(p);
	for (; n < max && ids[n] != 0; n++) {
		p[2 * n] = (uint8_t)(ids[n] >> 8);
		p[2 * n + 1] = (uint8_t)ids[n];
	}
	if (n == 0) {
		free(p);
		return (struct slice){ NULL, 0 };
	}
	p = realloc(p, 2 * n);
	assert_non_null(p);
	return (struct slice){ p, 2 * n };
}

static void
write_name(struct writer *w, enum test_cert n)
{
	BIO *bio = BIO_new_mem_buf(test_pki_cert(pki, n), -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	const uint8_t *der;
	size_t len;

	assert_non_null(cert);
	assert_true(X509_NAME_get0_der(X509_get_subject_name(cert), &der, &len));
	wr_vec(w, 2, (struct slice){ der, len });
	X509_free(cert);
	BIO_free(bio);
}

static struct slice
authorities(const enum test_cert *certs)
{
	uint8_t buf[512], *exact;
	struct writer w = wr_init(buf, sizeof(buf));

	for (size_t i = 0; i < 2 && certs[i] != NONE; i++)
		write_name(&w, certs[i]);
	assert_true(wr_done(&w));
	if (wr_len(&w) == 0)
		return (struct slice){ NULL, 0 };
	exact = malloc(wr_len(&w));
	assert_non_null(exact);
	memcpy(exact, buf, wr_len(&w));
	return (struct slice){ exact, wr_len(&w) };
}

static void
each_wish(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
		const struct wish *t = &wishes[i];
		struct ktls_config *cfg = config(t->have);
		const struct identity_wanted wanted = {
			.server_name = t->server_name, .version = t->version,
			.schemes = list(t->schemes, 6), .schemes_cert = list(t->schemes_cert, 4),
			.authorities = authorities(t->authority), .groups = list(t->groups, 3),
			.ecdsa_ok = !t->no_ecdsa, .rsa_ok = !t->no_rsa,
		};
		uint16_t scheme = 0, its_scheme = 0;
		int got = config_choose_identity(cfg, &wanted, &scheme);

		if (got != t->want || (got >= 0 && scheme != t->scheme))
			fail_msg("%s: identity %d, scheme %#x", t->rule, got, scheme);
		if (got >= 0) {
			assert_true(config_identity_scheme(cfg, got, &wanted, &its_scheme));
			assert_int_equal(its_scheme, scheme);
		}
		free((void *)(uintptr_t)wanted.schemes.p);
		free((void *)(uintptr_t)wanted.schemes_cert.p);
		free((void *)(uintptr_t)wanted.authorities.p);
		free((void *)(uintptr_t)wanted.groups.p);
		ktls_config_unref(cfg);
	}
}

/* ktls_config_sign_schemes(): what isn't among them is never made, and their order decides. */
static void
our_schemes_decide(void **unused)
{
	static const enum test_cert have[4] = { TEST_EC, TEST_RSA, NONE };
	static const uint16_t ours[] = { PSS512, PSS256 }, theirs[] = { P256, PSS256, PSS512 };
	struct ktls_config *cfg = config(have);
	struct identity_wanted wanted = {
		.version = KTLS_TLS13, .schemes = list(theirs, 3), .ecdsa_ok = true, .rsa_ok = true,
	};
	uint16_t scheme = 0;

	(void)unused;
	assert_int_equal(ktls_config_sign_schemes(cfg, ours, 2), 0);
	assert_int_equal(config_choose_identity(cfg, &wanted, &scheme), 1);
	assert_int_equal(scheme, PSS512);
	assert_false(config_identity_scheme(cfg, 0, &wanted, &scheme));
	assert_int_equal(scheme, PSS512);
	free((void *)(uintptr_t)wanted.schemes.p);
	ktls_config_unref(cfg);
}

/* A key that is elsewhere is chosen as if it were here. */
static void
a_key_elsewhere_is_chosen(void **unused)
{
	static const enum test_cert have[4] = { TEST_RSA, NONE };
	static const uint16_t theirs[] = { P384 };
	struct ktls_config *cfg = config(have);
	const char *cert = test_pki_cert(pki, TEST_P384);
	struct identity_wanted wanted = {
		.version = KTLS_TLS13, .schemes = list(theirs, 1), .ecdsa_ok = true, .rsa_ok = true,
	};
	uint16_t scheme = 0;

	(void)unused;
	assert_int_equal(ktls_config_identity_pem(cfg, cert, strlen(cert), NULL, 0), 0);
	assert_int_equal(config_choose_identity(cfg, &wanted, &scheme), 1);
	assert_int_equal(scheme, P384);
	free((void *)(uintptr_t)wanted.schemes.p);
	ktls_config_unref(cfg);
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
		cmocka_unit_test(each_wish),
		cmocka_unit_test(our_schemes_decide),
		cmocka_unit_test(a_key_elsewhere_is_chosen),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
