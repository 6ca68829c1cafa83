/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include "base/check_testlib.h"
#include "base/hex_testlib.h"
#include "base/wipe_testlib.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"

static struct ktls_crypto *crypto;

/* RFC 4231 4.2, 4.3, 4.7; the last key is longer than a block. */
static const struct {
	const char *key, *data, *sha256, *sha384;
} macs[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
	  "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
	  "faea9ea9076ede7f4af152e8b2fa9cb6" },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
	  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
	  "8e2240ca5e69e2c78b3239ecfab21649" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048"
	  "617368204b6579204669727374",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
	  "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
	  "0c2ef6ab4030fe8296248df163f44952" },
};

static void
hmac_vectors(void **unused)
{
	uint8_t key[160], data[80], want[HASH_LEN_MAX], got[HASH_LEN_MAX];

	(void)unused;
	for (size_t i = 0; i < sizeof(macs) / sizeof(*macs); i++) {
		struct slice k = { key, hex_decode(macs[i].key, key, sizeof(key)) };
		struct slice d = { data, hex_decode(macs[i].data, data, sizeof(data)) };

		for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
			const char *hex = hash == HASH_SHA256 ? macs[i].sha256 : macs[i].sha384;
			size_t len = hex_decode(hex, want, sizeof(want));

			assert_int_equal(len, crypto_hash_len(hash));
			OK(hmac_compute(crypto, hash, k, d, got));
			if (memcmp(got, want, len) != 0)
				fail_msg("vector %zu, hash %d", i, (int)hash);
		}
	}
}

/* RFC 5869 A.1 and A.3, whose salt is empty. */
static void
extract_vectors(void **unused)
{
	static const struct {
		const char *salt, *prk;
	} cases[] = {
		{ "000102030405060708090a0b0c",
		  "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5" },
		{ "", "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04" },
	};
	static const uint8_t zeros[HASH_LEN_MAX];
	uint8_t ikm[22], salt[16], want[32], got[32];
	struct slice in = { ikm, sizeof(ikm) };

	(void)unused;
	memset(ikm, 0x0b, sizeof(ikm));
	for (size_t i = 0; i < 2; i++) {
		struct slice s = { salt, hex_decode(cases[i].salt, salt, sizeof(salt)) };

		hex_decode(cases[i].prk, want, sizeof(want));
		OK(hkdf_extract(crypto, HASH_SHA256, s, in, got));
		assert_memory_equal(got, want, sizeof(want));
	}
	/* No salt is a hash's length of zeros, NULL too. */
	OK(hkdf_extract(crypto, HASH_SHA256, (struct slice){ zeros, 32 }, in, got));
	assert_memory_equal(got, want, sizeof(want));
	OK(hkdf_extract(crypto, HASH_SHA256, (struct slice){ NULL, 0 }, in, got));
	assert_memory_equal(got, want, sizeof(want));
}

/* libcrypto's own HKDF, given a HkdfLabel that is built here. */
static void
reference(enum crypto_hash hash, const uint8_t *secret, const char *label, struct slice context,
    uint8_t *out, size_t len)
{
	uint8_t info[600];
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	size_t n = strlen(label) + 6, at = 0;
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[5];

	info[at++] = (uint8_t)(len >> 8);
	info[at++] = (uint8_t)len;
	info[at++] = (uint8_t)n;
	memcpy(info + at, "tls13 ", 6);
	memcpy(info + at + 6, label, n - 6);
	at += n;
	info[at++] = (uint8_t)context.len;
	if (context.len != 0)
		memcpy(info + at, context.p, context.len);
	at += context.len;

	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
	    hash == HASH_SHA256 ? (char[]){ "SHA256" } : (char[]){ "SHA384" }, 0);
	params[1] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
	    (void *)(uintptr_t)secret, crypto_hash_len(hash));
	params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, at);
	params[4] = OSSL_PARAM_construct_end();
	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

