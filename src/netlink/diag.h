/* SPDX-License-Identifier: MIT */
#ifndef NETLINK_DIAG_H
#define NETLINK_DIAG_H

#include <stddef.h>
#include <ktls/netlink.h>

/*
 * Reads one answer of NETLINK_SOCK_DIAG, struct inet_diag_msg and its attributes:
 * len bytes, aligned as a netlink message is. Makes no system call. False where
 * the socket has no TLS ULP, and where the answer can't be read.
 */
bool diag_parse(struct ktls_nl_socket *s, const void *msg, size_t len);

#endif
