/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "base/check_testlib.h"
#include "handshake/pair12_testlib.h"

/*
 * What records may do in the middle of a handshake of TLS 1.2: change_cipher_spec in its
 * one place (RFC 5246 7.1), alerts (7.2); and that no byte behind the handshake is lost.
 */

#define R(name)		KTLS_REFUSED(KTLS_R_##name)

static struct test_pki *pki;
static const uint8_t ccs[] = { 20, 3, 3, 0, 1, 1 };

/* The flights of a full handshake, 0 .. 3, and who sends each. */
enum { HELLO, SERVER_FLIGHT, CLIENT_FINISHED, SERVER_FINISHED, FLIGHTS };
#define SENDER(flight)	((flight) % 2 == 0 ? KTLS_CLIENT : KTLS_SERVER)

/* Runs until flight is due; what its sender sends is then in wire. */
static void
run_to(struct pair12 *p, int flight, struct pair_wire *wire)
{
	*wire = (struct pair_wire){ 0 };
	for (int i = 0;; i++) {
		pair_collect(p->hs[SENDER(i)], wire);
		if (i == flight)
			return;
		pair_deliver(p->hs[!SENDER(i)], wire, PAIR_WHOLE);
		assert_int_equal(wire->len, 0);
	}
}

static size_t
record_len(const unsigned char *p)
{
	return KTLS_RECORD_HEADER + ((size_t)p[3] << 8 | p[4]);
}

/* Where record n of the wire begins; n behind the last: its end. */
static size_t
record_at(const struct pair_wire *wire, size_t n)
{
	size_t at = 0;

	while (n-- != 0 && at < wire->len)
		at += record_len(wire->data + at);
	return at;
}

static void
insert(struct pair_wire *wire, size_t at, const void *data, size_t len)
{
	struct pair_wire all = { 0 };

	pair_wire_add(&all, wire->data, at);
	pair_wire_add(&all, data, len);
	pair_wire_add(&all, wire->data + at, wire->len - at);
	pair_wire_free(wire);
	*wire = all;
}

/* clang-format off */
static const struct rule {
	const char *what;
	int flight;		/* whose records get another, */
	size_t before;		/* before this one */
	uint8_t record[32];
	size_t len;
	int err;		/* what the receiver makes of it */
} rules[] = {
	{ "change_cipher_spec before ServerHello", SERVER_FLIGHT, 0, { 20,3,3, 0,1, 1 }, 6, R(CCS_UNEXPECTED) },
	{ "change_cipher_spec before ClientKeyExchange", CLIENT_FINISHED, 0, { 20,3,3, 0,1, 1 }, 6, R(CCS_UNEXPECTED) },
	{ "a second change_cipher_spec", CLIENT_FINISHED, 2, { 20,3,3, 0,1, 1 }, 6, R(RECORD_TYPE) },
	{ "a second one of the server", SERVER_FINISHED, 1, { 20,3,3, 0,1, 1 }, 6, R(RECORD_TYPE) },
	{ "change_cipher_spec 2", SERVER_FINISHED, 0, { 20,3,3, 0,1, 2 }, 6, R(RECORD_CCS) },
	{ "change_cipher_spec of two bytes", SERVER_FINISHED, 0, { 20,3,3, 0,2, 1,1 }, 7, R(RECORD_CCS) },
	{ "change_cipher_spec in the middle of a message", CLIENT_FINISHED, 0, { 22,3,3, 0,2, 16,0, 20,3,3, 0,1, 1 }, 13, R(INTERLEAVED) },
	{ "a message before it", SERVER_FINISHED, 0, { 22,3,3, 0,4, 20,0,0,0 }, 9, R(CCS_MISSING) },
	{ "half a message before it", SERVER_FINISHED, 0, { 22,3,3, 0,2, 20,0 }, 7, R(INTERLEAVED) },
	{ "Finished in the clear", CLIENT_FINISHED, 1, { 22,3,3, 0,16, 20,0,0,12, 1,2,3,4,5,6,7,8,9,10,11,12 }, 21, R(CCS_MISSING) },
	{ "a ticket that nobody promised", SERVER_FINISHED, 0, { 22,3,3, 0,10, 4,0,0,6, 0,0,0,0, 0,0 }, 15, R(CCS_MISSING) },
	{ "HelloRequest", SERVER_FLIGHT, 0, { 22,3,3, 0,4, 0,0,0,0 }, 9, R(UNEXPECTED_MESSAGE) },
	{ "application data", CLIENT_FINISHED, 0, { 23,3,3, 0,1, 1 }, 6, R(APPLICATION_DATA) },
	{ "another ClientHello", CLIENT_FINISHED, 0, { 22,3,3, 0,4, 1,0,0,0 }, 9, R(UNEXPECTED_MESSAGE) },
	{ "handshake in the clear behind it", CLIENT_FINISHED, 2, { 22,3,3, 0,4, 20,0,0,0 }, 9, R(BAD_RECORD_MAC) },
	{ "an alert in the clear behind it", CLIENT_FINISHED, 2, { 21,3,3, 0,2, 2,40 }, 7, R(BAD_RECORD_MAC) },
	{ "a fatal alert", SERVER_FLIGHT, 0, { 21,3,3, 0,2, 2,40 }, 7, KTLS_PEER_ALERT(40) },
	{ "a warning", SERVER_FLIGHT, 0, { 21,3,3, 0,2, 1,112 }, 7, 0 },
	{ "a warning later on", CLIENT_FINISHED, 0, { 21,3,3, 0,2, 1,41 }, 7, 0 },
	{ "close_notify", CLIENT_FINISHED, 0, { 21,3,3, 0,2, 1,0 }, 7, KTLS_PEER_ALERT(0) },
};
/* clang-format on */

