/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "conn/fake_testlib.h"

/*
 * The end of a connection: nothing is lost, nobody waits for ever. Each test in
 * userspace, then in the kernel.
 */

static void
connect_pair(struct fake_pair *pair, int kernel)
{
	const struct fake_setting s = {
		.client = kernel ? KTLS_OFFLOAD_FULL : KTLS_OFFLOAD_NONE,
		.server = kernel ? KTLS_OFFLOAD_FULL : KTLS_OFFLOAD_NONE,
	};

	fake_connect(pair, &s);
	assert_int_equal(core_in_kernel(pair->server.conn, KTLS_RX), kernel);
}

static void
both_close(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	for (int kernel = 0; kernel < 2; kernel++) {
		connect_pair(&pair, kernel);
		assert_int_equal(fake_send(&pair, &pair.server, body, 100, KTLS_MORE), 100);
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		while (fake_step(&pair.server, LANE_TX) && pair.server.count[OP_SHUTDOWN] == 0)
			;
		/* what was held back too */
		assert_int_equal(fake_receive(&pair.client, 1000, &end), 100);
		assert_int_equal(end, 0);
		/* half closed */
		assert_int_equal(core_want_send(pair.client.conn, body, 100, 0), 0);
		while (fake_step(&pair.client, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 100);
		assert_int_equal(core_want_shutdown(pair.client.conn), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		assert_true(pair.wire[0].fin && pair.wire[1].fin);
		assert_int_equal(core_want_send(pair.server.conn, body, 1, 0), -EPIPE);
		assert_int_equal(core_want_key_update(pair.server.conn, false), -EPIPE);
		/* again: still done */
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		(void)fake_step(&pair.server, LANE_TX);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		fake_pair_free(&pair);
	}
}

/* One receives while the other says good-bye. */
static void
a_receiver_sees_the_end(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	for (int kernel = 0; kernel < 2; kernel++) {
		connect_pair(&pair, kernel);
		assert_int_equal(core_want_recv(pair.client.conn, body, 10), 0);
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		for (int i = 0; i < 100; i++) {
			(void)fake_step(&pair.server, LANE_TX);
			(void)fake_step(&pair.client, LANE_RX);
		}
		assert_int_equal(fake_outcome(&pair.client, LANE_RX), 0);
		assert_false(core_done(pair.server.conn, LANE_TX));
		assert_int_equal(core_want_shutdown(pair.client.conn), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		fake_pair_free(&pair);
	}
}

/* Until the peer has acknowledged all, and its FIN or close_notify is here. */
static void
patience(void **unused)
{
	struct fake_pair pair;
	size_t waited;

	(void)unused;
	for (int kernel = 0; kernel < 2; kernel++) {
		connect_pair(&pair, kernel);
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		pair.wire[0].fin = true;		/* no close_notify: no error here */
		for (int i = 0; i < 50; i++)
			(void)(fake_step(&pair.server, LANE_TX), fake_step(&pair.server, LANE_RX));
		assert_false(core_done(pair.server.conn, LANE_TX));
		waited = pair.server.waited;
		assert_true(waited > 100);
		assert_true(pair.server.count[OP_WAIT] < 26);
		pair.wire[1].len = 0;			/* acknowledged */
		while (fake_step(&pair.server, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		fake_pair_free(&pair);

		connect_pair(&pair, kernel);		/* a peer that never closes, but sends */
		assert_int_equal(core_want_send(pair.client.conn, body, 20000, 0), 0);
		fake_run(&pair);
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), -ETIMEDOUT);
		assert_int_equal(pair.wire[0].len, 0);	/* and is read */
		assert_in_range(pair.server.waited, 10000, 10200);
		fake_pair_free(&pair);
	}
}

static void
a_reset_at_the_end(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	for (int n = 0; n < 8; n++) {
		bool acknowledged = n & 2, closed = n & 4;
		ssize_t end;

		connect_pair(&pair, n % 2);
		if (closed) {			/* by the peer, properly */
			assert_int_equal(core_want_shutdown(pair.client.conn), 0);
			while (pair.client.count[OP_SHUTDOWN] == 0 &&
			    fake_step(&pair.client, LANE_TX))
				;
			assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
			assert_int_equal(end, 0);
		}
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		while (fake_step(&pair.server, LANE_TX) && pair.server.count[OP_DRAINED] < 2)
			;
		assert_int_not_equal(pair.wire[1].len, 0);
		if (acknowledged)
			pair.wire[1].len = 0;
		pair.wire[0].reset = true;
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), acknowledged || closed ?
		    0 : -ECONNRESET);
		fake_pair_free(&pair);
	}
}

/* It is gone before our close_notify: that is a failure only where its own has not come. */
static void
a_reset_before_the_end(void **unused)
{
	static const int errors[] = { -EPIPE, -ECONNRESET, -EIO };
	struct fake_pair pair;

	(void)unused;
	for (int n = 0; n < 12; n++) {
		bool kernel = n % 2, closed = n / 2 % 2;
		int err = errors[n / 4];
		ssize_t end;

		connect_pair(&pair, kernel);
		if (closed) {
			assert_int_equal(core_want_shutdown(pair.client.conn), 0);
			while (pair.client.count[OP_SHUTDOWN] == 0 &&
			    fake_step(&pair.client, LANE_TX))
				;
			assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
			assert_int_equal(end, 0);
		}
		pair.server.script.err[kernel ? OP_SENDMSG : OP_SEND] = err;
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX),
		    closed && err != -EIO ? 0 : err);
		fake_pair_free(&pair);
	}
}

