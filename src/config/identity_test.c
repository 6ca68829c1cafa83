/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include "config/alloc_testlib.h"
#include "config/config.h"
#include "config/pki_testlib.h"

static struct test_pki *pki;

static struct ktls_config *
config(void)
{
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	return cfg;
}

/* From memory of exactly that length, so that ASan sees one byte over. */
static int
identity(struct ktls_config *cfg, const char *cert, const char *key)
{
	size_t cert_len = strlen(cert), key_len = strlen(key);
	char *c = malloc(cert_len), *k = malloc(key_len);
	int err;

	assert_true((c != NULL || cert_len == 0) && (k != NULL || key_len == 0));
	memcpy(c, cert, cert_len);
	memcpy(k, key, key_len);
	err = ktls_config_identity_pem(cfg, c, cert_len, k, key_len);
	free(c);
	free(k);
	return err;
}

static const char *
join(const char *a, const char *b, const char *c)
{
	static char buf[16384];

	snprintf(buf, sizeof(buf), "%s%s%s", a, b, c);
	return buf;
}

/* The identity that was given last. */
static const struct identity *
last(const struct ktls_config *cfg)
{
	assert_true(cfg->identity_count > 0);
	return cfg->identity[cfg->identity_count - 1];
}

/* The subject of the n-th certificate that cfg will send with it. */
static const char *
subject(const struct ktls_config *cfg, size_t n)
{
	const uint8_t *p = last(cfg)->cert[n].p;
	static char name[100];
	X509 *cert = d2i_X509(NULL, &p, (long)last(cfg)->cert[n].len);

	assert_non_null(cert);
	X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof(name));
	X509_free(cert);
	return name;
}

static void
keys_that_we_sign_with(void **unused)
{
	static const enum test_cert good[] = { TEST_EC, TEST_RSA, TEST_SELF_SIGNED, TEST_EXPIRED,
		TEST_P384, TEST_P521, TEST_ED25519, TEST_RSA_PSS };

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct ktls_config *cfg = config();
		const char *cert = test_pki_cert(pki, good[i]), *key = test_pki_key(pki, good[i]);

		assert_int_equal(identity(cfg, cert, key), 0);
		assert_int_equal(last(cfg)->cert_count, 1);
		assert_non_null(last(cfg)->key);
		assert_string_equal(ktls_config_error(cfg), "");
		ktls_config_unref(cfg);
	}
}

static void
keys_that_we_do_not(void **unused)
{
	static const struct {
		enum test_cert cert;
		const char *says;
	} bad[] = {
		{ TEST_P224, "the key (EC, 224 bits) can't be used" },
		{ TEST_RSA_1024, "the key (RSA, 1024 bits) can't be used" },
	};
	struct ktls_config *cfg = config();
	int err;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err = identity(cfg, test_pki_cert(pki, bad[i].cert),
		    test_pki_key(pki, bad[i].cert));
		assert_int_equal(err, -ENOTSUP);
		if (strstr(ktls_config_error(cfg), bad[i].says) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", ktls_config_error(cfg), bad[i].says);
		assert_int_equal(cfg->identity_count, 0);
	}
	ktls_config_unref(cfg);
}

/* RFC 8446 4.4.2, whatever the order in the file. */
static void
the_chain_is_put_in_order(void **unused)
{
	const char *leaf = test_pki_cert(pki, TEST_OTHER_NAME), *root = test_pki_cert(pki, TEST_CA);
	const char *chained = test_pki_cert(pki, TEST_CHAINED);		/* leaf, intermediate */
	const char *middle = test_pki_cert(pki, TEST_INTERMEDIATE);
	const char *key = test_pki_key(pki, TEST_CHAINED);
	struct ktls_config *cfg = config();

	(void)unused;
	assert_int_equal(identity(cfg, chained, key), 0);
	assert_int_equal(last(cfg)->cert_count, 2);
	assert_string_equal(subject(cfg, 0), "/CN=chained");
	assert_string_equal(subject(cfg, 1), "/CN=Test Intermediate");

	assert_int_equal(identity(cfg, join(root, leaf, chained), key), 0);
	assert_int_equal(last(cfg)->cert_count, 4);
	assert_string_equal(subject(cfg, 0), "/CN=chained");
	assert_string_equal(subject(cfg, 1), "/CN=Test Intermediate");
	assert_string_equal(subject(cfg, 2), "/CN=Test Root");
	assert_string_equal(subject(cfg, 3), "/CN=other");

	/* A second certificate of the same authority stays behind the one that is used. */
	assert_int_equal(identity(cfg, join(middle, middle, chained), key), 0);
	assert_int_equal(last(cfg)->cert_count, 4);
	assert_string_equal(subject(cfg, 0), "/CN=chained");
	ktls_config_unref(cfg);
}

