/* SPDX-License-Identifier: MIT */
#include "handshake/machine.h"

/* Before its first ClientHello, a client looks for what it may resume. */

/* A ticket is the client's secret as long as nobody listens: one that can't be used is dropped. */
static bool
usable(const struct ktls_hs *hs)
{
	const struct session *s = &hs->resume.session;

	return s->version >= hs->cfg->version_min && s->version <= hs->cfg->version_max &&
	    s->id.len != 0;
}

/* START -> START, with a session or without. */
int
client_session_got(struct ktls_hs *hs, struct slice body)
{
	if (!resumption_take(hs, body, 0) || !usable(hs))
		resumption_drop(hs);
	return 0;
}
