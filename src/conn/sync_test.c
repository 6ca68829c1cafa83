/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <ktls/offload.h>
#include "conn/sync_testlib.h"

/* The driver by system calls: real sockets, a thread at each end. */

/* The client, in a thread of its own: receives everything, answers with its length, closes. */
struct client {
	pthread_t thread;
	int fd;
	bool splash;		/* reads with a small buffer */
	bool vanish;		/* after the first bytes */
	ssize_t result;		/* 0: saw close_notify, and shutdown went well */
	size_t received;
	bool equal;
};

static ssize_t
client_read(struct client *me, struct ktls_conn *c)
{
	static const size_t sizes[] = { 70000, 100 };
	uint8_t *buf = malloc(sizes[0]);
	ssize_t n;

	me->equal = true;
	do {
		while (sync_again(c, me->fd, n = ktls_conn_recv(c, buf, sizes[me->splash])))
			;
		if (n > 0 && me->received + (size_t)n <= BODY)
			me->equal &= memcmp(buf, sync_body + me->received, (size_t)n) == 0;
		me->received += n > 0 ? (size_t)n : 0;
	} while (n > 0 && !me->vanish);
	free(buf);
	return n;
}

static void *
client_main(void *arg)
{
	struct client *me = arg;
	struct ktls_conn *c = NULL;
	ssize_t n;

	if ((n = ktls_conn_new(&c, sync_client_cfg, KTLS_CLIENT, me->fd, &sync_localhost)) == 0) {
		while (sync_again(c, me->fd, n = ktls_conn_handshake(c)))
			;
	}
	if (n == 0)
		n = client_read(me, c);
	if (n == 0) {
		while (sync_again(c, me->fd, n = ktls_conn_send(c, &me->received,
		    sizeof(me->received), 0)))
			;
	}
	if (n > 0 && !me->vanish) {
		while (sync_again(c, me->fd, n = ktls_conn_shutdown(c)))
			;
	}
	me->result = n;
	ktls_conn_free(c);
	close(me->fd);
	return NULL;
}

static void
client_start(struct client *me, int fd)
{
	me->fd = fd;
	assert_int_equal(pthread_create(&me->thread, NULL, client_main, me), 0);
}

/* The server's whole life, as written for any socket. */
static ssize_t
serve(struct ktls_conn *c, int fd)
{
	size_t sent = 0, told;
	ssize_t n;

	while (sync_again(c, fd, n = ktls_conn_handshake(c)))
		;
	if (n != 0)
		return n;
	while (sync_again(c, fd, n = ktls_conn_send(c, sync_body, 300, KTLS_MORE)))
		;
	if (n != 300)
		return n;
	for (sent = 300; sent < 100000; sent += (size_t)n) {
		while (sync_again(c, fd, n = ktls_conn_send(c, sync_body + sent, 100000 - sent, 0)))
			;
		if (n <= 0)
			return n;
	}
	for (; sent < BODY; sent += (size_t)n) {
		while (sync_again(c, fd, n = ktls_conn_sendfile(c, sync_body_file, (off_t)sent,
		    BODY - sent)))
			;
		if (n <= 0)
			return n;
	}
	while (sync_again(c, fd, n = ktls_conn_shutdown(c)))
		;
	/* The client's eight bytes came while shutdown was waiting, and are gone. */
	return n != 0 ? n : ktls_conn_recv(c, &told, sizeof(told));
}

static void
conversations(void **unused)
{
	(void)unused;
	for (int n = 0; n < 8; n++) {
		struct client client = { .splash = n & 1 };
		struct ktls_conn *c;
		int fd[2];

		if (n & 2)
			sync_tcp_pair(fd);
		else
			sync_unix_pair(fd);
		if (n & 4) {
			sync_set_nonblocking(fd[0]);
			sync_set_nonblocking(fd[1]);
		}
		client_start(&client, fd[0]);
		assert_int_equal(ktls_conn_new(&c, sync_server_cfg, KTLS_SERVER, fd[1], NULL), 0);
		assert_int_equal(serve(c, fd[1]), 0);
		ktls_conn_free(c);
		close(fd[1]);
		assert_int_equal(pthread_join(client.thread, NULL), 0);
		assert_int_equal(client.result, 0);
		assert_int_equal(client.received, BODY);
		assert_true(client.equal);
	}
}

