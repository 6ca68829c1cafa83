/* SPDX-License-Identifier: MIT */
#ifndef KTLS_H
#define KTLS_H

/*
 * libktls, the userspace half of kernel TLS. This header brings everything that
 * needs libcrypto alone; <ktls/uring.h> and <ktls/netlink.h> belong to
 * libraries of their own and are included by who links those.
 */
#define KTLS_VERSION_MAJOR	0
#define KTLS_VERSION_MINOR	1
#define KTLS_VERSION_PATCH	0
#define KTLS_VERSION		"0.1.0"

#include <ktls/config.h>
#include <ktls/conn.h>
#include <ktls/error.h>
#include <ktls/handshake.h>
#include <ktls/keys.h>
#include <ktls/offload.h>
#include <ktls/post.h>
#include <ktls/record.h>
#include <ktls/store.h>

#endif
