/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include "crypto/crypto.h"
#include "crypto/group.h"
#include "crypto/signature.h"
#include "crypto/hmac.h"

static const char *const hash_names[HASH_ALL] = {
	[HASH_SHA256] = "SHA256",
	[HASH_SHA384] = "SHA384",
	[HASH_SHA512] = "SHA512",
};

static const char *const aead_names[KTLS_CIPHERS] = {
	[KTLS_AES_128_GCM] = "AES-128-GCM",
	[KTLS_AES_256_GCM] = "AES-256-GCM",
	[KTLS_AES_128_CCM] = "AES-128-CCM",
	[KTLS_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

/* An HMAC that knows its hash and has no key: copying it looks nothing up. */
static int
hmac_template(struct ktls_crypto *crypto, enum crypto_hash hash)
{
	OSSL_PARAM params[3], *p = params;

	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
	    (char *)(uintptr_t)hash_names[hash], 0);
	if (crypto->propq != NULL)
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_PROPERTIES,
		    crypto->propq, 0);
	*p = OSSL_PARAM_construct_end();
	crypto->hmac[hash] = EVP_MAC_CTX_new(crypto->mac);
	if (crypto->hmac[hash] == NULL || !EVP_MAC_CTX_set_params(crypto->hmac[hash], params))
		return crypto_error();
	return 0;
}

static int
fetch(struct ktls_crypto *crypto)
{
	OSSL_LIB_CTX *libctx = crypto->libctx;
	const char *propq = crypto->propq;
	int err;

	for (size_t i = 0; i < HASH_ALL; i++)
		crypto->md[i] = EVP_MD_fetch(libctx, hash_names[i], propq);
	for (size_t i = 0; i < KTLS_CIPHERS; i++)
		crypto->aead[i] = EVP_CIPHER_fetch(libctx, aead_names[i], propq);
	crypto->mac = EVP_MAC_fetch(libctx, "HMAC", propq);
	crypto->schemes = signature_find(crypto);
	/* A validated module, or hardware, is to make the whole HMAC. */
	crypto->hmac_by_digest = propq == NULL && !EVP_default_properties_is_fips_enabled(libctx);
	ERR_clear_error();			/* what is missing is no error yet */

	if (crypto->md[HASH_SHA256] == NULL || crypto->mac == NULL ||
	    crypto->aead[KTLS_AES_128_GCM] == NULL)
		return -ENOTSUP;
	if ((err = hmac_template(crypto, HASH_SHA256)) != 0 || (err = hmac_probe(crypto)) != 0 ||
	    (err = group_find(crypto)) != 0)
		return err;
	if (crypto->md[HASH_SHA384] != NULL)
		return hmac_template(crypto, HASH_SHA384);
	/* TLS_AES_256_GCM_SHA384 can't be had without it. */
	EVP_CIPHER_free(crypto->aead[KTLS_AES_256_GCM]);
	crypto->aead[KTLS_AES_256_GCM] = NULL;
	return 0;
}

int
ktls_crypto_new(struct ktls_crypto **out, OSSL_LIB_CTX *libctx, const char *propq)
{
	struct ktls_crypto *crypto = calloc(1, sizeof(*crypto));
	int err = -ENOMEM;

	if (crypto == NULL)
		return -ENOMEM;
	atomic_init(&crypto->refs, 1);
	crypto->libctx = libctx;
	if (propq != NULL && (crypto->propq = strdup(propq)) == NULL)
		goto out;
	if ((err = fetch(crypto)) != 0)
		goto out;
	*out = crypto;
	return 0;
out:
	ktls_crypto_unref(crypto);
	return err;
}

struct ktls_crypto *
ktls_crypto_ref(struct ktls_crypto *crypto)
{
	atomic_fetch_add_explicit(&crypto->refs, 1, memory_order_relaxed);
	return crypto;
}

void
ktls_crypto_unref(struct ktls_crypto *crypto)
{
	/* Release and acquire: who frees has seen all that the others did. */
	if (crypto == NULL ||
	    atomic_fetch_sub_explicit(&crypto->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < HASH_ALL; i++)
		EVP_MD_free(crypto->md[i]);
	for (size_t i = 0; i < HASH_COUNT; i++)
		EVP_MAC_CTX_free(crypto->hmac[i]);
	for (size_t i = 0; i < CRYPTO_GROUPS; i++) {
		EVP_PKEY_CTX_free(crypto->group[i].ctx);
		EVP_PKEY_free(crypto->group[i].params);
	}
	for (size_t i = 0; i < KTLS_CIPHERS; i++)
		EVP_CIPHER_free(crypto->aead[i]);
	EVP_MAC_free(crypto->mac);
	free(crypto->propq);
	free(crypto);
}

size_t
crypto_hash_len(enum crypto_hash hash)
{
	static const size_t lens[HASH_ALL] = {
		[HASH_SHA256] = 32, [HASH_SHA384] = 48, [HASH_SHA512] = 64,
	};

	return lens[hash];
}

int
crypto_digest(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice data, uint8_t *out)
{
	return EVP_Digest(data.p, data.len, out, NULL, crypto->md[hash], NULL) ? 0 : crypto_error();
}

int
crypto_random(struct ktls_crypto *crypto, void *out, size_t len)
{
	return RAND_bytes_ex(crypto->libctx, out, len, 0) == 1 ? 0 : crypto_error();
}

int
crypto_error(void)
{
	unsigned long code;
	int err = -EIO;

	while ((code = ERR_get_error()) != 0)
		if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
			err = -ENOMEM;
	return err;
}
