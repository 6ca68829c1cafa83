/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

/* Which direction of ours the client's records are. */
static enum ktls_dir
from_client(const struct ktls_hs *hs)
{
	return hs->role == KTLS_CLIENT ? KTLS_TX : KTLS_RX;
}

static enum ktls_dir
from_server(const struct ktls_hs *hs)
{
	return hs->role == KTLS_CLIENT ? KTLS_RX : KTLS_TX;
}

/* K_send or K_recv of appendix A: keys come into force. */
static int
install(struct ktls_hs *hs, enum ktls_dir dir, const struct ktls_keys *keys)
{
	struct ktls_record **rec = &hs->rec[dir];
	int err;

	if (*rec == NULL)
		err = ktls_record_new(rec, hs->crypto, dir, keys);
	else
		err = ktls_record_rekey(*rec, keys);
	if (err != 0)
		return err;
	if (dir == KTLS_TX) {
		ktls_record_set_limit(*rec, hs->peer_limit);
		ktls_record_set_padding(*rec, hs->cfg->padding);
	} else if (!hs->in.skip_early)	/* early data was made before there was a limit */
		ktls_record_set_limit(*rec, hs->our_limit);
	hs->in.cut.rec = hs->rec[KTLS_RX];
	return 0;
}

static int
install_secret(struct ktls_hs *hs, enum ktls_dir dir, const uint8_t *secret)
{
	struct ktls_keys keys;
	int err;

	err = traffic_keys(hs->crypto, hs->suite->hash, hs->suite->cipher, secret, &keys);
	if (err == 0)
		err = install(hs, dir, &keys);
	ktls_keys_wipe(&keys);
	return err;
}

/*
 * After ServerHello: RFC 8446 7.1, down to the Master Secret. A client's K_send
 * changes here and not after the server's Finished: an alert that comes in
 * between is then protected, and nothing else is sent in between.
 */
int
hs13_keys_handshake(struct ktls_hs *hs)
{
	const struct slice no_psk = { NULL, 0 }, shared = { hs->shared, hs->shared_len };
	struct schedule13 *s = &hs->schedule;
	uint8_t *client = hs->hs_secret[from_client(hs)], *server = hs->hs_secret[from_server(hs)];
	uint8_t hash[HASH_LEN_MAX];
	int err;

	/* With a PSK the Early Secret is known from its binder. */
	if ((err = transcript_hash(&hs->transcript, hash)) != 0 ||
	    (!hs->resume.resumed &&
	    (err = schedule13_early(s, hs->crypto, hs->suite->hash, no_psk)) != 0) ||
	    (err = schedule13_handshake(s, shared)) != 0 ||
	    (err = schedule13_derive(s, LABEL_C_HS, hash, client)) != 0 ||
	    (err = schedule13_derive(s, LABEL_S_HS, hash, server)) != 0 ||
	    (err = schedule13_master(s)) != 0 ||
	    (err = install_secret(hs, KTLS_TX, hs->hs_secret[KTLS_TX])) != 0 ||
	    (err = install_secret(hs, KTLS_RX, hs->hs_secret[KTLS_RX])) != 0)
		return err;
	explicit_bzero(hs->shared, sizeof(hs->shared));
	hs->in.cut.plain_alert = hs->role == KTLS_SERVER;
	keylog_secret(hs, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", client);
	keylog_secret(hs, "SERVER_HANDSHAKE_TRAFFIC_SECRET", server);
	return 0;
}

/* RFC 8446 7.1: what is left of the schedule makes it when it is asked for. */
int
hs13_exporter_secret(const struct ktls_hs *hs, uint8_t out[HASH_LEN_MAX])
{
	return schedule13_derive(&hs->schedule, LABEL_EXP, hs->finished_hash, out);
}

static int
log_exporter(struct ktls_hs *hs)
{
	uint8_t exporter[HASH_LEN_MAX];
	int err;

	if (hs->cfg->keylog == NULL)
		return 0;
	if ((err = hs13_exporter_secret(hs, exporter)) == 0)
		keylog_secret(hs, "EXPORTER_SECRET", exporter);
	explicit_bzero(exporter, sizeof(exporter));
	return err;
}

/*
 * After the server's Finished: the keys that leave the engine. It keeps using one
 * of them itself: a server that refuses the client's Finished seals its alert
 * under application keys.
 */
int
hs13_keys_application(struct ktls_hs *hs)
{
	struct schedule13 *s = &hs->schedule;
	uint8_t *client = hs->app_secret[from_client(hs)];
	uint8_t *server = hs->app_secret[from_server(hs)];
	uint8_t *hash = hs->finished_hash;
	int err;

	if ((err = transcript_hash(&hs->transcript, hash)) != 0 ||
	    (err = schedule13_derive(s, LABEL_C_AP, hash, client)) != 0 ||
	    (err = schedule13_derive(s, LABEL_S_AP, hash, server)) != 0 ||
	    (err = log_exporter(hs)) != 0)
		return err;
	for (int dir = 0; dir < KTLS_DIRS; dir++)
		if ((err = traffic_keys(hs->crypto, hs->suite->hash, hs->suite->cipher,
		    hs->app_secret[dir], &hs->app_keys[dir])) != 0)
			return err;
	if (hs->role == KTLS_SERVER && (err = install(hs, KTLS_TX, &hs->app_keys[KTLS_TX])) != 0)
		return err;
	hs->derived = true;
	hs->window = true;
	keylog_secret(hs, "CLIENT_TRAFFIC_SECRET_0", client);
	keylog_secret(hs, "SERVER_TRAFFIC_SECRET_0", server);
	return 0;
}

/* After the last message: nothing of the handshake's protection is needed again. */
int
hs13_keys_done(struct ktls_hs *hs)
{
	explicit_bzero(hs->hs_secret, sizeof(hs->hs_secret));
	if (hs->role == KTLS_SERVER)		/* tickets have gone out under them */
		hs->app_keys[KTLS_TX].seq = ktls_record_seq(hs->rec[KTLS_TX]);
	for (int dir = 0; dir < KTLS_DIRS; dir++) {
		ktls_record_free(hs->rec[dir]);
		hs->rec[dir] = NULL;
	}
	hs->in.cut.rec = NULL;
	return 0;
}

/* Whether anybody will make tickets, or sessions of them. */
static bool
resumption_wanted(const struct ktls_hs *hs)
{
	return hs->role == KTLS_SERVER ? hs->resume.tickets != 0 :
	    resumption_can(hs, KTLS_ASK_SESSION_PUT);
}

/* After the client's Finished: RFC 8446 7.1, resumption_master_secret. */
int
hs13_keys_resumption(struct ktls_hs *hs)
{
	uint8_t hash[HASH_LEN_MAX];
	int err;

	if (!resumption_wanted(hs))
		return hs13_keys_done(hs);
	if ((err = transcript_hash(&hs->transcript, hash)) != 0 ||
	    (err = schedule13_derive(&hs->schedule, LABEL_RES, hash, hs->resume.secret)) != 0)
		return err;
	return hs13_keys_ticket(hs);
}

/* The next ticket, or the end of all this. */
int
hs13_keys_ticket(struct ktls_hs *hs)
{
	int err;

	if (hs->state == ST_WAIT_SEALED && (err = hs13_ticket_make(hs)) != 0)
		return err;
	return hs->state == ST_CONNECTED ? hs13_keys_done(hs) : 0;
}
