/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include "conn/state.h"
#include "conn/sync.h"

/*
 * The driver by system calls, for blocking sockets and for others. No protocol
 * decision stands here: it carries out what the core wants, in both lanes, and
 * waits, or returns -EAGAIN, where nothing goes on.
 */
#define SHUTDOWN_TIMEOUT	10000	/* ms */

/* One look at both lanes. */
struct round {
	bool any;	/* there was something to do */
	bool progress;
	bool interrupted;
	bool waited;	/* in a call: the socket isn't a blocking one, or SO_RCVTIMEO has passed */
	short events;	/* what those that made none wait for */
};

static int64_t
now(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* OP_WAIT ends at a time, however often the call is repeated before. */
static ssize_t
wait_op(struct ktls_conn *c, const struct conn_op *op)
{
	int64_t t = now();

	if (c->sync.wake == 0)
		c->sync.wake = t + (int64_t)op->len;
	if (t < c->sync.wake)
		return -EAGAIN;
	c->sync.wake = 0;
	return 0;
}

static short
event_of(const struct conn_op *op)
{
	switch (op->kind) {
	case OP_RECV:
	case OP_RECVMSG:
		return POLLIN;
	case OP_WAIT:
		return 0;
	default:
		return POLLOUT;
	}
}

static void
carry_out(struct ktls_conn *c, struct conn_op *op, bool may_wait, struct round *round)
{
	ssize_t n = op->kind == OP_WAIT ? wait_op(c, op) : sync_carry_out(c->fd, op, may_wait);

	core_result(c, op, n);
	round->interrupted = round->interrupted || n == -EINTR;
	if (n == -EAGAIN) {
		round->events = (short)(round->events | event_of(op));
		round->waited = may_wait;
	} else {
		round->progress = true;
	}
}

/* A call that waits would keep the other lane, and the clock, from their turn. */
static struct round
go_round(struct ktls_conn *c)
{
	struct conn_op op[LANES];
	bool has[LANES];
	struct round round = {0};

	for (enum lane lane = LANE_TX; lane < LANES; lane++)
		has[lane] = core_next(c, lane, &op[lane]);
	round.any = has[LANE_TX] || has[LANE_RX];
	for (enum lane lane = LANE_TX; lane < LANES; lane++)
		if (has[lane])
			carry_out(c, &op[lane], has[LANE_TX] != has[LANE_RX] &&
			    c->sync.deadline == 0, &round);
	return round;
}

/* What the goal leaves to be sent (a KeyUpdate's answer), as far as the socket takes it now. */
static void
flush(struct ktls_conn *c)
{
	struct round round = { .progress = true };
	struct conn_op op;

	while (round.progress && !round.interrupted && core_next(c, LANE_TX, &op)) {
		round.progress = false;
		carry_out(c, &op, false, &round);
	}
}

static bool
is_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || (flags & O_NONBLOCK) != 0;
}

