/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "base/check_testlib.h"
#include "base/hex_testlib.h"
#include "base/wipe_testlib.h"
#include "crypto/aead.h"

static struct ktls_crypto *crypto;

/* The authors' test cases 4 and 16 of GCM, and RFC 8439 2.8.2. CCM: see below. */
static const struct vector {
	enum ktls_cipher cipher;
	const char *key, *nonce, *aad, *text, *sealed;
} vectors[] = {
	{ KTLS_AES_128_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
	  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
	  "5bc94fbc3221a5db94fae95ae7121a47" },
	{ KTLS_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
	  "76fc6ece0f4e1768cddf8853bb2d551b" },
	{ KTLS_CHACHA20_POLY1305,
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
	  "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
	  "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
	  "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
	  "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
	  "637265656e20776f756c642062652069742e",
	  "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
	  "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
	  "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
	  "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691" },
};

static struct aead
make(enum ktls_cipher cipher, enum ktls_dir dir, const uint8_t *key)
{
	struct aead aead;

	OK(aead_init(&aead, crypto, cipher, dir, key));
	return aead;
}

static void
known_answers(void **unused)
{
	uint8_t key[32], nonce[12], aad[20], text[128], want[160], got[160];

	(void)unused;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		const struct vector *v = &vectors[i];
		size_t key_len = hex_decode(v->key, key, sizeof(key));
		size_t text_len = hex_decode(v->text, text, sizeof(text));
		size_t len = hex_decode(v->sealed, want, sizeof(want));
		struct slice a = { aad, hex_decode(v->aad, aad, sizeof(aad)) };
		struct aead tx, rx;

		hex_decode(v->nonce, nonce, sizeof(nonce));
		assert_int_equal(key_len, aead_key_len(v->cipher));
		tx = make(v->cipher, KTLS_TX, key);
		rx = make(v->cipher, KTLS_RX, key);
		/* The last byte apart, as TLS 1.3 gives its type. */
		for (int split = 0; split < 2; split++) {
			struct slice in = { text, text_len - (size_t)split };
			int type = split ? text[text_len - 1] : -1;

			OK(aead_seal(&tx, nonce, a, in, type, got));
			if (memcmp(got, want, len) != 0)
				fail_msg("vector %zu, split %d", i, split);
		}
		OK(aead_open(&rx, nonce, a, got, len));
		assert_memory_equal(got, text, text_len);
		aead_free(&tx);
		aead_free(&rx);
	}
}

/* CCM by its definition (RFC 3610, with a tag of 16 and a nonce of 12 bytes), from AES alone. */
static void
aes(const uint8_t *key, const uint8_t *in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &n, in, 16), 1);
	EVP_CIPHER_CTX_free(ctx);
}

static void
mac_block(const uint8_t *key, uint8_t *mac, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		mac[i] ^= bytes[i];
	aes(key, mac, mac);
}

static void
ccm_reference(const uint8_t *key, const uint8_t *nonce, struct slice aad, struct slice text,
    uint8_t *out)
{
	uint8_t mac[16] = { 0x40 | 7 << 3 | 2 }, ctr[16] = { 2 }, first[16] = {0}, stream[16];

	memcpy(mac + 1, nonce, 12);
	memcpy(ctr + 1, nonce, 12);
	mac[14] = (uint8_t)(text.len >> 8);
	mac[15] = (uint8_t)text.len;
	aes(key, mac, mac);
	assert_in_range(aad.len, 1, 14);		/* fits one block, with its length */
	first[1] = (uint8_t)aad.len;
	memcpy(first + 2, aad.p, aad.len);
	mac_block(key, mac, first, 16);
	for (size_t at = 0; at < text.len; at += 16) {
		size_t n = text.len - at < 16 ? text.len - at : 16;

		mac_block(key, mac, text.p + at, n);
		ctr[14] = (uint8_t)((at / 16 + 1) >> 8);
		ctr[15] = (uint8_t)(at / 16 + 1);
		aes(key, ctr, stream);
		for (size_t i = 0; i < n; i++)
			out[at + i] = text.p[at + i] ^ stream[i];
	}
	ctr[14] = ctr[15] = 0;
	aes(key, ctr, stream);
	for (size_t i = 0; i < 16; i++)
		out[text.len + i] = mac[i] ^ stream[i];
}

static void
ccm_is_ccm(void **unused)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 100, 16384 };
	static uint8_t text[16385], want[16385 + 16], got[16385 + 16];
	const uint8_t key[16] = { 1, 2, 3 }, nonce[12] = { 4, 5, 6 }, aad[5] = { 23, 3, 3, 0, 9 };
	struct slice a = { aad, sizeof(aad) };
	struct aead tx = make(KTLS_AES_128_CCM, KTLS_TX, key);

	(void)unused;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31);
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		struct slice in = { text, lens[i] }, more = { text, lens[i] + 1 };

		ccm_reference(key, nonce, a, in, want);
		OK(aead_seal(&tx, nonce, a, in, -1, got));
		assert_memory_equal(got, want, lens[i] + 16);
		ccm_reference(key, nonce, a, more, want);
		OK(aead_seal(&tx, nonce, a, in, text[lens[i]], got));
		assert_memory_equal(got, want, lens[i] + 17);
	}
	aead_free(&tx);
}

