/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "conn/sync.h"
#include "uring/uring.h"

/*
 * Between the connection's core and an engine: whatever operation the core has
 * for a lane is submitted, its result brought back, until the lane's goal is
 * reached and its callback due.
 */
struct side {
	struct request request;
	struct ktls_stream *stream;
	struct timer timer;		/* no progress for `timeout` ms */
	struct timer wait;		/* OP_WAIT */
	uint64_t wait_began;
	unsigned timeout;
	bool total;			/* timeout is for the whole, not renewed by progress */
	bool waits;			/* an OP_WAIT is under way */
	bool timed_out;			/* its operation is being ended */
	ktls_done_fn *done;		/* NULL: no call is under way */
};

struct ktls_stream {
	struct ktls_stream *next, **prev;
	struct ktls_stream *next_deferred;
	struct ktls_uring *uring;
	struct ktls_conn *conn;
	struct channel channel;
	void *arg;
	bool closing;
	bool is_deferred;
	struct side side[LANES];
};

static void
defer(struct ktls_stream *stream)
{
	if (stream->is_deferred)
		return;
	stream->is_deferred = true;
	stream->next_deferred = stream->uring->deferred;
	stream->uring->deferred = stream;
}

static void
list_put(struct ktls_stream **head, struct ktls_stream *stream)
{
	stream->next = *head;
	stream->prev = head;
	if (*head != NULL)
		(*head)->prev = &stream->next;
	*head = stream;
}

static void
list_take(struct ktls_stream *stream)
{
	*stream->prev = stream->next;
	if (stream->next != NULL)
		stream->next->prev = stream->prev;
}

static bool
busy(const struct ktls_stream *stream)
{
	return stream->side[LANE_TX].request.busy || stream->side[LANE_RX].request.busy;
}

/* Gives the engines what the core wants done, in both lanes. */
static void
pump(struct ktls_stream *stream)
{
	struct engine *engine = stream->uring->engine;
	struct side *side;

	if (stream->closing)
		return;
	for (int lane = 0; lane < LANES; lane++) {
		side = &stream->side[lane];
		if (side->request.busy || side->waits)
			continue;
		if (core_next(stream->conn, (enum lane)lane, &side->request.op)) {
			if (side->request.op.kind == OP_WAIT) {
				side->waits = true;
				side->wait_began = uring_now();
				uring_timer(stream->uring, &side->wait,
				    (unsigned)side->request.op.len);
			} else {
				engine->ops->submit(engine, &side->request);
			}
		}
		if (side->done != NULL && core_done(stream->conn, (enum lane)lane))
			defer(stream);
	}
}

static void
finish(struct side *side, ssize_t result)
{
	ktls_done_fn *done = side->done;

	side->done = NULL;
	timer_clear(&side->stream->uring->timers, &side->timer);
	done(side->stream, side->stream->arg, result);
}

/* Tells of the goals that are reached. A callback may begin the next, or close the stream. */
static void
deliver(struct ktls_stream *stream)
{
	struct side *side;

	for (int lane = 0; lane < LANES; lane++) {
		side = &stream->side[lane];
		if (!stream->closing && side->done != NULL && core_done(stream->conn,
		    (enum lane)lane))
			finish(side, core_outcome(stream->conn, (enum lane)lane));
	}
}

static void
end(struct ktls_stream *stream)
{
	if (stream->closing && !busy(stream))
		defer(stream);		/* its memory may still be on somebody's stack */
}

static struct side *
side_of(struct request *request)
{
	return (struct side *)((char *)request - offsetof(struct side, request));
}

/* A receive that took too long: the connection is as good as before. */
static void
give_up_recv(struct side *side)
{
	ssize_t got = core_abandon(side->stream->conn, LANE_RX);

	side->timed_out = false;
	if (side->done != NULL)
		finish(side, got > 0 ? got : -ETIMEDOUT);
}

