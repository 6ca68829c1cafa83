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

/* The kernel's records, with a kernel that is data. */

#define USER	KTLS_PATH_USER
#define KERNEL	KTLS_PATH_KERNEL

/* Every mix of paths carries data, however the sockets behave. */
static void
every_mix_of_paths(void **unused)
{
	static const enum ktls_cipher ciphers[] = { KTLS_AES_128_GCM, KTLS_AES_256_GCM,
	    KTLS_CHACHA20_POLY1305 };

	(void)unused;
	for (unsigned n = 0; n < 5 * 5 * 2; n++) {
		struct fake_setting s = { .client = n % 5, .server = n / 5 % 5, .unknown =
		    n / 25 == 1,
		    .cipher = ciphers[n % 3] };
		struct fake_pair pair;

		fake_make(&pair, &s);
		pair.client.script = fake_scripts[n % FAKE_SCRIPTS];
		pair.server.script = fake_scripts[(n + n / 5) % FAKE_SCRIPTS];
		assert_int_equal(fake_handshake(&pair), 0);
		fake_exchange(&pair);
		assert_int_equal(fake_path(&pair.server, KTLS_TX), s.server == KTLS_OFFLOAD_AUTO ||
		    s.server == KTLS_OFFLOAD_TX || s.server == KTLS_OFFLOAD_FULL ? KERNEL : USER);
		assert_int_equal(fake_path(&pair.server, KTLS_RX), s.server == KTLS_OFFLOAD_RX ||
		    s.server == KTLS_OFFLOAD_FULL ? KERNEL : USER);
		assert_int_equal(fake_path(&pair.client, KTLS_TX), s.client == KTLS_OFFLOAD_TX ||
		    s.client == KTLS_OFFLOAD_FULL ? KERNEL : USER);
		assert_int_equal(fake_path(&pair.client, KTLS_RX), (s.client == KTLS_OFFLOAD_AUTO &&
		    !s.unknown) ||
		    s.client == KTLS_OFFLOAD_RX || s.client == KTLS_OFFLOAD_FULL ? KERNEL : USER);
		fake_pair_free(&pair);
	}
}

/* -EAGAIN before TX goes to the kernel, the same bytes again afterwards. */
static void
eagain_across_the_hand_over(void **unused)
{
	const struct fake_setting s = {0};
	struct fake_pair pair;
	size_t sent = 0;
	ssize_t n;

	(void)unused;
	fake_connect(&pair, &s);
	pair.wire[1].room = 100;
	assert_int_equal(fake_send(&pair, &pair.server, body, 50, KTLS_MORE), 50);
	assert_int_equal(core_want_send(pair.server.conn, body + 50, 20000, 0), 0);
	while (fake_step(&pair.server, LANE_TX))
		;
	assert_int_equal(fake_outcome(&pair.server, LANE_TX), -EAGAIN);
	for (sent = 50; sent < BODY;) {
		assert_int_equal(core_want_send(pair.server.conn, body + sent, BODY - sent, 0), 0);
		while (fake_step(&pair.server, LANE_TX))
			;
		n = fake_outcome(&pair.server, LANE_TX);
		sent += n > 0 ? (size_t)n : 0;
		(void)fake_receive(&pair.client, 10000, NULL);
		pair.wire[1].room = 30000;
	}
	assert_int_equal(fake_path(&pair.server, KTLS_TX), KERNEL);
	assert_int_equal(pair.client.received, BODY);
	assert_true(pair.client.sum == fake_sum(0, body, BODY));
	fake_pair_free(&pair);
}

/* Messages and alerts come whole, whatever the user's buffer. */
static void
control_records_in_pieces(void **unused)
{
	const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_FULL };
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &s);
	assert_int_equal(core_want_key_update(pair.client.conn, true), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(core_want_send(pair.client.conn, body, 10, 0), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 10);
	assert_int_equal(core_want_shutdown(pair.client.conn), 0);
	fake_run(&pair);
	assert_int_equal(fake_receive(&pair.server, 1, &end), 10);
	assert_int_equal(end, 0);
	assert_null(pair.server.conn->rx.in.p);
	fake_pair_free(&pair);
}

struct error_case {
	int result;
	int err;
};

static void
what_the_kernel_finds_wrong(void **unused)
{
	static const struct error_case cases[] = {
		{ -EBADMSG, R(BAD_RECORD_MAC) }, { -EMSGSIZE, R(RECORD_OVERFLOW) },
		{ -EINVAL, R(RECORD_VERSION) }, { -EKEYEXPIRED, R(KERNEL_KEY_UPDATE) },
		{ -ECONNRESET, -ECONNRESET },
	};
	const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_FULL };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int alert = ktls_err_alert(cases[i].err);
		struct fake_pair pair;
		ssize_t end;

		fake_connect(&pair, &s);
		pair.server.script.err[OP_RECVMSG] = cases[i].result;
		assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
		assert_int_equal(end, cases[i].err);
		assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
		if (alert < 0)
			assert_int_equal(end, -EAGAIN);
		else
			assert_int_equal(end, alert == KTLS_ALERT_close_notify ?
			    0 : KTLS_PEER_ALERT(alert));
		fake_pair_free(&pair);
	}
}

