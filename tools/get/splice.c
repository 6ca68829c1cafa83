/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include "get/splice.h"

/*
 * Into an empty pipe with room for two records, always emptied before the next
 * splice: some kernels drop data where the pipe pushes back (KERNEL-FACTS 10).
 */
#define PIPE_WANTED	65536

int
get_splice_open(struct get_splice *pipes)
{
	int err;

	if (pipe2(pipes->pipe, O_CLOEXEC) != 0)
		return -errno;
	if (fcntl(pipes->pipe[1], F_SETPIPE_SZ, PIPE_WANTED) < 0 &&
	    fcntl(pipes->pipe[1], F_GETPIPE_SZ) < PIPE_WANTED) {
		err = -errno;
		get_splice_close(pipes);
		return err;
	}
	return 0;
}

static int
empty(struct get_splice *pipes, int fd, size_t len)
{
	struct pollfd pollfd = { fd, POLLOUT, 0 };
	ssize_t n;

	for (; len != 0; len -= (size_t)n) {
		while ((n = splice(pipes->pipe[0], NULL, fd, NULL, len, 0)) < 0 &&
		    (errno == EINTR || errno == EAGAIN))
			if (errno == EAGAIN)	/* a standard output that doesn't block */
				(void)poll(&pollfd, 1, -1);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

ssize_t
get_splice_move(struct get_splice *pipes, struct get_peer *peer, int fd, size_t len)
{
	int socket = ktls_conn_fd(peer->conn, KTLS_RX), err;
	ssize_t n;

	if (socket < 0)
		return socket;
	for (;;) {
		n = splice(socket, NULL, pipes->pipe[1], NULL,
		    len < PIPE_WANTED / 2 ? len : PIPE_WANTED / 2, SPLICE_F_NONBLOCK);
		if (n >= 0)
			break;
		if (errno == EINVAL)
			return 0;			/* not application data */
		if (errno == EAGAIN)
			return -EAGAIN;
		if (errno != EINTR)
			return -errno;
	}
	err = empty(pipes, fd, (size_t)n);
	return err != 0 ? err : n;
}

void
get_splice_close(struct get_splice *pipes)
{
	close(pipes->pipe[0]);
	close(pipes->pipe[1]);
}
