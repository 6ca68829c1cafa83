/* SPDX-License-Identifier: MIT */
#include <openssl/crypto.h>
#include "handshake/machine.h"

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

/* WAIT_FINISHED -> SEND_LAST_CCS; WAIT_LAST_FINISHED -> CONNECTED */
int
hs12_finished_recv(struct ktls_hs *hs, struct slice body)
{
	uint8_t mac[VERIFY_DATA_LEN];
	int err;

	if (body.len != sizeof(mac))
		return KTLS_REFUSED(KTLS_R_MALFORMED);
	if ((err = verify_data(hs, hs->role == KTLS_SERVER, mac)) != 0)
		return err;
	if (CRYPTO_memcmp(mac, body.p, sizeof(mac)) != 0)
		return KTLS_REFUSED(KTLS_R_FINISHED_MAC);

	/* Nothing below can fail. */
	hs->derived = true;
	hs->state = hs->state == ST12_WAIT_FINISHED ? ST12_SEND_LAST_CCS : ST_CONNECTED;
	return 0;
}

/* SEND_FINISHED -> WAIT_LAST_NST or WAIT_LAST_CCS; SEND_LAST_FINISHED -> CONNECTED */
int
hs12_finished_send(struct ktls_hs *hs, struct writer *w)
{
	uint8_t mac[VERIFY_DATA_LEN];
	int err;

	if ((err = verify_data(hs, hs->role == KTLS_CLIENT, mac)) != 0)
		return err;
	wr_bytes(w, mac, sizeof(mac));
	hs->window = true;		/* the peer's Finished, and data, may follow */
	if (hs->state == ST12_SEND_LAST_FINISHED)
		hs->state = ST_CONNECTED;
	else
		hs->state = hs->ticket_due ? ST12_WAIT_LAST_NST : ST12_WAIT_LAST_CCS;
	return 0;
}
