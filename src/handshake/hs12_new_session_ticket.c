/* SPDX-License-Identifier: MIT */
#include "handshake/machine.h"

/* NewSessionTicket, RFC 5077 3.3. */
struct new_session_ticket {
	uint32_t lifetime_hint;		/* seconds; 0: the server doesn't say */
	struct slice ticket;		/* empty: none after all */
};

static int
decode(struct new_session_ticket *nst, struct slice body)
{
	struct reader r = rd_init(body);

	nst->lifetime_hint = rd_uint(&r, 4);
	nst->ticket = rd_vec(&r, 2);
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_NST -> WAIT_CCS */
int
hs12_new_session_ticket_recv(struct ktls_hs *hs, struct slice body)
{
	struct new_session_ticket nst;
	int err;

	if ((err = decode(&nst, body)) != 0)
		return err;
	hs->state = ST12_WAIT_LAST_CCS;
	return 0;
}
