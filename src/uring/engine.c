/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
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
	queue_init(&engine->ready);		/* what these ask for comes next time: no starving */
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
		*result = negative_errno(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")));
		return true;
	case OP_INSTALL:
		*result = negative_errno(setsockopt(fd, SOL_TLS, op->dir == KTLS_TX ? TLS_TX : TLS_RX,
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
	struct cmsghdr *cmsg = &request->control.align;

	request->iov = (struct iovec){ request->op.buf, request->op.len };
	memset(&request->msg, 0, sizeof(request->msg));
	memset(&request->control, 0, sizeof(request->control));
	request->msg.msg_iov = &request->iov;
	request->msg.msg_iovlen = 1;
	request->msg.msg_control = &request->control;
	request->msg.msg_controllen = sizeof(request->control);
	if (request->op.kind == OP_SENDMSG) {
		cmsg->cmsg_level = SOL_TLS;
		cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
		cmsg->cmsg_len = CMSG_LEN(1);
		*CMSG_DATA(cmsg) = request->op.type;
	}
}

/* A record's type comes with every byte of it; type 0 is the end of the stream. */
void
engine_read_msg(struct request *request)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&request->msg);

	request->op.type = 0;
	request->op.eor = (request->msg.msg_flags & MSG_EOR) != 0;
	if (cmsg != NULL && cmsg->cmsg_level == SOL_TLS && cmsg->cmsg_type == TLS_GET_RECORD_TYPE)
		request->op.type = *CMSG_DATA(cmsg);
}
