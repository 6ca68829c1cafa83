/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stdatomic.h>
#include <openssl/evp.h>
#include <ktls/config.h>
#include "base/wire.h"

/* Those of the suites; behind them, SHA-512 for signatures. */
enum crypto_hash { HASH_SHA256, HASH_SHA384, HASH_COUNT, HASH_SHA512 = HASH_COUNT, HASH_ALL };

#define HASH_LEN_MAX	48	/* of a suite's */
#define DIGEST_LEN_MAX	64
#define CRYPTO_GROUPS	4

/* Everything that is fetched, fetched once: an EVP_*_fetch() costs more than an HMAC. */
struct ktls_crypto {
	atomic_uint refs;
	OSSL_LIB_CTX *libctx;
	char *propq;				/* or NULL */
	EVP_MD *md[HASH_ALL];
	EVP_MAC *mac;
	EVP_MAC_CTX *hmac[HASH_COUNT];		/* without a key, never used but to be copied */
	bool hmac_restarts;			/* hmac.h */
	bool hmac_by_digest;			/* no module's own HMAC was asked for */
	EVP_CIPHER *aead[KTLS_CIPHERS];		/* NULL: this libcrypto doesn't have it */
	/* Of each of group.c's rows; NULL: this libcrypto doesn't have it. Only copied. */
	struct {
		EVP_PKEY *params;		/* the domain parameters */
		EVP_PKEY_CTX *ctx;		/* for them */
	} group[CRYPTO_GROUPS];
	uint32_t schemes;			/* of signature.c's rows, a bit each: it has them */
};

size_t crypto_hash_len(enum crypto_hash hash);
KTLS_CHECKED int crypto_digest(struct ktls_crypto *crypto, enum crypto_hash hash,
    struct slice data, uint8_t *out);
KTLS_CHECKED int crypto_random(struct ktls_crypto *crypto, void *out, size_t len);

/* -ENOMEM where libcrypto's error queue says so, else -EIO; empties the queue either way. */
int crypto_error(void);

#endif
