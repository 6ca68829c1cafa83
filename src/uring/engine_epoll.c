/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include "uring/engine.h"

/*
 * The engine for where io_uring may not be used: a container's seccomp filter, a
 * sysctl. Every descriptor is registered once, edge-triggered, both ways. A
 * request is tried when its turn comes; where it would block it waits in its
 * channel for the next edge.
 */
struct engine_epoll {
	struct engine engine;
	int epoll;
	struct queue tries;
};

#define CHUNK_MAX	(1u << 20)	/* of a file in one turn, so that everybody gets one */

static struct engine_epoll *
of(struct engine *engine)
{
	return (struct engine_epoll *)engine;
}

static int
register_channel(struct engine_epoll *e, const struct request *request)
{
	struct channel *channel = request->channel;
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
	    .data.ptr = channel };

	if (channel->registered)
		return 0;
	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, channel->fd, &event) != 0)
		return -errno;
	channel->registered = true;
	/* a watched descriptor may be shared with others, a terminal with the shell */
	return request->kind == REQUEST_WATCH ? 0 : engine_nonblocking(channel);
}

static void
submit(struct engine *engine, struct request *request)
{
	struct engine_epoll *e = of(engine);
	int err;

	engine_begin(engine, request);
	if ((err = register_channel(e, request)) != 0)
		engine_ready(engine, request, err);
	else
		queue_put(&e->tries, request);
}

static bool
full(struct engine *engine)
{
	(void)engine;
	return false;
}

static void
flush(struct engine *engine)
{
	(void)engine;
}

static ssize_t
try_op(int fd, struct request *request)
{
	struct conn_op *op = &request->op;
	off_t offset = op->offset;
	ssize_t n;

	if (engine_at_once(fd, op, &n))
		return n;
	switch (op->kind) {
	case OP_RECV:
		n = recv(fd, op->buf, op->len, 0);
		break;
	case OP_SEND:
		n = send(fd, op->buf, op->len, op->flags | MSG_NOSIGNAL);
		break;
	case OP_SENDMSG:
		engine_prep_msg(request);
		n = sendmsg(fd, &request->control.msg, op->flags | MSG_NOSIGNAL);
		break;
	case OP_RECVMSG:
		engine_prep_msg(request);
		n = recvmsg(fd, &request->control.msg, 0);
		n = n < 0 ? -errno : n;
		engine_read_msg(request, n);
		return n;
	case OP_READ_FILE:
		return engine_read(op);
	case OP_SENDFILE:
		n = sendfile(fd, op->file, &offset, op->len < CHUNK_MAX ? op->len : CHUNK_MAX);
		if (n < 0 && errno == EINVAL)
			return engine_copy(fd, op);
		break;
	default:
		return -EOPNOTSUPP;
	}
	return n < 0 ? -errno : n;
}

static ssize_t
try_request(struct request *request)
{
	int fd = request->channel->fd;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	switch (request->kind) {
	case REQUEST_ACCEPT:
		n = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		return n < 0 ? -errno : n;
	case REQUEST_OP:
		return try_op(fd, request);
	default:		/* an edge isn't enough: its owner may not have read everything */
		if (poll(&p, 1, 0) <= 0)
			return -EAGAIN;
		return (p.revents & POLLNVAL) != 0 ? -EBADF : 0;
	}
}

static enum lane
lane_of(const struct request *request)
{
	return request->kind == REQUEST_OP ? request->op.lane : LANE_RX;
}

/* One turn. Accept and watch go on until there is nothing more. */
static void
turn(struct engine_epoll *e, struct request *request)
{
	struct channel *channel = request->channel;
	bool dont_wait = request->kind == REQUEST_OP && (request->op.flags & MSG_DONTWAIT);
	ssize_t result = request->cancelled ? -ECANCELED : try_request(request);

	if (result == -EAGAIN && !dont_wait) {
		channel->waiting[lane_of(request)] = request;
	} else if (request->kind != REQUEST_OP && result != -ECANCELED) {
		queue_put(&e->tries, request);
		request->completed(request, result);
	} else {
		engine_ready(&e->engine, request, result);
	}
}

static void
forget(struct engine *engine, struct channel *channel)
{
	if (channel->registered)
		(void)epoll_ctl(of(engine)->epoll, EPOLL_CTL_DEL, channel->fd, NULL);
	channel->registered = false;
}

static void
cancel(struct engine *engine, struct request *request)
{
	struct request **waiting = &request->channel->waiting[lane_of(request)];

	request->cancelled = true;
	if (*waiting == request) {
		*waiting = NULL;
		queue_put(&of(engine)->tries, request);
	}
	/* Now: its owner may close it, and the next one to open gets the same number. */
	if (request->kind != REQUEST_OP)
		forget(engine, request->channel);
}

/*
 * Whoever waits tries again: a useless try costs one EAGAIN, a missed one the
 * connection. Nobody is called here: a callback could free a channel of the same batch.
 */
static void
wake(struct engine_epoll *e, struct channel *channel)
{
	struct request *request;

	for (int lane = 0; lane < LANES; lane++) {
		if ((request = channel->waiting[lane]) == NULL)
			continue;
		channel->waiting[lane] = NULL;
		queue_put(&e->tries, request);
	}
}

static void
run_tries(struct engine_epoll *e)
{
	struct queue now = e->tries;
	struct request *request;

	queue_init(&e->tries);
	while ((request = now.head) != NULL) {
		now.head = request->next;
		turn(e, request);
	}
}

static int
wait_events(struct engine *engine, int timeout_ms)
{
	struct engine_epoll *e = of(engine);
	struct epoll_event events[64];
	int n;

	run_tries(e);
	if (engine_run_ready(engine) || e->tries.head != NULL)
		timeout_ms = 0;
	n = epoll_wait(e->epoll, events, 64, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++)
		wake(e, events[i].data.ptr);
	return 0;
}

static void
free_epoll(struct engine *engine)
{
	close(of(engine)->epoll);
	free(engine);
}

static const struct engine_ops ops = {
	.name = "epoll", .submit = submit, .full = full, .flush = flush, .cancel = cancel,
	    .forget = forget,
	.wait = wait_events, .free = free_epoll,
};

int
engine_epoll_new(struct engine **engine)
{
	struct engine_epoll *e = calloc(1, sizeof(*e));
	int err;

	if (e == NULL)
		return -ENOMEM;
	if ((e->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
		err = -errno;
		free(e);
		return err;
	}
	engine_init(&e->engine, &ops);
	queue_init(&e->tries);
	*engine = &e->engine;
	return 0;
}
