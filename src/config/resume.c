/* SPDX-License-Identifier: MIT */
#include "config/setter.h"

/* Setters of what is shared with other configs: each takes a reference. */

int
ktls_config_tickets(struct ktls_config *cfg, struct ktls_tickets *tickets)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (tickets != NULL)
		ktls_tickets_ref(tickets);	/* before the unref: it may be the same one */
	ktls_tickets_unref(cfg->tickets);
	cfg->tickets = tickets;
	return 0;
}

int
ktls_config_stateless_retry(struct ktls_config *cfg, struct ktls_tickets *tickets)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (tickets != NULL)
		ktls_tickets_ref(tickets);
	ktls_tickets_unref(cfg->retry_tickets);
	cfg->retry_tickets = tickets;
	return 0;
}

int
ktls_config_sessions(struct ktls_config *cfg, struct ktls_sessions *sessions)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (sessions != NULL)
		ktls_sessions_ref(sessions);
	ktls_sessions_unref(cfg->sessions);
	cfg->sessions = sessions;
	return 0;
}

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
	ktls_tickets_unref(cfg->tickets);
	ktls_tickets_unref(cfg->retry_tickets);
	ktls_sessions_unref(cfg->sessions);
	ktls_chains_unref(atomic_load(&cfg->chains));
}
