/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "config/pki_testlib.h"
#include "conn/sync.h"

/* The driver by system calls: real sockets, a thread at each end. */

#define R(r)	KTLS_REFUSED(KTLS_R_##r)
#define BODY	3000000

static struct test_pki *pki;
static struct ktls_config *client_cfg, *server_cfg;
static uint8_t *body;
static int body_file;
static const struct ktls_hs_params localhost = { .server_name = "localhost" };

static int
group_setup(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	client_cfg = test_pki_client(pki);
	server_cfg = test_pki_server(pki, TEST_EC);
	body = malloc(BODY);
	for (size_t i = 0; i < BODY; i++)
		body[i] = (uint8_t)(i * 7 + i / 251);
	body_file = open(test_pki_file(pki, "body", body, BODY), O_RDONLY | O_CLOEXEC);
	return body_file < 0;
}

static int
group_teardown(void **unused)
{
	(void)unused;
	close(body_file);
	free(body);
	ktls_config_unref(client_cfg);
	ktls_config_unref(server_cfg);
	test_pki_free(pki);
	return 0;
}

/* fd[0] is the client's. */
static void
tcp_pair(int fd[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd[0], (struct sockaddr *)&a, len), 0);
	fd[1] = accept(listener, NULL, NULL);
	assert_true(fd[1] >= 0);
	close(listener);
}

static void
unix_pair(int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
}

static void
set_nonblocking(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static int64_t
milliseconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What an application with poll(2) does after -EAGAIN, and whether there was one. */
static bool
again(const struct ktls_conn *c, int fd, ssize_t n)
{
	struct pollfd p = { .fd = fd, .events = ktls_conn_events(c) };

	if (n != -EAGAIN)
		return false;
	(void)poll(&p, 1, ktls_conn_timeout(c));
	return true;
}

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
		while (again(c, me->fd, n = ktls_conn_recv(c, buf, sizes[me->splash])))
			;
		if (n > 0 && me->received + (size_t)n <= BODY)
			me->equal &= memcmp(buf, body + me->received, (size_t)n) == 0;
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

	if ((n = ktls_conn_new(&c, client_cfg, KTLS_CLIENT, me->fd, &localhost)) == 0) {
		while (again(c, me->fd, n = ktls_conn_handshake(c)))
			;
	}
	if (n == 0)
		n = client_read(me, c);
	if (n == 0) {
		while (again(c, me->fd, n = ktls_conn_send(c, &me->received,
		    sizeof(me->received), 0)))
			;
	}
	if (n > 0 && !me->vanish) {
		while (again(c, me->fd, n = ktls_conn_shutdown(c)))
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

	while (again(c, fd, n = ktls_conn_handshake(c)))
		;
	if (n != 0)
		return n;
	while (again(c, fd, n = ktls_conn_send(c, body, 300, KTLS_MORE)))
		;
	if (n != 300)
		return n;
	for (sent = 300; sent < 100000; sent += (size_t)n) {
		while (again(c, fd, n = ktls_conn_send(c, body + sent, 100000 - sent, 0)))
			;
		if (n <= 0)
			return n;
	}
	for (; sent < BODY; sent += (size_t)n) {
		while (again(c, fd, n = ktls_conn_sendfile(c, body_file, (off_t)sent, BODY - sent)))
			;
		if (n <= 0)
			return n;
	}
	while (again(c, fd, n = ktls_conn_shutdown(c)))
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
			tcp_pair(fd);
		else
			unix_pair(fd);
		if (n & 4) {
			set_nonblocking(fd[0]);
			set_nonblocking(fd[1]);
		}
		client_start(&client, fd[0]);
		assert_int_equal(ktls_conn_new(&c, server_cfg, KTLS_SERVER, fd[1], NULL), 0);
		assert_int_equal(serve(c, fd[1]), 0);
		ktls_conn_free(c);
		close(fd[1]);
		assert_int_equal(pthread_join(client.thread, NULL), 0);
		assert_int_equal(client.result, 0);
		assert_int_equal(client.received, BODY);
		assert_true(client.equal);
	}
}

