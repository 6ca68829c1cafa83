/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/socket.h>
#include "conn/state.h"

/* What is sealed, or handed to the kernel, between two looks at how much of its key is used. */
#define USER_MAX	((size_t)1 << 16)
#define KERNEL_MAX	((size_t)1 << 30)

/* The least that the kernel puts into a record of a file: a page, as splice hands them over. */
#define KERNEL_FILE_RECORD	4096

static enum step
failed(struct ktls_conn *c, int err)
{
	core_fail(c, err);
	return STEP_AGAIN;
}

static enum step
finish(struct ktls_conn *c, ssize_t outcome)
{
	core_finish(c, LANE_TX, outcome);
	return STEP_AGAIN;
}

/* Userspace */

/* All of the goal was taken: the last record waits only for a sequel that was announced. */
static enum step
user_end(struct ktls_conn *c, const struct goal *g)
{
	int err;

	if (c->tx.open == 0 || (g->flags & KTLS_MORE))
		return finish(c, (ssize_t)g->taken);
	if ((err = core_tx_seal_open(c)) != 0)
		return failed(c, err);
	return STEP_AGAIN;
}

static enum step
user_send(struct ktls_conn *c, struct goal *g)
{
	size_t taken;
	int err;

	if ((err = core_tx_take(c, g->data + g->taken, g->len - g->taken, g->flags & KTLS_MORE,
	    &taken)) != 0)
		return failed(c, err);
	g->taken += taken;
	return STEP_AGAIN;
}

static enum step
user_file(struct ktls_conn *c, const struct goal *g, struct conn_op *op)
{
	int err;

	op->len = g->len - g->taken;
	if ((err = core_tx_file_room(c, &op->len, &op->buf)) != 0)
		return failed(c, err);
	op->kind = OP_READ_FILE;
	op->file = g->file;
	op->offset = g->offset + (off_t)g->taken;
	return STEP_OP;
}

void
core_send_read(struct ktls_conn *c, const struct conn_op *op, ssize_t result)
{
	struct goal *g = &c->lane[LANE_TX].goal;
	int err;

	if (result < 0) {
		/* the file's trouble, not the connection's */
		core_finish(c, LANE_TX, result);
	} else if (result == 0) {
		g->eof = true;
	} else if ((err = core_tx_file(c, op->buf, (size_t)result)) != 0) {
		core_fail(c, err);
	} else {
		g->taken += (size_t)result;
	}
}

/* The kernel */

static size_t
rest_of(const struct goal *g)
{
	return g->eof ? 0 : g->len - g->taken;
}

/* More of the record to come: in this goal or, as was announced, in the next. */
static int
kernel_flags(const struct goal *g, size_t rest)
{
	return rest != 0 || (g->flags & KTLS_MORE) ? MSG_MORE : 0;
}

/* A record that was left open leaves with the first control message, be it empty. */
static enum step
kernel_end(struct ktls_conn *c, const struct goal *g, struct conn_op *op)
{
	if (!c->tx.more || (g->flags & KTLS_MORE))
		return finish(c, (ssize_t)g->taken);
	op->kind = OP_SENDMSG;
	op->type = KTLS_TYPE_APPLICATION_DATA;
	return STEP_OP;
}

static enum step
kernel_data(struct ktls_conn *c, const struct goal *g, struct conn_op *op)
{
	size_t rest = rest_of(g);

	op->len = rest < KERNEL_MAX ? rest : KERNEL_MAX;
	if (g->kind == GOAL_SENDFILE) {
		op->kind = OP_SENDFILE;
		op->file = g->file;
		op->offset = g->offset + (off_t)g->taken;
	} else {
		op->kind = OP_SEND;
		op->buf = (void *)(uintptr_t)(g->data + g->taken);	/* a send only reads */
		op->flags = kernel_flags(g, rest - op->len);
	}
	c->tx.more = c->tx.more || op->kind == OP_SENDFILE || op->flags != 0;
	return STEP_OP;
}

/* Errors that OP_SENDFILE has from the socket; the others are the file's. */
static bool
of_socket(ssize_t err)
{
	static const int errors[] = { EPIPE, ECONNRESET, ECONNABORTED, ENOTCONN, ETIMEDOUT,
	    EHOSTUNREACH, ENETUNREACH, ENETDOWN, EBADMSG, EMSGSIZE, EKEYEXPIRED };

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (err == -errors[i])
			return true;
	return false;
}

/* Of an OP_SEND or OP_SENDFILE into the kernel's TX. */
void
core_send_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result)
{
	struct goal *g = &c->lane[LANE_TX].goal;

	if (result < 0 && of_socket(result)) {
		c->tx.dead = true;
		core_fail(c, (int)result);
	} else if (result < 0) {
		core_finish(c, LANE_TX, result);
	} else if (result == 0) {
		g->eof = true;
	} else {
		g->taken += (size_t)result;
		c->tx.records += (uint64_t)result / KERNEL_FILE_RECORD + 2;
		if ((size_t)result == op->len)		/* sendfile's own end is flushed */
			c->tx.more = (op->flags & MSG_MORE) != 0;
	}
}

enum step
core_send_step(struct ktls_conn *c, struct conn_op *op)
{
	struct goal *g = &c->lane[LANE_TX].goal;
	bool kernel = core_in_kernel(c, KTLS_TX);
	size_t rest = rest_of(g), most = kernel ? KERNEL_MAX : USER_MAX;
	size_t record = kernel ? KERNEL_FILE_RECORD : c->tx.limit;
	enum step step;

	if (kernel && c->tx.open != 0) {
		core_tx_op_open(c, op, kernel_flags(g, rest));
		return STEP_OP;
	}
	if (rest == 0)
		return kernel ? kernel_end(c, g, op) : user_end(c, g);
	most = rest < most ? rest : most;
	if ((step = core_control_key_use(c, most / record + 2)) != STEP_NONE)
		return step;
	if (kernel)
		return kernel_data(c, g, op);
	return g->kind == GOAL_SEND ? user_send(c, g) : user_file(c, g, op);
}
