/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "offload/loopback.h"

enum { QUEUE = 64 };	/* above the number of connections that a probe makes */

/* Port 0: any. The family's own loopback address, whatever "localhost" is here. */
static socklen_t
address(struct sockaddr_storage *addr, sa_family_t family)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = family;
	if (family == AF_INET) {
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

/* IPPROTO_TCP by name: where a host makes MPTCP of protocol 0, the ULP is refused. */
static int
stream(sa_family_t family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

	return fd < 0 ? -errno : fd;
}

static int
listen_on(struct loopback *lo, sa_family_t family)
{
	int err;

	lo->len = address(&lo->addr, family);
	if ((lo->fd = stream(family)) < 0)
		return lo->fd;
	if (bind(lo->fd, (struct sockaddr *)&lo->addr, lo->len) == 0 &&
	    getsockname(lo->fd, (struct sockaddr *)&lo->addr, &lo->len) == 0 &&
	    listen(lo->fd, QUEUE) == 0)
		return 0;
	err = -errno;
	loopback_close(lo);
	return err;
}

/* The loopback interface of a fresh network namespace is down: only connecting shows it. */
static int
open_family(struct loopback *lo, sa_family_t family)
{
	int err, fd;

	if ((err = listen_on(lo, family)) != 0)
		return err;
	if ((fd = loopback_connect(lo)) < 0) {
		loopback_close(lo);
		return fd;
	}
	close(fd);
	return 0;
}

int
loopback_open(struct loopback *lo)
{
	int err = open_family(lo, AF_INET);

	return err == 0 || open_family(lo, AF_INET6) == 0 ? 0 : err;
}

/* Signals wait: a timer of the caller's would otherwise end the poll again and again. */
static int
established(int fd)
{
	const struct timespec second = { .tv_sec = 1 };
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	sigset_t all;
	int n, err = 0;

	sigfillset(&all);
	if ((n = ppoll(&p, 1, &second, &all)) <= 0)
		return n == 0 ? -ETIMEDOUT : -errno;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0 ? -errno : -err;
}

int
loopback_connect(const struct loopback *lo)
{
	int err = 0, fd = stream(lo->addr.ss_family);

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&lo->addr, lo->len) != 0)
		err = errno == EINPROGRESS || errno == EINTR ? established(fd) : -errno;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

void
loopback_close(struct loopback *lo)
{
	close(lo->fd);
	lo->fd = -1;
}
