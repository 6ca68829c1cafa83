/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/check_testlib.h"
#include "base/wipe_testlib.h"
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
	uint8_t hash[HASH_LEN_MAX], mac[HASH_LEN_MAX];
	struct transcript t;

	transcript_init(&t, crypto);
	OK(transcript_peek(&t, HASH_SHA256, start, hash));
	expect(4, "hash for binder", hash);
	OK(schedule13_binder(s, LABEL_RES_BINDER, hash, mac));
	expect(4, "binder", mac);
	assert_memory_equal(hello.p + hello.len - 32, mac, 32);
	OK(schedule13_binder(s, LABEL_EXT_BINDER, hash, mac));
	assert_memory_not_equal(rfc8448(4, "binder").p, mac, 32);
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

		OK(resumption_psk(crypto, HASH_SHA256, rfc8448(section, "res master").p,
		    (struct slice){ nonce, 2 }, resumption));
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

/* RFC 8446 7.5, by its definition. */
static void
exporter_by_definition(void **unused)
{
	static const struct slice context = { (const uint8_t *)"context", 7 };
	uint8_t secret[HASH_LEN_MAX], empty[HASH_LEN_MAX], hashed[HASH_LEN_MAX];
	uint8_t derived[HASH_LEN_MAX], want[100], got[100], long_label[251];

	(void)unused;
	memset(secret, 0x77, sizeof(secret));
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		size_t len = crypto_hash_len(hash);

		OK(crypto_digest(crypto, hash, none, empty));
		OK(crypto_digest(crypto, hash, context, hashed));
		OK(hkdf_expand_label(crypto, hash, secret, "EXPORTER-x", (struct slice){ empty,
		    len },
		    derived, len));
		OK(hkdf_expand_label(crypto, hash, derived, "exporter",
		    (struct slice){ hashed, len }, want, sizeof(want)));
		OK(exporter13(crypto, hash, secret, "EXPORTER-x", context, got, sizeof(got)));
		assert_memory_equal(got, want, sizeof(want));
		OK(exporter13(crypto, hash, secret, "EXPORTER-x", none, got, sizeof(got)));
		assert_memory_not_equal(got, want, sizeof(want));
	}
	memset(long_label, 'x', 250);		/* with "tls13 " more than a byte can count */
	long_label[250] = '\0';
	GIVES(-EINVAL, exporter13(crypto, HASH_SHA256, secret, (char *)long_label, none, got, 1));
}

/* No key of another cipher is longer or shorter than that cipher wants. */
/* RFC 8446 7.1: no PSK is a hash's length of zeros, which here is computed. */
static void
no_psk_is_zeros(void **unused)
{
	static const uint8_t zero[HASH_LEN_MAX];
	const struct slice shared = rfc8448(3, "shared secret");
	struct schedule13 none_, zeros;

	(void)unused;
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		size_t len = crypto_hash_len(hash);

		OK(schedule13_early(&none_, crypto, hash, none));
		OK(schedule13_early(&zeros, crypto, hash, (struct slice){ zero, len }));
		assert_memory_equal(none_.secret, zeros.secret, len);
		OK(schedule13_handshake(&none_, shared));
		OK(schedule13_handshake(&zeros, shared));
		assert_memory_equal(none_.secret, zeros.secret, len);
		OK(schedule13_master(&none_));
		OK(schedule13_master(&zeros));
		assert_memory_equal(none_.secret, zeros.secret, len);
	}
}

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

static const uint8_t masked_psk[32] = {
	0x4e, 0x85, 0xd1, 0x3a, 0x9c, 0x27, 0xf8, 0x63, 0x0b, 0xbe, 0x54, 0xe7,
	0x12, 0xad, 0x79, 0xc0, 0x36, 0x8f, 0xda, 0x61, 0x05, 0xf2, 0x9b, 0x4c,
	0xe8, 0x1f, 0xb3, 0x70, 0x2d, 0xc6, 0x5a, 0x97,
};
enum { EARLY, SALT, HANDSHAKE, FINISHED_KEY, NEXT, SECRETS };
static uint8_t masked[SECRETS][32];