/* What it has to send in between goes nowhere. */
static void
deliver_all(struct ktls_hs *to, struct pair_wire *wire)
{
	struct pair_wire out = { 0 };

	pair_deliver(to, wire, PAIR_FEED_BYTES);
	pair_collect(to, &out);
	pair_deliver(to, wire, PAIR_FEED_BYTES);
	pair_wire_free(&out);
}

static void
each_rule(void **unused)
{
	struct pair12 p;
	struct pair_wire wire;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		const struct rule *rule = &rules[i];
		struct ktls_hs *to;

		pair12_start(&p);
		to = p.hs[!SENDER(rule->flight)];
		run_to(&p, rule->flight, &wire);
		insert(&wire, record_at(&wire, rule->before), rule->record, rule->len);
		deliver_all(to, &wire);
		if (to->err != rule->err)
			fail_msg("%s: \"%s\"", rule->what, ktls_hs_reason_text(to));
		pair_wire_free(&wire);
		pair12_stop(&p);
	}
	pair12_free(&p);
}

/* RFC 8446 D.4 lets a client drop it before it knows the version; TLS 1.2 has no such place. */
static void
dropped_and_then_regretted(void **unused)
{
	struct pair12 p;
	struct pair_wire wire;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	assert_int_equal(ktls_config_versions(p.cfg[0], KTLS_TLS12, KTLS_TLS12), 0);
	pair12_start(&p);
	run_to(&p, SERVER_FLIGHT, &wire);
	insert(&wire, 0, ccs, sizeof(ccs));
	pair_deliver(p.hs[0], &wire, PAIR_WHOLE);
	assert_int_equal(p.hs[0]->err, R(CCS_UNEXPECTED));
	pair_wire_free(&wire);
	pair12_free(&p);
}

static const uint8_t data[] = "what follows, still sealed";

static void
check_rest(struct ktls_hs *hs, const struct pair_wire *wire, bool exact)
{
	uint8_t all[2 * sizeof(data)];
	size_t len;
	const void *rest = ktls_hs_rest(hs, &len);

	if (exact)
		assert_int_equal(len, 0);
	assert_int_equal(len + wire->len, sizeof(data));
	if (len != 0)
		memcpy(all, rest, len);
	if (wire->len != 0)
		memcpy(all + len, wire->data, wire->len);
	assert_memory_equal(all, data, sizeof(data));
}

/*
 * Whoever is Finished first may be followed by data at once: a client that starts early, a server.
 */
