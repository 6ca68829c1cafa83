/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "conn/state.h"

/*
 * close_notify, then FIN, then patience: a close() while bytes of ours are not
 * acknowledged, or while the peer still sends, may lose them (KERNEL-FACTS 5.3).
 * LANE_RX reads, and throws away, until the peer has closed.
 */
#define WAIT_FIRST	1u	/* ms, doubled */
#define WAIT_LONGEST	100u
#define WAIT_IN_ALL	10000

static enum step
begin(struct ktls_conn *c)
{
	int err;

	if ((err = ktls_post_close(c->post)) != 0) {
		core_fail(c, err);
		return STEP_AGAIN;
	}
	c->shut = SHUT_NOTIFY;
	core_control_pull(c);
	return STEP_AGAIN;
}

/* The next wait, in milliseconds. */
static unsigned
wait_len(const struct ktls_conn *c)
{
	unsigned ms = c->waits < 7 ? WAIT_FIRST << c->waits : WAIT_LONGEST;

	return ms < WAIT_LONGEST ? ms : WAIT_LONGEST;
}

static enum step
linger(struct ktls_conn *c, struct conn_op *op)
{
	if (c->drained && (c->rx.closed || c->rx.eof)) {
		core_finish(c, LANE_TX, 0);
		return STEP_NONE;
	}
	if (c->waited >= WAIT_IN_ALL) {
		core_finish(c, LANE_TX, -ETIMEDOUT);
		return STEP_NONE;
	}
	op->kind = c->drained || c->wait ? OP_WAIT : OP_DRAINED;
	op->len = wait_len(c);
	return STEP_OP;
}

enum step
core_shutdown_step(struct ktls_conn *c, struct conn_op *op)
{
	if (c->shut == SHUT_NONE)
		return begin(c);
	if (c->shut == SHUT_FIN)
		return linger(c, op);
	op->kind = OP_SHUTDOWN;
	return STEP_OP;
}

/* Our close_notify meets a peer that has said its own and closed: nobody waits for it. */
bool
core_shutdown_left(struct ktls_conn *c, ssize_t err)
{
	if (c->shut != SHUT_NOTIFY || !c->rx.closed || (err != -EPIPE && err != -ECONNRESET))
		return false;
	c->shut = SHUT_FIN;
	c->drained = true;
	return true;
}

void
core_shutdown_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result)
{
	/* Most clients say their last word and close: ours meets a reset, and no harm is done. */
	bool left = c->rx.closed && (result == -ENOTCONN || result == -ECONNRESET);

	if (op->kind == OP_SHUTDOWN) {
		c->drained = left;
		if (result < 0 && !left) {
			c->tx.dead = true;
			core_fail(c, (int)result);
		}
		c->shut = SHUT_FIN;
	} else if (op->kind == OP_DRAINED) {
		/* below 0: a socket that doesn't count */
		c->drained = left || (result <= 0 && result != -ECONNRESET);
		c->wait = true;
		if (!c->drained && (c->rx.reset || result == -ECONNRESET))
			core_fail(c, -ECONNRESET);
	} else {
		c->wait = false;
		c->waits++;
		c->waited += result > 0 ? (unsigned)result : (unsigned)op->len;
	}
}
