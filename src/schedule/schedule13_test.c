/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "base/check_testlib.h"
#include "crypto/hkdf.h"
#include "schedule/rfc8448_testlib.h"
#include "schedule/schedule13.h"
#include "schedule/transcript.h"

static struct ktls_crypto *crypto;

static const struct slice none;

/* A value of the RFC, or the test fails and says which. */
static void
expect(int section, const char *name, const uint8_t *got)
{
	struct slice want = rfc8448(section, name);

	if (memcmp(got, want.p, want.len) != 0)
		fail_msg("section %d: \"%s\" differs", section, name);
}

static void
add(struct transcript *t, int section, const char *message)
{
	if (rfc8448_has(section, message))
		OK(transcript_add(t, rfc8448(section, message)));
}

/* One derived secret, and the keys that it gives where it is a traffic secret. */
static void
expect_derived(const struct schedule13 *s, int section, const char *label, const uint8_t *hash)
{
	char name[16];
	uint8_t secret[HASH_LEN_MAX];
	struct ktls_keys keys;

	OK(schedule13_derive(s, label, hash, secret));
	expect(section, label, secret);
	(void)snprintf(name, sizeof(name), "%.4s key", label);
	if (!rfc8448_has(section, name))
		return;
	OK(traffic_keys(crypto, HASH_SHA256, KTLS_AES_128_GCM, secret, &keys));
	expect(section, name, keys.key);
	(void)snprintf(name, sizeof(name), "%.4s iv", label);
	expect(section, name, keys.iv);
	assert_int_equal(keys.version, KTLS_TLS13);
	assert_int_equal(keys.cipher, KTLS_AES_128_GCM);
	assert_true(keys.seq == 0);
}

/* Finished is its verify_data behind a header of four bytes. */
static void
expect_finished(int section, const char *message, const char *label, const uint8_t *hash)
{
	struct slice finished = rfc8448(section, message);
	uint8_t mac[HASH_LEN_MAX];

	assert_int_equal(finished.len, 4 + 32);
	OK(finished_mac(crypto, HASH_SHA256, rfc8448(section, label).p, hash, mac));
	assert_memory_equal(mac, finished.p + 4, 32);
}

/* RFC 8446 4.2.11.2: over ClientHello without its last 35 bytes, the binders. */
static void
expect_binder(const struct schedule13 *s)
{
	struct slice hello = rfc8448(4, "ClientHello"), start = { hello.p, hello.len - 35 };
	uint8_t empty[HASH_LEN_MAX], hash[HASH_LEN_MAX], secret[HASH_LEN_MAX], mac[HASH_LEN_MAX];
	struct transcript t;

	transcript_init(&t, crypto);
	OK(transcript_choose(&t, HASH_SHA256));
	OK(transcript_hash(&t, empty));
	OK(transcript_add(&t, start));
	OK(transcript_hash(&t, hash));
	expect(4, "hash for binder", hash);
	OK(schedule13_derive(s, "res binder", empty, secret));
	OK(finished_mac(crypto, HASH_SHA256, secret, hash, mac));
	expect(4, "binder", mac);
	assert_memory_equal(hello.p + hello.len - 32, mac, 32);
	transcript_free(&t);
}

static void
early(struct schedule13 *s, struct transcript *t, int section)
{
	uint8_t hash[HASH_LEN_MAX];
	bool psk = rfc8448_has(section, "PSK");

	OK(schedule13_early(s, crypto, HASH_SHA256, psk ? rfc8448(section, "PSK") : none));
	expect(psk ? section : 3, "early", s->secret);
	if (!psk)
		return;
	OK(transcript_hash(t, hash));
	expect(section, "hash to ClientHello", hash);
	expect_derived(s, section, "c e traffic", hash);
	expect_derived(s, section, "e exp master", hash);
	expect_binder(s);
}

