/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include "base/check_testlib.h"
#include "base/hex_testlib.h"
#include "base/wipe_testlib.h"
#include "schedule/schedule12.h"

static struct ktls_crypto *crypto;

static uint8_t client_random[RANDOM_LEN], server_random[RANDOM_LEN], pre_master[32];
static const struct slice secret = { pre_master, sizeof(pre_master) };

/* "Test vectors for the TLS 1.2 PRF", TLS working group's list, 2009. */
static const struct {
	enum crypto_hash hash;
	const char *secret, *seed, *out;
} vectors[] = {
	{ HASH_SHA256, "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
	  "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
	  "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
	  "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
	  "87347b66" },
	{ HASH_SHA384, "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
	  "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd"
	  "e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd"
	  "8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425"
	  "9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6"
	  "91c8f3a26854308d5eaa3be85e0990703d73e56f" },
};

/* Whole, and cut anywhere: a PRF of fewer bytes is the beginning of a longer one. */
static void
prf_vectors(void **unused)
{
	uint8_t key[16], seed[16], want[160], got[160];

	(void)unused;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct slice k = { key, hex_decode(vectors[i].secret, key, sizeof(key)) };
		size_t seed_len = hex_decode(vectors[i].seed, seed, sizeof(seed));
		size_t len = hex_decode(vectors[i].out, want, sizeof(want));

		for (size_t n = 0; n <= len; n++) {
			const struct slice parts[PRF12_SEEDS] = {
				{ seed, n % seed_len }, { seed + n % seed_len,
				    seed_len - n % seed_len },
			};

			memset(got, 0xee, sizeof(got));
			OK(prf12(crypto, vectors[i].hash, k, "test label", parts, got, n));
			if (memcmp(got, want, n) != 0 || got[n] != 0xee)
				fail_msg("vector %zu, %zu bytes", i, n);
		}
	}
}

/* OpenSSL up to 3.0.2 must be given the key again for each message. */
static void
prf_without_restarts(void **unused)
{
	bool restarts = crypto->hmac_restarts;

	crypto->hmac_restarts = false;
	prf_vectors(unused);
	crypto->hmac_restarts = restarts;
}

/* The same PRF once more, libcrypto's own: of all that it is given behind the label. */
static void
reference(enum crypto_hash hash, struct slice key, const char *label, struct slice one,
    struct slice two, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	char md[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, md, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)key.p,
		    key.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)label,
		    strlen(label)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)one.p,
		    one.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)two.p,
		    two.len),
		OSSL_PARAM_construct_end(),
	};

	if (hash == HASH_SHA384)
		memcpy(md, "SHA384", sizeof(md));
	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static const struct slice client = { client_random, RANDOM_LEN };
static const struct slice server = { server_random, RANDOM_LEN };
static const struct slice none = { client_random, 0 };

/* RFC 5246 8.1 and RFC 7627 4: the label and the seed of each; a session brings its own. */
static void
master_secrets(void **unused)
{
	uint8_t hashed[HASH_LEN_MAX], want[MASTER_SECRET_LEN];
	struct schedule12 s;

	(void)unused;
	memset(hashed, 0x3c, sizeof(hashed));
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		struct slice session_hash = { hashed, crypto_hash_len(hash) };

		reference(hash, secret, "master secret", client, server, want, sizeof(want));
		OK(schedule12_master(&s, crypto, hash, secret, client_random, server_random));
		assert_memory_equal(s.master, want, sizeof(want));
		schedule12_wipe(&s);

		reference(hash, secret, "extended master secret", session_hash, none, want,
		    sizeof(want));
		OK(schedule12_extended_master(&s, crypto, hash, secret, hashed));
		assert_memory_equal(s.master, want, sizeof(want));
		schedule12_wipe(&s);

		OK(schedule12_resume(&s, crypto, hash, want));
		assert_memory_equal(s.master, want, sizeof(want));
		schedule12_wipe(&s);
	}
}

/* clang-format off */
static const struct {
	enum ktls_cipher cipher;
	enum crypto_hash hash;
	size_t key, iv;
} suites[] = {
	{ KTLS_AES_128_GCM, HASH_SHA256, 16, 4 },		/* RFC 5289, RFC 5288 3 */
	{ KTLS_AES_256_GCM, HASH_SHA384, 32, 4 },
	{ KTLS_AES_128_CCM, HASH_SHA256, 16, 4 },		/* RFC 6655 3 */
	{ KTLS_CHACHA20_POLY1305, HASH_SHA256, 32, 12 },	/* RFC 7905 2 */
};
/* clang-format on */

