/* SPDX-License-Identifier: MIT */
#ifndef URING_COMPAT_H
#define URING_COMPAT_H

#include <liburing.h>

/*
 * What liburing 2.3 and the kernel headers of 6.1 lack. Nothing is decided by
 * their version: what a kernel can do is found by trying (probe.c).
 */
#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

#define COMPAT_SOCKET_SETSOCKOPT	3	/* SOCKET_URING_OP_SETSOCKOPT, Linux 6.7 */

/*
 * setsockopt as a submission. optval is read when it is issued: it must live until the completion.
 */
static inline void
compat_prep_setsockopt(struct io_uring_sqe *sqe, int fd, int level, int name,
    const void *optval, unsigned optlen)
{
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, NULL, 0, COMPAT_SOCKET_SETSOCKOPT);
	/*
	 * struct { level, optname } shares the place of addr; optlen, optval
	 * those of file_index, addr3.
	 */
	sqe->addr = (uint64_t)(uint32_t)level | (uint64_t)(uint32_t)name << 32;
	sqe->file_index = optlen;
	sqe->addr3 = (uint64_t)(uintptr_t)optval;
}

#endif
