/* SPDX-License-Identifier: MIT */
#ifndef GET_SPLICE_H
#define GET_SPLICE_H

#include "get/connect.h"

/*
 * Moves up to len bytes from the kernel's TLS to fd without passing through us.
 * Returns the bytes moved; 0: something else stands next in the stream (another
 * record type, an empty record, the end), which only ktls_conn_recv() can take; or -errno.
 */
struct get_splice {
	int pipe[2];
};

int get_splice_open(struct get_splice *pipes);
ssize_t get_splice_move(struct get_splice *pipes, struct get_peer *peer, int fd, size_t len);
void get_splice_close(struct get_splice *pipes);

#endif