/* One direction: key and IV where the block has them, and zeros behind. */
static void
expect_keys(const struct ktls_keys *keys, size_t i, const uint8_t *key, const uint8_t *iv)
{
	static const uint8_t zeros[32];

	assert_int_equal(keys->version, KTLS_TLS12);
	assert_int_equal(keys->cipher, suites[i].cipher);
	assert_true(keys->seq == 0);
	assert_memory_equal(keys->key, key, suites[i].key);
	assert_memory_equal(keys->key + suites[i].key, zeros, sizeof(keys->key) - suites[i].key);
	assert_memory_equal(keys->iv, iv, suites[i].iv);
	assert_memory_equal(keys->iv + suites[i].iv, zeros, sizeof(keys->iv) - suites[i].iv);
}

/*
 * RFC 5246 6.3: no MAC keys; client key, server key, client IV, server IV; the
 * server's random first.
 */
static void
key_block(void **unused)
{
	uint8_t block[96];
	struct ktls_keys c, s;
	struct schedule12 schedule;

	(void)unused;
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++) {
		size_t key = suites[i].key, iv = suites[i].iv;

		OK(schedule12_master(&schedule, crypto, suites[i].hash, secret, client_random,
		    server_random));
		reference(suites[i].hash, (struct slice){ schedule.master, MASTER_SECRET_LEN },
		    "key expansion", server, client, block, 2 * (key + iv));
		/* A context that was used before gives the same. */
		for (int twice = 0; twice < 2; twice++) {
			OK(schedule12_keys(&schedule, suites[i].cipher, client_random,
			    server_random, &c, &s));
			expect_keys(&c, i, block, block + 2 * key);
			expect_keys(&s, i, block + key, block + 2 * key + iv);
		}
		schedule12_wipe(&schedule);
	}
}

/* RFC 5246 7.4.9. */
static void
verify_data(void **unused)
{
	uint8_t hashed[HASH_LEN_MAX], want[VERIFY_DATA_LEN], got[VERIFY_DATA_LEN];
	struct schedule12 s;

	(void)unused;
	memset(hashed, 0xa7, sizeof(hashed));
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		struct slice transcript = { hashed, crypto_hash_len(hash) };
		struct slice master = { s.master, MASTER_SECRET_LEN };

		OK(schedule12_master(&s, crypto, hash, secret, client_random, server_random));
		for (int from_client = 0; from_client < 2; from_client++) {
			reference(hash, master, from_client ? "client finished" : "server finished",
			    transcript, none, want, sizeof(want));
			OK(schedule12_finished(&s, from_client, hashed, got));
			assert_memory_equal(got, want, sizeof(want));
		}
		schedule12_wipe(&s);
	}
}

