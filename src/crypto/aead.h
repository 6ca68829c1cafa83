/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "crypto/crypto.h"

#define AEAD_TAG_LEN	16
#define AEAD_NONCE_LEN	12

size_t aead_key_len(enum ktls_cipher cipher);

/* One direction, one key. Zeroed is empty; aead_free() wipes. */
struct aead {
	EVP_CIPHER_CTX *ctx;
	bool ccm;			/* CCM wants its length first */
};

KTLS_CHECKED int aead_init(struct aead *aead, struct ktls_crypto *crypto, enum ktls_cipher cipher,
    enum ktls_dir dir, const uint8_t *key);
void aead_free(struct aead *aead);

/*
 * Seals in, then one more byte `type` where it is not < 0 (TLS 1.3's inner
 * type, without copying the plaintext for it), into out: in.len (+ 1) + tag bytes.
 */
KTLS_CHECKED int aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct slice aad,
    struct slice in, int type, uint8_t *out);

/* Opens in place: len counts the tag. -EBADMSG where the tag doesn't fit. */
KTLS_CHECKED int aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct slice aad,
    uint8_t *data, size_t len);

#endif
