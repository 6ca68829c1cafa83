/* SPDX-License-Identifier: MIT */
/* The list of kTLS sockets against sockets that are there. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <ktls/netlink.h>
#include "kernel_testlib.h"

struct search {
	ino_t inode;
	int found;
	struct ktls_nl_socket socket;
};

static int
look(const struct ktls_nl_socket *s, void *arg)
{
	struct search *search = arg;

	if (s->inode == search->inode) {
		search->socket = *s;
		search->found++;
	}
	return 0;
}

static int
stop(const struct ktls_nl_socket *s, void *arg)
{
	(void)s;
	++*(int *)arg;
	return 42;
}

/* How many sockets of the list are this one. */
static int
list(int fd, struct ktls_nl_socket *s)
{
	struct search search = {0};
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	search.inode = st.st_ino;
	assert_int_equal(ktls_nl_sockets(look, &search), 0);
	*s = search.socket;
	return search.found;
}

static void
a_socket_is_shown_as_it_is(void **state)
{
	const struct combination *c = *state;
	struct sockaddr_in local = {0};
	socklen_t len = sizeof(local);
	struct ktls_nl_socket s;

	assert_int_equal(list(c->fd[1], &s), 0);	/* without the ULP */
	assert_int_equal(list(c->fd[0], &s), 1);	/* with it, without keys */
	assert_int_equal(s.version, 0);
	assert_int_equal(s.path[KTLS_TX], KTLS_NL_NONE);
	assert_int_equal(getsockname(c->fd[0], (struct sockaddr *)&local, &len), 0);
	assert_int_equal(s.family, AF_INET);
	assert_int_equal(s.local_port, ntohs(local.sin_port));
	assert_memory_equal(s.local, &local.sin_addr, 4);

	kernel_install(c, KTLS_TX, 0, 0);
	assert_int_equal(list(c->fd[0], &s), 1);
	assert_int_equal(s.version, c->version);
	assert_int_equal(s.cipher, c->cipher);
	assert_int_equal(s.path[KTLS_TX], KTLS_NL_SOFTWARE);
	assert_int_equal(s.path[KTLS_RX], KTLS_NL_NONE);

	kernel_install(c, KTLS_RX, 1, 0);
	assert_int_equal(list(c->fd[0], &s), 1);
	assert_int_equal(s.path[KTLS_RX], KTLS_NL_SOFTWARE);
}

static void
ipv6_is_listed_too(void **state)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET6, SOCK_STREAM, 0), fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct ktls_nl_socket s;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(ktls_offload_attach(fd), 0);
	assert_int_equal(list(fd, &s), 1);
	assert_int_equal(s.family, AF_INET6);
	assert_int_equal(s.peer_port, ntohs(a.sin6_port));
	assert_memory_equal(s.peer, &in6addr_loopback, 16);
	close(fd);
	close(listener);
}

static void
the_caller_ends_the_list(void **state)
{
	int calls = 0, more[2];

	(void)state;
	wire_pair(more);
	assert_int_equal(ktls_offload_attach(more[0]), 0);
	assert_int_equal(ktls_nl_sockets(stop, &calls), 42);
	assert_int_equal(calls, 1);
	close(more[0]);
	close(more[1]);
}

static void
the_payload_limit_is_told_where_there_is_one(void **state)
{
	const struct combination *c = *state;
	bool limited = kernel_caps.tx_max_payload_len.cap == KTLS_CAP_YES;
	struct ktls_nl_socket s;

	if (limited)
		assert_int_equal(ktls_offload_max_payload(c->fd[0], 1024), 0);
	kernel_install(c, KTLS_TX, 0, 0);
	assert_int_equal(list(c->fd[0], &s), 1);
	assert_int_equal(s.tx_max_payload, limited ? 1024 : 0);
}

#define CASE(f)		{ #f, f }
#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

static const struct kernel_case each[] = {
	CASE(a_socket_is_shown_as_it_is),
}, once[] = {
	CASE(ipv6_is_listed_too),
	CASE(the_caller_ends_the_list),
	CASE(the_payload_limit_is_told_where_there_is_one),
};

int
main(void)
{
	return kernel_run(each, COUNT(each), once, COUNT(once));
}
