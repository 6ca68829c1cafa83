/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <ktls/handshake.h>
#include <ktls/post.h>
#include <ktls/record.h>
#include <ktls/store.h>
#include "bench_handshake/bench.h"
#include "bench_handshake/ours.h"

#define WIRE_MAX	16384

struct wire {
	unsigned char data[WIRE_MAX];
	size_t len;
};

/* to[side]: what lies before that side. */
struct slot {
	struct ktls_hs *hs[SIDES];
	struct wire to[SIDES];
};

static struct {
	enum row row;
	struct ktls_config *cfg[SIDES];
	struct ktls_crypto *crypto;
	struct ktls_tickets *tickets;
	struct slot *slots;
	size_t count;
	void *session;			/* what a client was given, to be offered again and again */
	size_t session_len;
	bool resuming;
} o;

/* A client would use each ticket once; here one stands for as many as are needed. */
static void
keep(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	(void)arg;
	if (q->kind == KTLS_ASK_SESSION_GET) {
		ktls_hs_answer(hs, 0, o.session, o.session_len);
		return;
	}
	if (o.session == NULL) {
		NEED((o.session = malloc(q->data_len)) != NULL);
		memcpy(o.session, q->data, q->data_len);
		o.session_len = q->data_len;
	}
	if (hs != NULL)			/* TLS 1.3: its ticket has come behind the handshake */
		ktls_hs_answer(hs, 0, NULL, 0);
}

static bool
resumes(enum row row)
{
	return row == ROW_13_PSK || row == ROW_12_TICKET;
}

struct ktls_config *
ours_config(enum row row, enum side side, struct ktls_crypto *crypto)
{
	const uint16_t version = row >= ROW_12_ECDSA ? KTLS_TLS12 : KTLS_TLS13;
	const enum ktls_cipher cipher = KTLS_AES_128_GCM;
	const uint16_t groups[] = { KTLS_GROUP_X25519, KTLS_GROUP_SECP256R1 };
	enum pki_kind kind = pki_of(row);
	struct ktls_config *cfg;

	NEED(ktls_config_new_with(&cfg, crypto) == 0);
	NEED(ktls_config_versions(cfg, version, version) == 0);
	NEED(ktls_config_ciphers(cfg, &cipher, 1) == 0);
	NEED(ktls_config_groups(cfg, groups, 2) == 0);
	if (side == SERVER)
		NEED(ktls_config_identity(cfg, pki_path(kind, PKI_CERT), pki_path(kind,
		    PKI_KEY)) == 0);
	else
		NEED(ktls_config_trust_file(cfg, pki_path(kind, PKI_ROOT)) == 0);
	return cfg;
}

/* No new ticket in what is measured: a ticket is given where the first handshake is. */
static void
set_resumption(void)
{
	if (o.tickets == NULL)
		NEED(ktls_tickets_new(&o.tickets, o.crypto, NULL, 0, 0) == 0);
	NEED(ktls_config_tickets(o.cfg[SERVER], o.tickets) == 0);
	NEED(ktls_config_ticket_count(o.cfg[SERVER], o.resuming ? 0 : 1) == 0);
	NEED(ktls_config_ask(o.cfg[CLIENT], KTLS_ASK_SESSION_GET, keep, NULL) == 0);
	NEED(ktls_config_ask(o.cfg[CLIENT], KTLS_ASK_SESSION_PUT, keep, NULL) == 0);
}

static void
create(enum side side, struct slot *slot)
{
	static const struct ktls_hs_params params = { .server_name = HOST, .port = 443 };
	int err = ktls_hs_new(&slot->hs[side], o.cfg[side],
	    side == CLIENT ? KTLS_CLIENT : KTLS_SERVER, side == CLIENT ? &params : NULL);

	if (err != 0)
		die("ktls_hs_new: %s", ktls_strerror(err));
}

static void
send_all(struct ktls_hs *hs, struct wire *wire)
{
	size_t len;
	const void *buf = ktls_hs_send_buf(hs, &len);

	NEED(len <= sizeof(wire->data) - wire->len);
	memcpy(wire->data + wire->len, buf, len);
	wire->len += len;
	ktls_hs_sent(hs, len);
}

static void
receive_all(struct ktls_hs *hs, struct wire *wire)
{
	size_t len;
	void *buf = ktls_hs_recv_buf(hs, &len);

	NEED(buf != NULL);
	if (len > wire->len)
		len = wire->len;
	memcpy(buf, wire->data, len);
	ktls_hs_received(hs, len);
	wire->len -= len;
	memmove(wire->data, wire->data + len, wire->len);
}

