/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "handshake/pair_testlib.h"

static void
check(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "pair_testlib: %s\n", what);
		abort();
	}
}

void
pair_wire_add(struct pair_wire *wire, const void *data, size_t len)
{
	if (len == 0)
		return;
	wire->data = realloc(wire->data, wire->len + len);
	check(wire->data != NULL, "no memory");
	memcpy(wire->data + wire->len, data, len);
	wire->len += len;
}

void
pair_wire_free(struct pair_wire *wire)
{
	free(wire->data);
	*wire = (struct pair_wire){ 0 };
}

static void
used(struct pair_wire *wire, size_t n)
{
	memmove(wire->data, wire->data + n, wire->len - n);
	wire->len -= n;
}

void
pair_collect(struct ktls_hs *hs, struct pair_wire *wire)
{
	const void *out;
	size_t len, step;

	while (ktls_hs_want(hs) == KTLS_HS_SEND) {
		out = ktls_hs_send_buf(hs, &len);
		check(out != NULL && len != 0, "wants to send nothing");
		step = len > 1 ? len - len / 3 : len;		/* TCP takes what it likes */
		pair_wire_add(wire, out, step);
		ktls_hs_sent(hs, step);
	}
}

/* How many bytes went; 0: it takes none. */
static size_t
lend(struct ktls_hs *hs, struct pair_wire *wire, size_t max)
{
	size_t room;
	void *buf = ktls_hs_recv_buf(hs, &room);

	if (buf == NULL && ktls_hs_want(hs) != KTLS_HS_RECV)
		return 0;			/* out of memory */
	check(buf != NULL && room != 0, "lends no room");
	if (max > room)
		max = room;
	if (max > wire->len)
		max = wire->len;
	memcpy(buf, wire->data, max);
	ktls_hs_received(hs, max);
	return max;
}

static size_t
feed(struct ktls_hs *hs, struct pair_wire *wire, size_t max)
{
	size_t n = max < wire->len ? max : wire->len, taken;
	unsigned char *exact = malloc(n);

	check(exact != NULL, "no memory");
	memcpy(exact, wire->data, n);
	taken = ktls_hs_feed(hs, exact, n);
	free(exact);
	check(taken <= n, "took more than there was");
	return taken;
}

void
pair_deliver(struct ktls_hs *hs, struct pair_wire *wire, enum pair_way way)
{
	size_t max = way == PAIR_BYTES || way == PAIR_FEED_BYTES ? 1 : SIZE_MAX, n;

	while (wire->len != 0 && ktls_hs_want(hs) == KTLS_HS_RECV) {
		if (way == PAIR_FEED || way == PAIR_FEED_BYTES)
			n = feed(hs, wire, max);
		else
			n = lend(hs, wire, max);
		if (n == 0)
			return;
		used(wire, n);
	}
}

bool
pair_run(struct ktls_hs *client, struct ktls_hs *server, enum pair_way way)
{
	struct pair_wire up = { 0 }, down = { 0 };
	bool done;

	do {
		pair_collect(client, &up);
		pair_deliver(server, &up, way);
		pair_collect(server, &down);
		pair_deliver(client, &down, way);
	} while (ktls_hs_want(client) == KTLS_HS_SEND || ktls_hs_want(server) == KTLS_HS_SEND ||
	    (up.len != 0 && ktls_hs_want(server) == KTLS_HS_RECV) ||
	    (down.len != 0 && ktls_hs_want(client) == KTLS_HS_RECV));
	done = ktls_hs_want(client) == 0 && ktls_hs_want(server) == 0;
	pair_wire_free(&up);
	pair_wire_free(&down);
	return done;
}
