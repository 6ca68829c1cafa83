/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include "config/alloc_testlib.h"
#include "config/config.h"
#include "config/pki_testlib.h"

#define DAY	86400
#define R(name)	KTLS_REFUSED(KTLS_R_##name)

static struct test_pki *pki;

struct chain {
	struct slice cert[CONFIG_CHAIN_MAX + 1];
	size_t count;
};

/* Each from memory of exactly its length, so that ASan sees one byte over. */
static struct slice
exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);

	assert_true(copy != NULL || len == 0);
	if (len != 0)
		memcpy(copy, data, len);
	return (struct slice){ copy, len };
}

static struct chain
chain(enum test_cert which)
{
	BIO *bio = BIO_new_mem_buf(test_pki_cert(pki, which), -1);
	struct chain c = {0};
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		uint8_t *der = NULL;
		int len = i2d_X509(cert, &der);

		assert_true(len > 0);
		c.cert[c.count++] = exact(der, (size_t)len);
		OPENSSL_free(der);
		X509_free(cert);
	}
	BIO_free(bio);
	return c;
}

static void
chain_free(struct chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		free((void *)(uintptr_t)c->cert[i].p);
}

static char why[256];

static int
judge(struct ktls_config *cfg, const struct chain *c, const char *name)
{
	EVP_PKEY *key = NULL;
	int err;

	assert_int_equal(config_use(cfg, true), 0);
	memset(why, 'x', sizeof(why));
	err = config_verify_chain(cfg, c->cert, c->count, name, &key, why, sizeof(why));
	assert_non_null(memchr(why, '\0', sizeof(why)));
	assert_int_equal(*why == '\0', err == 0);
	assert_int_equal(key != NULL, err == 0);
	EVP_PKEY_free(key);
	return err;
}

static int
judge_one(struct ktls_config *cfg, enum test_cert which, const char *name)
{
	struct chain c = chain(which);
	int err = judge(cfg, &c, name);

	chain_free(&c);
	return err;
}

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
	{ TEST_CLIENT_ONLY, "localhost", R(CERT_PURPOSE), 43, "purpose" },
	{ TEST_SELF_SIGNED, "localhost", R(CERT_UNTRUSTED), 48, "self-signed" },
	{ TEST_STRANGER, "localhost", R(CERT_UNTRUSTED), 48, "\"/CN=Test Stranger\"" },
	{ TEST_UNDER_LEAF, "localhost", R(CERT_AUTHORITY), 42, "invalid CA certificate" },
	{ TEST_CONSTRAINED, "localhost", R(CERT_AUTHORITY), 42, "excluded subtree" },
	{ TEST_RSA_1024, "localhost", R(CERT_WEAK), 42, "too weak" },
	{ TEST_P384, "localhost", R(CERT_KEY), 43, "neither ECDSA on P-256 nor RSA" },
	{ TEST_ED25519, "localhost", R(CERT_KEY), 43, "neither ECDSA on P-256 nor RSA" },
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
		int err = judge_one(cfg, cases[i].cert, cases[i].name);

		if (err != cases[i].err || ktls_err_alert(err) != cases[i].alert ||
		    strstr(why, cases[i].says) == NULL)
			fail_msg("case %zu, %s: %s; \"%s\"", i, cases[i].name,
			    ktls_strerror(err), why);
	}
	ktls_config_unref(cfg);
}

static void
a_chain_may_lack_nothing(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain(TEST_CHAINED);

	(void)unused;
	c.count = 1;
	assert_int_equal(judge(cfg, &c, "localhost"), R(CERT_UNTRUSTED));
	c.count = 0;
	assert_int_equal(judge(cfg, &c, "localhost"), R(CERTIFICATE_NONE));
	c.count = 2;
	chain_free(&c);
	ktls_config_unref(cfg);
}

/* What isn't needed is ignored (RFC 8446 4.4.2), up to a limit. */
static void
a_chain_may_have_more_than_it_needs(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain(TEST_EC), other = chain(TEST_STRANGER);

	(void)unused;
	for (; c.count < CONFIG_CHAIN_MAX; c.count++)
		c.cert[c.count] = exact(other.cert[0].p, other.cert[0].len);
	assert_int_equal(judge(cfg, &c, "localhost"), 0);
	c.cert[c.count++] = exact(other.cert[0].p, other.cert[0].len);
	assert_int_equal(judge(cfg, &c, "localhost"), R(CERTIFICATE_CHAIN_LONG));
	chain_free(&c);
	chain_free(&other);
	ktls_config_unref(cfg);
}

