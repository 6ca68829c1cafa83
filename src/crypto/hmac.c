/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <openssl/err.h>
#include "crypto/hmac.h"

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

int
hmac_compute(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice key,
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
