/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <ktls/offload.h>
#include "conn/sync.h"
#include "offload/install.h"

static ssize_t
result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

/*
 * sendfile(2) has no MSG_NOSIGNAL: the signal is blocked around it, and taken away
 * where it was ours. Other threads never see it: the kernel sends it to this one.
 */
static ssize_t
send_file(int fd, const struct conn_op *op)
{
	static const struct timespec now = {0};
	sigset_t pipe, old, pending;
	off_t offset = op->offset;
	ssize_t n;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigemptyset(&pending);
	(void)sigpending(&pending);
	(void)pthread_sigmask(SIG_BLOCK, &pipe, &old);
	n = result(sendfile(fd, op->file, &offset, op->len));
	if (n == -EPIPE && sigismember(&pending, SIGPIPE) == 0)
		(void)sigtimedwait(&pipe, NULL, &now);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return n;
}

/* A bad record leaves an error on the socket that would stop our alert too (KERNEL-FACTS 6). */
static ssize_t
receive(int fd, struct conn_op *op, int flags)
{
	ssize_t n = ktls_offload_recv(fd, op->buf, op->len, flags, &op->type, &op->eor);
	int pending;
	socklen_t len = sizeof(pending);

	if (n == -EBADMSG)
		(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &len);
	return n;
}

/* SIOCOUTQ goes on counting what a reset took away: nobody will ever acknowledge that. */
ssize_t
sync_drained(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int left = 0;

	if (ioctl(fd, SIOCOUTQ, &left) < 0)
		return -errno;
	if (left != 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	    info.tcpi_state == TCP_CLOSE)
		return -ECONNRESET;
	return left;
}

ssize_t
sync_carry_out(int fd, struct conn_op *op, bool may_wait)
{
	int flags = op->flags | (may_wait ? 0 : MSG_DONTWAIT);

	switch (op->kind) {
	case OP_ATTACH:
		return ktls_offload_attach(fd);
	case OP_RECV:
		return result(recv(fd, op->buf, op->len, flags));
	case OP_RECVMSG:
		return receive(fd, op, flags);
	case OP_SEND:
		return result(send(fd, op->buf, op->len, flags | MSG_NOSIGNAL));
	case OP_SENDMSG:
		return ktls_offload_send(fd, op->type, op->buf, op->len, flags);
	case OP_INSTALL:
		return result(setsockopt(fd, SOL_TLS, crypto_info_optname(op->dir), op->crypto,
		    op->crypto_len));
	case OP_READ_FILE:
		return result(pread(op->file, op->buf, op->len, op->offset));
	case OP_SENDFILE:
		return send_file(fd, op);
	case OP_SHUTDOWN:
		return result(shutdown(fd, SHUT_WR));
	case OP_DRAINED:
		return sync_drained(fd);
	default:
		return -EOPNOTSUPP;
	}
}
