/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/bench_testlib.h"
#include "handshake/message_testlib.h"

/* What records may do in the middle of a handshake, RFC 8446 section 5. */

#define R(name)		KTLS_REFUSED(KTLS_R_##name)
#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

enum how { PLAIN, SEALED };

/* clang-format off */
static const struct rule {
	const char *what;
	enum how how;
	uint8_t type;
	uint8_t data[8];
	size_t len;
	int client, server;	/* what each makes of it: a client in WAIT_EE, a server in WAIT_FINISHED */
} rules[] = {
	{ "change_cipher_spec", PLAIN, 20, { 1 }, 1, 0, 0 },
	{ "change_cipher_spec 2", PLAIN, 20, { 2 }, 1, R(RECORD_CCS), R(RECORD_CCS) },
	{ "change_cipher_spec of two bytes", PLAIN, 20, { 1,1 }, 2, R(RECORD_CCS), R(RECORD_CCS) },
	{ "a protected change_cipher_spec", SEALED, 20, { 1 }, 1, R(RECORD_TYPE), R(RECORD_TYPE) },
	{ "a handshake record in the clear", PLAIN, 22, { 8, 0,0,2, 0,0 }, 6, R(RECORD_TYPE), R(RECORD_TYPE) },
	{ "data in the clear", PLAIN, 23, { 1,2,3,4,5,6,7,8 }, 8, R(BAD_RECORD_MAC), R(BAD_RECORD_MAC) },
	{ "an alert in the clear", PLAIN, 21, { 2,40 }, 2, R(RECORD_TYPE), KTLS_PEER_ALERT(40) },
	{ "an alert", SEALED, 21, { 2,40 }, 2, KTLS_PEER_ALERT(40), KTLS_PEER_ALERT(40) },
	{ "a warning is an error too", SEALED, 21, { 1,40 }, 2, KTLS_PEER_ALERT(40), KTLS_PEER_ALERT(40) },
	{ "close_notify", SEALED, 21, { 1,0 }, 2, KTLS_PEER_ALERT(0), KTLS_PEER_ALERT(0) },
	{ "user_canceled", SEALED, 21, { 1,90 }, 2, 0, 0 },
	{ "half an alert", SEALED, 21, { 2 }, 1, R(ALERT_MALFORMED), R(ALERT_MALFORMED) },
	{ "two alerts", SEALED, 21, { 1,90, 1,0 }, 4, R(ALERT_MALFORMED), R(ALERT_MALFORMED) },
	{ "an empty handshake record", SEALED, 22, { 0 }, 0, R(RECORD_EMPTY), R(RECORD_EMPTY) },
	{ "an empty alert", SEALED, 21, { 0 }, 0, R(RECORD_EMPTY), R(RECORD_EMPTY) },
	{ "nothing but padding", SEALED, 0, { 0,0 }, 2, R(RECORD_NO_TYPE), R(RECORD_NO_TYPE) },
	{ "a type that doesn't exist", SEALED, 99, { 1 }, 1, R(RECORD_TYPE), R(RECORD_TYPE) },
	{ "application data", SEALED, 23, { 1 }, 1, R(APPLICATION_DATA), R(APPLICATION_DATA) },
	{ "empty application data", SEALED, 23, { 0 }, 0, R(APPLICATION_DATA), R(APPLICATION_DATA) },
	{ "a message out of order", SEALED, 22, { 24, 0,0,1, 0 }, 5, R(UNEXPECTED_MESSAGE), R(UNEXPECTED_MESSAGE) },
	{ "a message too long", SEALED, 22, { 8, 1,0,1 }, 4, R(MESSAGE_LONG), R(MESSAGE_LONG) },
};
/* clang-format on */

static void
put(struct bench *b, enum ktls_role from, const struct rule *rule)
{
	if (rule->how == SEALED)
		bench_sealed(b, from, rule->type, rule->data, rule->len);
	else
		bench_plain(b, from, rule->type, rule->data, rule->len);
}

