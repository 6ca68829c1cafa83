/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bogo_shim/link.h"

static int
connect_to(const struct sockaddr *addr, socklen_t len)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, err;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, addr, len) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* A newer runner says which family it listens on; this one tries IPv6 first, and so do we. */
static int
connect_loopback(const struct shim_options *o)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	int fd;

	in6.sin6_port = in4.sin_port = htons((uint16_t)o->port);
	in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = connect_to((struct sockaddr *)&in6, sizeof(in6));
	return fd >= 0 || o->ipv6 ? fd : connect_to((struct sockaddr *)&in4, sizeof(in4));
}

int
link_open(const struct shim_options *o)
{
	uint8_t id[8] = { 0 };
	int fd = connect_loopback(o), err;

	if (fd < 0 || o->shim_id < 0)
		return fd;
	for (size_t i = 0; i < sizeof(o->shim_id); i++)
		id[i] = (uint8_t)(o->shim_id >> (8 * i));
	if ((err = link_send(fd, id, sizeof(id), false)) == 0)
		return fd;
	close(fd);
	return err;
}

int
link_send(int fd, const void *data, size_t len, bool slow)
{
	const uint8_t *p = data;

	while (len != 0) {
		ssize_t n = send(fd, p, slow ? 1 : len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

ssize_t
link_recv(int fd, void *buf, size_t len)
{
	ssize_t n;

	do {
		n = recv(fd, buf, len, 0);
	} while (n < 0 && errno == EINTR);
	return n >= 0 ? n : -errno;
}

void
link_close(int fd)
{
	char waste[4096];

	(void)shutdown(fd, SHUT_WR);
	while (link_recv(fd, waste, sizeof(waste)) > 0)
		;
	close(fd);
}
