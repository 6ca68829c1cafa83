/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "config/alloc_testlib.h"
#include "conn/fake_testlib.h"

/*
 * Memory runs out at each allocation of a connection: an error is told, and
 * nothing is lost or half done.
 */

#define LEN	70000

/* A connection's whole life; the first error. Both sides' allocations count. */
static ssize_t
live(struct fake_pair *pair, struct ktls_config *client, struct ktls_config *server, int file)
{
	const struct ktls_caps caps = fake_caps(true);
	ssize_t n;

	if ((n = fake_pair_init(pair, client, server, &caps)) != 0 || (n =
	    fake_handshake(pair)) != 0)
		return n;
	if ((n = fake_send(pair, &pair->client, body, 300, KTLS_MORE)) != 300 ||
	    (n = fake_send(pair, &pair->client, body, 300, 0)) != 300 ||
	    (n = fake_sendfile(pair, &pair->server, file, 0, LEN)) != LEN)
		return n;
	if ((n = core_want_key_update(pair->client.conn, true)) != 0)
		return n;
	while (fake_step(&pair->client, LANE_TX))
		;
	if ((n = fake_outcome(&pair->client, LANE_TX)) != 0)
		return n;
	(void)fake_receive(&pair->server, 10, &n);
	if (n == -EAGAIN)
		(void)fake_receive(&pair->client, 10, &n);
	return n == -EAGAIN ? 0 : n;
}

static void
walk(enum ktls_offload offload)
{
	const struct fake_setting s = { .client = offload, .server = offload };
	struct ktls_config *client = fake_config(&s, false), *server = fake_config(&s, true);
	int file = fake_file("body", LEN);
	struct fake_pair pair;
	bool failed = true;
	ssize_t err;
	size_t n;

	assert_int_equal(live(&pair, client, server, file), 0);	/* what is made once is there */
	fake_pair_free(&pair);
	for (n = 0; failed; n++) {
		test_alloc_fail(n);
		err = live(&pair, client, server, file);
		failed = test_alloc_failed();
		if (failed && (err == 0 || err > 0))
			fail_msg("allocation %zu fails, and nobody says so: %zd", n, err);
		if (!failed)
			assert_int_equal(err, 0);
		fake_pair_free(&pair);
	}
	assert_true(n > 100);
	ktls_config_unref(client);
	ktls_config_unref(server);
}

static void
in_userspace(void **unused)
{
	(void)unused;
	walk(KTLS_OFFLOAD_NONE);
}

static void
in_the_kernel(void **unused)
{
	(void)unused;
	walk(KTLS_OFFLOAD_FULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_userspace),
		cmocka_unit_test(in_the_kernel),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
