/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include "uring/engine_uring.h"

#define LEN_MAX		((size_t)1 << 30)	/* an SQE counts in 32 bits, a CQE in 31 */

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

/* After reserve(). */
static struct io_uring_sqe *
next_sqe(struct engine_uring *e, struct request *request)
{
	request->sqe_at = e->ring->sq.sqe_tail;
	return request->sqe = io_uring_get_sqe(e->ring);
}

/* A prep function may clear user_data, so the tag comes after it. */
static void
tag_sqe(struct engine_uring *e, struct request *request, uint32_t part)
{
	request->sqe->user_data = request->user_data = tags_take(&e->tags, request, part);
	request->pending++;
}

static bool
waits_for_input(const struct request *request)
{
	return request->kind != REQUEST_OP || request->op.kind == OP_RECV || request->op.kind ==
	    OP_RECVMSG;
}

static void
issue_wait(struct engine_uring *e, struct request *request)
{
	/* the longer it lasts, the longer: each try costs a worker thread's time */
	static struct __kernel_timespec pauses[PAUSES] = { { .tv_nsec = 10000000 },
	    { .tv_nsec = 20000000 }, { .tv_nsec = 40000000 }, { .tv_nsec = 80000000 },
	    { .tv_nsec = 160000000 } };
	struct io_uring_sqe *sqe = next_sqe(e, request);

	if (request->stage == STAGE_PAUSE)
		io_uring_prep_timeout(sqe, &pauses[request->vain - VAIN_MAX], 0, 0);
	else
		io_uring_prep_poll_add(sqe, request->channel->fd, waits_for_input(request) ?
		    POLLIN : POLLOUT);
	tag_sqe(e, request, PART_POLL);
}

/*
 * A receive that may take any number of bytes gets a buffer when there is something
 * to be put in. Not where much is expected: that goes to its place at once.
 */