/* Before Linux 6.14 a direction that is in the kernel keeps its key. */
static bool
can_rekey(const struct ktls_conn *c)
{
	const struct ktls_caps *caps = sync_caps(sync_server_cfg);

	return ktls_conn_fd(c, KTLS_TX) < 0 || caps->rekey[KTLS_TX].cap == KTLS_CAP_YES;
}

/* On a blocking socket one call is enough. */
static void
blocking_calls_return_when_done(void **unused)
{
	struct client client = {0};
	struct ktls_conn *c;
	int fd[2];

	(void)unused;
	sync_tcp_pair(fd);
	client_start(&client, fd[0]);
	assert_int_equal(ktls_conn_new(&c, sync_server_cfg, KTLS_SERVER, fd[1], NULL), 0);
	assert_int_equal(ktls_conn_handshake(c), 0);
	assert_int_equal(ktls_conn_send(c, sync_body, 2000000, 0), 2000000);
	assert_int_equal(ktls_conn_sendfile(c, sync_body_file, 2000000, BODY), BODY - 2000000);
	assert_int_equal(ktls_conn_key_update(c, true), can_rekey(c) ? 0 : -EOPNOTSUPP);
	assert_int_equal(ktls_conn_shutdown(c), 0);
	ktls_conn_free(c);
	close(fd[1]);
	assert_int_equal(pthread_join(client.thread, NULL), 0);
	assert_int_equal(client.result, 0);
	assert_true(client.equal && client.received == BODY);
}

static void
silence_ends_the_handshake(void **unused)
{
	(void)unused;
	for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
		struct ktls_config *cfg = test_pki_server(sync_pki, TEST_EC);
		int64_t begin = sync_milliseconds(), took;
		struct ktls_conn *c;
		ssize_t n;
		int fd[2];

		assert_int_equal(ktls_config_handshake_timeout(cfg, 200), 0);
		sync_unix_pair(fd);
		if (nonblocking)
			sync_set_nonblocking(fd[1]);
		assert_int_equal(ktls_conn_new(&c, cfg, KTLS_SERVER, fd[1], NULL), 0);
		assert_int_equal(write(fd[0], "\x16\x03", 2), 2);
		while (sync_again(c, fd[1], n = ktls_conn_handshake(c)))
			assert_in_range(ktls_conn_timeout(c), 0, 200);
		assert_int_equal(n, -ETIMEDOUT);
		took = sync_milliseconds() - begin;
		assert_true(took >= 190 && took < 3000);
		assert_int_equal(ktls_conn_handshake(c), -ETIMEDOUT);
		assert_int_equal(ktls_conn_timeout(c), -1);
		ktls_conn_free(c);
		close(fd[0]);
		close(fd[1]);
		ktls_config_unref(cfg);
	}
}

static void
events_and_pending(void **unused)
{
	struct ktls_conn *c[2];
	uint8_t buf[100];
	size_t sent = 0;
	ssize_t n;
	int fd[2];

	(void)unused;
	sync_unix_pair(fd);
	sync_connect_here(c, fd);
	assert_int_equal(ktls_conn_events(c[0]), POLLIN);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), -EAGAIN);
	assert_int_equal(ktls_conn_events(c[0]), POLLIN);
	assert_int_equal(ktls_conn_timeout(c[0]), -1);
	assert_false(ktls_conn_pending(c[0]));
	while ((n = ktls_conn_send(c[1], sync_body + sent, BODY - sent, 0)) > 0)
		sent += (size_t)n;
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(ktls_conn_events(c[1]), POLLOUT);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), sizeof(buf));
	assert_true(ktls_conn_pending(c[0]));
	assert_int_equal(ktls_conn_events(c[0]), POLLIN);
	sync_free_both(c, fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations),
		cmocka_unit_test(blocking_calls_return_when_done),
		cmocka_unit_test(silence_ends_the_handshake),
		cmocka_unit_test(events_and_pending),
	};

	return cmocka_run_group_tests(tests, sync_group_setup, sync_group_teardown) != 0;
}
