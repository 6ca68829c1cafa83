/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "conn/fake_testlib.h"

/* What goes wrong: each fault is told, and its alert leaves. */

static const struct fake_setting in_userspace = {
	.client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_NONE,
};

/* A whole conversation in which the n-th operation of a side fails; 0: none does. */
struct story {
	ssize_t server, client;		/* the first result that wasn't what it should be */
	int server_ops, client_ops;
};

static ssize_t
wrong(ssize_t n, ssize_t right)
{
	return n == right ? 0 : n;
}

static struct story
tell(struct fake_pair *pair, int file)
{
	struct story s = {0};
	ssize_t end = 0, n;

	if (core_want_handshake(pair->client.conn) != 0 ||
	    core_want_handshake(pair->server.conn) != 0)
		fail_msg("no handshake");
	fake_run(pair);
	s.client = fake_outcome(&pair->client, LANE_TX);
	s.server = fake_outcome(&pair->server, LANE_TX);
	if (s.client == 0)
		s.client = wrong(fake_send_alone(&pair->client, body, 30, 0), 30);
	if (s.server == 0 && fake_receive(&pair->server, 10, &end) != 30)
		s.server = end;
	if (s.server == 0)
		s.server = wrong(fake_send_alone(&pair->server, body, 300, KTLS_MORE), 300);
	if (s.server == 0)
		s.server = wrong(fake_sendfile_alone(&pair->server, file, 0, 100000), 100000);
	if (s.client == 0 && (n = fake_receive(&pair->client, 30000, &end)) != 100300)
		s.client = end != -EAGAIN ? end : n;
	s.client_ops = pair->client.ops;
	s.server_ops = pair->server.ops;
	return s;
}

/* The at-th operation of a side fails with err; what comes of it. */
static void
fail_one(const struct fake_setting *setting, int side, int at, int err, int file)
{
	struct fake_pair pair;
	struct fake_side *it = side == 0 ? &pair.client : &pair.server;
	struct story s;
	ssize_t got;

	fake_make(&pair, setting);
	pair.client.script.chunk = pair.server.script.chunk = 20000;
	it->script.at = at;
	it->script.at_err = err;
	s = tell(&pair, file);
	got = side == 0 ? s.client : s.server;
	if (it->failed == OP_ATTACH || it->failed == OP_INSTALL)
		err = 0;	/* userspace goes on */
	if (got != err)
		fail_msg("side %d, operation %d (%d), error %d: %zd", side, at, (int)it->failed,
		    err, got);
	if (err != 0 && it->failed != OP_READ_FILE && it->failed != OP_SENDFILE) {
		assert_int_equal(core_want_send(it->conn, body, 1, 0), err);
		assert_string_equal(ktls_conn_reason_text(it->conn), ktls_strerror(err));
	}
	fake_pair_free(&pair);
}

static void
fail_each(const struct fake_setting *setting, int side, int ops, int file)
{
	static const int errors[] = { -ECONNRESET, -EPIPE, -ENOMEM, -EIO };

	for (int at = 1; at <= ops; at++)
		for (size_t e = 0; e < sizeof(errors) / sizeof(*errors); e++)
			fail_one(setting, side, at, errors[e], file);
}

/* Each operation, with each kind of error: it is told, and nothing hangs, leaks or goes on. */
static void
every_operation_fails(void **unused)
{
	static const struct fake_setting settings[] = {
		{ .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_NONE },
		{ .client = KTLS_OFFLOAD_FULL, .server = KTLS_OFFLOAD_FULL },
		{ .client = KTLS_OFFLOAD_AUTO, .server = KTLS_OFFLOAD_AUTO },
	};
	int file = fake_file("body", BODY);

	(void)unused;
	for (size_t n = 0; n < sizeof(settings) / sizeof(*settings); n++) {
		struct fake_pair pair;
		struct story s;

		fake_make(&pair, &settings[n]);
		pair.client.script.chunk = pair.server.script.chunk = 20000;
		s = tell(&pair, file);
		fake_pair_free(&pair);
		assert_int_equal(s.client, 0);
		assert_int_equal(s.server, 0);
		assert_true(s.client_ops > 5 && s.server_ops > 8);
		fail_each(&settings[n], 0, s.client_ops, file);
		fail_each(&settings[n], 1, s.server_ops, file);
	}
}

