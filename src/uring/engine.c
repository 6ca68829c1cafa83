/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <ktls/record.h>
#include "conn/sync.h"
#include "uring/compat.h"
#include "uring/engine.h"

void
queue_init(struct queue *queue)
{
	queue->head = NULL;
	queue->tail = &queue->head;
}

void
queue_put(struct queue *queue, struct request *request)
{
	request->next = NULL;
	*queue->tail = request;
	queue->tail = &request->next;
}

struct request *
queue_take(struct queue *queue)
{
	struct request *request = queue->head;

	if (request != NULL && (queue->head = request->next) == NULL)
		queue->tail = &queue->head;
	return request;
}

void
engine_init(struct engine *engine, const struct engine_ops *ops)
{
	engine->ops = ops;
	queue_init(&engine->ready);
}

void
engine_begin(struct engine *engine, struct request *request)
{
	request->busy = true;
	request->cancelled = request->withdrawn = request->moved = false;
	request->stage = request->vain = 0;
	request->data = NULL;
	engine->under_way++;
}

void
engine_complete(struct engine *engine, struct request *request, ssize_t result)
{
	request->busy = false;
	engine->under_way--;
	request->completed(request, result);
}

void
engine_ready(struct engine *engine, struct request *request, ssize_t result)
{
	request->result = result;
	queue_put(&engine->ready, request);
}

bool
engine_run_ready(struct engine *engine)
{
	struct queue now = engine->ready;
	struct request *request;

	if (now.head == NULL)
		return false;
	/* what these ask for comes next time: no starving */
	queue_init(&engine->ready);
	while ((request = now.head) != NULL) {
		now.head = request->next;
		engine_complete(engine, request, request->result);
	}
	return true;
}

static ssize_t
negative_errno(int result)
{
	return result < 0 ? -errno : result;
}

bool
engine_at_once(int fd, const struct conn_op *op, ssize_t *result)
{
	switch (op->kind) {
	case OP_ATTACH:
		*result = negative_errno(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls",
		    sizeof("tls")));
		return true;
	case OP_INSTALL:
		*result = negative_errno(setsockopt(fd, SOL_TLS, op->dir == KTLS_TX ?
		    TLS_TX : TLS_RX,
		    op->crypto, op->crypto_len));
		return true;
	case OP_SHUTDOWN:
		*result = negative_errno(shutdown(fd, SHUT_WR));
		return true;
	case OP_DRAINED:
		*result = sync_drained(fd);
		return true;
	default:
		return false;
	}
}

int
engine_nonblocking(struct channel *channel)
{
	int flags;

	if (channel->nonblocking)
		return 0;
	if ((flags = fcntl(channel->fd, F_GETFL)) < 0 ||
	    fcntl(channel->fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return -errno;
	channel->nonblocking = true;
	return 0;
}

void
engine_prep_msg(struct request *request)
{
	struct conn_op *op = &request->op;

	if (op->kind == OP_SENDMSG)
		control_send_init(&request->control, op->type, op->buf, op->len);
	else
		control_recv_init(&request->control, op->buf, op->len);
}

/* A bad record leaves an error on the socket that would stop our alert too (KERNEL-FACTS 6). */
void
engine_read_msg(struct request *request, ssize_t result)
{
	int pending;
	socklen_t len = sizeof(pending);

	if (result >= 0)
		request->op.type = control_recv_type(&request->control.msg, &request->op.eor);
	else if (result == -EBADMSG)
		(void)getsockopt(request->channel->fd, SOL_SOCKET, SO_ERROR, &pending, &len);
}

ssize_t
engine_read(const struct conn_op *op)
{
	ssize_t n = pread(op->file, op->buf, op->len, op->offset);

	return n < 0 ? -errno : n;
}

#define COPY_MAX	(16 * KTLS_RECORD_PLAIN_MAX)	/* in one turn */

ssize_t
engine_copy(int fd, const struct conn_op *op)
{
	uint8_t buf[KTLS_RECORD_PLAIN_MAX];
	size_t done = 0, want;
	ssize_t n;

	do {
		want = op->len - done < sizeof(buf) ? op->len - done : sizeof(buf);
		if ((n = pread(op->file, buf, want, op->offset + (off_t)done)) > 0)
			n = send(fd, buf, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return done != 0 ? (ssize_t)done : n < 0 ? -errno : 0;
		done += (size_t)n;
	} while ((size_t)n == sizeof(buf) && done < op->len && done < COPY_MAX);
	return (ssize_t)done;
}
