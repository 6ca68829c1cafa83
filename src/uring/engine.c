/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
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
	request->cancelled = false;
	request->stage = 0;
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
	int queued = 0;

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
		*result = negative_errno(ioctl(fd, SIOCOUTQ, &queued));
		if (*result == 0)
			*result = queued;
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

void
engine_read_msg(struct request *request)
{
	request->op.type = control_recv_type(&request->control.msg, &request->op.eor);
}