/* A whole handshake, from the messages and the shared secret to the last key. */
static void
trace(int section)
{
	uint8_t hash[HASH_LEN_MAX], resumption[HASH_LEN_MAX];
	struct transcript t;
	struct schedule13 s;

	transcript_init(&t, crypto);
	add(&t, section, "ClientHello1");
	add(&t, section, "ClientHello");
	OK(transcript_choose(&t, HASH_SHA256));
	if (rfc8448_has(section, "HelloRetryRequest"))
		OK(transcript_retry(&t));
	early(&s, &t, section);
	add(&t, section, "HelloRetryRequest");
	add(&t, section, "ClientHello2");
	add(&t, section, "ServerHello");
	OK(transcript_hash(&t, hash));
	expect(section, "hash to ServerHello", hash);

	OK(schedule13_handshake(&s, rfc8448(section, "shared secret")));
	expect(section, "handshake", s.secret);
	expect_derived(&s, section, LABEL_C_HS, hash);
	expect_derived(&s, section, LABEL_S_HS, hash);

	add(&t, section, "EncryptedExtensions");
	add(&t, section, "CertificateRequest");
	add(&t, section, "Certificate");
	add(&t, section, "CertificateVerify");
	OK(transcript_hash(&t, hash));
	expect_finished(section, "Finished", LABEL_S_HS, hash);
	add(&t, section, "Finished");
	OK(transcript_hash(&t, hash));
	expect(section, "hash to Finished", hash);

	OK(schedule13_master(&s));
	expect(section, "master", s.secret);
	expect_derived(&s, section, LABEL_C_AP, hash);
	expect_derived(&s, section, LABEL_S_AP, hash);
	expect_derived(&s, section, LABEL_EXP, hash);

	add(&t, section, "EndOfEarlyData");
	add(&t, section, "client Certificate");
	add(&t, section, "client CertificateVerify");
	OK(transcript_hash(&t, hash));
	expect_finished(section, "client Finished", LABEL_C_HS, hash);
	add(&t, section, "client Finished");
	OK(transcript_hash(&t, hash));
	expect(section, "hash to client Finished", hash);
	expect_derived(&s, section, LABEL_RES, hash);

	/* RFC 8446 4.6.1: the ticket's nonce in the trace is 00 00. */
	if (rfc8448_has(section, "resumption")) {
		static const uint8_t nonce[2];

		OK(hkdf_expand_label(crypto, HASH_SHA256, rfc8448(section, "res master").p,
		    "resumption", (struct slice){ nonce, 2 }, resumption, 32));
		expect(section, "resumption", resumption);
		expect(4, "PSK", resumption);
	}
	schedule13_wipe(&s);
	transcript_free(&t);
}

static void simple_1rtt(void **unused)		{ (void)unused; trace(3); }
static void resumed_0rtt(void **unused)		{ (void)unused; trace(4); }
static void hello_retry_request(void **unused)	{ (void)unused; trace(5); }
static void client_authentication(void **unused) { (void)unused; trace(6); }
static void compatibility_mode(void **unused)	{ (void)unused; trace(7); }

/* RFC 8446 7.2, by its definition; and not a byte more than the hash. */
static void
update_is_expand_label(void **unused)
{
	uint8_t secret[HASH_LEN_MAX], want[HASH_LEN_MAX];

	(void)unused;
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		size_t len = crypto_hash_len(hash);
		int err;

		memset(secret, 0x5a, sizeof(secret));
		err = hkdf_expand_label(crypto, hash, secret, "traffic upd", none, want, len);
		assert_int_equal(err, 0);
		OK(traffic_update(crypto, hash, secret));
		assert_memory_equal(secret, want, len);
		for (size_t i = len; i < sizeof(secret); i++)
			assert_int_equal(secret[i], 0x5a);
	}
}

/* No key of another cipher is longer or shorter than that cipher wants. */
static void
key_lengths(void **unused)
{
	static const size_t lens[KTLS_CIPHERS] = {
		[KTLS_AES_128_GCM] = 16, [KTLS_AES_256_GCM] = 32,
		[KTLS_AES_128_CCM] = 16, [KTLS_CHACHA20_POLY1305] = 32,
	};
	static const uint8_t secret[HASH_LEN_MAX] = { 1 }, zeros[32];
	struct ktls_keys keys;
	uint8_t want[32];

	(void)unused;
	for (int i = 0; i < KTLS_CIPHERS; i++) {
		enum crypto_hash hash = i == KTLS_AES_256_GCM ? HASH_SHA384 : HASH_SHA256;

		OK(traffic_keys(crypto, hash, (enum ktls_cipher)i, secret, &keys));
		OK(hkdf_expand_label(crypto, hash, secret, "key", none, want, lens[i]));
		assert_memory_equal(keys.key, want, lens[i]);
		assert_memory_equal(keys.key + lens[i], zeros, sizeof(keys.key) - lens[i]);
	}
}

static void
wiped(void **unused)
{
	static const uint8_t zeros[HASH_LEN_MAX];
	struct schedule13 s;

	(void)unused;
	OK(schedule13_early(&s, crypto, HASH_SHA384, none));
	assert_memory_not_equal(s.secret, zeros, sizeof(zeros));
	schedule13_wipe(&s);
	assert_memory_equal(s.secret, zeros, sizeof(zeros));
}

static int
setup(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL);
}

static int
teardown(void **unused)
{
	(void)unused;
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_1rtt),
		cmocka_unit_test(resumed_0rtt),
		cmocka_unit_test(hello_retry_request),
		cmocka_unit_test(client_authentication),
		cmocka_unit_test(compatibility_mode),
		cmocka_unit_test(update_is_expand_label),
		cmocka_unit_test(key_lengths),
		cmocka_unit_test(wiped),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
