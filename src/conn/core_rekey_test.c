/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "conn/fake_testlib.h"

/* KeyUpdate, in userspace and with kernels that can and can't change keys. */

static const struct fake_setting in_userspace = {
	.client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_NONE,
};

static void
keys_change_both_ways(void **unused)
{
	struct fake_pair pair;
	struct fake_side *sides[2];
	uint64_t sum = 0;

	(void)unused;
	fake_connect(&pair, &in_userspace);
	sides[0] = &pair.client;
	sides[1] = &pair.server;
	for (int i = 0; i < 12; i++) {
		assert_int_equal(fake_send_alone(&pair.server, body, 1000, i & 4 ?
		    KTLS_MORE : 0), 1000);
		sum = fake_sum(sum, body, 1000);
		assert_int_equal(core_want_key_update(sides[i & 1]->conn, (i & 2) != 0), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(sides[i & 1], LANE_TX), 0);
		(void)fake_receive(&pair.client, 77, NULL);	/* it answers where it was asked */
		(void)fake_receive(&pair.server, 77, NULL);
		assert_int_equal(fake_send(&pair, &pair.server, body, 40000, 0), 40000);
		sum = fake_sum(sum, body, 40000);
		assert_true(pair.client.sum == sum);
		assert_int_equal(fake_send(&pair, &pair.client, body, 40000, 0), 40000);
	}
	assert_int_equal(pair.server.received, 12 * 40000);
	fake_pair_free(&pair);
}

/* Both ask at once, while neither receives. */
static void
keys_change_crosswise(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &in_userspace);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(core_want_key_update(pair.client.conn, true), 0);
		assert_int_equal(core_want_key_update(pair.server.conn, true), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
	}
	assert_int_equal(fake_send(&pair, &pair.server, body, 1000, 0), 1000);
	assert_int_equal(fake_send(&pair, &pair.client, body, 1000, 0), 1000);
	assert_int_equal(fake_send(&pair, &pair.server, body, 1000, 0), 1000);
	assert_int_equal(pair.client.received, 2000);
	assert_int_equal(pair.server.received, 1000);
	fake_pair_free(&pair);
}

static void
keys_change_in_the_kernel(void **unused)
{
	(void)unused;
	for (unsigned n = 0; n < FAKE_SCRIPTS; n++) {
		const struct fake_setting s = { .client = KTLS_OFFLOAD_FULL, .server =
		    KTLS_OFFLOAD_FULL };
		struct fake_pair pair;
		struct fake_side *sides[2] = { &pair.client, &pair.server };
		uint64_t sum = 0;

		fake_connect(&pair, &s);
		pair.client.script = pair.server.script = fake_scripts[n];
		for (int i = 0; i < 8; i++) {
			struct fake_side *side = sides[i & 1];

			assert_int_equal(fake_send(&pair, &pair.server, body, 100, KTLS_MORE), 100);
			assert_int_equal(core_want_key_update(side->conn, (i & 2) != 0), 0);
			fake_run(&pair);
			assert_int_equal(fake_outcome(side, LANE_TX), 0);
			(void)fake_receive(&pair.client, 3, NULL);
			(void)fake_receive(&pair.server, 3, NULL);
			assert_int_equal(fake_send(&pair, &pair.server, body, 40000, 0), 40000);
			sum = fake_sum(fake_sum(sum, body, 100), body, 40000);
			assert_int_equal(fake_send(&pair, &pair.client, body, 40000, 0), 40000);
			assert_true(pair.client.sum == sum);
		}
		assert_int_equal(pair.server.kernel.installs[KTLS_TX], 1 + 6);
		assert_int_equal(pair.server.kernel.installs[KTLS_RX], 1 + 6);
		assert_int_equal(pair.server.received, 8 * 40000);
		fake_pair_free(&pair);
	}
}

/*
 * Linux before 6.14: nothing has changed where we ask; where the peer does, a
 * clean end with the reason.
 */