static void
pump(enum side side, struct slot *slot)
{
	struct ktls_hs *hs = slot->hs[side];
	struct wire *in = &slot->to[side], *out = &slot->to[1 - side];
	int want;

	while ((want = ktls_hs_want(hs)) != 0) {
		if (want < 0)
			die("%s, %s: %s", row_name[o.row], side_name[side],
			    ktls_hs_reason_text(hs));
		if (want == KTLS_HS_SEND)
			send_all(hs, out);
		else if (in->len != 0)
			receive_all(hs, in);
		else
			return;
	}
}

struct ktls_record *
ours_record(struct ktls_hs *hs, struct ktls_crypto *crypto, enum ktls_dir dir)
{
	struct ktls_record *record;
	struct ktls_keys keys;

	NEED(ktls_hs_take_keys(hs, dir, &keys) == 0);
	NEED(ktls_record_new(&record, crypto, dir, &keys) == 0);
	ktls_keys_wipe(&keys);
	return record;
}

/* A TLS 1.3 client is given its ticket behind the handshake. */
static void
read_tickets(struct wire *wire, struct ktls_record *record, struct ktls_post *post)
{
	size_t at = 0, plain_len;
	uint8_t type;
	void *plain;
	int len;

	for (; at < wire->len; at += (size_t)len) {
		NEED((len = ktls_record_len(record, wire->data + at)) > 0);
		NEED(ktls_record_open(record, wire->data + at, (size_t)len, &type, &plain,
		    &plain_len) == 0);
		NEED(ktls_post_record(post, type, plain, plain_len) == 0);
	}
	wire->len = 0;
}

/* What a connection has after the handshake, both directions in userspace. */
static void
live_on(enum side side, struct slot *slot)
{
	struct ktls_hs *hs = slot->hs[side];
	struct ktls_record *record[KTLS_DIRS];
	struct ktls_post *post;

	NEED(ktls_hs_want(hs) == 0 && ktls_hs_resumed(hs) == o.resuming);
	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++)
		record[dir] = ours_record(hs, o.crypto, dir);
	NEED(ktls_post_new(&post, hs) == 0);
	ktls_hs_free(hs);
	slot->hs[side] = NULL;
	if (slot->to[side].len != 0)
		read_tickets(&slot->to[side], record[KTLS_RX], post);
	for (int dir = 0; dir < KTLS_DIRS; dir++)
		ktls_record_free(record[dir]);
	ktls_post_free(post);
}

static void
ours_turn(enum side side, size_t i, unsigned turn)
{
	struct slot *slot = &o.slots[i];

	if (turn == TURN_END) {
		live_on(side, slot);
		return;
	}
	if (turn == 0)
		create(side, slot);
	pump(side, slot);
}

static void
make_configs(enum row row)
{
	for (enum side side = CLIENT; side < SIDES; side++) {
		ktls_config_unref(o.cfg[side]);
		o.cfg[side] = ours_config(row, side, o.crypto);
	}
	if (resumes(row))
		set_resumption();
}

/* One full handshake, from which the client has a session; the configs are then made anew. */
static void
get_session(enum row row)
{
	struct slot *slot = &o.slots[0];

	for (unsigned turn = 0; turn < TURNS; turn++)
		for (enum side side = CLIENT; side < SIDES; side++)
			ours_turn(side, 0, turn);
	for (enum side side = CLIENT; side < SIDES; side++)
		live_on(side, slot);
	NEED(o.session != NULL);
	o.resuming = true;
	make_configs(row);
}

static bool
ours_open(enum row row, size_t slots)
{
	o.row = row;
	o.count = slots;
	if (row >= ROW_12_ECDSA)
		return false;
	NEED((o.slots = calloc(slots, sizeof(*o.slots))) != NULL);
	NEED(ktls_crypto_new(&o.crypto, NULL, NULL) == 0);
	make_configs(row);
	if (resumes(row))
		get_session(row);
	return true;
}

static void
ours_close(void)
{
	for (enum side side = CLIENT; side < SIDES; side++)
		ktls_config_unref(o.cfg[side]);
	ktls_tickets_unref(o.tickets);
	ktls_crypto_unref(o.crypto);
	free(o.session);
	free(o.slots);
	memset(&o, 0, sizeof(o));
}

struct ktls_hs *
ours_hs(enum side side, size_t i)
{
	return o.slots[i].hs[side];
}

struct ktls_crypto *
ours_crypto(void)
{
	return o.crypto;
}

const struct contender ours = { "ours", ours_open, ours_turn, ours_close };
