/* SPDX-License-Identifier: MIT */
#include "base/check_testlib.h"
#include "base/wipe_testlib.h"
#include "crypto/aead.h"
#include "record/record_testlib.h"

static const uint8_t masked_key[32] = {
	0x12, 0xe9, 0x7b, 0x44, 0xcd, 0x36, 0xaf, 0x90,
	0x59, 0xe2, 0x0b, 0x74, 0xbd, 0x26, 0xdf, 0x68,
	0x81, 0x1a, 0x33, 0xfc, 0x45, 0x9e, 0x67, 0xd0,
	0x29, 0xb2, 0x5b, 0xc4, 0x0d, 0x96, 0x7f, 0xe8,
};
static const uint8_t masked_iv[12] = {
	0x6f, 0xd8, 0x01, 0x8a, 0x53, 0xfc, 0x25, 0xae, 0x77, 0xc0, 0x49, 0x92,
};

static struct ktls_record *
secret_record(enum ktls_dir dir, uint16_t version, enum ktls_cipher cipher)
{
	struct ktls_keys keys = record_keys(version, cipher, 0);
	struct ktls_record *record;

	wipe_unmask(masked_key, sizeof(keys.key), keys.key);
	wipe_unmask(masked_iv, sizeof(keys.iv), keys.iv);
	OK(ktls_record_new(&record, record_crypto, dir, &keys));
	ktls_keys_wipe(&keys);
	return record;
}

static struct ktls_record *secret_tx, *secret_rx;
static uint8_t secret_rec[64];

static void
step_seal(void *unused)
{
	(void)unused;
	OK(ktls_record_seal(secret_tx, 23, "x", 1, secret_rec));
}

static void
step_open(void *unused)
{
	size_t len = ktls_record_sealed_len(secret_rx, 1);
	uint8_t type;
	void *plain;

	(void)unused;
	OK(ktls_record_open(secret_rx, secret_rec, len, &type, &plain, &len));
}

static void
step_free(void *unused)
{
	(void)unused;
	ktls_record_free(secret_tx);
	ktls_record_free(secret_rx);
}

/* Nothing of the key and the iv is left, in freed memory and on used stack. */
static void
no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	for (int i = 0; i < 2 * KTLS_CIPHERS; i++) {
		enum ktls_cipher cipher = (enum ktls_cipher)(i / 2);
		uint16_t version = i % 2 ? KTLS_TLS12 : KTLS_TLS13;

		secret_tx = secret_record(KTLS_TX, version, cipher);
		secret_rx = secret_record(KTLS_RX, version, cipher);
		assert_int_equal(wipe_find(masked_iv, sizeof(masked_iv)), 2);
		/* The nonce, which is the iv at first. */
		wipe_deep(step_seal, NULL);
		if (wipe_find_on_stack(masked_iv, sizeof(masked_iv)) != 0)
			fail_msg("%s: sealing leaves the iv", ktls_cipher_name(cipher));
		wipe_deep(step_open, NULL);
		if (wipe_find_on_stack(masked_iv, sizeof(masked_iv)) != 0)
			fail_msg("%s: opening leaves the iv", ktls_cipher_name(cipher));
		wipe_deep(step_free, NULL);
		if (wipe_find(masked_key, aead_key_len(cipher)) != 0)
			fail_msg("%s: the key is still there", ktls_cipher_name(cipher));
		if (wipe_find(masked_iv, sizeof(masked_iv)) != 0)
			fail_msg("%s: the iv is still there", ktls_cipher_name(cipher));
	}
}

static void
rekeying_leaves_no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	for (enum ktls_cipher cipher = 0; cipher < KTLS_CIPHERS; cipher++) {
		struct ktls_record *record = secret_record(KTLS_TX, KTLS_TLS13, cipher);
		struct ktls_keys keys = record_keys(KTLS_TLS13, cipher, 0);

		OK(ktls_record_rekey(record, &keys));
		assert_int_equal(wipe_find(masked_key, aead_key_len(cipher)), 0);
		assert_int_equal(wipe_find(masked_iv, sizeof(masked_iv)), 0);
		ktls_record_free(record);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_trace),
		cmocka_unit_test(rekeying_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, record_setup, record_teardown) != 0;
}
