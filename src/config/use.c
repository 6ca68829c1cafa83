/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "config/setter.h"

int
config_use(struct ktls_config *cfg, bool client)
{
	X509_STORE *store, *none = NULL;
	int err;

	atomic_store(&cfg->used, true);
	if (!client || !cfg->verify || atomic_load(&cfg->trust.store) != NULL)
		return 0;
	if ((err = trust_store_new(cfg, &store)) != 0)
		return err;
	if (!atomic_compare_exchange_strong(&cfg->trust.store, &none, store))
		X509_STORE_free(store);		/* another thread was first */
	return 0;
}