static void
broken_certificates(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain(TEST_CHAINED), broken = { .count = 2 };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		char says[64];

		snprintf(says, sizeof(says), "certificate %zu of 2 can't be decoded", i + 1);
		for (size_t n = 0; n < c.cert[i].len; n++) {
			broken.cert[1 - i] = c.cert[1 - i];
			broken.cert[i] = exact(c.cert[i].p, n);
			assert_int_equal(judge(cfg, &broken, "localhost"), R(CERT_MALFORMED));
			assert_string_equal(why, says);
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
	struct chain c = chain(TEST_EC);
	uint8_t *longer = calloc(1, c.cert[0].len + 1);

	(void)unused;
	assert_non_null(longer);
	memcpy(longer, c.cert[0].p, c.cert[0].len);
	free((void *)(uintptr_t)c.cert[0].p);
	c.cert[0].p = longer;
	assert_int_equal(judge(cfg, &c, "localhost"), 0);
	c.cert[0].len++;
	assert_int_equal(judge(cfg, &c, "localhost"), R(CERT_MALFORMED));
	chain_free(&c);
	ktls_config_unref(cfg);
}

/* The last byte belongs to the signature: it still decodes, and must not pass. */
static void
a_wrong_signature(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain(TEST_RSA);

	(void)unused;
	((uint8_t *)(uintptr_t)c.cert[0].p)[c.cert[0].len - 1] ^= 1;
	assert_int_equal(judge(cfg, &c, "localhost"), R(CERT_SIGNATURE));
	chain_free(&c);
	ktls_config_unref(cfg);
}

static int64_t
shifted(void *days)
{
	return (int64_t)time(NULL) + *(const int *)days * DAY;
}

static void
the_clock_is_the_configs(void **unused)
{
	int days = 60;
	struct ktls_config *cfg = test_pki_client(pki);

	(void)unused;
	assert_int_equal(ktls_config_clock(cfg, shifted, &days), 0);
	assert_int_equal(judge_one(cfg, TEST_EC, "localhost"), R(CERT_EXPIRED));
	days = -2;
	assert_int_equal(judge_one(cfg, TEST_EC, "localhost"), R(CERT_NOT_YET_VALID));
	days = 0;
	assert_int_equal(judge_one(cfg, TEST_EC, "localhost"), 0);
	ktls_config_unref(cfg);
}

static void
without_verification_the_leaf_is_decoded(void **unused)
{
	static const uint8_t garbage[] = { 1, 2, 3 };
	struct ktls_config *cfg;
	struct chain c = chain(TEST_SELF_SIGNED);

	(void)unused;
	assert_int_equal(ktls_config_new(&cfg), 0);
	assert_int_equal(ktls_config_verify(cfg, false), 0);
	c.cert[c.count++] = exact(garbage, sizeof(garbage));
	assert_int_equal(judge(cfg, &c, NULL), 0);
	assert_null(atomic_load(&cfg->trust.store));
	assert_int_equal(judge_one(cfg, TEST_EXPIRED, "other"), 0);
	assert_int_equal(judge_one(cfg, TEST_P384, NULL), R(CERT_KEY));
	c.cert[0].len--;
	assert_int_equal(judge(cfg, &c, NULL), R(CERT_MALFORMED));
	chain_free(&c);
	ktls_config_unref(cfg);
}

/* A config that no client used: refused, whatever the certificate. */
static void
nothing_is_trusted_before_use(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain(TEST_EC);
	EVP_PKEY *key = NULL;

	(void)unused;
	assert_int_equal(config_verify_chain(cfg, c.cert, 1, "localhost", &key, why, sizeof(why)),
	    -EINVAL);
	assert_null(key);
	chain_free(&c);
	ktls_config_unref(cfg);
}

static void
files_add_up(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);

	(void)unused;
	assert_int_equal(ktls_config_trust_file(cfg, test_pki_cert_file(pki, TEST_SELF_SIGNED)), 0);
	assert_int_equal(judge_one(cfg, TEST_SELF_SIGNED, "localhost"), 0);
	assert_int_equal(judge_one(cfg, TEST_EC, "localhost"), 0);
	assert_int_equal(judge_one(cfg, TEST_STRANGER, "localhost"), R(CERT_UNTRUSTED));
	ktls_config_unref(cfg);
}

static void
an_intermediate_can_be_trusted_alone(void **unused)
{
	const char *file = test_pki_cert_file(pki, TEST_INTERMEDIATE);
	struct ktls_config *cfg;

	(void)unused;
	assert_int_equal(ktls_config_new(&cfg), 0);
	assert_int_equal(ktls_config_trust_file(cfg, file), 0);
	assert_int_equal(judge_one(cfg, TEST_CHAINED, "localhost"), 0);
	assert_int_equal(judge_one(cfg, TEST_EC, "localhost"), R(CERT_UNTRUSTED));
	ktls_config_unref(cfg);
}