static void
no_rekey_no_stall(void **unused)
{
	const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_FULL,
	    .no_rekey = true };
	const struct fake_setting tx = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_TX,
	    .no_rekey = true };
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &s);
	assert_int_equal(core_want_key_update(pair.server.conn, false), -EOPNOTSUPP);
	assert_int_equal(fake_send(&pair, &pair.server, body, 1000, 0), 1000);
	assert_int_equal(core_want_key_update(pair.client.conn, false), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
	assert_int_equal(end, R(KERNEL_REKEY));
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, 0);			/* close_notify */
	fake_pair_free(&pair);

	/* Only TX is in the kernel: the peer's own update is fine, answering it is not. */
	fake_connect(&pair, &tx);
	assert_int_equal(core_want_key_update(pair.server.conn, true), -EOPNOTSUPP);
	assert_int_equal(core_want_key_update(pair.client.conn, false), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(fake_send(&pair, &pair.client, body, 1000, 0), 1000);
	assert_int_equal(core_want_key_update(pair.client.conn, true), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
	assert_int_equal(end, R(KERNEL_REKEY));
	assert_string_equal(ktls_conn_reason_text(pair.server.conn),
	    ktls_strerror(R(KERNEL_REKEY)));
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, 0);
	fake_pair_free(&pair);
}

/* The probe promised a rekey and the kernel refuses it: no alert under keys that are gone. */
static void
a_rekey_fails(void **unused)
{
	const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_FULL };
	struct fake_pair pair;
	size_t total;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &s);
	pair.server.script.install_err[KTLS_TX] = -ENOMEM;
	assert_int_equal(core_want_key_update(pair.server.conn, false), 0);
	while (fake_step(&pair.server, LANE_TX))
		;
	assert_int_equal(fake_outcome(&pair.server, LANE_TX), -ENOMEM);
	total = pair.wire[1].total;
	assert_int_equal(core_want_send(pair.server.conn, body, 1, 0), -ENOMEM);
	assert_false(fake_step(&pair.server, LANE_TX));
	assert_int_equal(pair.wire[1].total, total);
	fake_pair_free(&pair);

	fake_connect(&pair, &s);
	pair.server.script.install_err[KTLS_RX] = -EBUSY;
	assert_int_equal(core_want_key_update(pair.client.conn, false), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
	assert_int_equal(end, R(KERNEL_REKEY));
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, 0);		/* TX has its keys: close_notify */
	fake_pair_free(&pair);
}

/* RFC 8446 5.5, by an upper bound of the kernel's records. */
static void
no_key_is_used_up(void **unused)
{
	const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_TX };
	const struct fake_setting old = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_TX,
	    .no_rekey = true };
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &s);
	pair.server.conn->tx.records = (uint64_t)12 << 20;	/* half of 2^24.5 */
	assert_int_equal(fake_send(&pair, &pair.server, body, 50000, 0), 50000);
	assert_int_equal(pair.server.kernel.installs[KTLS_TX], 2);
	assert_true(pair.server.conn->tx.records < 100);
	assert_int_equal(pair.client.received, 50000);
	fake_pair_free(&pair);

	fake_connect(&pair, &old);
	pair.server.conn->tx.records = (uint64_t)12 << 20;
	assert_int_equal(fake_send(&pair, &pair.server, body, 50000, 0), 50000);
	pair.server.conn->tx.records = (uint64_t)24 << 20;
	assert_int_equal(fake_send(&pair, &pair.server, body, 50000, 0), R(KEY_SPENT));
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, 0);			/* close_notify */
	fake_pair_free(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_change_both_ways),
		cmocka_unit_test(keys_change_crosswise),
		cmocka_unit_test(keys_change_in_the_kernel),
		cmocka_unit_test(no_rekey_no_stall),
		cmocka_unit_test(a_rekey_fails),
		cmocka_unit_test(no_key_is_used_up),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
