/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "conn/sync_testlib.h"

struct test_pki *sync_pki;
struct ktls_config *sync_client_cfg, *sync_server_cfg;
uint8_t *sync_body;
int sync_body_file;
const struct ktls_hs_params sync_localhost = { .server_name = "localhost" };

int
sync_group_setup(void **unused)
{
	(void)unused;
	sync_pki = test_pki_new();
	sync_client_cfg = test_pki_client(sync_pki);
	sync_server_cfg = test_pki_server(sync_pki, TEST_EC);
	sync_body = malloc(BODY);
	for (size_t i = 0; i < BODY; i++)
		sync_body[i] = (uint8_t)(i * 7 + i / 251);
	sync_body_file = open(test_pki_file(sync_pki, "body", sync_body, BODY),
	    O_RDONLY | O_CLOEXEC);
	return sync_body_file < 0;
}

int
sync_group_teardown(void **unused)
{
	(void)unused;
	close(sync_body_file);
	free(sync_body);
	ktls_config_unref(sync_client_cfg);
	ktls_config_unref(sync_server_cfg);
	test_pki_free(sync_pki);
	return 0;
}

void
sync_tcp_pair(int fd[2])
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

void
sync_unix_pair(int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
}

void
sync_set_nonblocking(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

int64_t
sync_milliseconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool
sync_again(const struct ktls_conn *c, int fd, ssize_t n)
{
	struct pollfd p = { .fd = fd, .events = ktls_conn_events(c) };

	if (n != -EAGAIN)
		return false;
	(void)poll(&p, 1, ktls_conn_timeout(c));
	return true;
}

void
sync_connect_here(struct ktls_conn *c[2], int fd[2])
{
	int n[2] = { -EAGAIN, -EAGAIN };

	sync_set_nonblocking(fd[0]);
	sync_set_nonblocking(fd[1]);
	assert_int_equal(ktls_conn_new(&c[0], sync_client_cfg, KTLS_CLIENT, fd[0],
	    &sync_localhost), 0);
	assert_int_equal(ktls_conn_new(&c[1], sync_server_cfg, KTLS_SERVER, fd[1], NULL), 0);
	while (n[0] == -EAGAIN || n[1] == -EAGAIN)
		for (int i = 0; i < 2; i++)
			n[i] = ktls_conn_handshake(c[i]);
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1], 0);
}

void
sync_free_both(struct ktls_conn *c[2], const int fd[2])
{
	for (int i = 0; i < 2; i++) {
		ktls_conn_free(c[i]);
		close(fd[i]);
	}
}
