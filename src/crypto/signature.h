/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_SIGNATURE_H
#define CRYPTO_SIGNATURE_H

#include "crypto/crypto.h"

/* SignatureScheme, RFC 8446 4.2.3: one table row a scheme (signature.c). */
enum {
	SIG_RSA_PKCS1_SHA256 = 0x0401,
	SIG_RSA_PKCS1_SHA384 = 0x0501,
	SIG_RSA_PKCS1_SHA512 = 0x0601,
	SIG_ECDSA_SECP256R1_SHA256 = 0x0403,
	SIG_ECDSA_SECP384R1_SHA384 = 0x0503,
	SIG_ECDSA_SECP521R1_SHA512 = 0x0603,
	SIG_RSA_PSS_RSAE_SHA256 = 0x0804,
	SIG_RSA_PSS_RSAE_SHA384 = 0x0805,
	SIG_RSA_PSS_RSAE_SHA512 = 0x0806,
	SIG_ED25519 = 0x0807,
	SIG_RSA_PSS_PSS_SHA256 = 0x0809,
	SIG_RSA_PSS_PSS_SHA384 = 0x080a,
	SIG_RSA_PSS_PSS_SHA512 = 0x080b,
};
#define SIGNATURE_SCHEMES	13
#define SIGNATURE_MAX		1024	/* bytes: RSA-8192 */

/* For ktls_crypto_new(): a bit for each row that this libcrypto can do. */
uint32_t signature_find(struct ktls_crypto *crypto);

/* Whether libktls knows the scheme, and whether this libcrypto does too. */
bool signature_named(uint16_t scheme);
bool signature_known(struct ktls_crypto *crypto, uint16_t scheme);
/* All that this libcrypto knows, as we like them; returns how many. */
size_t signature_schemes(struct ktls_crypto *crypto, uint16_t schemes[SIGNATURE_SCHEMES]);

/* Whether a handshake of this version may be signed under scheme with this key. */
bool signature_fits(uint16_t scheme, const EVP_PKEY *key, uint16_t version);
/* The same for all schemes, a bit each: asked once, it costs less. -ENOMEM. */
KTLS_CHECKED int signature_fitting(const EVP_PKEY *key, uint16_t version, uint32_t *bits);
uint32_t signature_bit(uint16_t scheme);	/* 0: not known */
uint32_t signature_rsa_bits(void);		/* of all that an RSA key makes */

/*
 * A private key, with what libcrypto looks up to sign with it done once. Immutable: any
 * number of threads may sign at once. Zeroed is empty.
 */
struct signer {
	EVP_PKEY *key;				/* a reference */
	uint32_t fits;				/* signature_bit()s of what it can make */
	EVP_PKEY_CTX *ctx[SIGNATURE_SCHEMES];	/* only copied; NULL: not with this key */
};

KTLS_CHECKED int signer_init(struct signer *signer, struct ktls_crypto *crypto, EVP_PKEY *key);
void signer_free(struct signer *signer);

/* sig has room for SIGNATURE_MAX. -EINVAL where the key doesn't fit. */
KTLS_CHECKED int signature_make(struct ktls_crypto *crypto, uint16_t scheme,
    const struct signer *signer, struct slice data, uint8_t *sig, size_t *sig_len);

/* 0, or -EBADMSG where the signature is wrong, or can't be one of this key. */
KTLS_CHECKED int signature_check(struct ktls_crypto *crypto, uint16_t scheme, EVP_PKEY *key,
    struct slice data, struct slice sig);

#endif
