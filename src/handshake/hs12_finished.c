/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <openssl/crypto.h>
#include "handshake/hs12_resumption.h"

/* change_cipher_spec, RFC 5246 7.1, and Finished, 7.4.9. */

/* SEND_CCS -> SEND_FINISHED; SEND_LAST_CCS -> SEND_LAST_FINISHED */
int
hs12_change_cipher_spec_send(struct ktls_hs *hs, struct writer *w)
{
	(void)w;
	hs->state = hs->state == ST12_SEND_CCS ? ST12_SEND_FINISHED : ST12_SEND_LAST_FINISHED;
	return 0;
}

/* WAIT_CCS -> WAIT_FINISHED; WAIT_LAST_CCS -> WAIT_LAST_FINISHED */
int
hs12_change_cipher_spec_recv(struct ktls_hs *hs, struct slice body)
{
	(void)body;
	hs->state = hs->state == ST12_WAIT_CCS ? ST12_WAIT_FINISHED : ST12_WAIT_LAST_FINISHED;
	return 0;
}

static int
verify_data(struct ktls_hs *hs, bool client, uint8_t mac[VERIFY_DATA_LEN])
{
	uint8_t hash[HASH_LEN_MAX];
	int err;

	if ((err = transcript_hash(&hs->transcript, hash)) != 0)
		return err;
	return schedule12_finished(&hs->schedule12, client, hash, mac);
}

/* Of the two the first is tls-unique, RFC 5929 3.1. */
static void
keep_first(struct ktls_hs *hs, const uint8_t mac[VERIFY_DATA_LEN])
{
	if (hs->finished)
		return;
	hs->finished = true;
	memcpy(hs->first_finished, mac, VERIFY_DATA_LEN);
}

const void *
ktls_hs_tls_unique(const struct ktls_hs *hs, size_t *len)
{
	const bool unique = hs->state == ST_CONNECTED && hs->finished &&
	    (hs->ems || !hs->resume.resumed);

	*len = unique ? sizeof(hs->first_finished) : 0;
	return unique ? hs->first_finished : NULL;
}

/* A server's ticket, if it has promised one, leaves before its Finished. */
static int
after_first(struct ktls_hs *hs, enum hs_state *next)
{
	const struct slice none = { NULL, 0 };
	int err;

	*next = ST12_SEND_LAST_CCS;
	if (hs->role == KTLS_CLIENT || !hs->ticket_due)
		return 0;
	if ((err = hs12_session_make(hs, none, false, resumption_lifetime(hs))) != 0)
		return err;
	*next = ST12_SEND_LAST_NST;
	if (hs->resume.encoded != NULL) {
		hs->questions.due = KTLS_ASK_TICKET_SEAL;
		*next = ST12_WAIT_LAST_SEALED;
	}
	return 0;
}

/*
 * WAIT_FINISHED -> WAIT_LAST_SEALED, SEND_LAST_NST or SEND_LAST_CCS; WAIT_LAST_FINISHED ->
 * WAIT_KEPT or CONNECTED
 */
int
hs12_finished_recv(struct ktls_hs *hs, struct slice body)
{
	uint8_t mac[VERIFY_DATA_LEN];
	enum hs_state next;
	int err;

	if (body.len != sizeof(mac))
		return KTLS_REFUSED(KTLS_R_MALFORMED);
	if ((err = verify_data(hs, hs->role == KTLS_SERVER, mac)) != 0)
		return err;
	if (CRYPTO_memcmp(mac, body.p, sizeof(mac)) != 0)
		return KTLS_REFUSED(KTLS_R_FINISHED_MAC);
	err = hs->state == ST12_WAIT_FINISHED ? after_first(hs, &next) :
	    hs12_session_keep(hs, &next);
	if (err != 0)
		return err;

	/* Nothing below can fail. */
	keep_first(hs, mac);
	hs->derived = true;
	hs->state = next;
	return 0;
}

/*
 * SEND_FINISHED -> WAIT_LAST_NST, where a client was promised a ticket, or WAIT_LAST_CCS;
 * SEND_LAST_FINISHED -> WAIT_KEPT or CONNECTED
 */
int
hs12_finished_send(struct ktls_hs *hs, struct writer *w)
{
	const bool ticket = hs->role == KTLS_CLIENT && hs->ticket_due;
	enum hs_state next = ticket ? ST12_WAIT_LAST_NST : ST12_WAIT_LAST_CCS;
	uint8_t mac[VERIFY_DATA_LEN];
	int err;

	if ((err = verify_data(hs, hs->role == KTLS_CLIENT, mac)) != 0)
		return err;
	wr_bytes(w, mac, sizeof(mac));
	keep_first(hs, mac);
	hs->window = true;		/* the peer's Finished, and data, may follow */
	if (hs->state == ST12_SEND_LAST_FINISHED && (err = hs12_session_keep(hs, &next)) != 0)
		return err;
	hs->state = next;
	return 0;
}
