/* SPDX-License-Identifier: MIT */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/wire.h"

/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012): for hash tables whose keys a peer can
 * choose. Who doesn't know the key can't make one bucket long. libcrypto's own costs
 * an allocation a key.
 */
struct siphash_key {
	uint64_t k0, k1;		/* random */
};

uint64_t siphash(const struct siphash_key *key, struct slice data);

#endif