static void
one_file_may_hold_both(void **unused)
{
	struct ktls_config *cfg = config();
	const char *both = join(test_pki_key(pki, TEST_EC), test_pki_cert(pki, TEST_EC), "");
	const char *path = test_pki_file(pki, "both.pem", both, strlen(both));

	(void)unused;
	assert_int_equal(ktls_config_identity(cfg, path, path), 0);
	both = join(test_pki_cert(pki, TEST_EC), "-- talk --\n", test_pki_key(pki, TEST_EC));
	path = test_pki_file(pki, "both.pem", both, strlen(both));
	assert_int_equal(ktls_config_identity(cfg, path, path), 0);
	assert_int_equal(last(cfg)->cert_count, 1);
	ktls_config_unref(cfg);
}

/* `openssl ecparam -genkey` writes the parameters first, `openssl genrsa -traditional` PKCS#1. */
static void
older_key_formats(void **unused)
{
	static const enum test_cert certs[] = { TEST_EC, TEST_RSA };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		const char *pem = test_pki_key(pki, certs[i]);
		BIO *in = BIO_new_mem_buf(pem, -1), *out = BIO_new(BIO_s_mem());
		EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
		struct ktls_config *cfg = config();
		char *data;

		BIO_puts(out, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
		    "-----END EC PARAMETERS-----\n");
		assert_true(PEM_write_bio_PrivateKey_traditional(out, key, NULL,
		    NULL, 0, NULL, NULL));
		assert_int_equal(BIO_write(out, "", 1), 1);
		BIO_get_mem_data(out, &data);
		assert_int_equal(identity(cfg, test_pki_cert(pki, certs[i]), data), 0);
		EVP_PKEY_free(key);
		BIO_free(in);
		BIO_free(out);
		ktls_config_unref(cfg);
	}
}

static void
memory_has_the_same_rules(void **unused)
{
	const char *cert = test_pki_cert(pki, TEST_EC), *key = test_pki_key(pki, TEST_EC);
	struct ktls_config *cfg = config();
	static char large[(1 << 20) + 1];

	(void)unused;
	assert_int_equal(identity(cfg, "", key), -EINVAL);
	assert_string_equal(ktls_config_error(cfg), "the certificate in memory: is empty");
	memset(large, '\n', sizeof(large));
	assert_int_equal(ktls_config_identity_pem(cfg, large, sizeof(large), key, strlen(key)),
	    -EFBIG);
	assert_int_equal(identity(cfg, cert, test_pki_key(pki, TEST_IP)), -EINVAL);
	assert_non_null(strstr(ktls_config_error(cfg),
	    "the certificate in memory and the key in memory don't belong together"));
	ktls_config_unref(cfg);
}

/* The key in an HSM, say: the certificate alone, whichever of the file's it is. */
static void
a_key_elsewhere(void **unused)
{
	static const enum test_cert good[] = { TEST_EC, TEST_RSA, TEST_ED25519, TEST_SELF_SIGNED };
	const char *leaf = test_pki_cert(pki, TEST_CHAINED);
	const char *root = test_pki_cert(pki, TEST_CA);
	struct ktls_config *cfg = config();

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(identity(cfg, test_pki_cert(pki, good[i]), ""), 0);
		assert_null(last(cfg)->key);
		assert_null(last(cfg)->signer.key);
		assert_non_null(last(cfg)->public_key);
		assert_int_not_equal(last(cfg)->fits13, 0);
	}
	assert_int_equal(identity(cfg, join(root, leaf, ""), ""), 0);
	assert_string_equal(subject(cfg, 0), "/CN=chained");
	assert_string_equal(subject(cfg, 1), "/CN=Test Intermediate");
	assert_string_equal(subject(cfg, 2), "/CN=Test Root");
	assert_int_equal(ktls_config_identity(cfg, test_pki_cert_file(pki, TEST_P384), NULL), 0);
	assert_null(last(cfg)->key);
	assert_string_equal(subject(cfg, 0), "/CN=p384");
	assert_int_equal(cfg->identity_count, 6);

	assert_int_equal(identity(cfg, test_pki_cert(pki, TEST_RSA_1024), ""), -ENOTSUP);
	assert_non_null(strstr(ktls_config_error(cfg),
	    "the certificate in memory: the key (RSA, 1024 bits) can't be used"));
	assert_int_equal(identity(cfg, "", ""), -EINVAL);
	assert_int_equal(cfg->identity_count, 6);
	ktls_config_unref(cfg);
}

static void
a_mismatch_names_both_files(void **unused)
{
	struct ktls_config *cfg = config();
	const char *cert = test_pki_cert_file(pki, TEST_RSA);
	const char *key = test_pki_key_file(pki, TEST_EC);

	(void)unused;
	assert_int_equal(ktls_config_identity(cfg, cert, key), -EINVAL);
	assert_non_null(strstr(ktls_config_error(cfg), cert));
	assert_non_null(strstr(ktls_config_error(cfg), key));
	assert_non_null(strstr(ktls_config_error(cfg), "don't belong together"));
	assert_int_equal(cfg->identity_count, 0);
	ktls_config_unref(cfg);
}

