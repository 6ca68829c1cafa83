/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <openssl/err.h>
#include "base/check_testlib.h"
#include "crypto/crypto.h"

static void
fetches_everything(void **unused)
{
	struct ktls_crypto *crypto = NULL;

	(void)unused;
	OK(ktls_crypto_new(&crypto, NULL, NULL));
	for (size_t i = 0; i < HASH_ALL; i++)
		assert_non_null(crypto->md[i]);
	for (size_t i = 0; i < KTLS_CIPHERS; i++)
		assert_non_null(crypto->aead[i]);
	ktls_crypto_unref(crypto);
	ktls_crypto_unref(NULL);
}

static void
a_query_that_nothing_meets(void **unused)
{
	struct ktls_crypto *crypto = NULL;

	(void)unused;
	GIVES(-ENOTSUP, ktls_crypto_new(&crypto, NULL, "provider=none-of-this-name"));
	assert_null(crypto);
	assert_int_equal(ERR_peek_error(), 0);
}

/* A context of the caller's, and a query that is met; the string is copied. */
static void
another_library_context(void **unused)
{
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new();
	char propq[] = "provider=default";
	struct ktls_crypto *crypto = NULL;
	uint8_t a[32], b[32];

	(void)unused;
	assert_non_null(libctx);
	OK(ktls_crypto_new(&crypto, libctx, propq));
	memset(propq, 'x', sizeof(propq) - 1);
	assert_string_equal(crypto->propq, "provider=default");
	OK(crypto_random(crypto, a, sizeof(a)));
	OK(crypto_random(crypto, b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	ktls_crypto_unref(crypto);
	OSSL_LIB_CTX_free(libctx);
}

static void *
refs(void *crypto)
{
	for (int i = 0; i < 10000; i++)
		ktls_crypto_unref(ktls_crypto_ref(crypto));
	return NULL;
}

static void
counted_across_threads(void **unused)
{
	struct ktls_crypto *crypto = NULL;
	pthread_t ids[4];

	(void)unused;
	OK(ktls_crypto_new(&crypto, NULL, NULL));
	for (int i = 0; i < 4; i++)
		OK(pthread_create(&ids[i], NULL, refs, crypto));
	for (int i = 0; i < 4; i++)
		OK(pthread_join(ids[i], NULL));
	assert_int_equal(atomic_load(&crypto->refs), 1);
	ktls_crypto_unref(crypto);
}

/* RFC 8446 7.1: the hash of "" that Derive-Secret uses, as RFC 8448 prints it. */
static void
digests(void **unused)
{
	static const uint8_t sha256[] = { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14 };
	static const uint8_t sha384[] = { 0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38 };
	struct ktls_crypto *crypto = NULL;
	uint8_t out[HASH_LEN_MAX];

	(void)unused;
	OK(ktls_crypto_new(&crypto, NULL, NULL));
	OK(crypto_digest(crypto, HASH_SHA256, (struct slice){ NULL, 0 }, out));
	assert_memory_equal(out, sha256, sizeof(sha256));
	OK(crypto_digest(crypto, HASH_SHA384, (struct slice){ NULL, 0 }, out));
	assert_memory_equal(out, sha384, sizeof(sha384));
	assert_int_equal(crypto_hash_len(HASH_SHA256), 32);
	assert_int_equal(crypto_hash_len(HASH_SHA384), 48);
	assert_int_equal(crypto_hash_len(HASH_SHA512), 64);
	ktls_crypto_unref(crypto);
}

static void
the_error_queue_is_read(void **unused)
{
	(void)unused;
	ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	GIVES(-ENOMEM, crypto_error());
	assert_int_equal(ERR_peek_error(), 0);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	GIVES(-EIO, crypto_error());
	GIVES(-EIO, crypto_error());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetches_everything),
		cmocka_unit_test(a_query_that_nothing_meets),
		cmocka_unit_test(another_library_context),
		cmocka_unit_test(counted_across_threads),
		cmocka_unit_test(digests),
		cmocka_unit_test(the_error_queue_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
