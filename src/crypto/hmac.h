/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_HMAC_H
#define CRYPTO_HMAC_H

#include "crypto/crypto.h"

/* HMAC, RFC 2104; out has room for the hash. */
KTLS_CHECKED int hmac_compute(struct ktls_crypto *crypto, enum crypto_hash hash,
    struct slice key, struct slice data, uint8_t *out);

/*
 * A keyed HMAC for many messages: hmac_begin() before each, with the same key, then
 * EVP_MAC_update() and EVP_MAC_final(). NULL and false: libcrypto's queue says why.
 */
EVP_MAC_CTX *hmac_keyed(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice key);
bool hmac_begin(struct ktls_crypto *crypto, EVP_MAC_CTX *ctx, struct slice key);

/* Whether a context that has made a MAC begins anew without its key: not in OpenSSL up to 3.0.2. */
KTLS_CHECKED int hmac_probe(struct ktls_crypto *crypto);

#endif
