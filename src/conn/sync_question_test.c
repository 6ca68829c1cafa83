/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/check_testlib.h"
#include "conn/sync_testlib.h"

/* A handshake that waits for an answer of its own side, and not for the socket. */

static struct ktls_config *cfg;

/* Until the client asks about the server's chain. */
static void
until_the_question(struct ktls_conn *c[2], int fd[2])
{
	sync_unix_pair(fd);
	sync_set_nonblocking(fd[0]);
	sync_set_nonblocking(fd[1]);
	OK(ktls_conn_new(&c[0], cfg, KTLS_CLIENT, fd[0], &sync_localhost));
	OK(ktls_conn_new(&c[1], sync_server_cfg, KTLS_SERVER, fd[1], NULL));
	while (ktls_hs_question(ktls_conn_hs(c[0])) == NULL)
		for (int i = 0; i < 2; i++)
			GIVES(-EAGAIN, ktls_conn_handshake(c[i]));
}

static void
no_event_is_waited_for(void **unused)
{
	struct ktls_conn *c[2];
	int fd[2], n[2] = { -EAGAIN, -EAGAIN };

	(void)unused;
	until_the_question(c, fd);
	assert_int_equal(ktls_conn_events(c[0]), 0);
	assert_int_not_equal(ktls_conn_events(c[1]), 0);
	assert_true(ktls_conn_timeout(c[0]) > 0);

	/* On a blocking socket too: what would it wait for? */
	OK(fcntl(fd[0], F_SETFL, 0));
	GIVES(-EAGAIN, ktls_conn_handshake(c[0]));
	assert_int_equal(ktls_conn_events(c[0]), 0);
	sync_set_nonblocking(fd[0]);

	ktls_hs_answer(ktls_conn_hs(c[0]), 0, NULL, 0);
	while (n[0] == -EAGAIN || n[1] == -EAGAIN)
		for (int i = 0; i < 2; i++)
			n[i] = ktls_conn_handshake(c[i]);
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1], 0);
	assert_null(ktls_conn_hs(c[0]));
	assert_int_not_equal(ktls_conn_events(c[0]), 0);
	sync_free_both(c, fd);
}

/* The time for the handshake goes on. */
static void
an_answer_may_come_too_late(void **unused)
{
	struct ktls_conn *c[2];
	int fd[2], err;

	(void)unused;
	until_the_question(c, fd);
	do
		(void)usleep(10000);
	while ((err = ktls_conn_handshake(c[0])) == -EAGAIN);
	assert_int_equal(err, -ETIMEDOUT);
	GIVES(-ETIMEDOUT, ktls_conn_handshake(c[0]));
	sync_free_both(c, fd);
}

static int
setup(void **unused)
{
	if (sync_group_setup(unused) != 0)
		return -1;
	cfg = test_pki_client(sync_pki);
	return ktls_config_ask(cfg, KTLS_ASK_VERIFY, NULL, NULL) != 0 ||
	    ktls_config_handshake_timeout(cfg, 500) != 0;
}

static int
teardown(void **unused)
{
	ktls_config_unref(cfg);
	return sync_group_teardown(unused);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_event_is_waited_for),
		cmocka_unit_test(an_answer_may_come_too_late),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
