/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "conn/state.h"

/* What TLS asks for after the handshake, through whichever path is in force. */

static enum step
failed(struct ktls_conn *c, int err)
{
	core_fail(c, err);
	return STEP_AGAIN;
}

/*
 * TLS 1.2 has no KeyUpdate. Trying on a connection in use would end it where the
 * answer is no: unknown isn't yes.
 */
static bool
can_rekey(const struct ktls_conn *c, enum ktls_dir dir)
{
	if (c->version != KTLS_TLS13)
		return false;
	return !core_in_kernel(c, dir) || c->caps.rekey[dir].cap == KTLS_CAP_YES;
}

/* The peer's keys change with its next record, which LANE_RX has not read. */
static void
rekey_rx(struct ktls_conn *c)
{
	int err;

	if (core_in_kernel(c, KTLS_RX)) {
		if (c->caps.rekey[KTLS_RX].cap == KTLS_CAP_NO)
			core_fail(c, KTLS_REFUSED(KTLS_R_KERNEL_REKEY));
		c->rx.rekey = true;
	} else if ((err = core_install_rekey_user(c, KTLS_RX)) != 0) {
		core_fail(c, err);
	}
}

/* LANE_RX stands still while the queue is full: what post still wants may concern it. */
void
core_control_pull(struct ktls_conn *c)
{
	struct ktls_action *a;

	while (c->err == 0 && c->controls < CONTROL_MAX) {
		a = &c->control[c->controls];
		ktls_post_next(c->post, a);
		if (a->kind == KTLS_ACTION_NONE)
			return;
		if (a->kind == KTLS_ACTION_CLOSED) {
			c->rx.closed = true;
			c->wait = false;	/* as at the end of the stream */
		} else if (a->kind == KTLS_ACTION_REKEY && a->dir == KTLS_RX) {
			rekey_rx(c);
		} else {
			c->controls++;
		}
	}
}

/* The first of the queue is done. */
static void
drop(struct ktls_conn *c)
{
	c->controls--;
	memmove(c->control, c->control + 1, c->controls * sizeof(*c->control));
}

/*
 * How many of the queue must still be done: once KeyUpdate is on its way, the
 * alert goes under the new keys.
 */
static unsigned
begun(const struct ktls_conn *c)
{
	if (c->controls != 0 && c->control[0].kind == KTLS_ACTION_REKEY)
		return 1;
	if (!c->tx.control)
		return 0;
	return c->controls > 1 && c->control[1].kind == KTLS_ACTION_REKEY ? 2 : 1;
}

/* From now on there is only this connection's alert to send. */
void
core_control_fail(struct ktls_conn *c)
{
	struct ktls_action *alert;

	if (c->tx.dead || !c->open)
		return;
	c->controls = begun(c);
	alert = &c->control[c->controls];
	ktls_post_alert(c->err, alert);
	if (alert->kind == KTLS_ACTION_SEND && c->shut == SHUT_NONE)
		c->controls++;
	else
		c->tx.dead = true;	/* nothing may follow close_notify */
}

static enum step
user_step(struct ktls_conn *c)
{
	const struct ktls_action *a = &c->control[0];
	int err;

	/* where it should have gone to the kernel next */
	if ((err = core_install_record(c, KTLS_TX)) != 0)
		;
	else if (a->kind == KTLS_ACTION_REKEY)
		err = core_install_rekey_user(c, KTLS_TX);
	else
		err = core_tx_seal(c, a->type, a->data, a->len);
	if (err != 0) {
		c->tx.dead = true;
		return failed(c, err);
	}
	core_control_sent(c);
	return STEP_AGAIN;
}

static enum step
kernel_step(struct ktls_conn *c, struct conn_op *op)
{
	struct ktls_action *a = &c->control[0];

	if (c->tx.open != 0) {
		core_tx_op_open(c, op, 0);
		return STEP_OP;
	}
	if (a->kind == KTLS_ACTION_REKEY)
		return core_install_rekey_op(c, LANE_TX, KTLS_TX, op);
	if (a->type == KTLS_TYPE_HANDSHAKE && !can_rekey(c, KTLS_TX))
		/* a KeyUpdate, without what follows it */
		return failed(c, KTLS_REFUSED(KTLS_R_KERNEL_REKEY));
	op->kind = OP_SENDMSG;
	op->type = a->type;
	op->buf = a->data;
	op->len = a->len;
	c->tx.control = true;
	return STEP_OP;
}

enum step
core_control_step(struct ktls_conn *c, struct conn_op *op)
{
	if (c->controls == 0)
		return STEP_NONE;
	return core_in_kernel(c, KTLS_TX) ? kernel_step(c, op) : user_step(c);
}

void
core_control_sent(struct ktls_conn *c)
{
	if (c->control[0].kind == KTLS_ACTION_REKEY)
		c->tx.updating = false;
	drop(c);
	core_control_pull(c);
}

int
core_control_update(struct ktls_conn *c, bool request)
{
	int err;

	if (c->tx.asked) {		/* repeated after -EAGAIN */
		c->tx.asked = false;
		return 0;
	}
	if (c->shut != SHUT_NONE)
		return -EPIPE;
	if (!can_rekey(c, KTLS_TX) || (request && !can_rekey(c, KTLS_RX)))
		return -EOPNOTSUPP;
	if ((err = ktls_post_key_update(c->post, request)) != 0)
		return err;
	c->tx.updating = true;
	core_control_pull(c);
	return 0;
}

enum step
core_control_key_use(struct ktls_conn *c, uint64_t n)
{
	uint64_t used = core_in_kernel(c, KTLS_TX) ?
	    c->tx.records : ktls_record_seq(c->dir[KTLS_TX].record);
	enum ktls_key_use use = ktls_post_key_use(c->post, KTLS_TX, used + n);
	int err;

	if (use == KTLS_KEY_FRESH || (use == KTLS_KEY_HALF && (c->tx.updating || !can_rekey(c,
	    KTLS_TX))))
		return STEP_NONE;
	if (c->tx.updating || !can_rekey(c, KTLS_TX))
		return failed(c, KTLS_REFUSED(KTLS_R_KEY_SPENT));
	if ((err = core_control_update(c, false)) != 0)
		return failed(c, err);
	return STEP_AGAIN;
}
