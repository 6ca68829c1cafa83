/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "conn/state.h"

/*
 * LANE_RX. Records that are opened here lie in rx.in, and are opened in place;
 * what the kernel opens goes straight to the user, but for messages in pieces.
 */
/* RX_SMALL: while waiting for what may be a request. */
#define RX_SMALL	2048
#define RX_LARGE	(4 * KTLS_RECORD_MAX)

/* After our FIN: what comes is thrown away, the end is what counts. */
static bool
draining(const struct ktls_conn *c)
{
	return c->shut == SHUT_FIN && c->lane[LANE_RX].goal.kind == GOAL_NONE;
}

static void
finish(struct ktls_conn *c, ssize_t outcome)
{
	if (c->lane[LANE_RX].goal.kind == GOAL_RECV)
		core_finish(c, LANE_RX, outcome);
}

static enum step
failed(struct ktls_conn *c, int err)
{
	core_fail(c, err);
	return STEP_AGAIN;
}

static void
ended(struct ktls_conn *c)
{
	c->rx.eof = true;
	c->wait = false;	/* whoever lingers looks again at once */
	if (c->shut != SHUT_FIN)
		core_fail(c, KTLS_REFUSED(KTLS_R_TRUNCATED));
}

/*
 * A peer that closes without reading our close_notify resets: nothing is lost
 * where it has acknowledged all.
 */
static void
broken(struct ktls_conn *c, int err)
{
	if (err == -ECONNRESET && c->shut == SHUT_FIN) {
		c->rx.eof = c->rx.reset = true;
		c->wait = false;
	} else {
		core_fail(c, err);
	}
}

/* A record's plaintext that isn't application data. */
static void
control(struct ktls_conn *c, uint8_t type, const void *data, size_t len)
{
	int err;

	if ((err = ktls_post_record(c->post, type, data, len)) != 0)
		core_fail(c, err);
	else
		core_control_pull(c);
}

/* Userspace */

/* Bytes of the record at the front of rx.in, 0 where its header isn't there yet, or an error. */
static int
record_len(const struct ktls_conn *c)
{
	const struct buf *in = &c->rx.in;

	if (buf_len(in) < KTLS_RECORD_HEADER)
		return 0;
	return ktls_record_len(c->dir[KTLS_RX].record, in->p + in->start);
}

static void
open_record(struct ktls_conn *c, size_t len)
{
	struct buf *in = &c->rx.in;
	uint8_t *rec = in->p + in->start, type;
	void *plain;
	size_t plain_len;
	int err;

	if ((err = ktls_record_open(c->dir[KTLS_RX].record, rec, len, &type, &plain,
	    &plain_len)) != 0) {
		core_fail(c, err);
		return;
	}
	buf_take(in, len);	/* the bytes stay until the next read */
	if (type != KTLS_TYPE_APPLICATION_DATA) {
		control(c, type, plain, plain_len);
	} else if ((err = ktls_post_application_data(c->post, plain_len)) != 0) {
		core_fail(c, err);
	} else {
		c->rx.plain = plain;
		c->rx.plain_len = plain_len;
	}
}

static void
deliver(struct ktls_conn *c, struct goal *g)
{
	size_t n = c->rx.plain_len;

	if (g->kind == GOAL_RECV) {
		if (n > g->len - g->taken)
			n = g->len - g->taken;
		memcpy(g->into + g->taken, c->rx.plain, n);
		g->taken += n;
		c->bytes[KTLS_RX] += n;
	}
	c->rx.plain += n;
	c->rx.plain_len -= n;
}

/*
 * Of the record that has begun, the rest is needed at least; on the way to the
 * kernel, no more either.
 */
static enum step
read_op(struct ktls_conn *c, size_t record, struct conn_op *op)
{
	struct buf *in = &c->rx.in;
	size_t have = buf_len(in), least = (record != 0 ? record : KTLS_RECORD_HEADER) - have;
	size_t size = c->rx.much || have != 0 ? RX_LARGE : RX_SMALL;
	int err;

	op->large = c->dir[KTLS_RX].off != OFF_WANTED;
	if (!op->large)
		size = have + least;
	if ((err = buf_room(in, size - have)) != 0)
		return failed(c, err);
	op->kind = OP_RECV;
	op->buf = in->p + in->end;
	op->len = op->large ? in->cap - in->end : least;
	return STEP_OP;
}

static enum step
user_step(struct ktls_conn *c, struct goal *g, struct conn_op *op)
{
	int record = record_len(c);

	if (record < 0)
		return failed(c, record);
	if (record != 0 && (size_t)record <= buf_len(&c->rx.in)) {
		open_record(c, (size_t)record);
		return STEP_AGAIN;
	}
	if (g->taken != 0) {
		finish(c, (ssize_t)g->taken);
		return STEP_NONE;
	}
	if (c->dir[KTLS_RX].off == OFF_WANTED && buf_len(&c->rx.in) == 0)
		return core_install_op(c, LANE_RX, KTLS_RX, op);
	return read_op(c, (size_t)record, op);
}

/* The kernel */

