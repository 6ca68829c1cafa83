/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_CHAINS_H
#define CONFIG_CHAINS_H

#include "config/config.h"

/*
 * What is remembered of a peer's chain. Immutable but for its place in the cache, and
 * counted: who got it keeps it, whatever the cache does.
 */
struct judged {
	atomic_uint refs;
	uint8_t key[FINGERPRINT_LEN];		/* of the whole chain and the policy */
	X509 *leaf;
	EVP_PKEY *public_key;			/* the leaf's */
	/* s since 1970: the verdict holds from `made` on and before `until` */
	int64_t made, until;
	int64_t not_after;			/* the least of the chain that was built */
	struct judged *next;			/* in its bucket; these are the cache's */
	struct judged *newer, *older;		/* by use */
};

/* Sets until and not_after by a chain that is good at `now` (validity.c). */
KTLS_CHECKED int validity_of(const struct ktls_config *cfg, const struct stack_st_X509 *chain,
    int64_t now, struct judged *judged);

void judged_unref(struct judged *judged);	/* NULL is fine */

/* NULL where it has none; else the caller's to unref. */
struct judged *chains_get(struct ktls_chains *chains, const uint8_t key[FINGERPRINT_LEN]);

/* Takes the caller's reference; replaces what has the same key. */
void chains_put(struct ktls_chains *chains, struct judged *judged);

#endif
