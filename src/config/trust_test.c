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
#include "config/chain_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

static struct test_pki *pki;

static void
files_add_up(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);

	(void)unused;
	assert_int_equal(ktls_config_trust_file(cfg, test_pki_cert_file(pki, TEST_SELF_SIGNED)), 0);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_SELF_SIGNED, "localhost"), 0);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_STRANGER, "localhost"), R(CERT_UNTRUSTED));
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
	assert_int_equal(chain_judge_one(cfg, pki, TEST_CHAINED, "localhost"), 0);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), R(CERT_UNTRUSTED));
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
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_STRANGER, "localhost"), R(CERT_UNTRUSTED));
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

	assert_int_equal(chain_judge_one(none, pki, TEST_EC, "localhost"), 0);
	assert_int_equal(chain_judge_one(other, pki, TEST_EC, "localhost"), R(CERT_UNTRUSTED));
	assert_int_equal(chain_judge_one(both, pki, TEST_EC, "localhost"), 0);
	ktls_config_unref(none);
	ktls_config_unref(other);
	ktls_config_unref(both);

	assert_int_equal(setenv("SSL_CERT_FILE", "/nonexistent", 1), 0);
	assert_int_equal(ktls_config_new(&none), 0);
	assert_int_equal(chain_judge_one(none, pki, TEST_EC, "localhost"), R(CERT_UNTRUSTED));
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
	assert_int_equal(chain_judge_one(cfg, pki, TEST_STRANGER, "localhost"), R(CERT_UNTRUSTED));
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
	ktls_config_unref(cfg);
}

static void
running_out_of_memory(void **unused)
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
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
	ktls_config_unref(cfg);
}

static void *
use(void *cfg)
{
	struct chain c = chain_of(pki, TEST_CHAINED);
	struct peer peer = {0};
	char sentence[100];
	int err;

	if ((err = config_use(cfg, true)) == 0)
		err = config_verify_chain(cfg, c.cert, c.count, KTLS_SERVER, "localhost", &peer,
		    sentence, sizeof(sentence));
	EVP_PKEY_free(peer.key);
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
		cmocka_unit_test(files_add_up),
		cmocka_unit_test(an_intermediate_can_be_trusted_alone),
		cmocka_unit_test(a_hashed_directory),
		cmocka_unit_test(the_system_is_trusted_where_nothing_was_given),
		cmocka_unit_test(wrong_trust_has_its_sentence_and_changes_nothing),
		cmocka_unit_test(running_out_of_memory),
		cmocka_unit_test(many_threads_begin_at_once),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
