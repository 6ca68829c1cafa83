/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "config/alloc_testlib.h"
#include "conn/fake_testlib.h"

/*
 * Memory runs out at each allocation of a connection: an error is told, and
 * nothing is lost or half done.
 */

static struct test_pki *pki;
static uint8_t body[70000];
static int file;

/* A connection's whole life; the first error. Both sides' allocations count. */
static ssize_t
live(struct fake_pair *pair, struct ktls_config *client, struct ktls_config *server)
{
	const struct ktls_caps caps = fake_caps(true);
	ssize_t n;

	if ((n = fake_pair_init(pair, client, server, &caps)) != 0 || (n =
	    fake_handshake(pair)) != 0)
		return n;
	if ((n = fake_send(pair, &pair->client, body, 300, KTLS_MORE)) != 300 ||
	    (n = fake_send(pair, &pair->client, body, 300, 0)) != 300 ||
	    (n = fake_sendfile(pair, &pair->server, file, 0, sizeof(body))) != sizeof(body))
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
	struct ktls_config *client = test_pki_client(pki), *server = test_pki_server(pki, TEST_EC);
	struct fake_pair pair;
	bool failed = true;
	ssize_t err;
	size_t n;

	assert_int_equal(ktls_config_offload(client, offload), 0);
	assert_int_equal(ktls_config_offload(server, offload), 0);
	assert_int_equal(live(&pair, client, server), 0);	/* what is made once is there */
	fake_pair_free(&pair);
	for (n = 0; failed; n++) {
		test_alloc_fail(n);
		err = live(&pair, client, server);
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
	int failed;

	test_alloc_init();
	pki = test_pki_new();
	file = open(test_pki_file(pki, "body", body, sizeof(body)), O_RDONLY | O_CLOEXEC);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	test_pki_free(pki);
	return failed != 0;
}
