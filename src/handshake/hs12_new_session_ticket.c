/* SPDX-License-Identifier: MIT */
#include "handshake/hs12_resumption.h"

/* NewSessionTicket, RFC 5077 3.3. */
struct new_session_ticket {
	uint32_t lifetime_hint;		/* seconds; 0: the server doesn't say */
	struct slice ticket;		/* empty: none after all */
};

static int
decode(struct new_session_ticket *nst, struct slice body)
{
	struct reader r = rd_init(body);

	nst->lifetime_hint = rd_u32(&r);
	nst->ticket = rd_vec(&r, 2);
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_NST -> WAIT_CCS; WAIT_LAST_NST -> WAIT_LAST_CCS. It is kept when both are Finished. */
int
hs12_new_session_ticket_recv(struct ktls_hs *hs, struct slice body)
{
	struct new_session_ticket nst;
	int err;

	if ((err = decode(&nst, body)) != 0)
		return err;
	if (nst.lifetime_hint == 0)
		nst.lifetime_hint = KTLS_TICKETS_LIFETIME;
	if (nst.ticket.len != 0 &&
	    (err = hs12_session_make(hs, nst.ticket, true, nst.lifetime_hint)) != 0)
		return err;
	hs->state = hs->state == ST12_WAIT_NST ? ST12_WAIT_CCS : ST12_WAIT_LAST_CCS;
	return 0;
}

/* WAIT_SEALED -> SEND_NST; WAIT_LAST_SEALED -> SEND_LAST_NST. No ticket: an empty one. */
int
hs12_ticket_sealed(struct ktls_hs *hs, struct slice body)
{
	int err;

	if ((err = resumption_sealed(hs, body)) != 0)
		return err;
	hs->state = hs->state == ST12_WAIT_SEALED ? ST12_SEND_NST : ST12_SEND_LAST_NST;
	return 0;
}

/* SEND_NST -> SEND_CCS; SEND_LAST_NST -> SEND_LAST_CCS */
int
hs12_new_session_ticket_send(struct ktls_hs *hs, struct writer *w)
{
	const struct resumption *r = &hs->resume;
	const int64_t now = config_now(hs->cfg) / 1000;

	wr_u32(w, (uint32_t)(r->expires > now ? r->expires - now : 0));
	wr_vec(w, 2, (struct slice){ r->encoded, r->encoded_len });
	hs->state = hs->state == ST12_SEND_NST ? ST12_SEND_CCS : ST12_SEND_LAST_CCS;
	return 0;
}
