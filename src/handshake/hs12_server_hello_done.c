/* SPDX-License-Identifier: MIT */
#include "handshake/machine.h"

/* ServerHelloDone, RFC 5246 7.4.5. */

/* WAIT_CR_SHD -> SEND_CKE; WAIT_SHD -> WAIT_IDENTITY, a certificate being asked for. */
int
hs12_server_hello_done_recv(struct ktls_hs *hs, struct slice body)
{
	if (body.len != 0)
		return KTLS_REFUSED(KTLS_R_MALFORMED);

	/* Nothing below can fail. */
	if (hs->state == ST12_WAIT_SHD) {
		hs->questions.due = KTLS_ASK_IDENTITY;
		hs->state = ST12_WAIT_IDENTITY;
	} else {
		transcript_drop(&hs->transcript);	/* nobody will sign it */
		hs->state = ST12_SEND_CKE;
	}
	return 0;
}

/* SEND_SHD -> WAIT_CKE; SEND_SHD_CERT -> WAIT_CERT */
int
hs12_server_hello_done_send(struct ktls_hs *hs, struct writer *w)
{
	(void)w;
	hs->window = true;		/* the client's whole flight, and data, may follow */
	hs->state = hs->state == ST12_SEND_SHD ? ST12_WAIT_CKE : ST12_WAIT_CERT;
	return 0;
}