static void
sixty_four_and_no_more(void **unused)
{
	const char *cert = test_pki_cert(pki, TEST_EC), *key = test_pki_key(pki, TEST_EC);
	struct ktls_config *cfg = config();

	(void)unused;
	for (int i = 0; i < CONFIG_IDENTITIES_MAX; i++)
		assert_int_equal(identity(cfg, cert, key), 0);
	assert_int_equal(identity(cfg, cert, key), -E2BIG);
	assert_non_null(strstr(ktls_config_error(cfg), "64 identities at most"));
	assert_int_equal(cfg->identity_count, 64);
	ktls_config_unref(cfg);
}

/* What choose.c asks later: names in lower case, issuers, by what each certificate is signed. */
static void
facts_are_kept(void **unused)
{
	static const char upper[] = "\017www.example.net\022*.deep.example.net";
	struct ktls_config *cfg = config();
	const struct identity *who;

	(void)unused;
	assert_int_equal(identity(cfg, test_pki_cert(pki, TEST_UPPER), ""), 0);
	assert_int_equal(last(cfg)->names_len, sizeof(upper) - 1);
	assert_memory_equal(last(cfg)->names, upper, sizeof(upper) - 1);
	assert_int_equal(identity(cfg, test_pki_cert(pki, TEST_IP), ""), 0);
	assert_int_equal(last(cfg)->names_len, 0);
	assert_int_equal(identity(cfg, test_pki_cert(pki, TEST_CN_ONLY), ""), 0);
	assert_int_equal(last(cfg)->names_len, 0);
	assert_int_equal(identity(cfg, test_pki_cert(pki, TEST_ESCAPE), ""), 0);
	assert_int_equal(last(cfg)->names_len, 0);
	assert_int_equal(identity(cfg, test_pki_cert(pki, TEST_PARTIAL_WILDCARD), ""), 0);
	assert_int_equal(last(cfg)->names_len, 0);

	assert_int_equal(identity(cfg, join(test_pki_cert(pki, TEST_CHAINED),
	    test_pki_cert(pki, TEST_CA), ""), ""), 0);
	who = last(cfg);
	assert_int_equal(who->curve, KTLS_GROUP_SECP256R1);
	assert_int_equal(who->signatures[0], signature_bit(SIG_ECDSA_SECP256R1_SHA256));
	assert_int_equal(who->signatures[1], signature_bit(SIG_ECDSA_SECP256R1_SHA256));
	assert_int_equal(who->signatures[2], 0);	/* self-signed */
	assert_int_not_equal(who->issuer[0].len, who->issuer[1].len);
	assert_int_equal(who->issuer[1].len, who->issuer[2].len);
	assert_memory_equal(who->issuer[1].p, who->issuer[2].p, who->issuer[1].len);
	assert_int_equal(identity(cfg, test_pki_cert(pki, TEST_UNDER_RSA), ""), 0);
	assert_int_equal(last(cfg)->signatures[0], signature_bit(SIG_RSA_PKCS1_SHA256));
	assert_int_equal(identity(cfg, test_pki_cert(pki, TEST_RSA), ""), 0);
	assert_int_equal(last(cfg)->curve, 0);
	ktls_config_unref(cfg);
}

/* A second identity is added, or nothing is where memory runs out. */
static void
running_out_of_memory_changes_nothing(void **unused)
{
	static const enum test_cert certs[] = { TEST_CHAINED, TEST_RSA };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		const char *cert = test_pki_cert(pki, certs[i]), *key = test_pki_key(pki, certs[i]);
		struct ktls_config *cfg = test_pki_server(pki, TEST_EC);
		size_t n;
		int err;

		for (n = 0;; n += 1 + n / 64) {	/* thousands: the later ones in steps */
			test_alloc_fail(n);
			err = identity(cfg, cert, key);
			if (!test_alloc_failed())
				break;
			if (err >= 0 || *ktls_config_error(cfg) == '\0' ||
			    cfg->identity_count != 1)
				fail_msg("allocation %zu: err %d", n, err);
		}
		assert_true(n > 20);
		assert_int_equal(err, 0);
		assert_int_equal(cfg->identity_count, 2);
		assert_int_equal(last(cfg)->cert_count, 2 - i);
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
		cmocka_unit_test(keys_that_we_sign_with),
		cmocka_unit_test(keys_that_we_do_not),
		cmocka_unit_test(the_chain_is_put_in_order),
		cmocka_unit_test(one_file_may_hold_both),
		cmocka_unit_test(older_key_formats),
		cmocka_unit_test(memory_has_the_same_rules),
		cmocka_unit_test(a_key_elsewhere),
		cmocka_unit_test(a_mismatch_names_both_files),
		cmocka_unit_test(sixty_four_and_no_more),
		cmocka_unit_test(facts_are_kept),
		cmocka_unit_test(running_out_of_memory_changes_nothing),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