static void
completed(struct request *request, ssize_t result)
{
	struct side *side = side_of(request);
	struct ktls_stream *stream = side->stream;

	if (stream->closing) {
		end(stream);		/* whatever it was: ktls_conn_free() wipes */
		return;
	}
	if (request->data != NULL && result > 0)
		core_result_data(stream->conn, &request->op, request->data, (size_t)result);
	else
		core_result(stream->conn, &request->op, result);
	request->data = NULL;
	if (side->timed_out && result <= 0 && side == &stream->side[LANE_RX] &&
	    !(side->done != NULL && core_done(stream->conn, LANE_RX)))
		give_up_recv(side);
	side->timed_out = false;
	if (side->done != NULL && result > 0 && side->timeout != 0 && !side->total)
		uring_timer(stream->uring, &side->timer, side->timeout);
	pump(stream);
	deliver(stream);
	end(stream);
}

/* The end of an OP_WAIT; what has passed counts, be it longer. */
static void
end_wait(struct side *side)
{
	timer_clear(&side->stream->uring->timers, &side->wait);
	side->waits = false;
	core_result(side->stream->conn, &side->request.op,
	    (ssize_t)(uring_now() - side->wait_began));
}

static void
waited(struct timer *timer)
{
	struct side *side = (struct side *)((char *)timer - offsetof(struct side, wait));

	end_wait(side);
	pump(side->stream);
	deliver(side->stream);
}

/* The connection ends. done is told when nothing uses the caller's memory any more. */
static void
give_up_send(struct side *side)
{
	struct ktls_stream *stream = side->stream;

	core_fail(stream->conn, -ETIMEDOUT);
	/* ends what is under way, a splice too */
	(void)shutdown(stream->channel.fd, SHUT_RDWR);
	if (side->waits)
		end_wait(side);
	pump(stream);
	defer(stream);
}

static void
expired(struct timer *timer)
{
	struct side *side = (struct side *)((char *)timer - offsetof(struct side, timer));
	struct ktls_stream *stream = side->stream;
	struct engine *engine = stream->uring->engine;

	if (side->done == NULL)
		return;
	if (side->request.moved && !side->total) {
		side->request.moved = false;
		uring_timer(stream->uring, timer, side->timeout);
	} else if (side == &stream->side[LANE_TX]) {
		give_up_send(side);
	} else if (side->request.busy) {
		side->timed_out = true;
		engine->ops->cancel(engine, &side->request);
	} else {
		give_up_recv(side);
	}
}

static void
free_stream(struct ktls_stream *stream)
{
	struct ktls_uring *uring = stream->uring;

	list_take(stream);
	uring->open--;
	for (int lane = 0; lane < LANES; lane++) {
		timer_clear(&uring->timers, &stream->side[lane].timer);
		timer_clear(&uring->timers, &stream->side[lane].wait);
	}
	uring->engine->ops->forget(uring->engine, &stream->channel);
	ktls_conn_free(stream->conn);
	uring_close(uring, stream->channel.fd);
	free(stream);
}

bool
streams_run(struct ktls_uring *uring)
{
	struct ktls_stream *stream = uring->deferred, *next;
	bool any = stream != NULL;

	uring->deferred = NULL;
	for (; stream != NULL; stream = next) {
		next = stream->next_deferred;
		stream->is_deferred = false;
		deliver(stream);
		pump(stream);
		if (stream->closing && !busy(stream) && !stream->is_deferred)
			free_stream(stream);
	}
	return any;
}

/* What may still be written to is left alone: memory, descriptor and all. */
void
streams_free(struct ktls_uring *uring)
{
	for (struct ktls_stream *stream = uring->closing, *next; stream != NULL; stream = next) {
		next = stream->next;
		if (!busy(stream))
			free_stream(stream);
	}
}

int
ktls_stream_new(struct ktls_stream **out, struct ktls_uring *uring, struct ktls_config *cfg,
    enum ktls_role role, int fd, const struct ktls_hs_params *params, void *arg)
{
	struct ktls_stream *stream = calloc(1, sizeof(*stream));
	int err;

	if (stream == NULL)
		return -ENOMEM;
	if ((err = core_new(&stream->conn, cfg, role, fd, sync_is_tcp(fd), sync_caps(cfg),
	    params)) != 0) {
		free(stream);
		return err;
	}
	stream->uring = uring;
	stream->channel.fd = fd;
	stream->arg = arg;
	for (int lane = 0; lane < LANES; lane++) {
		struct side *side = &stream->side[lane];

		side->stream = stream;
		side->request.kind = REQUEST_OP;
		side->request.channel = &stream->channel;
		side->request.completed = completed;
		side->timer.expired = expired;
		side->wait.expired = waited;
	}
	list_put(&uring->streams, stream);
	uring->open++;
	*out = stream;
	return 0;
}

