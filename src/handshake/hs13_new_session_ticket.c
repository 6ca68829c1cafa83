/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/machine.h"

/*
 * NewSessionTicket, RFC 8446 4.6.1: what a server gives when it has the client's
 * Finished, while its records are still made here. A client reads it in src/post.
 */

#define NONCE_LEN	1

unsigned
hs13_tickets_due(const struct ktls_hs *hs)
{
	const unsigned count = hs->cfg->ticket_count;

	if (!hs->takes_tickets || !resumption_can(hs, KTLS_ASK_TICKET_SEAL))
		return 0;
	return hs->resume.resumed && count > 1 ? 1 : count;
}

int
hs13_ticket_make(struct ktls_hs *hs)
{
	struct resumption *r = &hs->resume;
	const struct slice nonce = { &r->nonce, NONCE_LEN };
	struct session session;
	int err;

	r->nonce++;
	resumption_describe(hs, resumption_lifetime(hs), &session);
	if ((err = crypto_random(hs->crypto, &r->age_add, sizeof(r->age_add))) != 0 ||
	    (err = resumption_psk(hs->crypto, hs->suite->hash, r->secret, nonce,
	    session.secret)) != 0)
		goto out;
	session.age_add = r->age_add;
	if ((err = resumption_encode(hs, &session)) == 0) {
		hs->questions.due = KTLS_ASK_TICKET_SEAL;
	} else if (err == -EMSGSIZE) {		/* a chain too long to carry about */
		hs->state = ST_CONNECTED;
		err = 0;
	}
out:
	session_wipe(&session);
	return err;
}

/* WAIT_SEALED -> SEND_TICKET; CONNECTED where there is none. */
int
hs13_ticket_sealed(struct ktls_hs *hs, struct slice body)
{
	int err;

	if ((err = resumption_sealed(hs, body)) != 0)
		return err;
	hs->state = body.len != 0 ? ST_SEND_TICKET : ST_CONNECTED;
	return 0;
}

/* SEND_TICKET -> WAIT_SEALED for the next one, or CONNECTED. */
int
hs13_new_session_ticket_send(struct ktls_hs *hs, struct writer *w)
{
	struct resumption *r = &hs->resume;
	const int64_t now = config_now(hs->cfg) / 1000;

	wr_u32(w, (uint32_t)(r->expires > now ? r->expires - now : 0));
	wr_u32(w, r->age_add);
	wr_vec(w, 1, (struct slice){ &r->nonce, NONCE_LEN });
	wr_vec(w, 2, (struct slice){ r->encoded, r->encoded_len });
	wr_u16(w, 0);			/* no extensions: no early data */
	hs->state = --r->tickets != 0 ? ST_WAIT_SEALED : ST_CONNECTED;
	return 0;
}