/* -EAGAIN at each step, the call repeated. */
static void
repeated(void **unused)
{
	struct fake_pair pair;
	ssize_t n, end;

	(void)unused;
	for (int kernel = 0; kernel < 2; kernel++) {
		connect_pair(&pair, kernel);
		pair.server.script.again_every = 2;
		pair.wire[1].room = 1;
		assert_int_equal(core_want_send(pair.server.conn, body, 50, 0), 0);
		for (int i = 0; i < 60; i++)
			(void)fake_step(&pair.server, LANE_TX);
		(void)fake_outcome(&pair.server, LANE_TX);
		for (int i = 0; i < 300; i++) {
			assert_int_equal(core_want_shutdown(pair.server.conn), 0);
			(void)fake_step(&pair.server, LANE_TX);
			n = fake_outcome(&pair.server, LANE_TX);
			assert_true(n == 0 || n == -EAGAIN);
			(void)fake_receive(&pair.client, 100, &end);
			if (end == 0)
				break;
		}
		assert_int_equal(end, 0);
		assert_int_equal(pair.client.received, 50);
		assert_int_equal(core_want_shutdown(pair.client.conn), 0);
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		fake_pair_free(&pair);
	}
}

/* A KeyUpdate crosses the good-bye: nothing follows close_notify. */
static void
asked_for_keys_while_closing(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	for (int kernel = 0; kernel < 2; kernel++) {
		connect_pair(&pair, kernel);
		assert_int_equal(core_want_key_update(pair.client.conn, true), 0);
		while (fake_step(&pair.client, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(core_want_send(pair.client.conn, body, 100, 0), 0);
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		for (int i = 0; i < 20; i++)
			(void)(fake_step(&pair.server, LANE_TX), fake_step(&pair.server, LANE_RX));
		while (fake_step(&pair.client, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 100);
		assert_int_equal(core_want_shutdown(pair.client.conn), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		fake_pair_free(&pair);
	}
}

/* After our close_notify a failure has no alert. */
static void
fails_while_closing(void **unused)
{
	struct fake_pair pair;
	size_t total;

	(void)unused;
	for (int kernel = 0; kernel < 2; kernel++) {
		connect_pair(&pair, kernel);
		assert_int_equal(core_want_send(pair.client.conn, body, 100, 0), 0);
		while (fake_step(&pair.client, LANE_TX))
			;
		pair.wire[0].data[pair.wire[0].at + 50] ^= 1;
		assert_int_equal(core_want_shutdown(pair.server.conn), 0);
		while (pair.server.count[OP_SHUTDOWN] == 0)
			assert_true(fake_step(&pair.server, LANE_TX));
		total = pair.wire[1].total;
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), R(BAD_RECORD_MAC));
		assert_int_equal(pair.wire[1].total, total);
		fake_pair_free(&pair);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_close),
		cmocka_unit_test(a_receiver_sees_the_end),
		cmocka_unit_test(patience),
		cmocka_unit_test(a_reset_at_the_end),
		cmocka_unit_test(a_reset_before_the_end),
		cmocka_unit_test(repeated),
		cmocka_unit_test(asked_for_keys_while_closing),
		cmocka_unit_test(fails_while_closing),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