void
ktls_stream_close(struct ktls_stream *stream)
{
	struct ktls_uring *uring;

	if (stream == NULL || stream->closing)
		return;
	uring = stream->uring;
	stream->closing = true;
	list_take(stream);
	list_put(&uring->closing, stream);
	if (busy(stream))
		/* ends every operation, a splice too */
		(void)shutdown(stream->channel.fd, SHUT_RDWR);
	for (int lane = 0; lane < LANES; lane++) {
		struct side *side = &stream->side[lane];

		side->done = NULL;
		timer_clear(&uring->timers, &side->timer);
		timer_clear(&uring->timers, &side->wait);
		if (side->request.busy)
			/* at once: the caller's memory is the caller's again */
			uring->engine->ops->cancel(uring->engine, &side->request);
	}
	end(stream);
}

void
ktls_stream_answered(struct ktls_stream *stream)
{
	pump(stream);
}

struct ktls_conn *
ktls_stream_conn(struct ktls_stream *stream)
{
	return stream->conn;
}

int
ktls_stream_fd(const struct ktls_stream *stream)
{
	return stream->channel.fd;
}

/* What every call has in common once the core has taken the goal. */
static int
begin(struct ktls_stream *stream, enum lane lane, unsigned timeout, bool total, ktls_done_fn *done)
{
	struct side *side = &stream->side[lane];

	side->done = done;
	side->timeout = timeout;
	side->total = total;
	if (timeout != 0)
		uring_timer(stream->uring, &side->timer, timeout);
	pump(stream);
	return 0;
}

/*
 * -EAGAIN while the application's SQ has no room, -EALREADY while a call of the lane is under way.
 */
static int
may_begin(const struct ktls_stream *stream, enum lane lane)
{
	if (stream->side[lane].done != NULL)
		return -EALREADY;
	return stream->uring->engine->ops->full(stream->uring->engine) ? -EAGAIN : 0;
}

int
ktls_stream_handshake(struct ktls_stream *stream, ktls_done_fn *done)
{
	int err;

	if ((err = may_begin(stream, LANE_TX)) != 0 || (err =
	    core_want_handshake(stream->conn)) != 0)
		return err;
	return begin(stream, LANE_TX, core_handshake_timeout(stream->conn), true, done);
}

int
ktls_stream_recv(struct ktls_stream *stream, void *buf, size_t len, unsigned timeout,
    ktls_done_fn *done)
{
	int err;

	if ((err = may_begin(stream, LANE_RX)) != 0 || (err = core_want_recv(stream->conn, buf,
	    len)) != 0)
		return err;
	return begin(stream, LANE_RX, timeout, false, done);
}

int
ktls_stream_send(struct ktls_stream *stream, const void *data, size_t len, int flags,
    unsigned timeout, ktls_done_fn *done)
{
	int err;

	if ((err = may_begin(stream, LANE_TX)) != 0 ||
	    (err = core_want_send(stream->conn, data, len, flags)) != 0)
		return err;
	return begin(stream, LANE_TX, timeout, false, done);
}

int
ktls_stream_sendfile(struct ktls_stream *stream, int file, off_t offset, size_t len,
    unsigned timeout, ktls_done_fn *done)
{
	int err;

	if ((err = may_begin(stream, LANE_TX)) != 0 ||
	    (err = core_want_sendfile(stream->conn, file, offset, len)) != 0)
		return err;
	return begin(stream, LANE_TX, timeout, false, done);
}

int
ktls_stream_shutdown(struct ktls_stream *stream, unsigned timeout, ktls_done_fn *done)
{
	int err;

	if ((err = may_begin(stream, LANE_TX)) != 0 || (err =
	    core_want_shutdown(stream->conn)) != 0)
		return err;
	return begin(stream, LANE_TX, timeout, true, done);
}