static void
prep_recv(struct engine_uring *e, struct io_uring_sqe *sqe, const struct request *request)
{
	const struct conn_op *op = &request->op;

	if (op->large && op->len <= BUFFER_SIZE && e->buffers.ring != NULL && request->stage !=
	    STAGE_NO_BUFFER) {
		io_uring_prep_recv(sqe, request->channel->fd, NULL, BUFFER_SIZE, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = e->buffers.group;
	} else {
		io_uring_prep_recv(sqe, request->channel->fd, op->buf, op->len < LEN_MAX ?
		    op->len : LEN_MAX, 0);
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
	struct io_uring_sqe *sqe = next_sqe(e, request);
	struct conn_op *op = &request->op;
	size_t len = op->len < LEN_MAX ? op->len : LEN_MAX;
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
		io_uring_prep_send(sqe, fd, op->buf, len, op->flags | MSG_NOSIGNAL);
		break;
	case OP_SENDMSG:
		engine_prep_msg(request);
		io_uring_prep_sendmsg(sqe, fd, &request->control.msg,
		    (unsigned)op->flags | MSG_NOSIGNAL);
		break;
	case OP_READ_FILE:
		io_uring_prep_read(sqe, op->file, op->buf, (unsigned)len, (uint64_t)op->offset);
		break;
	default:			/* OP_ATTACH, OP_INSTALL */
		prep_setsockopt(sqe, fd, op);
		break;
	}
	tag_sqe(e, request, PART_OP);
}

static void
issue_accept(struct engine_uring *e, struct request *request)
{
	struct io_uring_sqe *sqe = next_sqe(e, request);

	if (e->no_multishot)
		io_uring_prep_accept(sqe, request->channel->fd, NULL, NULL, SOCK_CLOEXEC);
	else
		io_uring_prep_multishot_accept(sqe, request->channel->fd, NULL, NULL, SOCK_CLOEXEC);
	tag_sqe(e, request, PART_OP);
}

/*
 * pipe -> socket, len bytes. NONBLOCK is for the pipe: should it be empty, no worker
 * thread waits for it. For the socket it says nothing (KERNEL-FACTS 5.2).
 */
static void
issue_drain(struct engine_uring *e, struct request *request, size_t len)
{
	io_uring_prep_splice(next_sqe(e, request), request->pipe->read, -1, request->channel->fd,
	    -1, (unsigned)len, SPLICE_F_NONBLOCK);
	tag_sqe(e, request, PART_DRAIN);
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

	io_uring_prep_splice(next_sqe(e, request), op->file, op->offset, pipe->write, -1,
	    (unsigned)len, 0);
	request->sqe->flags |= IOSQE_IO_LINK;
	tag_sqe(e, request, PART_FILL);
	issue_drain(e, request, len);
	request->first = request->second = 0;
}

void
engine_uring_unpipe(struct engine_uring *e, struct request *request)
{
	if (request->pipe != NULL)
		pipe_return(&e->pipes, request->pipe);
	request->pipe = NULL;
}

static void
ready(struct engine_uring *e, struct request *request, ssize_t result)
{
	engine_uring_unpipe(e, request);
	engine_ready(&e->engine, request, result);
}

/* Before an OP_SENDFILE is issued. true: it is done already. */
static bool
prepare_file(struct engine_uring *e, struct request *request)
{
	ssize_t result;
	int err;

	if (request->stage == STAGE_FIRST && request->pipe == NULL) {
		if ((err = engine_nonblocking(request->channel)) != 0) {
			ready(e, request, err);
			return true;
		}
		if ((request->pipe = pipe_borrow(&e->pipes)) == NULL)
			request->stage = STAGE_COPY;
	}
	if (request->stage != STAGE_COPY)
		return false;
	if ((result = engine_copy(request->channel->fd, &request->op)) == -EAGAIN) {
		request->stage = STAGE_POLL;
		return false;
	}
	ready(e, request, result);
	return true;
}

/* What needs no submission. true: it is done. */
static bool
done_at_once(struct engine_uring *e, struct request *request)
{
	const struct conn_op *op = &request->op;
	ssize_t result;
	int err;

	if (request->cancelled) {
		ready(e, request, -ECANCELED);
		return true;
	}
	if (request->kind != REQUEST_OP)
		return false;
	if (op->kind == OP_SENDFILE)
		return prepare_file(e, request);
	/* Linux 6.1 wakes up for half a record: a worker thread would wait for its end */
	if (op->kind == OP_RECVMSG && (err = engine_nonblocking(request->channel)) != 0) {
		ready(e, request, err);
		return true;
	}
	if ((e->no_setsockopt || op->kind == OP_SHUTDOWN || op->kind == OP_DRAINED) &&
	    engine_at_once(request->channel->fd, op, &result)) {
		ready(e, request, result);
		return true;
	}
	return false;
}

/*
 * Issues what request's stage asks for. false: there is no room now, nothing was
 * done. Before that point only what can be done twice.
 */
static bool
issue(struct engine_uring *e, struct request *request)
{
	bool splice = request->kind == REQUEST_OP && request->op.kind == OP_SENDFILE;

	if (done_at_once(e, request))
		return true;
	if (!reserve(e, splice ? 2 : 1))
		return false;
	if (request->stage == STAGE_POLL || request->stage == STAGE_PAUSE ||
	    request->kind == REQUEST_WATCH)
		issue_wait(e, request);
	else if (request->kind == REQUEST_ACCEPT)
		issue_accept(e, request);
	else if (!splice)
		issue_op(e, request);
	else if (request->stage == STAGE_DRAIN)
		issue_drain(e, request, request->pipe->holds);
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

void
engine_uring_again(struct engine_uring *e, struct request *request, enum stage stage)
{
	request->stage = (uint8_t)stage;
	issue_or_wait(e, request);
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

/* Whether the kernel has not yet taken the last submission out of the SQ. */
static bool
unseen(const struct engine_uring *e, const struct request *request)
{
	unsigned head = __atomic_load_n(e->ring->sq.khead, __ATOMIC_ACQUIRE);

	return request->sqe_at - head < e->ring->sq.sqe_tail - head &&
	    request->sqe->user_data == request->user_data;
}

/*
 * A splice, a read of a file and a setsockopt end by themselves; their memory is the connection's.
 */
static bool
can_wait(const struct request *request)
{
	if (request->kind != REQUEST_OP || request->stage == STAGE_POLL || request->stage ==
	    STAGE_PAUSE)
		return true;
	return request->op.kind == OP_RECV || request->op.kind == OP_RECVMSG ||
	    request->op.kind == OP_SEND || request->op.kind == OP_SENDMSG;
}

/*
 * By the plain call (Linux 6.0): it needs no room in the SQ, and when it returns
 * nothing is under way. Of what the kernel has not seen it can't know: there the SQE
 * becomes a NOP. What is in the backlog sees the flag when its turn comes.
 */
void
engine_uring_cancel(struct engine *engine, struct request *request)
{
	struct engine_uring *e = (struct engine_uring *)engine;
	struct io_uring_sync_cancel_reg reg = { .addr = request->user_data, .fd = -1, .timeout =
	    { -1, -1 } };

	request->cancelled = true;
	if (request->pending == 0 || !can_wait(request))
		return;
	if (unseen(e, request)) {
		io_uring_prep_nop(request->sqe);
		request->sqe->user_data = request->user_data;
		request->withdrawn = true;
	} else {
		(void)io_uring_register_sync_cancel(e->ring, &reg);
	}
}
