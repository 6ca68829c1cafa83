/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "serve/listen.h"

/* "8443", "host:8443", "[::1]:8443" into its two halves. An empty host is localhost. */
static bool
split(const char *where, char host[256], char port[8])
{
	const char *colon = strrchr(where, ':'), *digits = colon != NULL ? colon + 1 : where;
	size_t host_len = colon != NULL ? (size_t)(colon - where) : 0;
	char *end;
	unsigned long number = strtoul(digits, &end, 10);

	if (*digits < '0' || *digits > '9' || *end != '\0' || number > 65535 || host_len > 255)
		return false;
	(void)snprintf(port, 8, "%lu", number);
	if (host_len >= 2 && where[0] == '[' && where[host_len - 1] == ']') {
		where++;
		host_len -= 2;
	} else if (memchr(where, ':', host_len) != NULL) {
		return false;			/* IPv6 wants its brackets */
	}
	(void)snprintf(host, 256, "%.*s", (int)host_len, where);
	if (host_len == 0)
		(void)snprintf(host, 256, "localhost");
	return true;
}

bool
serve_listen_valid(const char *where)
{
	char host[256], port[8];

	return split(where, host, port);
}

static bool
complain(const char *where, const char *why)
{
	fprintf(stderr, "ktls serve: --listen %s: %s\n", where, why);
	return false;
}

static const char *
why_not(int err)
{
	switch (err) {
	case EADDRINUSE:
		return "the port is in use: stop who has it, or choose another";
	case EADDRNOTAVAIL:
		return "no address of this machine: ip address shows which there are";
	case EACCES:
		return "not allowed: a port below 1024 needs root or CAP_NET_BIND_SERVICE";
	default:
		return strerror(err);
	}
}

static int
bind_one(const struct addrinfo *ai, bool share)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, off = 0, err;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (share)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	/* inherited by what it accepts */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)		/* [::] takes IPv4 too */
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, 1024) != 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static unsigned
port_of(struct sockaddr_storage *addr)
{
	return ntohs(addr->ss_family == AF_INET6 ? ((struct sockaddr_in6 *)addr)->sin6_port :
	    ((struct sockaddr_in *)addr)->sin_port);
}

static void
set_port(struct sockaddr *addr, unsigned port)
{
	if (addr->sa_family == AF_INET6)
		((struct sockaddr_in6 *)addr)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)addr)->sin_port = htons((uint16_t)port);
}

/* Where it really listens: port 0 becomes the one that the kernel chose. */
static unsigned
note_name(char name[64], int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char host[46] = "", port[8] = "";

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		return 0;
	(void)getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port, sizeof(port),
	    NI_NUMERICHOST | NI_NUMERICSERV);
	(void)snprintf(name, 64, addr.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return port_of(&addr);
}

/*
 * One address for all workers. The first bind is made without SO_REUSEPORT, which
 * would share the port with another program that is already there.
 */
static int
add_address(struct serve_listeners *l, struct addrinfo *ai, size_t workers, unsigned *port)
{
	size_t addresses = l->addresses + 1;
	int *fds = calloc(addresses * workers, sizeof(*fds)), fd;

	if (fds == NULL)
		return -ENOMEM;
	if (*port != 0)
		set_port(ai->ai_addr, *port);
	if ((fd = bind_one(ai, false)) < 0) {
		free(fds);
		return fd;
	}
	*port = note_name(l->name[l->addresses], fd);
	close(fd);
	set_port(ai->ai_addr, *port);
	for (size_t w = 0; w < workers; w++) {
		for (size_t a = 0; a < l->addresses; a++)
			fds[w * addresses + a] = l->fd[w * l->addresses + a];
		if ((fd = bind_one(ai, true)) < 0) {
			while (w-- > 0)
				close(fds[w * addresses + addresses - 1]);
			free(fds);
			return fd;
		}
		fds[w * addresses + addresses - 1] = fd;
	}
	free(l->fd);
	l->fd = fds;
	l->addresses = addresses;
	l->workers = workers;
	if (l->port == 0)
		l->port = *port;
	return 0;
}

bool
serve_listen(struct serve_listeners *l, const char *where, size_t workers)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list, *ai;
	char host[256] = "", port[8] = "";
	unsigned chosen = 0;
	int err, last = 0;
	size_t before = l->addresses;

	if (!split(where, host, port))
		return complain(where, "not [ADDRESS:]PORT");
	if ((err = getaddrinfo(host, port, &hints, &list)) != 0)
		return complain(where, err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
	for (ai = list; ai != NULL && l->addresses < ADDRESSES_MAX && last != -EADDRINUSE;
	    ai = ai->ai_next)
		if ((err = add_address(l, ai, workers, &chosen)) != 0)
			last = err;
	freeaddrinfo(list);
	/* no IPv6 here is no reason to give up on localhost */
	if (last == -EADDRINUSE || l->addresses == before)
		return complain(where, why_not(-last));
	return true;
}

void
serve_listeners_keep(struct serve_listeners *l, size_t worker)
{
	for (size_t i = 0; i < l->addresses * l->workers; i++)
		if (i / l->addresses != worker)
			close(l->fd[i]);
	memmove(l->fd, l->fd + worker * l->addresses, l->addresses * sizeof(*l->fd));
	l->workers = 1;
}

void
serve_listeners_stop(struct serve_listeners *l)
{
	for (size_t i = 0; i < l->addresses * l->workers; i++)
		(void)shutdown(l->fd[i], SHUT_RD);
}

void
serve_listeners_close(struct serve_listeners *l)
{
	for (size_t i = 0; i < l->addresses * l->workers; i++)
		close(l->fd[i]);
	free(l->fd);
	l->fd = NULL;
	l->addresses = 0;
}