static void
no_byte_is_lost(void **unused)
{
	struct pair12 p;
	struct pair_wire wire;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	for (int exact = 0; exact < 2; exact++)
		for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
			pair12_start(&p);
			ktls_hs_set_exact(p.hs[0], exact);
			ktls_hs_set_exact(p.hs[1], exact);
			run_to(&p, CLIENT_FINISHED, &wire);
			pair_wire_add(&wire, data, sizeof(data));
			pair_deliver(p.hs[KTLS_SERVER], &wire, way);
			assert_int_equal(ktls_hs_want(p.hs[KTLS_SERVER]), KTLS_HS_SEND);
			check_rest(p.hs[KTLS_SERVER], &wire, exact);
			pair_wire_free(&wire);
			pair_collect(p.hs[KTLS_SERVER], &wire);
			assert_int_equal(ktls_hs_want(p.hs[KTLS_SERVER]), 0);
			pair_wire_add(&wire, data, sizeof(data));
			pair_deliver(p.hs[KTLS_CLIENT], &wire, way);
			assert_int_equal(ktls_hs_want(p.hs[KTLS_CLIENT]), 0);
			check_rest(p.hs[KTLS_CLIENT], &wire, exact);
			pair_wire_free(&wire);
			pair12_carry(&p);
			pair12_stop(&p);
		}
	pair12_free(&p);
}

/* Large reads as long as the peer's Finished can't come, records from then on. */
static void
exact_asks_for_records(void **unused)
{
	struct pair12 p;
	struct pair_wire wire;
	size_t len;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	pair12_start(&p);
	ktls_hs_set_exact(p.hs[0], true);
	ktls_hs_set_exact(p.hs[1], true);
	assert_non_null(ktls_hs_recv_buf(p.hs[KTLS_SERVER], &len));
	assert_true(len > 1024);
	run_to(&p, SERVER_FLIGHT, &wire);
	assert_non_null(ktls_hs_recv_buf(p.hs[KTLS_SERVER], &len));
	assert_int_equal(len, KTLS_RECORD_HEADER);
	/* The server's hello alone: what follows it can't be data. */
	pair_deliver(p.hs[KTLS_CLIENT], &wire, PAIR_WHOLE);
	pair_wire_free(&wire);
	pair_collect(p.hs[KTLS_CLIENT], &wire);
	assert_non_null(ktls_hs_recv_buf(p.hs[KTLS_CLIENT], &len));
	assert_int_equal(len, KTLS_RECORD_HEADER);
	pair_wire_free(&wire);
	pair12_free(&p);
}

/* DESIGN, "Hand-over": a server's TX when its Finished, the last, was handed to TCP whole. */
static void
directions_become_ready(void **unused)
{
	struct ktls_keys keys;
	struct pair12 p;
	struct pair_wire wire;
	struct ktls_hs *client, *server;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	pair12_start(&p);
	client = p.hs[KTLS_CLIENT];
	server = p.hs[KTLS_SERVER];
	run_to(&p, CLIENT_FINISHED, &wire);
	assert_false(ktls_hs_ready(client, KTLS_TX));
	pair_deliver(server, &wire, PAIR_WHOLE);
	assert_false(ktls_hs_ready(server, KTLS_TX));
	assert_int_equal(ktls_hs_take_keys(server, KTLS_TX, &keys), -EAGAIN);
	pair_collect(server, &wire);
	assert_true(ktls_hs_ready(server, KTLS_TX));
	assert_true(ktls_hs_ready(server, KTLS_RX));
	assert_false(ktls_hs_ready(client, KTLS_RX));
	pair_deliver(client, &wire, PAIR_WHOLE);
	assert_true(ktls_hs_ready(client, KTLS_RX));
	assert_true(ktls_hs_ready(client, KTLS_TX));
	assert_int_equal(ktls_hs_take_keys(client, KTLS_RX, &keys), 0);
	assert_int_equal(ktls_hs_take_keys(client, KTLS_RX, &keys), -EALREADY);
	ktls_keys_wipe(&keys);
	pair_wire_free(&wire);
	pair12_free(&p);
}

static int
setup(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	test_pki_free(pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(dropped_and_then_regretted),
		cmocka_unit_test(no_byte_is_lost),
		cmocka_unit_test(exact_asks_for_records),
		cmocka_unit_test(directions_become_ready),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