/* Of every length from one byte to several blocks. */
static void
expand_label_is_hkdf(void **unused)
{
	uint8_t secret[HASH_LEN_MAX], context[HASH_LEN_MAX], got[200], want[200];

	(void)unused;
	memset(secret, 0x42, sizeof(secret));
	memset(context, 0x17, sizeof(context));
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		for (size_t len = 1; len <= sizeof(got); len++) {
			struct slice ctx = { context, len % 3 == 0 ? 0 : crypto_hash_len(hash) };
			int err;

			memset(got, 0, sizeof(got));
			memset(want, 0, sizeof(want));
			reference(hash, secret, "c hs traffic", ctx, want, len);
			err = hkdf_expand_label(crypto, hash, secret, "c hs traffic", ctx,
			    got, len);
			assert_int_equal(err, 0);
			assert_memory_equal(got, want, sizeof(got));
		}
	}
}

static int
expand(struct slice context, uint8_t *out, size_t len)
{
	static const uint8_t secret[32];

	return hkdf_expand_label(crypto, HASH_SHA256, secret, "x", context, out, len);
}

/* RFC 5869 2.3: 255 blocks; RFC 8446 7.1: 255 bytes of context. */
static void
too_long(void **unused)
{
	static uint8_t out[255 * 32 + 1], context[256];

	(void)unused;
	GIVES(-EINVAL, expand((struct slice){ NULL, 0 }, out, sizeof(out)));
	GIVES(-EINVAL, expand((struct slice){ context, 256 }, out, 32));
	OK(expand((struct slice){ context, 255 }, out, sizeof(out) - 1));
}

static const uint8_t masked[32] = {
	0x27, 0xd8, 0x41, 0xfa, 0x93, 0x0c, 0x65, 0xbe,
	0x17, 0x88, 0xe1, 0x5a, 0xc3, 0x3c, 0xb5, 0x0e,
	0x77, 0xe8, 0x51, 0xca, 0x23, 0x9c, 0x05, 0x7e,
	0xd7, 0x48, 0xb1, 0x2a, 0x83, 0xfc, 0x65, 0xde,
};

static uint8_t masked_out[32];

static void
expand_secretly(void *unused)
{
	uint8_t secret[32], out[32];

	(void)unused;
	wipe_unmask(masked, sizeof(masked), secret);
	OK(hkdf_expand_label(crypto, HASH_SHA256, secret, "key", (struct slice){ NULL, 0 }, out,
	    sizeof(out)));
	explicit_bzero(secret, sizeof(secret));
	wipe_mask(out, sizeof(out), masked_out);
}

/* Neither the secret that it stood on, nor what came out, stays behind. */
static void
no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	wipe_deep(expand_secretly, NULL);
	assert_int_equal(wipe_find(masked, sizeof(masked)), 0);
	assert_int_equal(wipe_find(masked_out, sizeof(masked_out)), 0);
}

static int
setup(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL);
}

/* As with a validated module: it makes the whole HMAC. */
static int
setup_module(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, "provider=default");
}

static void
by_digest(void **unused)
{
	(void)unused;
	assert_true(crypto->hmac_by_digest);
}

static void
by_module(void **unused)
{
	(void)unused;
	assert_false(crypto->hmac_by_digest);
}

static int
teardown(void **unused)
{
	(void)unused;
	ktls_crypto_unref(crypto);
	return 0;
}

#define VECTORS							\
	cmocka_unit_test(hmac_vectors),				\
	cmocka_unit_test(extract_vectors),			\
	cmocka_unit_test(expand_label_is_hkdf),			\
	cmocka_unit_test(too_long),				\
	cmocka_unit_test(no_trace)

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(by_digest), VECTORS };
	const struct CMUnitTest module[] = { cmocka_unit_test(by_module), VECTORS };

	return cmocka_run_group_tests(tests, setup, teardown) != 0 ||
	    cmocka_run_group_tests(module, setup_module, teardown) != 0;
}