static enum step
kernel_step(struct ktls_conn *c, const struct goal *g, struct conn_op *op)
{
	struct buf *in = &c->rx.in;
	int err;

	op->kind = OP_RECVMSG;
	op->buf = g->into;
	op->len = g->len;
	if (buf_len(in) == 0 && !draining(c))
		return STEP_OP;
	if ((err = buf_room(in, KTLS_RECORD_PLAIN_MAX)) != 0)
		return failed(c, err);
	op->buf = in->p + in->end;
	op->len = KTLS_RECORD_PLAIN_MAX;
	return STEP_OP;
}

/* What the kernel's receive errors say of the peer's records (KERNEL-FACTS 3, 6). */
static int
kernel_error(ssize_t result)
{
	switch (result) {
	case -EBADMSG:
		return KTLS_REFUSED(KTLS_R_BAD_RECORD_MAC);
	case -EMSGSIZE:
		return KTLS_REFUSED(KTLS_R_RECORD_OVERFLOW);
	case -EINVAL:
		return KTLS_REFUSED(KTLS_R_RECORD_VERSION);
	case -EKEYEXPIRED:
		return KTLS_REFUSED(KTLS_R_KERNEL_KEY_UPDATE);
	default:
		return (int)result;
	}
}

/* A piece of a record that is not application data, which ends with eor. */
static void
kernel_control(struct ktls_conn *c, const struct conn_op *op, size_t len)
{
	struct buf *in = &c->rx.in;
	bool own = in->p != NULL && op->buf == in->p + in->end;
	int err;

	if (!own && op->eor) {
		control(c, op->type, op->buf, len);
		return;
	}
	if (!own && (err = buf_room(in, len)) != 0) {
		core_fail(c, err);
		return;
	}
	if (!own)
		memcpy(in->p + in->end, op->buf, len);
	in->end += len;
	if (buf_len(in) > KTLS_RECORD_PLAIN_MAX) {
		core_fail(c, KTLS_REFUSED(KTLS_R_RECORD_OVERFLOW));
	} else if (op->eor || len == 0) {
		control(c, op->type, in->p + in->start, buf_len(in));
		in->start = in->end = 0;
	}
}

static void
kernel_data(struct ktls_conn *c, size_t len)
{
	int err;

	if ((err = ktls_post_application_data(c->post, len)) != 0) {
		core_fail(c, err);
	} else if (len != 0 && c->lane[LANE_RX].goal.kind == GOAL_RECV) {
		c->rx.more = true;
		c->bytes[KTLS_RX] += len;
		finish(c, (ssize_t)len);
	}
}

static void
kernel_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result)
{
	if (result < 0)
		broken(c, kernel_error(result));
	else if (result == 0 && op->type == 0)
		ended(c);
	else if (op->type == KTLS_TYPE_APPLICATION_DATA)
		kernel_data(c, (size_t)result);
	else
		kernel_control(c, op, (size_t)result);
}

/* Both */

/* Nothing may be received before others have done their part. */
static bool
halted(const struct ktls_conn *c)
{
	return c->err != 0 || c->rx.rekey || c->controls == CONTROL_MAX;
}

static enum step
step(struct ktls_conn *c, struct conn_op *op)
{
	struct goal *g = &c->lane[LANE_RX].goal;

	if (!c->open || g->finished || (g->kind != GOAL_RECV && !draining(c)))
		return STEP_NONE;
	if (c->rx.plain_len != 0) {
		deliver(c, g);
		if (c->rx.plain_len == 0 && g->taken != g->len)
			return STEP_AGAIN;
	}
	if (g->taken != 0 && (halted(c) || c->rx.closed || g->taken == g->len)) {
		finish(c, (ssize_t)g->taken);
		return STEP_NONE;
	}
	if (c->err == 0 && c->rx.rekey)
		return core_install_rekey_op(c, LANE_RX, KTLS_RX, op);
	if (halted(c))
		return STEP_NONE;
	if (c->rx.closed || c->rx.eof) {
		finish(c, c->rx.closed ? 0 : KTLS_REFUSED(KTLS_R_TRUNCATED));
		return STEP_NONE;
	}
	return core_in_kernel(c, KTLS_RX) ? kernel_step(c, g, op) : user_step(c, g, op);
}

bool
core_rx_next(struct ktls_conn *c, struct conn_op *op)
{
	enum step found;

	while ((found = step(c, op)) == STEP_AGAIN)
		;
	return found == STEP_OP;
}

void
core_rx_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result)
{
	if (op->kind == OP_RECVMSG) {
		kernel_result(c, op, result);
	} else if (result < 0) {
		broken(c, (int)result);
	} else if (result == 0) {
		ended(c);
	} else {
		c->rx.in.end += (size_t)result;
		c->rx.much = (size_t)result == op->len || (c->rx.much && (size_t)result >=
		    RX_SMALL);
	}
}

void
core_rx_data(struct ktls_conn *c, const void *data, size_t len)
{
	struct buf *in = &c->rx.in;
	int err;

	if ((err = buf_room(in, len)) != 0) {
		core_fail(c, err);
		return;
	}
	memcpy(in->p + in->end, data, len);
	in->end += len;
}
