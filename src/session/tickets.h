/* SPDX-License-Identifier: MIT */
#ifndef SESSION_TICKETS_H
#define SESSION_TICKETS_H

#include <stdatomic.h>
#include <ktls/store.h>
#include "base/lock.h"
#include "crypto/aead.h"
#include "session/ratchet.h"

/* name, nonce, what is sealed (AES-256-GCM, the name as associated data), tag */
#define TICKETS_NAME_LEN	16
#define TICKETS_HEADER_LEN	(TICKETS_NAME_LEN + AEAD_NONCE_LEN)
#define TICKETS_OVERHEAD	(TICKETS_HEADER_LEN + AEAD_TAG_LEN)

/*
 * With random nonces of 96 bits a key may seal 2^32 times: two are then the same with a
 * probability of 2^-33, and NIST SP 800-38D 8.3 allows no more. Each process counts
 * its own: where N of them share a secret, that is N^2 times as probable.
 */
#define TICKETS_SEALS_MAX	((uint64_t)1 << 32)

/*
 * At any time the present epoch's key, those of the two before it, and the next
 * epoch's: a ticket of epoch n is good for a lifetime, two periods, after n's end, and
 * a host whose clock is a little ahead seals with n + 1 already.
 */
#define TICKETS_KEYS		4

struct ticket_key {
	uint8_t name[TICKETS_NAME_LEN];
	struct aead seal, open;		/* .ctx NULL: none */
	uint64_t seals;
};

struct ktls_tickets {
	atomic_uint refs;
	struct lock lock;
	struct ktls_crypto *crypto;
	int64_t start;
	uint32_t lifetime, period;
	struct ratchet ratchet;		/* its epoch is the newest key's */
	struct ticket_key keys[TICKETS_KEYS];	/* epoch n's is at n % TICKETS_KEYS */
};

/*
 * ktls_tickets_seal() with a nonce that the caller drew for this very call: libcrypto takes
 * 2 us to give some random bytes, ten times what sealing takes, and as long for a few
 * more; who needs other random bytes as well draws all at once. Never kept over
 * a callback: two forked children would have the same one.
 */
KTLS_CHECKED int tickets_seal(struct ktls_tickets *tickets, int64_t now,
    const uint8_t nonce[AEAD_NONCE_LEN], struct slice data, uint8_t *out, size_t *out_len);

#endif
