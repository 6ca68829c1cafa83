/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "handshake/bench_testlib.h"
#include "handshake/message_testlib.h"

static void
check(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "bench_testlib: %s\n", what);
		abort();
	}
}

/* One direction under the handshake keys, as the server knows both. */
static struct ktls_record *
record_of(const struct bench *b, enum ktls_role from, enum ktls_dir dir)
{
	const uint8_t *secret = b->server->hs_secret[from == KTLS_SERVER ? KTLS_TX : KTLS_RX];
	const struct suite *suite = b->server->suite;
	struct ktls_crypto *crypto = b->server->crypto;
	struct ktls_record *rec;
	struct ktls_keys keys;

	check(traffic_keys(crypto, suite->hash, suite->cipher, secret, &keys) == 0, "keys");
	check(ktls_record_new(&rec, crypto, dir, &keys) == 0, "record");
	ktls_keys_wipe(&keys);
	return rec;
}

static size_t
record_len(const unsigned char *p)
{
	return KTLS_RECORD_HEADER + ((size_t)p[3] << 8 | p[4]);
}

/* Gives the client the ServerHello, keeps what follows in the clear. */
static void
split_flight(struct bench *b, struct pair_wire *all)
{
	struct ktls_record *rec = record_of(b, KTLS_SERVER, KTLS_RX);
	size_t at = record_len(all->data), len, plain_len;
	struct pair_wire hello = { 0 };
	uint8_t type;
	void *plain;

	pair_wire_add(&hello, all->data, at);
	pair_deliver(b->client, &hello, PAIR_WHOLE);
	check(b->client->state == ST_WAIT_EE, "the ServerHello was refused");
	pair_wire_free(&hello);
	for (; at < all->len; at += len) {
		unsigned char *p = all->data + at;

		len = record_len(p);
		if (p[0] == KTLS_TYPE_CHANGE_CIPHER_SPEC)
			continue;
		check(ktls_record_open(rec, p, len, &type, &plain, &plain_len) == 0, "open");
		pair_wire_add(&b->flight, plain, plain_len);
	}
	ktls_record_free(rec);
}

void
bench_new(struct bench *b, enum bench_stage stage)
{
	static const struct ktls_hs_params params = { .server_name = "localhost" };
	struct ktls_config *client = message_config(KTLS_CLIENT);
	struct ktls_config *server = message_config(KTLS_SERVER);
	struct pair_wire all = { 0 };

	*b = (struct bench){ 0 };
	check(ktls_hs_new(&b->client, client, KTLS_CLIENT, &params) == 0, "client");
	check(ktls_hs_new(&b->server, server, KTLS_SERVER, NULL) == 0, "server");
	pair_collect(b->client, &b->hello);
	if (stage == BENCH_HELLO)
		return;
	pair_wire_add(&b->up, b->hello.data, b->hello.len);
	pair_deliver(b->server, &b->up, PAIR_WHOLE);
	pair_collect(b->server, &all);
	b->seal[KTLS_CLIENT] = record_of(b, KTLS_CLIENT, KTLS_TX);
	b->seal[KTLS_SERVER] = record_of(b, KTLS_SERVER, KTLS_TX);
	split_flight(b, &all);
	pair_wire_free(&all);
	if (stage == BENCH_WAIT_EE)
		return;
	bench_sealed(b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b->flight.data, b->flight.len);
	check(bench_deliver(b, KTLS_CLIENT, PAIR_WHOLE) == KTLS_HS_SEND, "the client isn't done");
	pair_collect(b->client, &b->up);
	check(ktls_hs_want(b->client) == 0, "the client isn't done");
}

void
bench_free(struct bench *b)
{
	ktls_hs_free(b->client);
	ktls_hs_free(b->server);
	pair_wire_free(&b->hello);
	pair_wire_free(&b->up);
	pair_wire_free(&b->down);
	pair_wire_free(&b->flight);
	ktls_record_free(b->seal[0]);
	ktls_record_free(b->seal[1]);
}

static struct pair_wire *
wire_from(struct bench *b, enum ktls_role from)
{
	return from == KTLS_CLIENT ? &b->up : &b->down;
}

void
bench_plain(struct bench *b, enum ktls_role from, uint8_t type, const void *data, size_t len)
{
	uint8_t header[KTLS_RECORD_HEADER] = { type, 3, 3, (uint8_t)(len >> 8), (uint8_t)len };

	pair_wire_add(wire_from(b, from), header, sizeof(header));
	pair_wire_add(wire_from(b, from), data, len);
}

void
bench_sealed(struct bench *b, enum ktls_role from, uint8_t type, const void *data, size_t len)
{
	size_t sealed = ktls_record_sealed_len(b->seal[from], len);
	uint8_t *buf = malloc(sealed);

	check(buf != NULL, "no memory");
	check(ktls_record_seal(b->seal[from], type, data, len, buf) == 0, "seal");
	pair_wire_add(wire_from(b, from), buf, sealed);
	free(buf);
}

int
bench_deliver(struct bench *b, enum ktls_role to, enum pair_way way)
{
	struct ktls_hs *hs = to == KTLS_CLIENT ? b->client : b->server;

	pair_deliver(hs, to == KTLS_CLIENT ? &b->down : &b->up, way);
	return ktls_hs_want(hs);
}

int
bench_alert(struct bench *b, enum ktls_role from)
{
	struct ktls_hs *hs = from == KTLS_CLIENT ? b->client : b->server;
	struct pair_wire out = { 0 };
	unsigned char *p;
	struct ktls_record *rec;
	size_t plain_len, len;
	int alert = -1;
	uint8_t type;
	void *plain;

	pair_collect(hs, &out);
	for (p = out.data; p != NULL && p < out.data + out.len; p += len) {
		len = record_len(p);
		if (p[0] == KTLS_TYPE_ALERT)
			alert = p[6];
		if (p[0] != KTLS_TYPE_APPLICATION_DATA)
			continue;
		rec = record_of(b, from, KTLS_RX);
		check(ktls_record_open(rec, p, len, &type, &plain, &plain_len) == 0, "open");
		check(type == KTLS_TYPE_ALERT && plain_len == 2, "no alert");
		alert = ((unsigned char *)plain)[1];
		ktls_record_free(rec);
	}
	pair_wire_free(&out);
	return alert;
}