static void
kernel_truncation_is_told(void **unused)
{
	const struct fake_setting s = {0};
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &s);
	pair.wire[1].fin = true;
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, R(TRUNCATED));
	fake_pair_free(&pair);
}

/* sendfile says less than was asked for: the file has ended, and nothing is held back for it. */
static void
a_file_ends_early(void **unused)
{
	const struct fake_setting s = { .server = KTLS_OFFLOAD_TX };
	int file = fake_file("body", BODY), none = fake_file("empty", 0);
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &s);
	assert_int_equal(fake_send(&pair, &pair.server, body, 5, KTLS_MORE), 5);
	assert_int_equal(pair.client.received, 0);
	assert_int_equal(fake_sendfile(&pair, &pair.server, none, 0, 100), 0);
	assert_int_equal(pair.client.received, 5);
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, BODY - 10, 100), 10);
	assert_int_equal(pair.client.received, 15);
	assert_int_equal(fake_send(&pair, &pair.server, body, 5, KTLS_MORE), 5);
	assert_int_equal(fake_send(&pair, &pair.server, NULL, 0, 0), 0);
	assert_int_equal(pair.client.received, 20);
	pair.server.script.err[OP_SENDFILE] = -EIO;
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, 100), -EIO);
	pair.server.script.err[OP_SENDFILE] = 0;
	assert_int_equal(fake_send(&pair, &pair.server, body, 10, 0), 10);
	pair.server.script.err[OP_SENDFILE] = -EPIPE;
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, 100), -EPIPE);
	assert_int_equal(fake_send(&pair, &pair.server, body, 10, 0), -EPIPE);
	fake_pair_free(&pair);
}

/*
 * Records under application keys came with the handshake: opened here, counted, and no byte lost.
 */
static void
rx_is_handed_over_at_a_record_boundary(void **unused)
{
	static const size_t cuts[] = { 0, 1, 4, 5, 6, 1000, 16406, 16407, 20000, 30000 };
	const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_RX };

	(void)unused;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		struct fake_pair pair;
		struct ktls_conn *c;
		struct fake_wire late = {0};
		size_t before;
		ssize_t end;

		fake_make(&pair, &s);
		c = pair.server.conn;
		assert_int_equal(core_want_handshake(c), 0);
		assert_int_equal(core_want_handshake(pair.client.conn), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		assert_int_equal(pair.server.kernel.installs[KTLS_RX], 1);	/* exact: at once */
		fake_pair_free(&pair);

		/* A driver that received more than the engine asked for, to the cut. */
		fake_make(&pair, &s);
		c = pair.server.conn;
		assert_int_equal(core_want_handshake(c), 0);
		assert_int_equal(core_want_handshake(pair.client.conn), 0);
		while (!core_done(pair.client.conn, LANE_TX)) {
			while (fake_step(&pair.client, LANE_TX))
				;
			if (!core_done(pair.client.conn, LANE_TX))
				(void)fake_step(&pair.server, LANE_TX);
		}
		assert_int_equal(core_outcome(pair.client.conn, LANE_TX), 0);
		ktls_hs_set_exact(c->hs, false);
		before = pair.wire[0].len;
		assert_int_equal(core_want_send(pair.client.conn, body, 50000, 0), 0);
		while (fake_step(&pair.client, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 50000);
		before += cuts[i];
		fake_wire_put(&late, pair.wire[0].data + pair.wire[0].at + before,
		    pair.wire[0].len - before);
		pair.wire[0].len = before;
		while (fake_step(&pair.server, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		(void)fake_receive(&pair.server, 1000, &end);
		assert_int_equal(end, -EAGAIN);
		fake_wire_put(&pair.wire[0], late.data, late.len);
		(void)fake_receive(&pair.server, 1000, &end);
		assert_int_equal(pair.server.received, 50000);
		assert_true(pair.server.sum == fake_sum(0, body, 50000));
		assert_int_equal(fake_path(&pair.server, KTLS_RX), KERNEL);
		free(late.data);
		fake_pair_free(&pair);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mix_of_paths),
		cmocka_unit_test(eagain_across_the_hand_over),
		cmocka_unit_test(control_records_in_pieces),
		cmocka_unit_test(what_the_kernel_finds_wrong),
		cmocka_unit_test(kernel_truncation_is_told),
		cmocka_unit_test(a_file_ends_early),
		cmocka_unit_test(rx_is_handed_over_at_a_record_boundary),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
