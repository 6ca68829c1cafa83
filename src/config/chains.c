/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdatomic.h>
#include <openssl/crypto.h>
#include <ktls/store.h>
#include "base/lock.h"

#define CHAINS_MAX	100000

struct ktls_chains {
	atomic_uint refs;
	struct lock lock;
	size_t max;
};

int
ktls_chains_new(struct ktls_chains **out, size_t max)
{
	struct ktls_chains *chains;
	int err;

	if (max == 0 || max > CHAINS_MAX)
		return -EINVAL;
	if ((chains = OPENSSL_zalloc(sizeof(*chains))) == NULL)
		return -ENOMEM;
	if ((err = lock_init(&chains->lock)) != 0) {
		OPENSSL_free(chains);
		return err;
	}
	atomic_init(&chains->refs, 1);
	chains->max = max;
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
ktls_chains_unref(struct ktls_chains *chains)
{
	/* Release and acquire: who frees has seen all that the others did. */
	if (chains == NULL ||
	    atomic_fetch_sub_explicit(&chains->refs, 1, memory_order_acq_rel) != 1)
		return;
	lock_free(&chains->lock);
	OPENSSL_free(chains);
}
