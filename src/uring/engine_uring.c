/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "uring/engine_uring.h"

/* Three ways to be short of room; with all of them in order a request can't fail to be issued. */
static bool
reserve(struct engine_uring *e, unsigned sqes)
{
	if (!tags_reserve(&e->tags, sqes))
		return false;
	if (io_uring_sq_space_left(e->ring) < sqes && e->ours)
		(void)io_uring_submit(e->ring);
	return io_uring_sq_space_left(e->ring) >= sqes;
}

/* After reserve(). A prep function clears user_data, so the tag comes after it. */
static struct io_uring_sqe *
next_sqe(struct engine_uring *e)
{
	return io_uring_get_sqe(e->ring);
}

static void
tag_sqe(struct engine_uring *e, struct io_uring_sqe *sqe, struct request *request, uint32_t part)
{
	sqe->user_data = request->user_data = tags_take(&e->tags, request, part);
	request->pending++;
}

static bool
waits_for_input(const struct request *request)
{
	return request->kind != REQUEST_OP || request->op.kind == OP_RECV || request->op.kind ==
	    OP_RECVMSG;
}

static void
issue_poll(struct engine_uring *e, struct request *request)
{
	struct io_uring_sqe *sqe = next_sqe(e);

	io_uring_prep_poll_add(sqe, request->channel->fd, waits_for_input(request) ?
	    POLLIN : POLLOUT);
	tag_sqe(e, sqe, request, PART_POLL);
}

/*
 * A receive that may take any number of bytes gets a buffer when there is something to be put in.
 */
