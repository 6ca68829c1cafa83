/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

/* RFC 5246 8.1, or RFC 7627 4, whose session hash ends with ClientKeyExchange. */
static int
begin(struct ktls_hs *hs, struct slice pre_master)
{
	uint8_t hash[HASH_LEN_MAX];
	int err;

	if (!hs->ems)
		return schedule12_master(&hs->schedule12, hs->crypto, hs->suite->hash, pre_master,
		    hs->client_random, hs->server_random);
	if ((err = transcript_hash(&hs->transcript, hash)) != 0)
		return err;
	return schedule12_extended_master(&hs->schedule12, hs->crypto, hs->suite->hash,
	    pre_master, hash);
}

/* The key block, RFC 5246 6.3, of which nothing is in force yet. */
static int
key_block(struct ktls_hs *hs)
{
	const enum ktls_dir client = hs->role == KTLS_CLIENT ? KTLS_TX : KTLS_RX;

	return schedule12_keys(&hs->schedule12, hs->suite->cipher, hs->client_random,
	    hs->server_random, &hs->app_keys[client], &hs->app_keys[!client]);
}

/* Behind ClientKeyExchange. */
int
hs12_keys_master(struct ktls_hs *hs)
{
	int err = begin(hs, (struct slice){ hs->shared, hs->shared_len });

	explicit_bzero(hs->shared, sizeof(hs->shared));
	if (err == 0)
		err = key_block(hs);
	if (err == 0)
		keylog_master(hs);
	return err;
}

/* Behind a ServerHello, where it resumes: RFC 5246 8.1, the old master secret and new randoms. */
int
hs12_keys_resume(struct ktls_hs *hs)
{
	int err;

	if (!hs->resume.resumed)
		return 0;
	if ((err = schedule12_resume(&hs->schedule12, hs->crypto, hs->suite->hash,
	    hs->resume.session.secret)) != 0 ||
	    (err = key_block(hs)) != 0)
		return err;
	keylog_master(hs);
	return 0;
}

static int
install(struct ktls_hs *hs, enum ktls_dir dir, uint16_t limit)
{
	int err;

	err = ktls_record_new(&hs->rec[dir], hs->crypto, dir, &hs->app_keys[dir]);
	if (err == 0)
		ktls_record_set_limit(hs->rec[dir], limit);
	return err;
}

int
hs12_keys_write(struct ktls_hs *hs)
{
	return install(hs, KTLS_TX, hs->peer_limit);
}

/* A second change_cipher_spec would be a protected one, and has no place. */
int
hs12_keys_read(struct ktls_hs *hs)
{
	int err;

	if ((err = install(hs, KTLS_RX, hs->our_limit)) != 0)
		return err;
	hs->in.cut.rec = hs->rec[KTLS_RX];
	hs->in.cut.ccs = false;
	return 0;
}

/*
 * Behind either Finished: the number of the record that follows it, and with it the explicit
 * nonce. Behind the last: the engine needs its records no more.
 */
int
hs12_keys_finished(struct ktls_hs *hs)
{
	for (int dir = 0; dir < KTLS_DIRS; dir++) {
		if (hs->rec[dir] == NULL)
			continue;
		keys12_set_seq(&hs->app_keys[dir], ktls_record_seq(hs->rec[dir]));
		if (hs->state != ST_CONNECTED)
			continue;
		ktls_record_free(hs->rec[dir]);
		hs->rec[dir] = NULL;
	}
	if (hs->state == ST_CONNECTED)
		hs->in.cut.rec = NULL;
	return 0;
}
