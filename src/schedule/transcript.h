/* SPDX-License-Identifier: MIT */
#ifndef SCHEDULE_TRANSCRIPT_H
#define SCHEDULE_TRANSCRIPT_H

#include "crypto/crypto.h"

/*
 * The running hash over handshake messages, RFC 8446 4.4.1. Until the cipher
 * suite is chosen nobody knows which hash it is, so what comes before is kept
 * (ClientHello, at most TRANSCRIPT_HELD_MAX bytes) and hashed when it is known.
 */
#define TRANSCRIPT_HELD_MAX	65540
#define TRANSCRIPT_KEPT_MAX	131072	/* where the messages themselves are kept */

struct transcript {
	struct ktls_crypto *crypto;	/* borrowed */
	enum crypto_hash hash;
	EVP_MD_CTX *md;			/* NULL until transcript_choose() */
	EVP_MD_CTX *snapshot;		/* kept, so that asking costs no allocation */
	uint8_t *held;
	size_t held_len;
	bool keep;
};

void transcript_init(struct transcript *t, struct ktls_crypto *crypto);
void transcript_free(struct transcript *t);
/* whole, with its 4-byte header */
KTLS_CHECKED int transcript_add(struct transcript *t, struct slice message);
KTLS_CHECKED int transcript_choose(struct transcript *t, enum crypto_hash hash);
/*
 * HelloRetryRequest: what was added so far (ClientHello1) becomes message_hash.
 * After transcript_choose(), before the HelloRetryRequest itself is added.
 */
KTLS_CHECKED int transcript_retry(struct transcript *t);
/* The hash over all that was added so far. After transcript_choose(). */
KTLS_CHECKED int transcript_hash(struct transcript *t, uint8_t out[HASH_LEN_MAX]);
/*
 * The same with extra behind it, which is not added: a ClientHello without its binders
 * (RFC 8446 4.2.11.2). Before transcript_choose() with any hash, after it with that one.
 */
KTLS_CHECKED int transcript_peek(struct transcript *t, enum crypto_hash hash, struct slice extra,
    uint8_t out[HASH_LEN_MAX]);

/*
 * TLS 1.2's CertificateVerify signs the messages, not their hash (RFC 5246 7.4.8): before
 * the first one, say that they are to be kept; TRANSCRIPT_KEPT_MAX bytes of them are
 * (KTLS_R_HANDSHAKE_LONG), until they are dropped.
 */
void transcript_keep(struct transcript *t);
struct slice transcript_messages(const struct transcript *t);
void transcript_drop(struct transcript *t);

#endif
