/* SPDX-License-Identifier: MIT */
#include "config/setter.h"

/* Setters of what is shared with other configs: each takes a reference. */

int
ktls_config_chains(struct ktls_config *cfg, struct ktls_chains *chains)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (chains != NULL)
		ktls_chains_ref(chains);
	ktls_chains_unref(atomic_exchange(&cfg->chains, chains));
	cfg->chains_given = true;
	return 0;
}

void
resume_free(struct ktls_config *cfg)
{
	ktls_chains_unref(atomic_load(&cfg->chains));
}
