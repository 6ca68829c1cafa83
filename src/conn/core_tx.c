/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "conn/state.h"

/*
 * LANE_TX once the handshake is done: what is sealed leaves first, then what TLS
 * asks for, then the keys to the kernel, then the goal.
 */

/* So many records are sealed, and handed to the socket, at once. */
#define BATCH_RECORDS	4
#define BATCH_SIZE	((BATCH_RECORDS + 1) * (KTLS_RECORD_PLAIN_MAX + KTLS_RECORD_OVERHEAD) + \
	KTLS_RECORD_OVERHEAD)

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static uint8_t *
open_at(const struct ktls_conn *c)
{
	return c->tx.sealed.p + c->tx.sealed.end + c->tx.offset;
}

/* The most by which a record is longer than its plaintext. */
static size_t
overhead(const struct ktls_conn *c)
{
	unsigned padding = core_policy_padding(c);

	return KTLS_RECORD_OVERHEAD + (padding != 0 ? least(padding - 1, c->tx.limit) : 0);
}

/*
 * Room behind what is sealed for `total` bytes of plaintext (with those in the open
 * record) and their records, and for reading the plaintext into the end of it: the
 * records then grow from the front and never reach what isn't sealed yet. That
 * takes one record more, and the overhead of each.
 */
static size_t
room_for(const struct ktls_conn *c, size_t total)
{
	size_t records = total / c->tx.limit + 1;

	return total + least(total, c->tx.limit) + (records + 1) * overhead(c);
}

/* The most plaintext of which room_for() is at most BATCH_SIZE. */
static size_t
batch(const struct ktls_conn *c)
{
	size_t record = c->tx.limit + overhead(c);

	return (BATCH_SIZE - record - overhead(c)) / record * c->tx.limit;
}

static int
make_room(struct ktls_conn *c, size_t total)
{
	size_t held = c->tx.open != 0 ? c->tx.offset + c->tx.open : 0;
	size_t need = room_for(c, total);
	int err;

	c->tx.sealed.end += held;	/* the open record moves too */
	err = buf_room(&c->tx.sealed, need > held ? need - held : 0);
	c->tx.sealed.end -= held;
	return err;
}

/* There is room. */
static int
seal(struct ktls_conn *c, uint8_t type, const void *data, size_t len)
{
	struct ktls_record *record = c->dir[KTLS_TX].record;
	struct buf *b = &c->tx.sealed;
	int err;

	if ((err = ktls_record_seal(record, type, data, len, b->p + b->end)) == 0)
		b->end += ktls_record_sealed_len(record, len);
	return err;
}

int
core_tx_seal_open(struct ktls_conn *c)
{
	size_t len = c->tx.open;

	if (len == 0)
		return 0;
	c->tx.open = 0;
	return seal(c, KTLS_TYPE_APPLICATION_DATA, open_at(c), len);
}

int
core_tx_seal(struct ktls_conn *c, uint8_t type, const void *data, size_t len)
{
	int err;

	if ((err = core_tx_seal_open(c)) != 0 || (err = make_room(c, len)) != 0)
		return err;
	return seal(c, type, data, len);
}

/* Into records that there is room for. The last one stays open where more follows. */
static int
fill(struct ktls_conn *c, const uint8_t *data, size_t len, bool more)
{
	size_t n, limit = c->tx.limit;
	int err = 0;

	for (size_t at = 0; at < len && err == 0; at += n) {
		n = least(len - at, limit - c->tx.open);
		if (c->tx.open == 0 && (n == limit || !more)) {
			err = seal(c, KTLS_TYPE_APPLICATION_DATA, data + at, n);
			continue;
		}
		memcpy(open_at(c) + c->tx.open, data + at, n);
		c->tx.open += n;
		if (c->tx.open == limit || (!more && at + n == len))
			err = core_tx_seal_open(c);
	}
	return err;
}

/* A batch of the user's bytes; *taken of them. */
int
core_tx_take(struct ktls_conn *c, const uint8_t *data, size_t len, bool more, size_t *taken)
{
	size_t n = least(len, batch(c) - c->tx.open);
	int err;

	if ((err = make_room(c, c->tx.open + n)) != 0)
		return err;
	*taken = n;
	return fill(c, data, n, more || n < len);
}

/*
 * Where at most *len bytes of a file can be read to, so that core_tx_file()
 * seals them without a copy.
 */
int
core_tx_file_room(struct ktls_conn *c, size_t *len, void **at)
{
	size_t n = least(*len, batch(c) - c->tx.open);
	int err;

	if ((err = make_room(c, c->tx.open + n)) != 0)
		return err;
	*len = n;
	*at = c->tx.sealed.p + c->tx.sealed.end + room_for(c, c->tx.open + n) - n;
	return 0;
}

