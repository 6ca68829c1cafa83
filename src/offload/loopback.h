/* SPDX-License-Identifier: MIT */
#ifndef OFFLOAD_LOOPBACK_H
#define OFFLOAD_LOOPBACK_H

#include <sys/socket.h>
#include <ktls/error.h>

/* A listener on the loopback interface, IPv4 or else IPv6, that nobody accepts from. */
struct loopback {
	int fd;
	struct sockaddr_storage addr;
	socklen_t len;
};

KTLS_CHECKED int loopback_open(struct loopback *lo);

/*
 * An established connection to it, for the caller to close, or -errno. Its other
 * end waits in the accept queue. -ETIMEDOUT after a second: something drops packets.
 */
KTLS_CHECKED int loopback_connect(const struct loopback *lo);
void loopback_close(struct loopback *lo);

#endif
