/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "conn/sync_testlib.h"

/* The driver by system calls: peers that go away, signals, time-outs. */

static atomic_bool ticking;

static void
truncation(void **unused)
{
	struct ktls_conn *c[2];
	uint8_t buf[100];
	int fd[2];

	(void)unused;
	sync_unix_pair(fd);
	sync_connect_here(c, fd);
	assert_int_equal(ktls_conn_send(c[1], sync_body, 50, 0), 50);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), 50);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), R(TRUNCATED));
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), R(TRUNCATED));
	assert_int_equal(ktls_conn_shutdown(c[0]), R(TRUNCATED));
	sync_free_both(c, fd);
}

/* As most clients do: then nobody acknowledges our close_notify, and nobody needs to. */
static void
a_peer_that_closes_at_once(void **unused)
{
	int64_t begin = sync_milliseconds();
	struct ktls_conn *c[2];
	uint8_t buf[100];
	ssize_t n;
	int fd[2];

	(void)unused;
	sync_tcp_pair(fd);
	sync_connect_here(c, fd);
	assert_int_equal(ktls_conn_shutdown(c[0]), -EAGAIN);
	close(fd[0]);
	while (sync_again(c[1], fd[1], n = ktls_conn_recv(c[1], buf, sizeof(buf))))
		;
	assert_int_equal(n, 0);
	while (sync_again(c[1], fd[1], n = ktls_conn_shutdown(c[1])))
		;
	assert_int_equal(n, 0);
	assert_true(sync_milliseconds() - begin < 5000);
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

		sync_unix_pair(fd);
		sync_connect_here(c, fd);
		close(fd[0]);
		if (n == 0)
			assert_int_equal(ktls_conn_send(c[1], sync_body, 50, 0), -EPIPE);
		else if (n == 1)
			assert_int_equal(ktls_conn_sendfile(c[1], sync_body_file, 0, 50), -EPIPE);
		else
			assert_int_equal(ktls_conn_shutdown(c[1]), -EPIPE);
		fd[0] = socket(AF_UNIX, SOCK_STREAM, 0);
		sync_free_both(c, fd);

		/*
		 * sendfile(2) itself, as where the kernel makes the records; a
		 * signal of somebody else's stays.
		 */
		sync_unix_pair(in);
		close(in[0]);
		struct conn_op op = { .kind = OP_SENDFILE, .file = sync_body_file, .len = 100 };
		assert_int_equal(sync_carry_out(in[1], &op, true), -EPIPE);
		close(in[1]);
	}
}

static void
a_pending_sigpipe_stays(void **unused)
{
	struct conn_op op = { .kind = OP_SENDFILE, .file = sync_body_file, .len = 100 };
	static const struct timespec now = {0};
	sigset_t pipe, old;
	int fd[2];

	(void)unused;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &pipe, &old), 0);
	assert_int_equal(raise(SIGPIPE), 0);
	sync_unix_pair(fd);
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
	sync_unix_pair(fd);
	sync_connect_here(c, fd);
	assert_int_equal(fcntl(fd[0], F_SETFL, fcntl(fd[0], F_GETFL) & ~O_NONBLOCK), 0);
	ticking = true;
	assert_int_equal(pthread_create(&other, NULL, tick, &self), 0);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), -EINTR);
	assert_int_equal(ktls_conn_shutdown(c[0]), -EINTR);
	ticking = false;
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(ktls_conn_recv(c[1], buf, sizeof(buf)), 0);
	assert_int_equal(ktls_conn_send(c[1], sync_body, 10, 0), 10);
	assert_int_equal(ktls_conn_shutdown(c[1]), -EAGAIN);
	assert_int_equal(ktls_conn_shutdown(c[0]), 0);
	while (sync_again(c[1], fd[1], n = ktls_conn_shutdown(c[1])))
		;
	assert_int_equal(n, 0);
	sync_free_both(c, fd);
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
	sync_unix_pair(fd);
	sync_connect_here(c, fd);
	assert_int_equal(fcntl(fd[0], F_SETFL, fcntl(fd[0], F_GETFL) & ~O_NONBLOCK), 0);
	assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), -EAGAIN);
	assert_int_equal(ktls_conn_send(c[1], sync_body, 10, 0), 10);
	assert_int_equal(ktls_conn_recv(c[0], buf, sizeof(buf)), 10);
	sync_free_both(c, fd);
}

static void
wrong_arguments(void **unused)
{
	struct ktls_conn *c;
	int fd[2];

	(void)unused;
	sync_unix_pair(fd);
	assert_int_equal(ktls_conn_new(&c, NULL, KTLS_SERVER, fd[0], NULL), -EINVAL);
	assert_null(c);
	/* no identity */
	assert_int_equal(ktls_conn_new(&c, sync_client_cfg, KTLS_SERVER, fd[0], NULL), -EINVAL);
	/* no name */
	assert_int_equal(ktls_conn_new(&c, sync_client_cfg, KTLS_CLIENT, fd[0], NULL), -EINVAL);
	ktls_conn_free(NULL);
	assert_int_equal(ktls_conn_new(&c, sync_server_cfg, KTLS_SERVER, -1, NULL), 0);
	assert_int_equal(ktls_conn_handshake(c), -EBADF);
	ktls_conn_free(c);
	close(fd[0]);
	close(fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncation),
		cmocka_unit_test(a_peer_that_closes_at_once),
		cmocka_unit_test(no_sigpipe),
		cmocka_unit_test(a_pending_sigpipe_stays),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(a_socket_with_a_timeout),
		cmocka_unit_test(wrong_arguments),
	};

	return cmocka_run_group_tests(tests, sync_group_setup, sync_group_teardown) != 0;
}
