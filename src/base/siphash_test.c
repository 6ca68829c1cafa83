/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include "base/check_testlib.h"
#include "base/siphash.h"

/* libcrypto's, with one round a word and three at the end. */
static uint64_t
reference(const uint8_t key[16], const uint8_t *data, size_t len)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	unsigned c = 1, d = 3;
	size_t size = 8;
	uint8_t out[8];
	uint64_t v = 0;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &c),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &d),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(EVP_MAC_init(ctx, key, 16, params), 1);
	assert_int_equal(EVP_MAC_update(ctx, data, len), 1);
	assert_int_equal(EVP_MAC_final(ctx, out, &size, sizeof(out)), 1);
	for (size_t i = 8; i-- > 0;)
		v = v << 8 | out[i];
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return v;
}

/* Of every length to beyond two words, and one whose length counts as 0. */
static void
is_siphash(void **unused)
{
	const uint8_t bytes[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	const struct siphash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	(void)unused;
	for (size_t len = 1; len <= 20; len++) {
		size_t n = len == 20 ? 256 : len;
		uint8_t *data = malloc(n);

		assert_non_null(data);
		memset(data, 0xa0 + (int)len, n);
		assert_true(siphash(&key, (struct slice){ data, n }) ==
		    reference(bytes, data, n));
		free(data);
	}
}

static void
each_key_hashes_its_own_way(void **unused)
{
	const struct siphash_key a = { 1, 2 }, b = { 1, 3 }, c = { 2, 2 };
	const struct slice data = { (const uint8_t *)"example.com", 11 };

	(void)unused;
	assert_true(siphash(&a, data) != siphash(&b, data));
	assert_true(siphash(&a, data) != siphash(&c, data));
	assert_true(siphash(&b, data) != siphash(&c, data));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_siphash),
		cmocka_unit_test(each_key_hashes_its_own_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
