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
	SIG_RSA_PSS_RSAE_SHA256 = 0x0804,
	SIG_RSA_PSS_RSAE_SHA384 = 0x0805,
	SIG_RSA_PSS_RSAE_SHA512 = 0x0806,
};
#define SIGNATURE_MAX	1024	/* bytes: RSA-8192 */

/* Whether a handshake of this version may be signed under scheme with this key. */
bool signature_fits(uint16_t scheme, const EVP_PKEY *key, uint16_t version);

/* sig has room for SIGNATURE_MAX. */
KTLS_CHECKED int signature_make(struct ktls_crypto *crypto, uint16_t scheme, EVP_PKEY *key,
    struct slice data, uint8_t *sig, size_t *sig_len);

/* 0, or -EBADMSG where the signature is wrong. */
KTLS_CHECKED int signature_check(struct ktls_crypto *crypto, uint16_t scheme, EVP_PKEY *key,
    struct slice data, struct slice sig);

/* What we accept in signature_algorithms, in order; sets *count. */
const uint16_t *signature_schemes(size_t *count);

#endif