/* Our alert stands in the error and is protected; a peer that sent one gets none. */
static void
check_end(struct bench *b, enum ktls_role role, const struct rule *rule, int want)
{
	struct ktls_hs *hs = role == KTLS_CLIENT ? b->client : b->server;
	int err = hs->err, alert = -1;

	if (want < 0 && want > KTLS_PEER_ALERT(0))
		alert = ktls_err_alert(want);
	if (err != want)
		fail_msg("%s: %s (%s)", rule->what, ktls_strerror(err), hs->reason);
	/* A server's alert is under application keys: handover_test.c opens one. */
	if (role == KTLS_CLIENT && bench_alert(b, role) != alert)
		fail_msg("%s: another alert", rule->what);
}

static void
each_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct bench b;

		bench_new(&b, BENCH_WAIT_EE);
		put(&b, KTLS_SERVER, &rules[i]);
		put(&b, KTLS_CLIENT, &rules[i]);
		(void)bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE);
		(void)bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE);
		check_end(&b, KTLS_CLIENT, &rules[i], rules[i].client);
		check_end(&b, KTLS_SERVER, &rules[i], rules[i].server);
		bench_free(&b);
	}
}

/* What may be dropped doesn't disturb what follows; but there is an end to it. */
static void
dropped_records(void **unused)
{
	static const uint8_t ccs[] = { 1 }, canceled[] = { 1, 90 };
	struct bench b;

	(void)unused;
	bench_new(&b, BENCH_WAIT_EE);
	for (int i = 0; i < USELESS_MAX / 2; i++) {
		bench_plain(&b, KTLS_SERVER, KTLS_TYPE_CHANGE_CIPHER_SPEC, ccs, sizeof(ccs));
		bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_ALERT, canceled, sizeof(canceled));
	}
	assert_int_equal(bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE), KTLS_HS_RECV);
	bench_plain(&b, KTLS_SERVER, KTLS_TYPE_CHANGE_CIPHER_SPEC, ccs, sizeof(ccs));
	assert_int_equal(bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE), KTLS_HS_SEND);
	assert_int_equal(b.client->err, R(RECORD_FLOOD));
	bench_free(&b);

	bench_new(&b, BENCH_WAIT_EE);
	bench_plain(&b, KTLS_SERVER, KTLS_TYPE_CHANGE_CIPHER_SPEC, ccs, sizeof(ccs));
	bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_ALERT, canceled, sizeof(canceled));
	bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b.flight.data, b.flight.len);
	assert_int_equal(bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE), KTLS_HS_SEND);
	assert_int_equal(b.client->err, 0);
	bench_free(&b);
}

/* RFC 8446 D.4: a server's is owed to a client that sent a session id, to no other. */
static void
change_cipher_spec_answers_a_session_id(void **unused)
{
	enum { ID = 4 + 2 + RANDOM_LEN };	/* in the message */
	uint8_t hello[1024];
	struct bench b;

	(void)unused;
	for (int with = 0; with < 2; with++) {
		size_t len, drop = with ? 0 : SESSION_ID_MAX;
		const uint8_t *out, *next;

		bench_new(&b, BENCH_HELLO);
		len = b.hello.len - KTLS_RECORD_HEADER;
		assert_true(len <= sizeof(hello));
		memcpy(hello, b.hello.data + KTLS_RECORD_HEADER, len);
		assert_int_equal(hello[ID], SESSION_ID_MAX);
		memmove(hello + ID + 1, hello + ID + 1 + drop, len - ID - 1 - drop);
		hello[ID] = (uint8_t)(SESSION_ID_MAX - drop);
		len -= drop;
		hello[2] = (uint8_t)((len - MESSAGE_HEADER) >> 8);
		hello[3] = (uint8_t)(len - MESSAGE_HEADER);
		bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_HANDSHAKE, hello, len);
		assert_int_equal(bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE), KTLS_HS_SEND);
		assert_int_equal(b.server->err, 0);
		out = ktls_hs_send_buf(b.server, &len);
		next = out + KTLS_RECORD_HEADER + ((size_t)out[3] << 8 | out[4]);
		assert_true(next + KTLS_RECORD_HEADER < out + len);
		assert_int_equal(*next, with ? KTLS_TYPE_CHANGE_CIPHER_SPEC :
		    KTLS_TYPE_APPLICATION_DATA);
		bench_free(&b);
	}
}

