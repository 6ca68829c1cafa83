/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <openssl/crypto.h>
#include "handshake/machine.h"

/* Finished, RFC 8446 4.4.4. */

/* Of the direction that it protects, over all that was said until now. */
static int
verify_data(struct ktls_hs *hs, enum ktls_dir dir, uint8_t mac[HASH_LEN_MAX])
{
	uint8_t hash[HASH_LEN_MAX];
	int err;

	if ((err = transcript_hash(&hs->transcript, hash)) != 0)
		return err;
	return finished_mac(hs->crypto, hs->suite->hash, hs->hs_secret[dir], hash, mac);
}

/* WAIT_FINISHED -> a server: CONNECTED; a client: its own flight, first of all who it is. */
int
hs13_finished_recv(struct ktls_hs *hs, struct slice body)
{
	uint8_t mac[HASH_LEN_MAX];
	int err;

	if (body.len != crypto_hash_len(hs->suite->hash))
		return KTLS_REFUSED(KTLS_R_MALFORMED);
	if ((err = verify_data(hs, KTLS_RX, mac)) != 0)
		return err;
	if (CRYPTO_memcmp(mac, body.p, body.len) != 0)
		return KTLS_REFUSED(KTLS_R_FINISHED_MAC);

	/* Nothing below can fail. What is to be sealed is made when its secret is known. */
	if (hs->role == KTLS_SERVER) {
		hs->resume.tickets = hs13_tickets_due(hs);
		hs->state = hs->resume.tickets != 0 ? ST_WAIT_SEALED : ST_CONNECTED;
	} else if (hs->certificate_requested) {
		hs->questions.due = KTLS_ASK_IDENTITY;
		hs->state = ST_WAIT_IDENTITY;
	} else {
		hs->state = ST_SEND_FINISHED;
	}
	return 0;
}

/* SEND_FINISHED -> a client: CONNECTED; a server: WAIT_FINISHED, or what it asked for first. */
int
hs13_finished_send(struct ktls_hs *hs, struct writer *w)
{
	uint8_t mac[HASH_LEN_MAX];
	int err;

	if ((err = verify_data(hs, KTLS_TX, mac)) != 0)
		return err;
	wr_bytes(w, mac, crypto_hash_len(hs->suite->hash));
	if (hs->role == KTLS_CLIENT)
		hs->state = ST_CONNECTED;
	else
		hs->state = hs->certificate_requested ? ST_WAIT_CERT : ST_WAIT_FINISHED;
	return 0;
}