/* The explicit nonce is the number (RFC 5288 3 lets it); ChaCha20 has none (RFC 7905 2). */
static void
explicit_nonce(void **unused)
{
	static const uint8_t seq[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ktls_keys keys, before;

	(void)unused;
	for (int cipher = 0; cipher < KTLS_CIPHERS; cipher++) {
		memset(&keys, 0x5a, sizeof(keys));
		keys.cipher = (enum ktls_cipher)cipher;
		before = keys;
		keys12_set_seq(&keys, UINT64_C(0x0102030405060708));
		assert_true(keys.seq == UINT64_C(0x0102030405060708));
		assert_memory_equal(keys.iv, before.iv, 4);
		if (cipher == KTLS_CHACHA20_POLY1305)
			assert_memory_equal(keys.iv, before.iv, 12);
		else
			assert_memory_equal(keys.iv + 4, seq, 8);
	}
}

/* RFC 5705 4: without a context, with an empty one, with one: three different things. */
static void
exporter(void **unused)
{
	uint8_t master[MASTER_SECRET_LEN], seed[2 * RANDOM_LEN], want[70], got[70];
	static const uint8_t with[] = { 0, 3, 'c', 't', 'x' };
	const struct slice m = { master, sizeof(master) }, both = { seed, sizeof(seed) };
	const struct slice ctx = { with + 2, 3 }, empty = { with, 0 };

	(void)unused;
	memset(master, 0x11, sizeof(master));
	memcpy(seed, client_random, RANDOM_LEN);
	memcpy(seed + RANDOM_LEN, server_random, RANDOM_LEN);

	reference(HASH_SHA256, m, "EXPORTER-x", both, none, want, sizeof(want));
	OK(exporter12(crypto, HASH_SHA256, master, client_random, server_random, "EXPORTER-x",
	    NULL, got, sizeof(got)));
	assert_memory_equal(got, want, sizeof(want));

	reference(HASH_SHA384, m, "EXPORTER-x", both, (struct slice){ (const uint8_t[2]){ 0 }, 2 },
	    want, sizeof(want));
	OK(exporter12(crypto, HASH_SHA384, master, client_random, server_random, "EXPORTER-x",
	    &empty, got, sizeof(got)));
	assert_memory_equal(got, want, sizeof(want));

	reference(HASH_SHA256, m, "EXPORTER-x", both, (struct slice){ with, 5 }, want,
	    sizeof(want));
	OK(exporter12(crypto, HASH_SHA256, master, client_random, server_random, "EXPORTER-x",
	    &ctx, got, sizeof(got)));
	assert_memory_equal(got, want, sizeof(want));
}

static void
exporter_refuses(void **unused)
{
	static const char *const labels[] = {
		"client finished", "server finished", "master secret", "extended master secret",
		"key expansion",
	};
	static const uint8_t master[MASTER_SECRET_LEN];
	const struct slice longest = { client_random, 65536 };
	uint8_t out[32];

	(void)unused;
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		GIVES(-EINVAL, exporter12(crypto, HASH_SHA256, master, client_random,
		    server_random, labels[i], NULL, out, sizeof(out)));
	GIVES(-EINVAL, exporter12(crypto, HASH_SHA256, master, client_random, server_random,
	    "EXPORTER-x", &longest, out, sizeof(out)));
}

static const uint8_t masked_secret[32] = {
	0x91, 0x2c, 0xe7, 0x40, 0x5b, 0xd8, 0x36, 0xaf, 0x18, 0x83, 0xf4, 0x6d,
	0x0a, 0xb7, 0xc2, 0x59, 0xee, 0x71, 0x24, 0x9d, 0x4f, 0xa0, 0x3b, 0xd6,
	0x65, 0xfa, 0x12, 0x87, 0xcb, 0x30, 0x79, 0xbe,
};
enum { MASTER, CLIENT_KEY, SERVER_KEY, SECRETS };
static uint8_t masked[SECRETS][32];

static void
parts(void *key)
{
	struct ktls_keys c, s;
	struct schedule12 schedule;

	OK(schedule12_master(&schedule, crypto, HASH_SHA384, (struct slice){ key, 32 },
	    client_random, server_random));
	OK(schedule12_keys(&schedule, KTLS_AES_256_GCM, client_random, server_random, &c, &s));
	wipe_mask(schedule.master, 32, masked[MASTER]);
	wipe_mask(c.key, 32, masked[CLIENT_KEY]);
	wipe_mask(s.key, 32, masked[SERVER_KEY]);
	schedule12_wipe(&schedule);
}

/* A whole use of it; the keys go where they belong: nowhere. */
static void
step_handshake(void *key)
{
	uint8_t hashed[HASH_LEN_MAX] = { 0 }, out[VERIFY_DATA_LEN];
	struct ktls_keys c, s;
	struct schedule12 schedule;

	OK(schedule12_master(&schedule, crypto, HASH_SHA384, (struct slice){ key, 32 },
	    client_random, server_random));
	OK(schedule12_keys(&schedule, KTLS_AES_256_GCM, client_random, server_random, &c, &s));
	OK(schedule12_finished(&schedule, true, hashed, out));
	ktls_keys_wipe(&c);
	ktls_keys_wipe(&s);
	schedule12_wipe(&schedule);
}

static void
step_forgets(void *key)
{
	volatile uint8_t copy[32];

	for (size_t i = 0; i < sizeof(copy); i++)
		copy[i] = ((uint8_t *)key)[i];
}

static size_t
left_behind(void (*step)(void *key))
{
	static uint8_t key[32];
	size_t found = 0;

	wipe_unmask(masked_secret, sizeof(key), key);
	wipe_deep(step, key);
	explicit_bzero(key, sizeof(key));
	for (int i = 0; i < SECRETS; i++)
		found += wipe_find(masked[i], 32);
	return found + wipe_find(masked_secret, 32);
}

static void
no_trace(void **unused)
{
	static uint8_t key[32];

	(void)unused;
	wipe_begin();
	wipe_unmask(masked_secret, sizeof(key), key);
	wipe_deep(parts, key);
	explicit_bzero(key, sizeof(key));
	assert_int_equal(left_behind(step_forgets), 1);
	assert_int_equal(left_behind(step_handshake), 0);
}

static int
setup(void **unused)
{
	(void)unused;
	for (uint8_t i = 0; i < RANDOM_LEN; i++) {
		client_random[i] = i;
		server_random[i] = (uint8_t)(0x80 + i);
		pre_master[i] = (uint8_t)(i * 11 + 5);
	}
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
		cmocka_unit_test(prf_vectors),
		cmocka_unit_test(prf_without_restarts),
		cmocka_unit_test(master_secrets),
		cmocka_unit_test(key_block),
		cmocka_unit_test(verify_data),
		cmocka_unit_test(explicit_nonce),
		cmocka_unit_test(exporter),
		cmocka_unit_test(exporter_refuses),
		cmocka_unit_test(no_trace),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