static void
prep_recv(struct engine_uring *e, struct io_uring_sqe *sqe, struct request *request)
{
	struct conn_op *op = &request->op;

	if (op->large && e->buffers.ring != NULL && request->stage != STAGE_NO_BUFFER) {
		io_uring_prep_recv(sqe, request->channel->fd, NULL, BUFFER_SIZE, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = e->buffers.group;
	} else {
		io_uring_prep_recv(sqe, request->channel->fd, op->buf, op->len, 0);
	}
}

static void
prep_setsockopt(struct io_uring_sqe *sqe, int fd, const struct conn_op *op)
{
	if (op->kind == OP_ATTACH)
		compat_prep_setsockopt(sqe, fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls"));
	else
		compat_prep_setsockopt(sqe, fd, SOL_TLS, op->dir == KTLS_TX ? TLS_TX : TLS_RX,
		    op->crypto, op->crypto_len);
}

static void
issue_op(struct engine_uring *e, struct request *request)
{
	struct io_uring_sqe *sqe = next_sqe(e);
	struct conn_op *op = &request->op;
	int fd = request->channel->fd;

	switch (op->kind) {
	case OP_RECV:
		prep_recv(e, sqe, request);
		break;
	case OP_RECVMSG:
		engine_prep_msg(request);
		io_uring_prep_recvmsg(sqe, fd, &request->control.msg, 0);
		break;
	case OP_SEND:
		io_uring_prep_send(sqe, fd, op->buf, op->len, op->flags | MSG_NOSIGNAL);
		break;
	case OP_SENDMSG:
		engine_prep_msg(request);
		io_uring_prep_sendmsg(sqe, fd, &request->control.msg,
		    (unsigned)op->flags | MSG_NOSIGNAL);
		break;
	case OP_READ_FILE:
		io_uring_prep_read(sqe, op->file, op->buf, (unsigned)op->len, (uint64_t)op->offset);
		break;
	default:			/* OP_ATTACH, OP_INSTALL */
		prep_setsockopt(sqe, fd, op);
		break;
	}
	tag_sqe(e, sqe, request, PART_OP);
}

static void
issue_accept(struct engine_uring *e, struct request *request)
{
	struct io_uring_sqe *sqe = next_sqe(e);

	if (e->no_multishot)
		io_uring_prep_accept(sqe, request->channel->fd, NULL, NULL, SOCK_CLOEXEC);
	else
		io_uring_prep_multishot_accept(sqe, request->channel->fd, NULL, NULL, SOCK_CLOEXEC);
	tag_sqe(e, sqe, request, PART_OP);
}

/* pipe -> socket, of what the pipe holds. */
static void
issue_drain(struct engine_uring *e, struct request *request)
{
	struct io_uring_sqe *sqe = next_sqe(e);

	io_uring_prep_splice(sqe, request->pipe->read, -1, request->channel->fd, -1,
	    (unsigned)request->pipe->holds, 0);
	tag_sqe(e, sqe, request, PART_DRAIN);
}

/*
 * file -> pipe, then pipe -> socket, linked. A short first splice breaks the link
 * (KERNEL-FACTS 5.1): the second completes with -ECANCELED and is issued again.
 */
static void
issue_chunk(struct engine_uring *e, struct request *request)
{
	struct conn_op *op = &request->op;
	struct pipe *pipe = request->pipe;
	size_t len = op->len < pipe->size ? op->len : pipe->size;
	struct io_uring_sqe *fill = next_sqe(e);

	io_uring_prep_splice(fill, op->file, op->offset, pipe->write, -1, (unsigned)len, 0);
	fill->flags |= IOSQE_IO_LINK;
	tag_sqe(e, fill, request, PART_FILL);
	pipe->holds = len;
	issue_drain(e, request);
	pipe->holds = 0;
	request->first = request->second = 0;
}

/*
 * Issues what request's stage asks for. false: there is no room now, nothing was
 * done. Before that point only what can be done twice.
 */
static bool
issue(struct engine_uring *e, struct request *request)
{
	bool splice = request->kind == REQUEST_OP && request->op.kind == OP_SENDFILE;
	ssize_t result;
	int err;

	if (request->cancelled) {
		engine_ready(&e->engine, request, -ECANCELED);
		return true;
	}
	if (request->kind == REQUEST_OP && (e->no_setsockopt || request->op.kind == OP_SHUTDOWN ||
	    request->op.kind == OP_DRAINED) && engine_at_once(request->channel->fd,
	    &request->op, &result)) {
		engine_ready(&e->engine, request, result);
		return true;
	}
	if (splice && request->pipe == NULL) {
		if ((err = engine_nonblocking(request->channel)) != 0 ||
		    (err = (request->pipe = pipe_borrow(&e->pipes)) == NULL ? -ENOMEM : 0) != 0) {
			engine_ready(&e->engine, request, err);
			return true;
		}
	}
	if (!reserve(e, splice ? 2 : 1))
		return false;
	if (request->stage == STAGE_POLL || request->kind == REQUEST_WATCH)
		issue_poll(e, request);
	else if (request->kind == REQUEST_ACCEPT)
		issue_accept(e, request);
	else if (!splice)
		issue_op(e, request);
	else if (request->stage == STAGE_DRAIN)
		issue_drain(e, request);
	else
		issue_chunk(e, request);
	return true;
}

/* Issued now, or as soon as there is room, in the order asked for. */
static void
issue_or_wait(struct engine_uring *e, struct request *request)
{
	if (e->backlog.head != NULL || !issue(e, request))
		queue_put(&e->backlog, request);
}

static void
finish(struct engine_uring *e, struct request *request, ssize_t result)
{
	if (request->pipe != NULL) {
		pipe_return(&e->pipes, request->pipe);
		request->pipe = NULL;
	}
	engine_complete(&e->engine, request, result);
}

static void
again(struct engine_uring *e, struct request *request, enum stage stage)
{
	request->stage = (uint8_t)stage;
	issue_or_wait(e, request);
}

/* Both splices of a chunk have completed, or the one that emptied the pipe. */
static void
chunk_done(struct engine_uring *e, struct request *request)
{
	struct pipe *pipe = request->pipe;

	if (request->first <= 0 && pipe->holds == 0)
		finish(e, request, request->first);
	else if (request->second == -EAGAIN)
		again(e, request, STAGE_POLL);		/* then STAGE_DRAIN */
	else if (request->second < 0 && request->second != -ECANCELED && request->second != -EINTR)
		finish(e, request, request->second);
	else if (request->second == 0)
		/* a socket that takes nothing and says nothing */
		finish(e, request, -EPIPE);
	else if (pipe->holds != 0)
		again(e, request, STAGE_DRAIN);
	else
		finish(e, request, request->first);
}

static void
splice_done(struct engine_uring *e, struct request *request, uint32_t part, int result)
{
	struct pipe *pipe = request->pipe;

	if (part == PART_POLL) {
		again(e, request, STAGE_DRAIN);
		return;
	}
	if (part == PART_FILL) {
		request->first = result;
		pipe->holds += result > 0 ? (size_t)result : 0;
	} else {
		request->second = result;
		pipe->holds -= result > 0 ? (size_t)result : 0;
	}
	if (request->pending == 0)
		chunk_done(e, request);
}

static void
op_done(struct engine_uring *e, struct request *request, uint32_t part,
    const struct io_uring_cqe *cqe)
{
	struct conn_op *op = &request->op;
	int result = cqe->res;
	bool setsockopt_op = op->kind == OP_ATTACH || op->kind == OP_INSTALL;

	if (request->cancelled && (part == PART_POLL || result == -EAGAIN)) {
		finish(e, request, -ECANCELED);
	} else if (part == PART_POLL) {
		again(e, request, STAGE_FIRST);
	} else if (result == -EAGAIN && !(op->flags & MSG_DONTWAIT)) {
		again(e, request, STAGE_POLL);
	} else if (result == -ENOBUFS && op->kind == OP_RECV && request->stage == STAGE_FIRST) {
		/* all provided buffers are in use at this moment */
		again(e, request, STAGE_NO_BUFFER);
	} else if (setsockopt_op && !e->no_setsockopt && (result == -EOPNOTSUPP || result == -EINVAL)) {
		/* Before Linux 6.7, or a real refusal: the plain call tells which. */
		e->no_setsockopt = result == -EOPNOTSUPP || e->no_setsockopt;
		(void)engine_at_once(request->channel->fd, op, &request->result);
		finish(e, request, request->result);
	} else {
		if (op->kind == OP_RECVMSG && result >= 0)
			engine_read_msg(request);
		if (cqe->flags & IORING_CQE_F_BUFFER)
			request->data = buffers_at(&e->buffers, cqe);
		finish(e, request, result);
	}
}

/* A listener's and a watched descriptor's request completes many times, until cancelled. */
static void
repeated_done(struct engine_uring *e, struct request *request, const struct io_uring_cqe *cqe)
{
	bool more = (cqe->flags & IORING_CQE_F_MORE) != 0;

	if (request->kind == REQUEST_ACCEPT && cqe->res == -EINVAL && !e->no_multishot) {
		e->no_multishot = true;				/* before Linux 5.19 */
		again(e, request, STAGE_FIRST);
		return;
	}
	if (cqe->res != -ECANCELED)
		request->completed(request, cqe->res);
	if (more)
		request->pending++;				/* the same submission goes on */
	else if (request->cancelled)
		finish(e, request, -ECANCELED);
	else
		again(e, request, STAGE_FIRST);
}

bool
engine_uring_cqe(struct engine *engine, const struct io_uring_cqe *cqe)
{
	struct engine_uring *e = (struct engine_uring *)engine;
	struct tag *tag = tags_find(&e->tags, cqe->user_data);
	struct request *request;
	uint32_t part;

	if (tag == NULL)
		return false;
	request = tag->request;
	part = tag->part;
	if (!(cqe->flags & IORING_CQE_F_MORE))
		tags_release(&e->tags, tag);
	if (request == NULL)
		return true;
	request->pending--;
	if (request->kind != REQUEST_OP)
		repeated_done(e, request, cqe);
	else if (request->op.kind == OP_SENDFILE)
		splice_done(e, request, part, cqe->res);
	else
		op_done(e, request, part, cqe);
	if (cqe->flags & IORING_CQE_F_BUFFER)
		buffers_return(&e->buffers, cqe);
	return true;
}

/*
 * The plain call needs no room in the SQ (Linux 6.0). What is in the backlog
 * sees the flag when its turn comes.
 */
void
engine_uring_cancel(struct engine *engine, struct request *request)
{
	struct engine_uring *e = (struct engine_uring *)engine;
	struct io_uring_sync_cancel_reg reg = { .addr = request->user_data, .fd = -1, .timeout =
	    { -1, -1 } };

	request->cancelled = true;
	if (request->pending == 0)
		return;
	if (e->ours)
		(void)io_uring_submit(e->ring);		/* it may not even have been seen yet */
	(void)io_uring_register_sync_cancel(e->ring, &reg);
}

void
engine_uring_submit(struct engine *engine, struct request *request)
{
	engine_begin(engine, request);
	issue_or_wait((struct engine_uring *)engine, request);
}

bool
engine_uring_full(struct engine *engine)
{
	return ((struct engine_uring *)engine)->backlog.head != NULL;
}

void
engine_uring_flush(struct engine *engine)
{
	struct engine_uring *e = (struct engine_uring *)engine;

	struct queue now = e->backlog;
	struct request *request;

	queue_init(&e->backlog);
	while ((request = now.head) != NULL) {
		now.head = request->next;
		issue_or_wait(e, request);
	}
}
