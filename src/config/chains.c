/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "base/lock.h"
#include "config/chains.h"

#define CHAINS_MAX	100000

struct ktls_chains {
	atomic_uint refs;
	struct lock lock;
	size_t max, count;
	size_t buckets;			/* a power of two */
	struct judged **bucket;
	struct judged *newest, *oldest;
};

int
ktls_chains_new(struct ktls_chains **out, size_t max)
{
	struct ktls_chains *chains;
	int err = -ENOMEM;

	if (max == 0 || max > CHAINS_MAX)
		return -EINVAL;
	if ((chains = OPENSSL_zalloc(sizeof(*chains))) == NULL)
		return -ENOMEM;
	atomic_init(&chains->refs, 1);
	chains->max = max;
	for (chains->buckets = 1; chains->buckets < max; chains->buckets *= 2)
		continue;
	chains->bucket = OPENSSL_zalloc(chains->buckets * sizeof(*chains->bucket));
	if (chains->bucket == NULL || (err = lock_init(&chains->lock)) != 0) {
		OPENSSL_free(chains->bucket);
		OPENSSL_free(chains);
		return err;
	}
	*out = chains;
	return 0;
}

struct ktls_chains *
ktls_chains_ref(struct ktls_chains *chains)
{
	atomic_fetch_add_explicit(&chains->refs, 1, memory_order_relaxed);
	return chains;
}

void
judged_unref(struct judged *judged)
{
	/* Release and acquire: who frees has seen all that the others did. */
	if (judged == NULL ||
	    atomic_fetch_sub_explicit(&judged->refs, 1, memory_order_acq_rel) != 1)
		return;
	X509_free(judged->leaf);
	EVP_PKEY_free(judged->public_key);
	OPENSSL_free(judged);
}

void
ktls_chains_unref(struct ktls_chains *chains)
{
	struct judged *older;

	if (chains == NULL ||
	    atomic_fetch_sub_explicit(&chains->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (struct judged *judged = chains->newest; judged != NULL; judged = older) {
		older = judged->older;
		judged_unref(judged);
	}
	lock_free(&chains->lock);
	OPENSSL_free(chains->bucket);
	OPENSSL_free(chains);
}

/* Where the pointer to the key's entry stands, or would. The key is uniform: SHA-256. */
static struct judged **
place_of(struct ktls_chains *chains, const uint8_t key[FINGERPRINT_LEN])
{
	uint32_t hash;
	struct judged **at;

	memcpy(&hash, key, sizeof(hash));
	at = &chains->bucket[hash & (chains->buckets - 1)];
	while (*at != NULL && memcmp((*at)->key, key, FINGERPRINT_LEN) != 0)
		at = &(*at)->next;
	return at;
}

static void
unlink_use(struct ktls_chains *chains, struct judged *judged)
{
	*(judged->newer != NULL ? &judged->newer->older : &chains->newest) = judged->older;
	*(judged->older != NULL ? &judged->older->newer : &chains->oldest) = judged->newer;
}

static void
link_newest(struct ktls_chains *chains, struct judged *judged)
{
	judged->newer = NULL;
	judged->older = chains->newest;
	*(chains->newest != NULL ? &chains->newest->newer : &chains->oldest) = judged;
	chains->newest = judged;
}

static struct judged *
take_out(struct ktls_chains *chains, struct judged **at)
{
	struct judged *judged = *at;

	*at = judged->next;
	unlink_use(chains, judged);
	chains->count--;
	return judged;
}

struct judged *
chains_get(struct ktls_chains *chains, const uint8_t key[FINGERPRINT_LEN])
{
	struct judged *judged;

	lock_enter(&chains->lock);
	if ((judged = *place_of(chains, key)) != NULL) {
		unlink_use(chains, judged);
		link_newest(chains, judged);
		atomic_fetch_add_explicit(&judged->refs, 1, memory_order_relaxed);
	}
	lock_leave(&chains->lock);
	return judged;
}

void
chains_put(struct ktls_chains *chains, struct judged *judged)
{
	struct judged **at, *gone = NULL;

	lock_enter(&chains->lock);
	if (*(at = place_of(chains, judged->key)) != NULL)
		gone = take_out(chains, at);
	else if (chains->count == chains->max)
		gone = take_out(chains, place_of(chains, chains->oldest->key));
	at = place_of(chains, judged->key);	/* again: its neighbour may be gone */
	judged->next = NULL;
	*at = judged;
	link_newest(chains, judged);
	chains->count++;
	lock_leave(&chains->lock);
	judged_unref(gone);			/* outside the lock: it may free */
}