int
core_tx_file(struct ktls_conn *c, const void *data, size_t len)
{
	return fill(c, data, len, true);
}

/* The kernel has taken TX over: what is held open goes to it as plaintext. */
void
core_tx_op_open(struct ktls_conn *c, struct conn_op *op, int flags)
{
	op->kind = OP_SEND;
	op->buf = open_at(c);
	op->len = c->tx.open;
	op->flags = flags;
}

void
core_tx_kernel(struct ktls_conn *c)
{
	struct buf *b = &c->tx.sealed;

	if (c->tx.open != 0) {
		b->end += c->tx.offset;
		b->start = b->end;
	}
	c->tx.offset = 0;
}

static enum step
step_goal(struct ktls_conn *c, struct conn_op *op)
{
	const struct goal *g = &c->lane[LANE_TX].goal;

	if (g->finished)
		return STEP_NONE;
	switch (g->kind) {
	case GOAL_SEND:
	case GOAL_SENDFILE:
		return core_send_step(c, op);
	case GOAL_SHUTDOWN:
		return core_shutdown_step(c, op);
	case GOAL_HANDSHAKE:
		/* Where records were read with the handshake, LANE_RX opens them first. */
		if (c->dir[KTLS_RX].off == OFF_WANTED && buf_len(&c->rx.in) == 0)
			return core_install_op(c, LANE_TX, KTLS_RX, op);
		core_finish(c, LANE_TX, 0);
		return STEP_NONE;
	case GOAL_KEY_UPDATE:
		core_finish(c, LANE_TX, 0);	/* its records were control */
		return STEP_NONE;
	default:
		return STEP_NONE;
	}
}

/* Where everything sealed has left, so have the bytes that the goal gave. */
void
core_tx_handed(struct ktls_conn *c)
{
	struct goal *g = &c->lane[LANE_TX].goal;

	if (buf_len(&c->tx.sealed) != 0)
		return;
	c->bytes[KTLS_TX] += g->taken - g->handed;
	g->handed = g->taken;
}

static enum step
step(struct ktls_conn *c, struct conn_op *op)
{
	struct buf *b = &c->tx.sealed;
	enum step found;

	if (c->tx.dead)
		return STEP_NONE;
	if (buf_len(b) != 0) {
		op->kind = OP_SEND;
		op->buf = b->p + b->start;
		op->len = buf_len(b);
		return STEP_OP;
	}
	core_tx_handed(c);
	if ((found = core_control_step(c, op)) != STEP_NONE)
		return found;
	if (c->err != 0)
		return STEP_NONE;
	if (c->dir[KTLS_TX].off == OFF_WANTED)
		return core_install_op(c, LANE_TX, KTLS_TX, op);
	return step_goal(c, op);
}

bool
core_tx_next(struct ktls_conn *c, struct conn_op *op)
{
	enum step found;

	while ((found = step(c, op)) == STEP_AGAIN)
		;
	if (c->err != 0)
		/* a failure doesn't wait for a peer that reads nothing */
		op->flags |= MSG_DONTWAIT;
	return found == STEP_OP;
}

/* Of an OP_SEND: whose bytes they were doesn't change while it is under way. */
static void
sent(struct ktls_conn *c, const struct conn_op *op, size_t n)
{
	struct buf *b = &c->tx.sealed;

	if (buf_len(b) != 0 && c->tx.open != 0) {
		b->start += n;		/* not rewound: the open record lies behind */
	} else if (buf_len(b) != 0) {
		buf_take(b, n);
	} else if (c->tx.open != 0) {
		c->tx.open -= n;
		c->tx.more = (op->flags & MSG_MORE) != 0;
		b->start = b->end = c->tx.open != 0 ? b->end + n : 0;
		c->tx.records++;
	} else {
		core_send_result(c, op, (ssize_t)n);
	}
}

void
core_tx_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result)
{
	switch (op->kind) {
	case OP_READ_FILE:
		core_send_read(c, op, result);
		break;
	case OP_SENDFILE:
		core_send_result(c, op, result);
		break;
	case OP_SHUTDOWN:
	case OP_DRAINED:
	case OP_WAIT:
		core_shutdown_result(c, op, result);
		break;
	default:
		if (result < 0 && core_shutdown_left(c, result)) {
			c->tx.sealed.start = c->tx.sealed.end = c->tx.open = 0;
			c->controls = 0;
		} else if (result < 0) {
			c->tx.dead = true;
			core_fail(c, (int)result);
		} else if (op->kind == OP_SEND) {
			sent(c, op, (size_t)result);
		} else {
			c->tx.more = false;	/* a control message sends what was open */
			c->tx.records += 2;
			if (op->len != 0)
				core_control_sent(c);
		}
	}
}
