/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <ktls/keys.h>
#include "base/check_testlib.h"
#include "base/wipe_testlib.h"

static const uint8_t masked[32] = {
	0x91, 0x3b, 0x0e, 0x77, 0x52, 0xc8, 0x1d, 0xe4,
	0xa9, 0x60, 0xf7, 0x2c, 0x85, 0x1a, 0xbe, 0x43,
	0x0d, 0xd6, 0x68, 0x9f, 0x31, 0xea, 0x54, 0x07,
	0xcb, 0x72, 0x19, 0xa0, 0x3e, 0xf5, 0x8c, 0x66,
};

static void
wiped(void **unused)
{
	static const struct ktls_keys zeros;
	struct ktls_keys *keys;

	(void)unused;
	wipe_begin();
	keys = calloc(1, sizeof(*keys));
	assert_non_null(keys);
	keys->cipher = KTLS_AES_256_GCM;
	keys->seq = 1;
	wipe_unmask(masked, sizeof(keys->key), keys->key);
	memset(keys->iv, 1, sizeof(keys->iv));
	assert_int_equal(wipe_find(masked, sizeof(masked)), 1);

	ktls_keys_wipe(keys);
	assert_memory_equal(keys, &zeros, sizeof(zeros));
	free(keys);
	assert_int_equal(wipe_find(masked, sizeof(masked)), 0);
}

static void
names(void **unused)
{
	(void)unused;
	assert_string_equal(ktls_cipher_name(KTLS_AES_128_GCM), "AES-128-GCM");
	assert_string_equal(ktls_cipher_name(KTLS_AES_256_GCM), "AES-256-GCM");
	assert_string_equal(ktls_cipher_name(KTLS_AES_128_CCM), "AES-128-CCM");
	assert_string_equal(ktls_cipher_name(KTLS_CHACHA20_POLY1305), "CHACHA20-POLY1305");
	assert_string_equal(ktls_cipher_name((enum ktls_cipher)KTLS_CIPHERS), "unknown cipher");
	assert_string_equal(ktls_cipher_name((enum ktls_cipher)99), "unknown cipher");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wiped),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
