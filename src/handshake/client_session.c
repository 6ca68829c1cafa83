/* SPDX-License-Identifier: MIT */
#include "handshake/machine.h"

/* Before its first ClientHello, a client looks for what it may resume. */

/* RFC 5246 7.4.1.2: what resumes is offered with its suite, and with an id that has room. */
static bool
usable12(const struct ktls_hs *hs)
{
	const struct session *s = &hs->resume.session;
	const struct suite *suite = suite_find(s->suite, KTLS_TLS12);

	for (size_t i = 0; suite != NULL && i < hs->cfg->cipher_count; i++)
		if (hs->cfg->ciphers[i] == suite->cipher)
			return s->id_is_ticket || s->id.len <= SESSION_ID_MAX;
	return false;
}

/* A ticket is the client's secret as long as nobody listens: one that can't be used is dropped. */
static bool
usable(const struct ktls_hs *hs)
{
	const struct session *s = &hs->resume.session;

	if (s->version < hs->cfg->version_min || s->version > hs->cfg->version_max ||
	    s->id.len == 0)
		return false;
	return s->version == KTLS_TLS13 || usable12(hs);
}

/* START -> START, with a session or without. */
int
client_session_got(struct ktls_hs *hs, struct slice body)
{
	if (!resumption_take(hs, body, 0) || !usable(hs))
		resumption_drop(hs);
	return 0;
}