/* On a blocking socket one call is enough. */
static void
blocking_calls_return_when_done(void **unused)
{
	struct client client = {0};
	struct ktls_conn *c;
	int fd[2];

	(void)unused;
	tcp_pair(fd);
	client_start(&client, fd[0]);
	assert_int_equal(ktls_conn_new(&c, server_cfg, KTLS_SERVER, fd[1], NULL), 0);
	assert_int_equal(ktls_conn_handshake(c), 0);
	assert_int_equal(ktls_conn_send(c, body, 2000000, 0), 2000000);
	assert_int_equal(ktls_conn_sendfile(c, body_file, 2000000, BODY), BODY - 2000000);
	assert_int_equal(ktls_conn_key_update(c, true), 0);
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
		struct ktls_config *cfg = test_pki_server(pki, TEST_EC);
		int64_t begin = milliseconds(), took;
		struct ktls_conn *c;
		ssize_t n;
		int fd[2];

		assert_int_equal(ktls_config_handshake_timeout(cfg, 200), 0);
		unix_pair(fd);
		if (nonblocking)
			set_nonblocking(fd[1]);
		assert_int_equal(ktls_conn_new(&c, cfg, KTLS_SERVER, fd[1], NULL), 0);
		assert_int_equal(write(fd[0], "\x16\x03", 2), 2);
		while (again(c, fd[1], n = ktls_conn_handshake(c)))
			assert_in_range(ktls_conn_timeout(c), 0, 200);
		assert_int_equal(n, -ETIMEDOUT);
		took = milliseconds() - begin;
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
connect_here(struct ktls_conn *c[2], int fd[2])
{
	int n[2] = { -EAGAIN, -EAGAIN };

	set_nonblocking(fd[0]);
	set_nonblocking(fd[1]);
	assert_int_equal(ktls_conn_new(&c[0], client_cfg, KTLS_CLIENT, fd[0], &localhost), 0);
	assert_int_equal(ktls_conn_new(&c[1], server_cfg, KTLS_SERVER, fd[1], NULL), 0);
	while (n[0] == -EAGAIN || n[1] == -EAGAIN)
		for (int i = 0; i < 2; i++)
			n[i] = ktls_conn_handshake(c[i]);
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1], 0);
}

static void
free_both(struct ktls_conn *c[2], const int fd[2])
{
	for (int i = 0; i < 2; i++) {
		ktls_conn_free(c[i]);
		close(fd[i]);
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
	unix_pair(fd);
	connect_here(c, fd);
	assert_int_equal(ktls_conn_events(c[0]), POLLIN);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), -EAGAIN);
	assert_int_equal(ktls_conn_events(c[0]), POLLIN);
	assert_int_equal(ktls_conn_timeout(c[0]), -1);
	assert_false(ktls_conn_pending(c[0]));
	while ((n = ktls_conn_send(c[1], body + sent, BODY - sent, 0)) > 0)
		sent += (size_t)n;
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(ktls_conn_events(c[1]), POLLOUT);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), sizeof(buf));
	assert_true(ktls_conn_pending(c[0]));
	assert_int_equal(ktls_conn_events(c[0]), POLLIN);
	free_both(c, fd);
}

static void
truncation(void **unused)
{
	struct ktls_conn *c[2];
	uint8_t buf[100];
	int fd[2];

	(void)unused;
	unix_pair(fd);
	connect_here(c, fd);
	assert_int_equal(ktls_conn_send(c[1], body, 50, 0), 50);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), 50);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), R(TRUNCATED));
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), R(TRUNCATED));
	assert_int_equal(ktls_conn_shutdown(c[0]), R(TRUNCATED));
	free_both(c, fd);
}

/* As most clients do: then nobody acknowledges our close_notify, and nobody needs to. */
static void
a_peer_that_closes_at_once(void **unused)
{
	int64_t begin = milliseconds();
	struct ktls_conn *c[2];
	uint8_t buf[100];
	ssize_t n;
	int fd[2];

	(void)unused;
	tcp_pair(fd);
	connect_here(c, fd);
	assert_int_equal(ktls_conn_shutdown(c[0]), -EAGAIN);
	close(fd[0]);
	while (again(c[1], fd[1], n = ktls_conn_recv(c[1], buf, sizeof(buf))))
		;
	assert_int_equal(n, 0);
	while (again(c[1], fd[1], n = ktls_conn_shutdown(c[1])))
		;
	assert_int_equal(n, 0);
	assert_true(milliseconds() - begin < 5000);
	ktls_conn_free(c[0]);
	ktls_conn_free(c[1]);
	close(fd[1]);
}

/* The peer is gone: -EPIPE, and no signal, which would end this program. */
static void
no_sigpipe(void **unused)
{
	struct ktls_conn *c[2];
	int fd[2];

	(void)unused;
	for (int n = 0; n < 3; n++) {
		int in[2];

		unix_pair(fd);
		connect_here(c, fd);
		close(fd[0]);
		if (n == 0)
			assert_int_equal(ktls_conn_send(c[1], body, 50, 0), -EPIPE);
		else if (n == 1)
			assert_int_equal(ktls_conn_sendfile(c[1], body_file, 0, 50), -EPIPE);
		else
			assert_int_equal(ktls_conn_shutdown(c[1]), -EPIPE);
		fd[0] = socket(AF_UNIX, SOCK_STREAM, 0);
		free_both(c, fd);

		/*
		 * sendfile(2) itself, as where the kernel makes the records; a
		 * signal of somebody else's stays.
		 */
		unix_pair(in);
		close(in[0]);
		struct conn_op op = { .kind = OP_SENDFILE, .file = body_file, .len = 100 };
		assert_int_equal(sync_carry_out(in[1], &op, true), -EPIPE);
		close(in[1]);
	}
}

