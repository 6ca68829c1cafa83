/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "uring/engine_uring.h"

/* One submission, waited for. The user_data is nobody's: the ring is this probe's alone. */
static int
carry_out(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int result;

	if ((result = io_uring_submit_and_wait(ring, 1)) < 0 || (result =
	    io_uring_peek_cqe(ring, &cqe)) != 0)
		return result;
	result = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return result;
}

static bool
setsockopt_works(struct io_uring *ring, int fd)
{
	static const int on = 1;

	compat_prep_setsockopt(io_uring_get_sqe(ring), fd, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof(on));
	return carry_out(ring) == 0;
}

/* On a socket that isn't connected: a kernel that knows the flag gets as far as -ENOTCONN. */
static bool
recv_multishot_works(struct io_uring *ring, int fd, unsigned short group)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = group;
	return carry_out(ring) == -ENOTCONN;
}

/*
 * On a socket that doesn't listen: -EINVAL comes from accept itself too, so one connection is made.
 */
static bool
accept_multishot_works(struct io_uring *ring)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;

	if (listener >= 0 && client >= 0 && listen(listener, 1) == 0 &&
	    getsockname(listener, (struct sockaddr *)&addr, &len) == 0 &&
	    connect(client, (struct sockaddr *)&addr, len) == 0) {
		io_uring_prep_multishot_accept(io_uring_get_sqe(ring), listener, NULL, NULL,
		    SOCK_CLOEXEC);
		if ((fd = carry_out(ring)) >= 0)
			close(fd);
	}
	if (client >= 0)
		close(client);
	if (listener >= 0)
		close(listener);
	return fd >= 0;
}

static void
probe_operations(struct io_uring *ring, struct ktls_uring_caps *caps)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);

	if (probe == NULL)
		return;
	caps->splice = io_uring_opcode_supported(probe, IORING_OP_SPLICE);
	caps->sendmsg = io_uring_opcode_supported(probe, IORING_OP_SENDMSG);
	caps->recvmsg = io_uring_opcode_supported(probe, IORING_OP_RECVMSG);
	caps->shutdown = io_uring_opcode_supported(probe, IORING_OP_SHUTDOWN);
	io_uring_free_probe(probe);
}

void
ktls_uring_probe(struct ktls_uring_caps *caps)
{
	struct buffers buffers = {0};
	struct io_uring ring;
	int fd;

	memset(caps, 0, sizeof(*caps));
	caps->setup_err = ring_setup(&ring, 8, &caps->single_issuer, &caps->defer_taskrun);
	if (caps->setup_err != 0)
		return;
	probe_operations(&ring, caps);
	buffers_init(&buffers, &ring, 1);
	caps->buffer_ring = buffers.ring != NULL;
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0) {
		caps->setsockopt = setsockopt_works(&ring, fd);
		caps->recv_multishot = caps->buffer_ring && recv_multishot_works(&ring, fd, 1);
		close(fd);
	}
	caps->accept_multishot = accept_multishot_works(&ring);
	buffers_free(&buffers, &ring);
	io_uring_queue_exit(&ring);
}