/* The stream ends after each byte of either side, from the first one on. */
static void
the_stream_ends_anywhere(void **unused)
{
	size_t whole[2] = { 0, 0 };

	(void)unused;
	for (int side = 0; side < 2; side++)
		for (size_t cut = 0; side == 0 && whole[0] == 0 ?
		    true : cut < whole[side]; cut += 1 + cut % 7) {
			struct fake_pair pair;
			struct fake_wire *wire;
			struct fake_side *to;
			ssize_t end, sent = 0;
			bool whole_one = whole[0] == 0;

			fake_make(&pair, &in_userspace);
			wire = &pair.wire[side];
			to = side == 0 ? &pair.server : &pair.client;
			if (!whole_one)
				pair.client.script.chunk = pair.server.script.chunk = 1;
			assert_int_equal(core_want_handshake(pair.client.conn), 0);
			assert_int_equal(core_want_handshake(pair.server.conn), 0);
			for (bool any = true; any && (whole_one || wire->total < cut);) {
				any = fake_step(&pair.client, LANE_TX);
				if (whole_one || wire->total < cut)
					any |= fake_step(&pair.server, LANE_TX);
			}
			if (whole_one) {
				whole[0] = pair.wire[0].total;
				whole[1] = pair.wire[1].total;
				fake_pair_free(&pair);
				continue;
			}
			wire->fin = true;
			to->script.chunk = 0;
			while (fake_step(to, LANE_TX))
				;
			end = fake_outcome(to, LANE_TX);
			if (end == 0)
				sent = fake_receive(to, 10, &end);
			if (sent != 0 || (end != R(TRUNCATED_HANDSHAKE) && end != R(TRUNCATED)))
				fail_msg("side %d, after %zu bytes: %zd (%s)", side, cut, end,
				    ktls_strerror((int)end));
			fake_pair_free(&pair);
		}
	assert_true(whole[0] > 200 && whole[1] > 500);
}

static void
truncation_is_told(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &in_userspace);
	assert_int_equal(fake_send_alone(&pair.server, body, 1000, 0), 1000);
	pair.wire[1].len -= 5;			/* in the middle of a record */
	pair.wire[1].fin = true;
	assert_int_equal(fake_receive(&pair.client, 500, &end), 0);
	assert_int_equal(end, R(TRUNCATED));
	assert_int_equal(core_want_recv(pair.client.conn, body, 1), R(TRUNCATED));
	assert_string_equal(ktls_conn_reason_text(pair.client.conn), ktls_strerror(R(TRUNCATED)));
	fake_pair_free(&pair);
}

/* What was authentic before is delivered; the alert arrives, behind what was being sent. */
static void
a_bad_record_ends_it(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &in_userspace);
	assert_int_equal(fake_send_alone(&pair.server, body, 1000, 0), 1000);
	pair.wire[1].data[500] ^= 1;
	assert_int_equal(fake_receive(&pair.client, 500, &end), 0);
	assert_int_equal(end, R(BAD_RECORD_MAC));
	assert_int_equal(fake_receive(&pair.server, 500, &end), 0);
	assert_int_equal(end, KTLS_PEER_ALERT(KTLS_ALERT_bad_record_mac));
	assert_int_equal(core_want_send(pair.server.conn, body, 1, 0),
	    KTLS_PEER_ALERT(KTLS_ALERT_bad_record_mac));
	fake_pair_free(&pair);

	fake_connect(&pair, &in_userspace);
	assert_int_equal(fake_send_alone(&pair.server, body, 1000, 0), 1000);
	assert_int_equal(fake_send_alone(&pair.server, body, 1000, 0), 1000);
	pair.wire[1].data[1500] ^= 1;
	pair.wire[0].room = 500;
	assert_int_equal(core_want_send(pair.client.conn, body, 900, 0), 0);
	assert_true(fake_step(&pair.client, LANE_TX));
	assert_int_equal(core_want_recv(pair.client.conn, body + 10000, 5000), 0);
	while (fake_step(&pair.client, LANE_RX))
		;
	assert_int_equal(core_outcome(pair.client.conn, LANE_RX), 1000);
	pair.wire[0].room = 0;
	while (fake_step(&pair.client, LANE_TX))
		;
	assert_int_equal(core_outcome(pair.client.conn, LANE_TX), R(BAD_RECORD_MAC));
	assert_int_equal(fake_receive(&pair.server, 5000, &end), 900);
	assert_int_equal(end, KTLS_PEER_ALERT(KTLS_ALERT_bad_record_mac));
	fake_pair_free(&pair);
}

/* A peer that reads nothing doesn't hold a failure back. */
static void
an_alert_is_not_waited_for(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &in_userspace);
	assert_int_equal(fake_send_alone(&pair.server, body, 1000, 0), 1000);
	pair.wire[1].data[500] ^= 1;
	pair.wire[0].room = 1;
	assert_int_equal(core_want_send(pair.client.conn, body, 900, 0), 0);
	while (fake_step(&pair.client, LANE_TX))
		;
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), -EAGAIN);
	assert_int_equal(fake_receive(&pair.client, 500, &end), 0);
	assert_int_equal(end, R(BAD_RECORD_MAC));
	fake_pair_free(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_fails),
		cmocka_unit_test(the_stream_ends_anywhere),
		cmocka_unit_test(truncation_is_told),
		cmocka_unit_test(a_bad_record_ends_it),
		cmocka_unit_test(an_alert_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
