/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "crypto/hkdf.h"
#include "session/ratchet.h"

void
ratchet_init(struct ratchet *ratchet, const uint8_t secret[RATCHET_SECRET])
{
	/* Before epoch 0: the place after RATCHET_NONE's is 0 in the highest chain. */
	ratchet->epoch = RATCHET_NONE;
	memcpy(ratchet->secret[RATCHET_LEVELS - 1], secret, RATCHET_SECRET);
}

static int
derive(struct ktls_crypto *crypto, const uint8_t *secret, const char *label, uint8_t *out)
{
	return hkdf_expand_label(crypto, HASH_SHA256, secret, label, (struct slice){ NULL, 0 },
	    out, RATCHET_SECRET);
}

/* The highest chain in which the two have different places. */
static unsigned
level_of(uint64_t from, uint64_t to)
{
	unsigned level = 0;

	while (level < RATCHET_LEVELS - 1 && from >> 8 * (level + 1) != to >> 8 * (level + 1))
		level++;
	return level;
}

/* From `place` in this chain to place `to`: what lies below that, and the secret after it. */
static int
walk(uint8_t secret[RATCHET_SECRET], struct ktls_crypto *crypto, uint8_t place, uint8_t to,
    uint8_t below[RATCHET_SECRET])
{
	int err;

	for (; place != to; place++)
		if ((err = derive(crypto, secret, "ktls next", secret)) != 0)
			return err;
	if ((err = derive(crypto, secret, "ktls below", below)) != 0)
		return err;
	return derive(crypto, secret, "ktls next", secret);
}

int
ratchet_turn(struct ratchet *ratchet, struct ktls_crypto *crypto, uint64_t epoch,
    uint8_t out[RATCHET_SECRET])
{
	unsigned level = level_of(ratchet->epoch, epoch);
	uint8_t place = (uint8_t)((ratchet->epoch >> 8 * level) + 1);
	int err;

	/* The chains below begin anew. */
	for (;; level--, place = 0) {
		err = walk(ratchet->secret[level], crypto, place, (uint8_t)(epoch >> 8 * level),
		    level != 0 ? ratchet->secret[level - 1] : out);
		if (err != 0 || level == 0)
			break;
	}
	ratchet->epoch = epoch;
	return err;
}