/* RFC 8446 5.4: zeros behind the type, here one of them. */
static void
padding(void **unused)
{
	static const uint8_t type[] = { KTLS_TYPE_HANDSHAKE };
	struct bench b;

	(void)unused;
	bench_new(&b, BENCH_WAIT_EE);
	pair_wire_add(&b.flight, type, sizeof(type));
	bench_sealed(&b, KTLS_SERVER, 0, b.flight.data, b.flight.len);
	assert_int_equal(bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE), KTLS_HS_SEND);
	assert_int_equal(b.client->err, 0);
	bench_free(&b);
}

/* RFC 8446 5.1: nothing stands between the parts of a message, but the peer's giving up. */
static void
interleaved(void **unused)
{
	static const struct rule between[] = {
		{ "ccs", PLAIN, 20, { 1 }, 1, R(INTERLEAVED), 0 },
		{ "data", SEALED, 23, { 1 }, 1, R(INTERLEAVED), 0 },
		{ "alert", SEALED, 21, { 2, 40 }, 2, KTLS_PEER_ALERT(40), 0 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(between); i++) {
		struct bench b;

		bench_new(&b, BENCH_WAIT_EE);
		bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b.flight.data, 3);
		put(&b, KTLS_SERVER, &between[i]);
		(void)bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE);
		assert_int_equal(b.client->err, between[i].client);
		bench_free(&b);
	}
}

/* RFC 8446 5.1: a message that changes the keys ends its record. */
static void
key_boundaries(void **unused)
{
	static const uint8_t more[] = { 4 };
	struct bench b;

	(void)unused;
	bench_new(&b, BENCH_WAIT_EE);
	pair_wire_add(&b.flight, more, sizeof(more));
	bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b.flight.data, b.flight.len);
	(void)bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE);
	assert_int_equal(b.client->err, R(KEY_BOUNDARY));
	assert_false(ktls_hs_ready(b.client, KTLS_RX));
	bench_free(&b);

	bench_new(&b, BENCH_HELLO);
	pair_wire_add(&b.hello, more, sizeof(more));
	bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_HANDSHAKE, b.hello.data + 5, b.hello.len - 5);
	(void)bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE);
	assert_int_equal(b.server->err, R(KEY_BOUNDARY));
	bench_free(&b);
}

static void
wrong_keys(void **unused)
{
	struct bench b;

	(void)unused;
	for (size_t at = 0; at < 40; at++) {
		bench_new(&b, BENCH_WAIT_EE);
		bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b.flight.data, 24);
		assert_int_equal(b.down.len, 5 + 24 + 1 + 16);
		b.down.data[5 + at] ^= 1;
		(void)bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE);
		assert_int_equal(b.client->err, R(BAD_RECORD_MAC));
		assert_int_equal(bench_alert(&b, KTLS_CLIENT), KTLS_ALERT_bad_record_mac);
		bench_free(&b);
	}
}

/* Our limit, once agreed, binds the peer's protected records; padding counts. */
static void
record_size_limit(void **unused)
{
	uint8_t data[200] = { MT_CERTIFICATE, 1, 0, 0 };
	struct bench b;

	(void)unused;
	for (size_t len = 99; len <= 100; len++) {
		bench_new(&b, BENCH_WAIT_EE);
		ktls_record_set_limit(b.client->rec[KTLS_RX], 100);
		b.client->state = ST_WAIT_CERT;
		bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, data, len);
		(void)bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE);
		assert_int_equal(b.client->err, len == 99 ? 0 : R(RECORD_OVERFLOW));
		bench_free(&b);
	}
}