/* Each cipher, length, with a type and without, in place and not: from memory of exact length. */
static void
round_trip(enum ktls_cipher cipher, size_t len, int type)
{
	static const uint8_t key[32] = { 9, 8, 7 }, nonce[12] = { 1 };
	const uint8_t aad[13] = { 5 };
	struct slice a = { aad, sizeof(aad) };
	size_t inner = len + (type >= 0);
	uint8_t *text = malloc(len + 1), *apart = malloc(inner + 16);
	uint8_t *in_place = malloc(inner + 16);
	struct aead tx = make(cipher, KTLS_TX, key), rx = make(cipher, KTLS_RX, key);

	assert_true(text != NULL && apart != NULL && in_place != NULL);
	memset(text, 0xb7, len + 1);
	memcpy(in_place, text, len);
	OK(aead_seal(&tx, nonce, a, (struct slice){ text, len }, type, apart));
	OK(aead_seal(&tx, nonce, a, (struct slice){ in_place, len }, type, in_place));
	assert_memory_equal(apart, in_place, inner + 16);
	OK(aead_open(&rx, nonce, a, apart, inner + 16));
	assert_memory_equal(apart, text, len);
	if (type >= 0)
		assert_int_equal(apart[len], type);

	/* Any other nonce, additional data or length is refused, and the next one opens again. */
	apart[0] = 0;
	memcpy(apart, in_place, inner + 16);
	GIVES(-EBADMSG, aead_open(&rx, key, a, apart, inner + 16));
	memcpy(apart, in_place, inner + 16);
	GIVES(-EBADMSG, aead_open(&rx, nonce, (struct slice){ aad, 12 }, apart, inner + 16));
	memcpy(apart, in_place, inner + 16);
	GIVES(-EBADMSG, aead_open(&rx, nonce, a, apart, inner + 15));
	assert_int_equal(ERR_peek_error(), 0);
	memcpy(apart, in_place, inner + 16);
	OK(aead_open(&rx, nonce, a, apart, inner + 16));
	aead_free(&tx);
	aead_free(&rx);
	free(text);
	free(apart);
	free(in_place);
}

static void
round_trips(void **unused)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 63, 64, 65, 1000, 16383, 16384 };

	(void)unused;
	for (enum ktls_cipher cipher = 0; cipher < KTLS_CIPHERS; cipher++)
		for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
			round_trip(cipher, lens[i], -1);
			round_trip(cipher, lens[i], 0);
			round_trip(cipher, lens[i], 23);
		}
}

static void
every_byte_is_authenticated(void **unused)
{
	static const uint8_t key[32] = { 3 }, nonce[12] = { 1 }, text[40] = { 7 };
	const struct slice none = { NULL, 0 };
	uint8_t sealed[56], bytes[56];

	(void)unused;
	for (enum ktls_cipher cipher = 0; cipher < KTLS_CIPHERS; cipher++) {
		struct aead tx = make(cipher, KTLS_TX, key), rx = make(cipher, KTLS_RX, key);

		OK(aead_seal(&tx, nonce, none, (struct slice){ text, 40 }, -1, sealed));
		for (size_t i = 0; i < sizeof(sealed); i++) {
			memcpy(bytes, sealed, sizeof(bytes));
			bytes[i] ^= 1;
			GIVES(-EBADMSG, aead_open(&rx, nonce, none, bytes, sizeof(bytes)));
		}
		for (size_t len = 0; len < sizeof(sealed); len++) {
			memcpy(bytes, sealed, sizeof(bytes));
			GIVES(-EBADMSG, aead_open(&rx, nonce, none, bytes, len));
		}
		memcpy(bytes, sealed, sizeof(bytes));
		OK(aead_open(&rx, nonce, none, bytes, sizeof(bytes)));
		aead_free(&tx);
		aead_free(&rx);
	}
}

static void
what_libcrypto_lacks(void **unused)
{
	struct ktls_crypto without = *crypto;
	const uint8_t key[32] = {0};
	struct aead aead;

	(void)unused;
	without.aead[KTLS_CHACHA20_POLY1305] = NULL;
	GIVES(-ENOTSUP, aead_init(&aead, &without, KTLS_CHACHA20_POLY1305, KTLS_TX, key));
	assert_null(aead.ctx);
	aead_free(&aead);
}

static const uint8_t masked[32] = {
	0x5b, 0xe2, 0x39, 0x90, 0xc7, 0x6e, 0x15, 0xbc,
	0x43, 0xda, 0x71, 0x08, 0x9f, 0x26, 0xcd, 0x64,
	0x1b, 0xa2, 0xf9, 0x50, 0x87, 0x2e, 0xd5, 0x7c,
	0x03, 0x9a, 0x31, 0xc8, 0x5f, 0xe6, 0x8d, 0x14,
};

static void
no_trace(void **unused)
{
	uint8_t key[32], sealed[32] = {0};
	const uint8_t nonce[12] = { 1 };
	const struct slice none = { NULL, 0 };

	(void)unused;
	wipe_begin();
	for (enum ktls_cipher cipher = 0; cipher < KTLS_CIPHERS; cipher++) {
		size_t len = aead_key_len(cipher);
		struct aead aead;

		wipe_unmask(masked, len, key);
		aead = make(cipher, KTLS_TX, key);
		explicit_bzero(key, sizeof(key));
		OK(aead_seal(&aead, nonce, none, (struct slice){ sealed, 16 }, -1, sealed));
		aead_free(&aead);
		assert_null(aead.ctx);
		if (wipe_find(masked, len) != 0)
			fail_msg("%s: the key is still there", ktls_cipher_name(cipher));
	}
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
		cmocka_unit_test(known_answers),
		cmocka_unit_test(ccm_is_ccm),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(every_byte_is_authenticated),
		cmocka_unit_test(what_libcrypto_lacks),
		cmocka_unit_test(no_trace),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
