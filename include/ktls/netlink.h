/* SPDX-License-Identifier: MIT */
#ifndef KTLS_NETLINK_H
#define KTLS_NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>
#include <ktls/error.h>
#include <ktls/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the kernel tells of its TLS by netlink: a library of its own, libktls-netlink. */

/* Who makes the records of one direction of a socket. */
enum ktls_nl_path {
	KTLS_NL_NONE,		/* nobody below the process: it has no keys there */
	KTLS_NL_SOFTWARE,	/* the kernel */
	KTLS_NL_NIC,
};

/* A TCP socket with the TLS ULP. */
struct ktls_nl_socket {
	int family;			/* AF_INET: the first 4 bytes of the addresses; AF_INET6 */
	uint8_t local[16], peer[16];	/* as on the wire */
	uint16_t local_port, peer_port;
	uint32_t inode;			/* as in /proc/PID/fd: "socket:[inode]" */
	uint32_t uid;
	uint16_t version;		/* KTLS_TLS13; 0 before it has keys */
	uint16_t cipher_id;		/* TLS_CIPHER_* of linux/tls.h; 0 before it has keys */
	int cipher;			/* enum ktls_cipher, or -1 for one that we don't have */
	uint8_t path[KTLS_DIRS];	/* enum ktls_nl_path */
	bool tx_zerocopy_ro, rx_no_pad;
	uint16_t tx_max_payload;	/* 0 where the kernel doesn't tell: before Linux 6.19 */
};

/*
 * 0: go on. Anything else ends the list and is what ktls_nl_sockets() returns.
 * socket is valid during the call.
 */
typedef int ktls_nl_socket_fn(const struct ktls_nl_socket *socket, void *arg);

/*
 * Tells every socket with the TLS ULP in the network namespace of the process, by
 * NETLINK_SOCK_DIAG; needs no privilege. Sockets come and go meanwhile. 0 at the
 * end, or -errno: -ENOENT where the kernel has no inet_diag.
 */
KTLS_API KTLS_CHECKED int ktls_nl_sockets(ktls_nl_socket_fn *each, void *arg);

#ifdef __cplusplus
}
#endif
#endif
