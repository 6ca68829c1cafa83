/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include "handshake/bench_testlib.h"

static void
check(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "bench_fuzz: %s\n", what);
		abort();
	}
}

/* What the other side would send: its ClientHello, or its flight. */
static struct slice
good_bytes(const struct bench *b, enum ktls_role to)
{
	struct slice good = { b->flight.data, b->flight.len };

	if (to == KTLS_SERVER) {
		good = (struct slice){ b->hello.data, b->hello.len };
		if (good.len > KTLS_RECORD_HEADER) {
			good.p += KTLS_RECORD_HEADER;
			good.len -= KTLS_RECORD_HEADER;
		}
	}
	return good;
}

static void
take_step(struct bench *b, enum ktls_role to, struct reader *r, size_t *used)
{
	enum ktls_role from = to == KTLS_CLIENT ? KTLS_SERVER : KTLS_CLIENT;
	struct ktls_hs *hs = to == KTLS_CLIENT ? b->client : b->server;
	struct pair_wire *wire = from == KTLS_CLIENT ? &b->up : &b->down;
	enum bench_step what = rd_u8(r) % STEPS;
	uint8_t type = rd_u8(r);
	size_t len = rd_u16(r);
	struct slice bytes = { NULL, 0 }, good;

	if (what != STEP_GOOD && what != STEP_END)
		bytes = rd_bytes(r, len);
	if (r->bad)
		return;
	good = good_bytes(b, to);
	if (what == STEP_GOOD && *used < good.len) {
		if (len > good.len - *used)
			len = good.len - *used;
		bytes = (struct slice){ good.p + *used, len };
		*used += len;
	}
	if (bytes.len > KTLS_RECORD_PLAIN_MAX)
		return;
	if (what == STEP_RAW)
		pair_wire_add(wire, bytes.p, bytes.len);
	else if (what == STEP_END)
		ktls_hs_received(hs, 0);
	else if (what == STEP_PLAIN || b->seal[from] == NULL)
		bench_plain(b, from, type, bytes.p, bytes.len);
	else
		bench_sealed(b, from, type, bytes.p, bytes.len);
}

static void
check_engine(struct ktls_hs *hs)
{
	struct pair_wire out = { 0 };
	int want;

	pair_collect(hs, &out);
	pair_wire_free(&out);
	want = ktls_hs_want(hs);
	check(want != KTLS_REFUSED(KTLS_R_INTERNAL), "internal error");
	check(want >= 0 || *ktls_hs_reason_text(hs) != '\0', "a failure without a reason");
	check(hs->in.joined_room <= 128 * 1024, "too much memory");
	check(hs->in.off <= hs->in.len && hs->in.len <= KTLS_RECORD_MAX, "the buffer's bounds");
	if (want < 0)
		check(!ktls_hs_ready(hs, KTLS_TX) && !ktls_hs_ready(hs, KTLS_RX), "keys after all");
}

int
bench_fuzz(enum ktls_role to, const uint8_t *data, size_t len)
{
	struct reader r = rd_init((struct slice){ data, len });
	uint8_t first = rd_u8(&r);
	enum bench_stage stage = first & 1 ? BENCH_WAIT_EE : BENCH_HELLO;
	enum pair_way way = (first >> 1) % PAIR_WAYS;
	struct bench b;
	size_t used = 0;

	bench_new(&b, stage);
	ktls_hs_set_exact(b.client, first & 0x80);
	ktls_hs_set_exact(b.server, first & 0x80);
	while (rd_more(&r)) {
		take_step(&b, to, &r, &used);
		(void)bench_deliver(&b, to, way);
		check_engine(to == KTLS_CLIENT ? b.client : b.server);
	}
	bench_free(&b);
	return 0;
}
