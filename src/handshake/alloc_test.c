/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "config/alloc_testlib.h"
#include "handshake/message_testlib.h"
#include "handshake/pair_testlib.h"

/*
 * Memory runs out at every allocation of a handshake in turn: an error each time,
 * no crash, and (ASan looks) nothing lost.
 */

static const struct ktls_hs_params localhost = { .server_name = "localhost" };

/* 0 where both are done; else the first error there is, -EAGAIN where one side waits for ever. */
static int
handshake(struct ktls_config *client_cfg, struct ktls_config *server_cfg, enum pair_way way)
{
	struct ktls_hs *client = NULL, *server = NULL;
	int err;

	if ((err = ktls_hs_new(&client, client_cfg, KTLS_CLIENT, &localhost)) == 0 &&
	    (err = ktls_hs_new(&server, server_cfg, KTLS_SERVER, NULL)) == 0 &&
	    !pair_run(client, server, way)) {
		err = client->err != 0 ? client->err : server->err;
		if (err == 0)
			err = -EAGAIN;
	}
	ktls_hs_free(client);
	ktls_hs_free(server);
	return err;
}

static void
walk(enum pair_way way, const uint16_t *groups, size_t group_count)
{
	struct ktls_config *client = message_config(KTLS_CLIENT);
	struct ktls_config *server = message_config(KTLS_SERVER);
	size_t n;
	int err;

	assert_int_equal(ktls_config_groups(client, groups, group_count), 0);
	/* What is made once a process is none of this test's business. */
	assert_int_equal(handshake(client, server, way), 0);
	for (n = 0; n < 20000; n++) {
		test_alloc_fail(n);
		err = handshake(client, server, way);
		if (!test_alloc_failed())
			break;
		if (err == 0)
			fail_msg("allocation %zu failed and nobody minds", n);
		if (err == -EAGAIN)
			fail_msg("allocation %zu failed and both sides wait", n);
	}
	assert_int_equal(err, 0);
	assert_in_range(n, 50, 19999);
	message_configs_free();
}

static void
each_allocation(void **unused)
{
	static const uint16_t groups[] = { KTLS_GROUP_X25519 };

	(void)unused;
	walk(PAIR_WHOLE, groups, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
