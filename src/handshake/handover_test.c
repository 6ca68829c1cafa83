/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/wipe_testlib.h"
#include "handshake/bench_testlib.h"
#include "handshake/message_testlib.h"
#include "handshake/secrets.h"

/* What a handshake leaves behind, and when: bytes, keys, errors, and no traces. */

#define R(name)		KTLS_REFUSED(KTLS_R_##name)

static const uint8_t data[] = "what follows, still sealed";

static void
put_flight(struct bench *b)
{
	bench_sealed(b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b->flight.data, b->flight.len);
}

/* Whatever way the bytes come: none is lost, and exact takes none that isn't its own. */
static void
check_rest(struct ktls_hs *hs, const struct pair_wire *wire, bool exact)
{
	size_t len;
	const uint8_t *rest = ktls_hs_rest(hs, &len);
	uint8_t all[2 * sizeof(data)];

	if (exact)
		assert_int_equal(len, 0);
	assert_int_equal(len + wire->len, sizeof(data));
	if (len != 0)
		memcpy(all, rest, len);
	if (wire->len != 0)
		memcpy(all + len, wire->data, wire->len);
	assert_memory_equal(all, data, sizeof(data));
}

static void
no_byte_is_lost(void **unused)
{
	(void)unused;
	for (int exact = 0; exact < 2; exact++)
		for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
			struct bench b;

			/* A server that sends before it has heard the client's Finished. */
			bench_new(&b, BENCH_WAIT_EE);
			ktls_hs_set_exact(b.client, exact);
			put_flight(&b);
			pair_wire_add(&b.down, data, sizeof(data));
			assert_int_equal(bench_deliver(&b, KTLS_CLIENT, way), KTLS_HS_SEND);
			pair_collect(b.client, &b.up);
			assert_int_equal(ktls_hs_want(b.client), 0);
			check_rest(b.client, &b.down, exact);

			/* A client that sends its request with its Finished. */
			ktls_hs_set_exact(b.server, exact);
			pair_wire_add(&b.up, data, sizeof(data));
			assert_int_equal(bench_deliver(&b, KTLS_SERVER, way), 0);
			check_rest(b.server, &b.up, exact);
			bench_free(&b);
		}
}

/* In its window an exact engine asks for a header, then for a body; before that, for much. */
static void
exact_asks_for_records(void **unused)
{
	struct bench b;
	size_t len;

	(void)unused;
	bench_new(&b, BENCH_HELLO);
	ktls_hs_set_exact(b.client, true);
	ktls_hs_set_exact(b.server, true);
	assert_non_null(ktls_hs_recv_buf(b.client, &len));
	assert_int_equal(len, KTLS_RECORD_HEADER);
	assert_non_null(ktls_hs_recv_buf(b.server, &len));
	assert_in_range(len, 4096, KTLS_RECORD_MAX);
	pair_wire_add(&b.up, b.hello.data, b.hello.len);
	(void)bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE);
	pair_collect(b.server, &b.down);
	assert_non_null(ktls_hs_recv_buf(b.server, &len));
	assert_int_equal(len, KTLS_RECORD_HEADER);
	memcpy(ktls_hs_recv_buf(b.client, &len), b.down.data, 5);
	ktls_hs_received(b.client, 5);
	assert_non_null(ktls_hs_recv_buf(b.client, &len));
	assert_int_equal(len, (size_t)b.down.data[3] << 8 | b.down.data[4]);
	bench_free(&b);
}

/* DESIGN, "Hand-over": the two directions become ready separately, and keys leave once. */
static void
directions_become_ready(void **unused)
{
	struct ktls_keys keys;
	struct hs_secrets secrets;
	struct bench b;
	size_t len;

	(void)unused;
	bench_new(&b, BENCH_WAIT_EE);
	assert_false(ktls_hs_ready(b.client, KTLS_RX));
	assert_false(ktls_hs_ready(b.server, KTLS_TX));
	assert_int_equal(ktls_hs_take_keys(b.client, KTLS_RX, &keys), -EAGAIN);
	put_flight(&b);
	assert_int_equal(bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE), KTLS_HS_SEND);
	assert_true(ktls_hs_ready(b.client, KTLS_RX));
	assert_false(ktls_hs_ready(b.client, KTLS_TX));
	assert_int_equal(ktls_hs_take_keys(b.client, KTLS_TX, &keys), -EAGAIN);
	assert_int_equal(hs_take_secrets(b.client, &secrets), -EAGAIN);
	assert_int_equal(ktls_hs_take_keys(b.client, KTLS_RX, &keys), 0);
	assert_int_equal(ktls_hs_take_keys(b.client, KTLS_RX, &keys), -EALREADY);

	(void)ktls_hs_send_buf(b.client, &len);
	pair_wire_add(&b.up, ktls_hs_send_buf(b.client, &len), len);
	ktls_hs_sent(b.client, len - 1);
	assert_false(ktls_hs_ready(b.client, KTLS_TX));
	assert_int_equal(ktls_hs_want(b.client), KTLS_HS_SEND);
	ktls_hs_sent(b.client, 1);
	assert_true(ktls_hs_ready(b.client, KTLS_TX));
	assert_int_equal(ktls_hs_want(b.client), 0);

	assert_false(ktls_hs_ready(b.server, KTLS_TX));
	assert_int_equal(bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE), 0);
	assert_true(ktls_hs_ready(b.server, KTLS_TX));
	assert_true(ktls_hs_ready(b.server, KTLS_RX));
	ktls_keys_wipe(&keys);
	bench_free(&b);
}

