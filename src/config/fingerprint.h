/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_FINGERPRINT_H
#define CONFIG_FINGERPRINT_H

#include "crypto/crypto.h"

#define FINGERPRINT_LEN	32

/*
 * SHA-256 over items, each behind its length: no two lists of items are the same
 * bytes. What fails is latched; fingerprint_end() tells, and must be called.
 */
struct fingerprint {
	EVP_MD_CTX *ctx;
	bool bad;
};

struct fingerprint fingerprint_begin(struct ktls_crypto *crypto);
void fingerprint_add(struct fingerprint *f, const void *item, size_t len);
void fingerprint_number(struct fingerprint *f, uint64_t n);
KTLS_CHECKED int fingerprint_end(struct fingerprint *f, uint8_t out[FINGERPRINT_LEN]);

#endif