/* What the schedule computes on its way, by its parts. */
static void
parts(void *unused)
{
	uint8_t psk[32], hash[32], early_secret[32], out[SECRETS][32];
	struct slice salt = { out[SALT], 32 };

	(void)unused;
	wipe_unmask(masked_psk, sizeof(psk), psk);
	OK(crypto_digest(crypto, HASH_SHA256, none, hash));
	OK(hkdf_extract(crypto, HASH_SHA256, none, (struct slice){ psk, 32 }, early_secret));
	OK(hkdf_expand_label(crypto, HASH_SHA256, early_secret, "derived",
	    (struct slice){ hash, 32 }, out[SALT], 32));
	OK(hkdf_extract(crypto, HASH_SHA256, salt, (struct slice){ psk, 32 }, out[HANDSHAKE]));
	OK(hkdf_expand_label(crypto, HASH_SHA256, psk, "finished", none, out[FINISHED_KEY], 32));
	OK(hkdf_expand_label(crypto, HASH_SHA256, psk, "traffic upd", none, out[NEXT], 32));
	memcpy(out[EARLY], early_secret, 32);
	explicit_bzero(psk, sizeof(psk));
	explicit_bzero(early_secret, sizeof(early_secret));
	for (int i = 0; i < SECRETS; i++)
		wipe_mask(out[i], 32, masked[i]);
}

static void
step_handshake(void *psk)
{
	struct schedule13 s;

	OK(schedule13_early(&s, crypto, HASH_SHA256, (struct slice){ psk, 32 }));
	OK(schedule13_handshake(&s, (struct slice){ psk, 32 }));
	schedule13_wipe(&s);
}

static void
step_finished(void *psk)
{
	static uint8_t mac[32];

	OK(finished_mac(crypto, HASH_SHA256, psk, mac, mac));
}

static void
step_keys(void *psk)
{
	struct ktls_keys keys;

	OK(traffic_keys(crypto, HASH_SHA256, KTLS_CHACHA20_POLY1305, psk, &keys));
	ktls_keys_wipe(&keys);
}

static void
step_resume(void *psk)
{
	static uint8_t out[32];
	struct schedule13 s;

	OK(schedule13_early(&s, crypto, HASH_SHA256, (struct slice){ psk, 32 }));
	OK(schedule13_binder(&s, LABEL_RES_BINDER, out, out));
	schedule13_wipe(&s);
	OK(exporter13(crypto, HASH_SHA256, psk, "x", none, out, sizeof(out)));
}

static void
step_update(void *psk)
{
	OK(traffic_update(crypto, HASH_SHA256, psk));
	explicit_bzero(psk, 32);
}

/* A step that forgets: the search must find what it left. */
static void
step_forgets(void *psk)
{
	volatile uint8_t copy[32];

	for (size_t i = 0; i < sizeof(copy); i++)
		copy[i] = ((uint8_t *)psk)[i];
}

static size_t
left_behind(void (*step)(void *psk))
{
	static uint8_t psk[32];
	size_t found = 0;

	wipe_unmask(masked_psk, sizeof(psk), psk);
	wipe_deep(step, psk);
	explicit_bzero(psk, sizeof(psk));
	for (int i = 0; i < SECRETS; i++)
		found += wipe_find(masked[i], 32);
	return found + wipe_find(masked_psk, 32);
}

/* RFC 8446 7.1, 7.3 and 4.4.4: no step leaves behind what it stood on or made on its way. */
static void
no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	wipe_deep(parts, NULL);
	assert_int_equal(left_behind(step_forgets), 1);
	assert_int_equal(left_behind(step_handshake), 0);
	assert_int_equal(left_behind(step_finished), 0);
	assert_int_equal(left_behind(step_keys), 0);
	assert_int_equal(left_behind(step_resume), 0);
	assert_int_equal(left_behind(step_update), 0);
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
		cmocka_unit_test(exporter_by_definition),
		cmocka_unit_test(no_psk_is_zeros),
		cmocka_unit_test(key_lengths),
		cmocka_unit_test(no_trace),
		cmocka_unit_test(wiped),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