/* The alert leaves first; then the error is told, for ever; nothing is taken any more. */
static void
failure_is_final(void **unused)
{
	static const uint8_t wrong[] = { 99, 0, 0, 0 };
	struct ktls_keys keys;
	struct bench b;
	size_t len;

	(void)unused;
	bench_new(&b, BENCH_WAIT_EE);
	bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, wrong, sizeof(wrong));
	put_flight(&b);
	assert_int_equal(bench_deliver(&b, KTLS_CLIENT, PAIR_FEED), KTLS_HS_SEND);
	assert_int_not_equal(b.down.len, 0);
	assert_int_equal(ktls_hs_reason(b.client), KTLS_R_UNEXPECTED_MESSAGE);
	assert_string_equal(ktls_hs_reason_text(b.client), "unknown message: type 99 received in "
	    "state WAIT_EE, where EncryptedExtensions is expected");
	assert_int_equal(bench_alert(&b, KTLS_CLIENT), KTLS_ALERT_unexpected_message);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ktls_hs_want(b.client), R(UNEXPECTED_MESSAGE));
		assert_int_equal(ktls_hs_feed(b.client, b.down.data, b.down.len), 0);
		assert_null(ktls_hs_recv_buf(b.client, &len));
		ktls_hs_received(b.client, 0);
		assert_null(ktls_hs_send_buf(b.client, &len));
		assert_int_equal(len, 0);
		assert_int_equal(ktls_hs_take_keys(b.client, KTLS_RX, &keys), -EAGAIN);
	}
	bench_free(&b);
}

/* A server's alert after its Finished is under its application keys. */
static void
late_alert_is_protected(void **unused)
{
	static const uint8_t wrong[36] = { MT_FINISHED, 0, 0, 32 };
	const struct ktls_keys *keys;
	struct ktls_record *rec;
	struct pair_wire out = { 0 };
	struct bench b;
	uint8_t type;
	void *plain;
	size_t len;

	(void)unused;
	bench_new(&b, BENCH_WAIT_EE);
	keys = &b.server->app_keys[KTLS_TX];
	assert_int_equal(ktls_record_new(&rec, b.server->crypto, KTLS_RX, keys), 0);
	bench_sealed(&b, KTLS_CLIENT, KTLS_TYPE_HANDSHAKE, wrong, sizeof(wrong));
	assert_int_equal(bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE), KTLS_HS_SEND);
	pair_collect(b.server, &out);
	assert_int_equal(ktls_record_open(rec, out.data, out.len, &type, &plain, &len), 0);
	assert_int_equal(type, KTLS_TYPE_ALERT);
	assert_int_equal(len, 2);
	assert_memory_equal(plain, "\2\63", 2);		/* decrypt_error */
	assert_int_equal(ktls_hs_want(b.server), R(FINISHED_MAC));
	pair_wire_free(&out);
	ktls_record_free(rec);
	bench_free(&b);
}

/* What an engine knew of secrets, masked, so that the list itself is no trace. */
static struct {
	uint8_t secret[8][32];
	size_t count;
} known;

static void
remember(const uint8_t *secret)
{
	for (size_t i = 0; i < 32; i++)
		known.secret[known.count][i] = secret[i] ^ WIPE_MASK;
	known.count++;
}

/* At the end of every path, freed memory and used stack hold no secret. */
static void
nothing_is_left(void **unused)
{
	struct ktls_keys keys;
	struct hs_secrets secrets;
	struct bench b;

	(void)unused;
	for (int taken = 0; taken < 2; taken++) {
		known.count = 0;
		bench_new(&b, BENCH_WAIT_EE);
		for (int dir = 0; dir < KTLS_DIRS; dir++) {
			remember(b.server->hs_secret[dir]);
			remember(b.server->app_secret[dir]);
			remember(b.server->app_keys[dir].key);
		}
		assert_int_not_equal(wipe_find(known.secret[0], 32), 0);
		put_flight(&b);
		(void)bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE);
		pair_collect(b.client, &b.up);
		assert_int_equal(bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE), 0);
		/* The handshake's go at once. */
		assert_int_equal(wipe_find(known.secret[0], 32), 0);
		for (enum ktls_dir dir = 0; taken && dir < KTLS_DIRS; dir++) {
			assert_int_equal(ktls_hs_take_keys(b.server, dir, &keys), 0);
			ktls_keys_wipe(&keys);
		}
		if (taken) {
			assert_int_equal(hs_take_secrets(b.server, &secrets), 0);
			ktls_crypto_unref(secrets.crypto);
			explicit_bzero(&secrets, sizeof(secrets));
		}
		bench_free(&b);
		for (size_t i = 0; i < known.count; i++)
			if (wipe_find(known.secret[i], 16) != 0)
				fail_msg("taken %d: secret %zu is still there", taken, i);
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
		cmocka_unit_test(no_byte_is_lost),
		cmocka_unit_test(exact_asks_for_records),
		cmocka_unit_test(directions_become_ready),
		cmocka_unit_test(failure_is_final),
		cmocka_unit_test(late_alert_is_protected),
		cmocka_unit_test(nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
