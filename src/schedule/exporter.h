/* SPDX-License-Identifier: MIT */
#ifndef SCHEDULE_EXPORTER_H
#define SCHEDULE_EXPORTER_H

#include "crypto/crypto.h"

#define EXPORTER_OUT_MAX	(255 * 32)	/* RFC 5869 2.3, with SHA-256 */

/* What keying material is exported from, of either version; all of it borrowed. */
struct exporter {
	struct ktls_crypto *crypto;
	uint16_t version;
	enum crypto_hash hash;
	const uint8_t *secret;		/* TLS 1.3: exporter_secret; TLS 1.2: the master secret */
	const uint8_t *client_random, *server_random;	/* TLS 1.2 */
};

/* RFC 8446 7.5, RFC 5705 4: in TLS 1.2 a context of NULL is none. -EINVAL: what's too long. */
KTLS_CHECKED int exporter_make(const struct exporter *exporter, const char *label,
    const void *context, size_t context_len, uint8_t *out, size_t out_len);

#endif
