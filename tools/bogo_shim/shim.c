/* SPDX-License-Identifier: MIT */
#include "bogo_shim/conn.h"

#define SESSIONS_MAX	64
/* Before the first of the runner's certificates expires: no session outlives its chain. */
#define MAY_2014	1398902400

int
shim_open(struct shim *shim)
{
	int err;

	shim->now = (int64_t)MAY_2014 * 1000;
	if ((err = ktls_crypto_new(&shim->crypto, NULL, NULL)) != 0 ||
	    (err = ktls_tickets_new(&shim->tickets, shim->crypto, NULL, shim->now / 1000, 0)) != 0)
		return err;
	return ktls_sessions_new(&shim->sessions, SESSIONS_MAX);
}

void
shim_close(struct shim *shim)
{
	ktls_sessions_unref(shim->sessions);
	ktls_tickets_unref(shim->tickets);
	ktls_crypto_unref(shim->crypto);
}
