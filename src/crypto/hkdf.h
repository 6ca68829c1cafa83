/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_HKDF_H
#define CRYPTO_HKDF_H

#include "crypto/crypto.h"

/* RFC 5869 2.2; an empty salt is hash-length zeros. */
KTLS_CHECKED int hkdf_extract(struct ktls_crypto *crypto, enum crypto_hash hash,
    struct slice salt, struct slice ikm, uint8_t *out);

/* HKDF-Expand-Label, RFC 8446 7.1: label without its "tls13 ". */
KTLS_CHECKED int hkdf_expand_label(struct ktls_crypto *crypto, enum crypto_hash hash,
    const uint8_t *secret, const char *label, struct slice context, uint8_t *out, size_t out_len);

#endif
