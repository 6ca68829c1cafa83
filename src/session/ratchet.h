/* SPDX-License-Identifier: MIT */
#ifndef SESSION_RATCHET_H
#define SESSION_RATCHET_H

#include "crypto/crypto.h"

/*
 * One secret an epoch, of 2^32, each of them derived from the first secret, forward
 * only: from what is held after epoch n none up to n can be found again.
 *
 * Not one chain of 2^32 links, since a clock that jumps, or a process that starts
 * long after the first epoch, would walk all of it: a chain of 256 whose secrets each
 * begin a chain of 256, and so on, the epoch's four bytes being the places in the
 * four. Of each chain the secret after the present place is held; no way is
 * longer than four times 256 derivations.
 */
#define RATCHET_SECRET	32
#define RATCHET_LEVELS	4
#define RATCHET_NONE	UINT64_MAX
#define RATCHET_LAST	UINT32_MAX

struct ratchet {
	uint64_t epoch;			/* the last one given, or RATCHET_NONE */
	uint8_t secret[RATCHET_LEVELS][RATCHET_SECRET];
};

void ratchet_init(struct ratchet *ratchet, const uint8_t secret[RATCHET_SECRET]);
/* The secret of a later epoch than the last. Where it fails, the ratchet is worth nothing. */
KTLS_CHECKED int ratchet_turn(struct ratchet *ratchet, struct ktls_crypto *crypto,
    uint64_t epoch, uint8_t secret[RATCHET_SECRET]);

#endif