/* Milliseconds until something is due without an event; -1: nothing is. */
static int
due(const struct ktls_conn *c)
{
	int64_t at = c->sync.deadline, left;

	if (at == 0 || (c->sync.wake != 0 && c->sync.wake < at))
		at = c->sync.wake;
	if (at == 0)
		return -1;
	left = at - now();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static bool
expired(const struct ktls_conn *c)
{
	return c->sync.deadline != 0 && now() >= c->sync.deadline;
}

/* Nothing goes on: waits, or says why it can't: -EAGAIN, -EINTR. */
static int
wait_for(struct ktls_conn *c, const struct round *round)
{
	struct pollfd p = { .fd = c->fd, .events = round->events };

	if (round->waited || is_nonblocking(c->fd))
		return -EAGAIN;
	return poll(&p, 1, due(c)) < 0 ? -errno : 0;
}

static ssize_t
give_up(struct ktls_conn *c, enum lane lane, int err, short events)
{
	ssize_t n = core_abandon(c, lane);

	if (n == 0 && err == -EAGAIN)
		c->sync.events = events;
	return n != 0 ? n : err;
}

/* Until the goal of lane is reached, or -ETIMEDOUT at the deadline, where there is one. */
static ssize_t
run(struct ktls_conn *c, enum lane lane)
{
	struct round round;
	ssize_t outcome;
	int err;

	c->sync.events = 0;
	for (;;) {
		round = go_round(c);
		if (core_done(c, lane))
			break;
		err = 0;
		if (!round.any && core_waits(c))
			err = expired(c) ? -ETIMEDOUT : -EAGAIN;
		else if (!round.any)
			/* a goal, and nothing to do */
			core_fail(c, KTLS_REFUSED(KTLS_R_INTERNAL));
		else if (round.interrupted)
			err = -EINTR;
		else if (expired(c))
			err = -ETIMEDOUT;
		else if (!round.progress)
			err = wait_for(c, &round);
		if (err != 0)
			return give_up(c, lane, err, round.events);
	}
	outcome = core_outcome(c, lane);
	flush(c);
	return outcome;
}

int
ktls_conn_new(struct ktls_conn **conn, struct ktls_config *cfg, enum ktls_role role, int fd,
    const struct ktls_hs_params *params)
{
	bool tcp = sync_is_tcp(fd);

	*conn = NULL;
	if (cfg == NULL)
		return -EINVAL;
	return core_new(conn, cfg, role, fd, tcp, tcp ? sync_caps(cfg) : NULL, params);
}

/* The time for a handshake, or a shutdown, begins with its first call. */
static void
begin_timeout(struct ktls_conn *c, unsigned milliseconds)
{
	if (c->sync.deadline == 0 && milliseconds != 0)
		c->sync.deadline = now() + milliseconds;
}

static ssize_t
end_timeout(struct ktls_conn *c, ssize_t n)
{
	if (n != -EAGAIN && n != -EINTR)
		c->sync.deadline = c->sync.wake = 0;
	return n;
}

int
ktls_conn_handshake(struct ktls_conn *c)
{
	ssize_t n;
	int err;

	if ((err = core_want_handshake(c)) != 0)
		return err;
	begin_timeout(c, core_handshake_timeout(c));
	if ((n = end_timeout(c, run(c, LANE_TX))) == -ETIMEDOUT)
		core_fail(c, -ETIMEDOUT);
	return (int)n;
}

ssize_t
ktls_conn_send(struct ktls_conn *c, const void *data, size_t len, int flags)
{
	int err;

	if ((err = core_want_send(c, data, len, flags)) != 0)
		return err;
	return run(c, LANE_TX);
}

ssize_t
ktls_conn_recv(struct ktls_conn *c, void *buf, size_t len)
{
	int err;

	if ((err = core_want_recv(c, buf, len)) != 0)
		return err;
	return run(c, LANE_RX);
}

ssize_t
ktls_conn_sendfile(struct ktls_conn *c, int file, off_t offset, size_t len)
{
	int err;

	if ((err = core_want_sendfile(c, file, offset, len)) != 0)
		return err;
	return run(c, LANE_TX);
}

int
ktls_conn_key_update(struct ktls_conn *c, bool request)
{
	int err;

	if ((err = core_want_key_update(c, request)) != 0)
		return err;
	return (int)run(c, LANE_TX);
}

int
ktls_conn_shutdown(struct ktls_conn *c)
{
	int err;

	if ((err = core_want_shutdown(c)) != 0)
		return err;
	begin_timeout(c, SHUTDOWN_TIMEOUT);
	return (int)end_timeout(c, run(c, LANE_TX));
}

short
ktls_conn_events(const struct ktls_conn *c)
{
	if (core_waits(c))
		return 0;
	return c->sync.events != 0 ? c->sync.events : POLLIN;
}

int
ktls_conn_timeout(const struct ktls_conn *c)
{
	return due(c);
}