static void
a_pending_sigpipe_stays(void **unused)
{
	struct conn_op op = { .kind = OP_SENDFILE, .file = body_file, .len = 100 };
	static const struct timespec now = {0};
	sigset_t pipe, old;
	int fd[2];

	(void)unused;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &pipe, &old), 0);
	assert_int_equal(raise(SIGPIPE), 0);
	unix_pair(fd);
	close(fd[0]);
	assert_int_equal(sync_carry_out(fd[1], &op, true), -EPIPE);
	close(fd[1]);
	assert_int_equal(sigtimedwait(&pipe, NULL, &now), SIGPIPE);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
}

static void
nothing(int sig)
{
	(void)sig;
}

static atomic_bool ticking;

/* Until it has come at the right moment. */
static void *
tick(void *arg)
{
	static const struct timespec t = { .tv_nsec = 20000000 };

	while (ticking) {
		(void)nanosleep(&t, NULL);
		(void)pthread_kill(*(pthread_t *)arg, SIGUSR1);
	}
	return NULL;
}

/* A signal ends a wait, not the connection. */
static void
interrupted(void **unused)
{
	const struct sigaction action = { .sa_handler = nothing };
	pthread_t self = pthread_self(), other;
	struct ktls_conn *c[2];
	uint8_t buf[10];
	ssize_t n;
	int fd[2];

	(void)unused;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	unix_pair(fd);
	connect_here(c, fd);
	assert_int_equal(fcntl(fd[0], F_SETFL, fcntl(fd[0], F_GETFL) & ~O_NONBLOCK), 0);
	ticking = true;
	assert_int_equal(pthread_create(&other, NULL, tick, &self), 0);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), -EINTR);
	assert_int_equal(ktls_conn_shutdown(c[0]), -EINTR);
	ticking = false;
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(ktls_conn_recv(c[1], buf, sizeof(buf)), 0);
	assert_int_equal(ktls_conn_send(c[1], body, 10, 0), 10);
	assert_int_equal(ktls_conn_shutdown(c[1]), -EAGAIN);
	assert_int_equal(ktls_conn_shutdown(c[0]), 0);
	while (again(c[1], fd[1], n = ktls_conn_shutdown(c[1])))
		;
	assert_int_equal(n, 0);
	free_both(c, fd);
}

/* SO_RCVTIMEO on a blocking socket: the call returns, and can be repeated. */
static void
a_socket_with_a_timeout(void **unused)
{
	const struct timeval t = { .tv_usec = 50000 };
	struct ktls_conn *c[2];
	uint8_t buf[10];
	int fd[2];

	(void)unused;
	unix_pair(fd);
	connect_here(c, fd);
	assert_int_equal(fcntl(fd[0], F_SETFL, fcntl(fd[0], F_GETFL) & ~O_NONBLOCK), 0);
	assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), -EAGAIN);
	assert_int_equal(ktls_conn_send(c[1], body, 10, 0), 10);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), 10);
	free_both(c, fd);
}

static void
wrong_arguments(void **unused)
{
	struct ktls_conn *c;
	int fd[2];

	(void)unused;
	unix_pair(fd);
	assert_int_equal(ktls_conn_new(&c, NULL, KTLS_SERVER, fd[0], NULL), -EINVAL);
	assert_null(c);
	/* no identity */
	assert_int_equal(ktls_conn_new(&c, client_cfg, KTLS_SERVER, fd[0], NULL), -EINVAL);
	/* no name */
	assert_int_equal(ktls_conn_new(&c, client_cfg, KTLS_CLIENT, fd[0], NULL), -EINVAL);
	ktls_conn_free(NULL);
	assert_int_equal(ktls_conn_new(&c, server_cfg, KTLS_SERVER, -1, NULL), 0);
	assert_int_equal(ktls_conn_handshake(c), -EBADF);
	ktls_conn_free(c);
	close(fd[0]);
	close(fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations),
		cmocka_unit_test(blocking_calls_return_when_done),
		cmocka_unit_test(silence_ends_the_handshake),
		cmocka_unit_test(events_and_pending),
		cmocka_unit_test(truncation),
		cmocka_unit_test(a_peer_that_closes_at_once),
		cmocka_unit_test(no_sigpipe),
		cmocka_unit_test(a_pending_sigpipe_stays),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(a_socket_with_a_timeout),
		cmocka_unit_test(wrong_arguments),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown) != 0;
}
