/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "uring/engine_uring.h"

/* What completions mean. Each one either completes its request or issues the next stage. */

static void
finish(struct engine_uring *e, struct request *request, ssize_t result)
{
	engine_uring_unpipe(e, request);
	engine_complete(&e->engine, request, result);
}

/*
 * The chunk ends here, with an error. Bytes that have left count all the same: the
 * error comes again with the next one.
 */
static void
chunk_failed(struct engine_uring *e, struct request *request, ssize_t err)
{
	ssize_t left = request->first > 0 ? request->first - (ssize_t)request->pipe->holds : 0;

	finish(e, request, left > 0 ? left : err);
}

/* Both splices of a chunk have completed, or the one that emptied the pipe. */
static void
chunk_done(struct engine_uring *e, struct request *request)
{
	struct pipe *pipe = request->pipe;
	int second = request->second;

	if (request->cancelled)
		chunk_failed(e, request, -ECANCELED);
	else if (request->first == -EINVAL && pipe->holds == 0)
		engine_uring_again(e, request, STAGE_COPY);
	else if (pipe->holds == 0)
		/* all of it; the end of the file; an error */
		finish(e, request, request->first);
	else if (second == -EAGAIN)
		engine_uring_again(e, request, STAGE_POLL);	/* then STAGE_DRAIN */
	else if (second < 0 && second != -ECANCELED && second != -EINTR)
		chunk_failed(e, request, second);
	else if (second == 0)
		/* a socket that takes nothing and says nothing */
		chunk_failed(e, request, -EPIPE);
	else
		engine_uring_again(e, request, STAGE_DRAIN);
}

static void
splice_done(struct engine_uring *e, struct request *request, uint32_t part, int result)
{
	struct pipe *pipe = request->pipe;

	if (part == PART_POLL) {
		engine_uring_again(e, request, pipe != NULL && pipe->holds != 0 ?
		    STAGE_DRAIN : STAGE_COPY);
		return;
	}
	if (part == PART_FILL) {
		request->first = result;
		pipe->holds += result > 0 ? (size_t)result : 0;
	} else {
		request->second = result;
		request->moved = request->moved || result > 0;
		pipe->holds -= result > 0 ? (size_t)result : 0;
	}
	if (request->pending == 0)
		chunk_done(e, request);
}

/*
 * Nothing to be received, no room to send: wait for it. Linux 6.1 says POLLIN where
 * half a record has come (KERNEL-FACTS 6): only time brings the rest.
 */
static void
would_block(struct engine_uring *e, struct request *request)
{
	if (request->vain < VAIN_MAX + PAUSES - 1)
		request->vain++;
	engine_uring_again(e, request, request->vain < VAIN_MAX ? STAGE_POLL : STAGE_PAUSE);
}

/* By the plain call: before Linux 6.7, or a refusal that may be io_uring's alone. */
static void
plain_setsockopt(struct engine_uring *e, struct request *request, int result)
{
	ssize_t plain = result;

	e->no_setsockopt = result == -EOPNOTSUPP || e->no_setsockopt;
	(void)engine_at_once(request->channel->fd, &request->op, &plain);
	finish(e, request, plain);
}

static void
op_done(struct engine_uring *e, struct request *request, uint32_t part,
    const struct io_uring_cqe *cqe)
{
	struct conn_op *op = &request->op;
	int result = request->withdrawn ? -ECANCELED : cqe->res;
	bool setsockopt_op = op->kind == OP_ATTACH || op->kind == OP_INSTALL;

	if (part == PART_POLL) {
		engine_uring_again(e, request, STAGE_FIRST);
	} else if (result == -EAGAIN && op->kind == OP_READ_FILE) {
		/* a file that was opened with O_NONBLOCK: no poll tells of it */
		finish(e, request, engine_read(op));
	} else if (result == -EAGAIN && !(op->flags & MSG_DONTWAIT)) {
		would_block(e, request);
	} else if (result == -ENOBUFS && op->kind == OP_RECV && request->stage == STAGE_FIRST) {
		/* all provided buffers are in use at this moment */
		engine_uring_again(e, request, STAGE_NO_BUFFER);
	} else if (setsockopt_op && (result == -EOPNOTSUPP || result == -EINVAL)) {
		plain_setsockopt(e, request, result);
	} else {
		if (op->kind == OP_RECVMSG)
			engine_read_msg(request, result);
		if (cqe->flags & IORING_CQE_F_BUFFER)
			request->data = buffers_at(&e->buffers, cqe);
		finish(e, request, result);
	}
}

/*
 * A listener's and a watched descriptor's request completes many times, until
 * cancelled. The submission that goes on is pending meanwhile: a callback may cancel it.
 */
static void
repeated_done(struct engine_uring *e, struct request *request, uint32_t part,
    const struct io_uring_cqe *cqe)
{
	bool accept = request->kind == REQUEST_ACCEPT;

	if (request->withdrawn || cqe->res == -ECANCELED) {
		/* nothing to tell */
	} else if (accept && part == PART_POLL) {
		engine_uring_again(e, request, STAGE_FIRST);
		return;
	} else if (accept && cqe->res == -EAGAIN) {		/* O_NONBLOCK is set */
		engine_uring_again(e, request, STAGE_POLL);
		return;
	} else if (accept && cqe->res == -EINVAL && !e->no_multishot) {
		e->no_multishot = true;				/* before Linux 5.19 */
		engine_uring_again(e, request, STAGE_FIRST);
		return;
	} else {
		request->completed(request, cqe->res);
	}
	if (cqe->flags & IORING_CQE_F_MORE)
		return;
	if (request->cancelled)
		finish(e, request, -ECANCELED);
	else
		engine_uring_again(e, request, STAGE_FIRST);
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
	if (!(cqe->flags & IORING_CQE_F_MORE)) {
		tags_release(&e->tags, tag);
		request->pending--;
	}
	if (request->kind != REQUEST_OP)
		repeated_done(e, request, part, cqe);
	else if (request->op.kind == OP_SENDFILE)
		splice_done(e, request, part, cqe->res);
	else
		op_done(e, request, part, cqe);
	if (cqe->flags & IORING_CQE_F_BUFFER)
		buffers_return(&e->buffers, cqe);
	return true;
}