/* As `openssl rehash` makes it. */
static const char *
hashed_dir(void)
{
	static char dir[256];
	BIO *bio = BIO_new_mem_buf(test_pki_cert(pki, TEST_CA), -1);
	X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	char path[300];

	snprintf(dir, sizeof(dir), "%s/hashed", test_pki_dir(pki));
	snprintf(path, sizeof(path), "%s/%08lx.0", dir, X509_subject_name_hash(ca));
	if (mkdir(dir, 0700) == 0)
		assert_int_equal(symlink(test_pki_cert_file(pki, TEST_CA), path), 0);
	X509_free(ca);
	BIO_free(bio);
	return dir;
}

static void
a_hashed_directory(void **unused)
{
	struct ktls_config *cfg;

	(void)unused;
	assert_int_equal(ktls_config_new(&cfg), 0);
	assert_int_equal(ktls_config_trust_dir(cfg, hashed_dir()), 0);
	assert_int_equal(judge_one(cfg, TEST_EC, "localhost"), 0);
	assert_int_equal(judge_one(cfg, TEST_SELF_SIGNED, "localhost"), R(CERT_UNTRUSTED));
	ktls_config_unref(cfg);
}

/* The system's is where SSL_CERT_FILE says; asked for by nothing, or with others. */
static void
the_system_is_trusted_where_nothing_was_given(void **unused)
{
	struct ktls_config *none, *other, *both;

	(void)unused;
	assert_int_equal(setenv("SSL_CERT_FILE", test_pki_cert_file(pki, TEST_CA), 1), 0);
	assert_int_equal(setenv("SSL_CERT_DIR", "/nonexistent", 1), 0);
	assert_int_equal(ktls_config_new(&none), 0);
	assert_int_equal(ktls_config_new(&other), 0);
	assert_int_equal(ktls_config_new(&both), 0);
	assert_int_equal(ktls_config_trust_file(other, test_pki_cert_file(pki, TEST_STRANGER)), 0);
	assert_int_equal(ktls_config_trust_file(both, test_pki_cert_file(pki, TEST_STRANGER)), 0);
	assert_int_equal(ktls_config_trust_system(both), 0);

	assert_int_equal(judge_one(none, TEST_EC, "localhost"), 0);
	assert_int_equal(judge_one(other, TEST_EC, "localhost"), R(CERT_UNTRUSTED));
	assert_int_equal(judge_one(both, TEST_EC, "localhost"), 0);
	ktls_config_unref(none);
	ktls_config_unref(other);
	ktls_config_unref(both);

	assert_int_equal(setenv("SSL_CERT_FILE", "/nonexistent", 1), 0);
	assert_int_equal(ktls_config_new(&none), 0);
	assert_int_equal(judge_one(none, TEST_EC, "localhost"), R(CERT_UNTRUSTED));
	ktls_config_unref(none);
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
}

static void
wrong_trust_has_its_sentence_and_changes_nothing(void **unused)
{
	const char *good = test_pki_cert(pki, TEST_STRANGER);
	const char *key = test_pki_key_file(pki, TEST_CA);
	struct ktls_config *cfg = test_pki_client(pki);
	char half[8192];
	const char *path;

	(void)unused;
	snprintf(half, sizeof(half), "%s%.100s\n-----END CERTIFICATE-----\n", good, good);
	path = test_pki_file(pki, "half.pem", half, strlen(half));
	assert_int_equal(ktls_config_trust_file(cfg, path), -EINVAL);
	assert_non_null(strstr(ktls_config_error(cfg), "half.pem: certificate 2 can't be decoded"));
	assert_int_equal(ktls_config_trust_file(cfg, key), -EINVAL);
	assert_non_null(strstr(ktls_config_error(cfg), "ca-key.pem: holds no certificate in PEM"));
	assert_int_equal(ktls_config_trust_file(cfg, "/nonexistent.pem"), -ENOENT);
	assert_non_null(strstr(ktls_config_error(cfg), "/nonexistent.pem: can't be opened"));
	assert_int_equal(ktls_config_trust_dir(cfg, "/nonexistent"), -ENOENT);
	assert_non_null(strstr(ktls_config_error(cfg), "/nonexistent: can't be opened as a dir"));
	assert_int_equal(ktls_config_trust_dir(cfg, key), -ENOTDIR);
	assert_int_equal(ktls_config_trust_dir(cfg, "/tmp:/var"), -EINVAL);
	assert_int_equal(ktls_config_trust_dir(cfg, NULL), -EINVAL);
	assert_int_equal(judge_one(cfg, TEST_STRANGER, "localhost"), R(CERT_UNTRUSTED));
	assert_int_equal(judge_one(cfg, TEST_EC, "localhost"), 0);
	ktls_config_unref(cfg);
}