/* RFC 8446 4.2.10: records that don't open are let go, up to a bound, until one does. */
static void
early_data_is_skipped(void **unused)
{
	static uint8_t junk[8000];
	struct bench b;

	(void)unused;
	for (unsigned records = 0; records <= 3; records++) {
		bool much = records * sizeof(junk) > EARLY_DATA_SKIP_MAX;
		struct pair_wire finished;

		bench_new(&b, BENCH_FLIGHT2);
		b.server->in.skip_early = true;
		finished = b.up;
		b.up = (struct pair_wire){ 0 };
		for (unsigned i = 0; i < records; i++)
			bench_plain(&b, KTLS_CLIENT, 23, junk, sizeof(junk));
		pair_wire_add(&b.up, finished.data, finished.len);
		pair_wire_free(&finished);
		assert_int_equal(bench_deliver(&b, KTLS_SERVER, records % PAIR_WAYS),
		    much ? KTLS_HS_SEND : 0);
		assert_int_equal(b.server->err, much ? R(EARLY_DATA_LONG) : 0);
		bench_free(&b);
	}
	/* Once one has opened, no more. */
	bench_new(&b, BENCH_WAIT_EE);
	b.server->in.skip_early = true;
	bench_sealed(&b, KTLS_CLIENT, KTLS_TYPE_HANDSHAKE, "\24\0\0", 3);
	bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_APPLICATION_DATA, junk, 50);
	(void)bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE);
	assert_int_equal(b.server->err, R(BAD_RECORD_MAC));
	bench_free(&b);
}

/* Behind a HelloRetryRequest there are no keys yet: what is protected is early data. */
static void
early_data_before_the_second_hello(void **unused)
{
	static const uint8_t junk[50];
	struct bench b;

	(void)unused;
	for (int offered = 0; offered < 2; offered++) {
		bench_new(&b, BENCH_HELLO);
		b.server->in.skip_early = offered;
		bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_APPLICATION_DATA, junk, sizeof(junk));
		pair_wire_add(&b.up, b.hello.data, b.hello.len);
		ktls_hs_set_exact(b.server, true);
		b.server->window = true;
		assert_int_equal(bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE), KTLS_HS_SEND);
		assert_int_equal(b.server->err, offered ? 0 : R(APPLICATION_DATA));
		bench_free(&b);
	}
}

static void
early_data_in_the_second_hello(void **unused)
{
	static const uint8_t junk[50];
	struct bench b;

	(void)unused;
	for (size_t at = 1; at < 30; at += 7) {
		struct slice hello;

		bench_new(&b, BENCH_HELLO);
		hello = (struct slice){ b.hello.data + 5, b.hello.len - 5 };
		b.server->in.skip_early = true;
		bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_HANDSHAKE, hello.p, at);
		bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_APPLICATION_DATA, junk, sizeof(junk));
		bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_HANDSHAKE, hello.p + at, hello.len - at);
		assert_int_equal(bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE), KTLS_HS_SEND);
		assert_int_equal(b.server->err, R(INTERLEAVED));
		bench_free(&b);
	}
}

static void
end_of_stream(void **unused)
{
	struct bench b;

	(void)unused;
	for (enum bench_stage stage = BENCH_HELLO; stage <= BENCH_WAIT_EE; stage++)
		for (int half = 0; half < 2; half++) {
			bench_new(&b, stage);
			if (half) {
				bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_ALERT, "\2", 2);
				b.up.len--;
				(void)bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE);
			}
			ktls_hs_received(b.server, 0);
			assert_int_equal(ktls_hs_want(b.server), R(TRUNCATED_HANDSHAKE));
			assert_int_equal(bench_alert(&b, KTLS_SERVER), -1);
			bench_free(&b);
		}
}

static int
teardown(void **unused)
{
	(void)unused;
	message_configs_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(dropped_records),
		cmocka_unit_test(change_cipher_spec_answers_a_session_id),
		cmocka_unit_test(padding),
		cmocka_unit_test(interleaved),
		cmocka_unit_test(key_boundaries),
		cmocka_unit_test(wrong_keys),
		cmocka_unit_test(record_size_limit),
		cmocka_unit_test(early_data_is_skipped),
		cmocka_unit_test(early_data_before_the_second_hello),
		cmocka_unit_test(early_data_in_the_second_hello),
		cmocka_unit_test(end_of_stream),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
