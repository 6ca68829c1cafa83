/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "conn/fake_testlib.h"

/* Goals and lanes; what a connection says of itself. */

static const struct fake_setting in_userspace = {
	.client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_NONE,
};

static void
one_goal_a_lane(void **unused)
{
	struct fake_pair pair;
	struct ktls_conn *c;
	struct conn_op op;

	(void)unused;
	fake_make(&pair, &in_userspace);
	c = pair.client.conn;
	assert_int_equal(core_fd(c), 100);
	assert_ptr_equal(core_config(c), c->cfg);
	assert_int_equal(core_want_send(c, body, 1, 0), -ENOTCONN);
	assert_int_equal(core_want_recv(c, body, 1), -ENOTCONN);
	assert_int_equal(core_want_shutdown(c), -ENOTCONN);
	assert_int_equal(core_want_key_update(c, false), -ENOTCONN);
	assert_int_equal(fake_handshake(&pair), 0);
	assert_int_equal(fake_handshake(&pair), 0);	/* again: still done */
	assert_int_equal(core_want_send(c, body, 1, 2), -EINVAL);
	assert_int_equal(core_want_recv(c, body, 0), -EINVAL);
	assert_int_equal(core_want_recv(c, body, 1), 0);
	assert_int_equal(core_want_recv(c, body, 1), -EALREADY);
	assert_int_equal(core_want_send(c, body, 1, 0), 0);
	assert_int_equal(core_want_shutdown(c), -EALREADY);
	assert_true(core_next(c, LANE_RX, &op));
	assert_false(core_next(c, LANE_RX, &op));
	core_result(c, &op, -ECANCELED);
	assert_true(core_next(c, LANE_RX, &op));
	assert_int_equal(op.kind, OP_RECV);
	core_result(c, &op, -EAGAIN);
	assert_null(c->rx.in.p);
	fake_pair_free(&pair);
}

static void
a_driver_fails_it(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &in_userspace);
	assert_int_equal(core_want_recv(pair.client.conn, body, 1), 0);
	assert_false(core_done(pair.client.conn, LANE_RX));
	assert_int_equal(core_outcome(pair.client.conn, LANE_RX), -EAGAIN);
	core_fail(pair.client.conn, -ETIMEDOUT);
	core_fail(pair.client.conn, -EIO);	/* the first one is final */
	assert_true(core_done(pair.client.conn, LANE_RX));
	assert_int_equal(core_outcome(pair.client.conn, LANE_RX), -ETIMEDOUT);
	assert_int_equal(core_want_key_update(pair.client.conn, false), -ETIMEDOUT);
	fake_pair_free(&pair);
}

static void
a_file_fails(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &in_userspace);
	pair.server.script.err[OP_READ_FILE] = -EIO;
	assert_int_equal(fake_sendfile_alone(&pair.server, 0, 0, 100), -EIO);
	pair.server.script.err[OP_READ_FILE] = 0;
	assert_int_equal(fake_sendfile_alone(&pair.server, -1, 0, 100), -EINVAL);
	assert_int_equal(fake_sendfile_alone(&pair.server, 0, -1, 100), -EINVAL);
	assert_int_equal(fake_send(&pair, &pair.server, body, 100, 0), 100);
	fake_pair_free(&pair);
}

static void
nothing_is_kept_while_idle(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &in_userspace);
	assert_int_equal(fake_send(&pair, &pair.server, body, BODY, 0), BODY);
	assert_null(pair.server.conn->tx.sealed.p);
	assert_null(pair.client.conn->rx.in.p);
	assert_null(pair.client.conn->hs);
	assert_false(ktls_conn_pending(pair.client.conn));
	fake_pair_free(&pair);
}

static void
plain_http_is_handed_back(void **unused)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct fake_pair pair;
	const void *plain;
	size_t len;

	(void)unused;
	fake_make(&pair, &in_userspace);
	fake_wire_put(&pair.wire[0], request, sizeof(request) - 1);
	assert_int_equal(core_want_handshake(pair.server.conn), 0);
	while (fake_step(&pair.server, LANE_TX))
		;
	assert_int_equal(fake_outcome(&pair.server, LANE_TX), R(PLAIN_HTTP));
	plain = ktls_conn_plain(pair.server.conn, &len);
	assert_int_equal(len, sizeof(request) - 1);
	assert_memory_equal(plain, request, len);
	assert_int_equal(pair.wire[1].total, 0);
	assert_null(ktls_conn_plain(pair.client.conn, &len));
	fake_pair_free(&pair);
}

static void
status_says_what_was_agreed(void **unused)
{
	struct ktls_conn_status s;
	struct fake_pair pair;

	(void)unused;
	fake_make(&pair, &in_userspace);
	ktls_conn_status(pair.server.conn, &s);
	assert_int_equal(s.version, 0);
	assert_int_equal(s.path[KTLS_TX], KTLS_PATH_NONE);
	assert_int_equal(fake_handshake(&pair), 0);
	ktls_conn_status(pair.server.conn, &s);
	assert_int_equal(s.version, KTLS_TLS13);
	assert_int_equal(s.group, KTLS_GROUP_X25519);
	assert_int_equal(s.cipher, KTLS_AES_128_GCM);
	assert_int_equal(s.path[KTLS_TX], KTLS_PATH_USER);
	assert_string_equal(s.why[KTLS_TX], "user: offload is off");
	assert_string_equal(s.server_name, "localhost");
	assert_null(s.alpn);
	assert_int_equal(ktls_conn_fd(pair.server.conn, KTLS_TX), -EOPNOTSUPP);
	fake_pair_free(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_goal_a_lane),
		cmocka_unit_test(a_driver_fails_it),
		cmocka_unit_test(a_file_fails),
		cmocka_unit_test(nothing_is_kept_while_idle),
		cmocka_unit_test(plain_http_is_handed_back),
		cmocka_unit_test(status_says_what_was_agreed),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