/* Never a good verdict, never a leak; afterwards all is as before. */
static void
running_out_of_memory(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct chain c = chain(TEST_CHAINED);
	size_t n;
	int err;

	(void)unused;
	assert_int_equal(judge(cfg, &c, "localhost"), 0);
	for (n = 0;; n += 1 + n / 64) {
		EVP_PKEY *key = NULL;

		test_alloc_fail(n);
		err = config_verify_chain(cfg, c.cert, c.count, "localhost", &key,
		    why, sizeof(why));
		if (!test_alloc_failed()) {
			EVP_PKEY_free(key);
			break;
		}
		if (err >= 0 || key != NULL)
			fail_msg("allocation %zu: err %d", n, err);
	}
	assert_true(n > 20);
	assert_int_equal(err, 0);
	chain_free(&c);
	ktls_config_unref(cfg);
}

static void
running_out_of_memory_for_trust(void **unused)
{
	const char *ca = test_pki_cert_file(pki, TEST_CA);
	struct ktls_config *cfg;
	size_t n = 0;
	int err;

	(void)unused;
	assert_int_equal(ktls_config_new(&cfg), 0);
	do {
		test_alloc_fail(n++);
		err = ktls_config_trust_file(cfg, ca);
	} while (test_alloc_failed() && err < 0 && sk_X509_num(cfg->trust.certs) <= 0);
	assert_int_equal(err, 0);
	do {
		test_alloc_fail(n++);
		err = ktls_config_trust_dir(cfg, "/tmp");
	} while (test_alloc_failed() && err < 0 && sk_OPENSSL_STRING_num(cfg->trust.dirs) <= 0);
	assert_int_equal(err, 0);
	n = 0;
	do {
		test_alloc_fail(n++);
		err = config_use(cfg, true);
	} while (test_alloc_failed() && err < 0 && atomic_load(&cfg->trust.store) == NULL);
	assert_int_equal(err, 0);
	assert_true(n > 5);
	assert_int_equal(judge_one(cfg, TEST_EC, "localhost"), 0);
	ktls_config_unref(cfg);
}

static void *
use(void *cfg)
{
	struct chain c = chain(TEST_CHAINED);
	EVP_PKEY *key = NULL;
	char sentence[100];
	int err;

	if ((err = config_use(cfg, true)) == 0)
		err = config_verify_chain(cfg, c.cert, c.count, "localhost", &key,
		    sentence, sizeof(sentence));
	EVP_PKEY_free(key);
	chain_free(&c);
	return err == 0 ? cfg : NULL;
}

static void
many_threads_begin_at_once(void **unused)
{
	(void)unused;
	(void)test_pki_cert(pki, TEST_CHAINED);
	for (int round = 0; round < 8; round++) {
		struct ktls_config *cfg = test_pki_client(pki);
		pthread_t thread[4];
		void *good;

		for (size_t i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&thread[i], NULL, use, cfg), 0);
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(pthread_join(thread[i], &good), 0);
			assert_ptr_equal(good, cfg);
		}
		ktls_config_unref(cfg);
	}
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
		cmocka_unit_test(a_chain_may_lack_nothing),
		cmocka_unit_test(a_chain_may_have_more_than_it_needs),
		cmocka_unit_test(broken_certificates),
		cmocka_unit_test(a_byte_behind_a_certificate),
		cmocka_unit_test(a_wrong_signature),
		cmocka_unit_test(the_clock_is_the_configs),
		cmocka_unit_test(without_verification_the_leaf_is_decoded),
		cmocka_unit_test(nothing_is_trusted_before_use),
		cmocka_unit_test(files_add_up),
		cmocka_unit_test(an_intermediate_can_be_trusted_alone),
		cmocka_unit_test(a_hashed_directory),
		cmocka_unit_test(the_system_is_trusted_where_nothing_was_given),
		cmocka_unit_test(wrong_trust_has_its_sentence_and_changes_nothing),
		cmocka_unit_test(running_out_of_memory),
		cmocka_unit_test(running_out_of_memory_for_trust),
		cmocka_unit_test(many_threads_begin_at_once),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
