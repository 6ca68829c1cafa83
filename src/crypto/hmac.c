/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <openssl/err.h>
#include "crypto/hmac.h"

#define BLOCK_MIN	64	/* bytes of SHA-256's block */
#define BLOCK_MAX	128	/* and of SHA-384's */
#define IPAD		UINT64_C(0x3636363636363636)	/* RFC 2104 2 */
#define OPAD		UINT64_C(0x5c5c5c5c5c5c5c5c)

/* A copy of the template, which no lookup made. */
EVP_MAC_CTX *
hmac_keyed(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice key)
{
	static const uint8_t none[1];
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(crypto->hmac[hash]);

	/* A key of no bytes is a key; NULL would mean the one from before. */
	if (ctx != NULL && !EVP_MAC_init(ctx, key.len != 0 ? key.p : none, key.len, NULL)) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

bool
hmac_begin(struct ktls_crypto *crypto, EVP_MAC_CTX *ctx, struct slice key)
{
	/* Without the key, two blocks less are hashed. */
	if (crypto->hmac_restarts)
		return EVP_MAC_init(ctx, NULL, 0, NULL);
	return EVP_MAC_init(ctx, key.p, key.len, NULL);
}

static void
mask(uint64_t pad[BLOCK_MAX / 8], uint64_t with)
{
	for (size_t i = 0; i < BLOCK_MAX / 8; i++)
		pad[i] ^= with;
}

/*
 * RFC 2104 from two hashes. libcrypto's own HMAC allocates two contexts more and is asked for
 * each of its steps: that costs twice as much, and a handshake makes twenty. A key longer
 * than a block would have to be hashed first.
 */
static int
compute_by_digest(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice key,
    struct slice data, uint8_t *out)
{
	const size_t block = hash == HASH_SHA384 ? 128 : 64;
	uint64_t pad[BLOCK_MAX / 8] = { 0 };
	uint8_t inner[HASH_LEN_MAX];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done = false;

	if (key.len != 0)
		memcpy(pad, key.p, key.len);
	mask(pad, IPAD);
	if (ctx == NULL || !EVP_DigestInit_ex2(ctx, crypto->md[hash], NULL) ||
	    !EVP_DigestUpdate(ctx, pad, block) || !EVP_DigestUpdate(ctx, data.p, data.len) ||
	    !EVP_DigestFinal_ex(ctx, inner, NULL))
		goto out;
	mask(pad, IPAD ^ OPAD);
	if (!EVP_DigestInit_ex2(ctx, NULL, NULL) || !EVP_DigestUpdate(ctx, pad, block) ||
	    !EVP_DigestUpdate(ctx, inner, crypto_hash_len(hash)) ||
	    !EVP_DigestFinal_ex(ctx, out, NULL))
		goto out;
	done = true;
out:
	explicit_bzero(pad, sizeof(pad));
	explicit_bzero(inner, sizeof(inner));
	EVP_MD_CTX_free(ctx);
	return done ? 0 : crypto_error();
}

static int
compute_by_mac(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice key,
    struct slice data, uint8_t *out)
{
	EVP_MAC_CTX *ctx = hmac_keyed(crypto, hash, key);
	int err = 0;

	if (ctx == NULL || !EVP_MAC_update(ctx, data.p, data.len) ||
	    !EVP_MAC_final(ctx, out, NULL, crypto_hash_len(hash)))
		err = crypto_error();
	EVP_MAC_CTX_free(ctx);
	return err;
}

int
hmac_compute(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice key,
    struct slice data, uint8_t *out)
{
	if (crypto->hmac_by_digest && key.len <= BLOCK_MIN)
		return compute_by_digest(crypto, hash, key, data, out);
	return compute_by_mac(crypto, hash, key, data, out);
}

int
hmac_probe(struct ktls_crypto *crypto)
{
	static const uint8_t key[HASH_LEN_MAX] = { 1 };
	EVP_MAC_CTX *ctx = hmac_keyed(crypto, HASH_SHA256, (struct slice){ key, sizeof(key) });
	uint8_t once[HASH_LEN_MAX], again[HASH_LEN_MAX];
	int err = 0;

	if (ctx == NULL || !EVP_MAC_update(ctx, key, 1) ||
	    !EVP_MAC_final(ctx, once, NULL, sizeof(once)))
		err = crypto_error();
	crypto->hmac_restarts = err == 0 && EVP_MAC_init(ctx, NULL, 0, NULL) &&
	    EVP_MAC_update(ctx, key, 1) && EVP_MAC_final(ctx, again, NULL, sizeof(again)) &&
	    memcmp(once, again, crypto_hash_len(HASH_SHA256)) == 0;
	ERR_clear_error();		/* one that doesn't is no error */
	EVP_MAC_CTX_free(ctx);
	return err;
}
