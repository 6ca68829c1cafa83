/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "conn/state.h"

int
core_new(struct ktls_conn **conn, struct ktls_config *cfg, enum ktls_role role, int fd, bool tcp,
    const struct ktls_caps *caps, const struct ktls_hs_params *params)
{
	struct ktls_conn *c;
	int err;

	*conn = NULL;
	if (cfg == NULL)
		return -EINVAL;
	if ((c = OPENSSL_zalloc(sizeof(*c))) == NULL)
		return -ENOMEM;
	c->cfg = ktls_config_ref(cfg);
	c->role = role;
	c->fd = fd;
	c->tcp = tcp;
	if (caps != NULL)
		c->caps = *caps;
	else if (cfg->caps_given)
		c->caps = cfg->caps;
	if ((err = ktls_hs_new(&c->hs, cfg, role, params)) != 0) {
		ktls_conn_free(c);
		return err;
	}
	core_policy_begin(c);
	*conn = c;
	return 0;
}

void
ktls_conn_free(struct ktls_conn *c)
{
	if (c == NULL)
		return;
	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		ktls_record_free(c->dir[dir].record);
		secret_slot_free(c->dir[dir].keys);
	}
	ktls_hs_free(c->hs);
	ktls_post_free(c->post);
	buf_free(&c->early);
	buf_free(&c->tx.sealed);
	buf_free(&c->rx.in);
	OPENSSL_free(c->alpn);
	OPENSSL_free(c->server_name);
	OPENSSL_free(c->peer_chain);
	OPENSSL_free(c->why);
	ktls_config_unref(c->cfg);
	OPENSSL_clear_free(c, sizeof(*c));
}

int
core_fd(const struct ktls_conn *c)
{
	return c->fd;
}

struct ktls_config *
core_config(const struct ktls_conn *c)
{
	return c->cfg;
}

bool
core_waits(const struct ktls_conn *c)
{
	return c->err == 0 && c->hs != NULL && ktls_hs_question(c->hs) != NULL;
}

unsigned
core_handshake_timeout(const struct ktls_conn *c)
{
	return c->cfg->handshake_timeout;
}

void
core_fail(struct ktls_conn *c, int err)
{
	if (c->err != 0)
		return;
	c->err = err;
	core_control_fail(c);
}

void
core_refuse(struct ktls_conn *c, enum ktls_reason reason, const char *why)
{
	if (c->err == 0)
		c->why = OPENSSL_strdup(why);	/* without memory: ktls_strerror() */
	core_fail(c, KTLS_REFUSED(reason));
}

/* Goals */

static int
want(struct ktls_conn *c, enum lane lane, enum goal_kind kind)
{
	struct goal *g = &c->lane[lane].goal;

	if (g->kind != GOAL_NONE)
		return -EALREADY;
	if (c->err != 0)
		return c->err;
	if (kind != GOAL_HANDSHAKE && (!c->open || c->lane[LANE_TX].goal.kind == GOAL_HANDSHAKE))
		return -ENOTCONN;
	*g = (struct goal){ .kind = kind };
	return 0;
}

/* One that hands over application data: len bytes, of which a repetition has taken some already. */
static int
want_data(struct ktls_conn *c, enum goal_kind kind, size_t len)
{
	struct goal *g = &c->lane[LANE_TX].goal;
	int err;

	if (len > SSIZE_MAX || len < c->tx.ahead)
		return -EINVAL;
	if (c->err == 0 && c->shut != SHUT_NONE)
		return -EPIPE;
	if ((err = want(c, LANE_TX, kind)) != 0)
		return err;
	g->len = len;
	g->taken = c->tx.ahead;
	c->tx.ahead = 0;
	core_policy_body(c, len);
	return 0;
}

int
core_want_handshake(struct ktls_conn *c)
{
	return want(c, LANE_TX, GOAL_HANDSHAKE);
}

int
core_want_send(struct ktls_conn *c, const void *data, size_t len, int flags)
{
	int err;

	if (flags & ~KTLS_MORE)
		return -EINVAL;
	if ((err = want_data(c, GOAL_SEND, len)) != 0)
		return err;
	c->lane[LANE_TX].goal.data = data;
	c->lane[LANE_TX].goal.flags = flags;
	return 0;
}

int
core_want_sendfile(struct ktls_conn *c, int file, off_t offset, size_t len)
{
	struct goal *g = &c->lane[LANE_TX].goal;
	int err;

	if (file < 0 || offset < 0)
		return -EINVAL;
	if ((err = want_data(c, GOAL_SENDFILE, len)) != 0)
		return err;
	g->file = file;
	g->offset = offset;
	return 0;
}

int
core_want_recv(struct ktls_conn *c, void *buf, size_t len)
{
	int err;

	if (len == 0 || len > SSIZE_MAX)
		return -EINVAL;
	if ((err = want(c, LANE_RX, GOAL_RECV)) != 0)
		return err;
	c->lane[LANE_RX].goal.into = buf;
	c->lane[LANE_RX].goal.len = len;
	return 0;
}

int
core_want_key_update(struct ktls_conn *c, bool request)
{
	int err;

	if ((err = want(c, LANE_TX, GOAL_KEY_UPDATE)) != 0)
		return err;
	if ((err = core_control_update(c, request)) != 0)
		c->lane[LANE_TX].goal = (struct goal){0};
	return err;
}

int
core_want_shutdown(struct ktls_conn *c)
{
	return want(c, LANE_TX, GOAL_SHUTDOWN);
}

void
core_finish(struct ktls_conn *c, enum lane lane, ssize_t outcome)
{
	c->lane[lane].goal.finished = true;
	c->lane[lane].goal.outcome = outcome;
}

/* The alert of a failed connection, and what must leave before it. */
static bool
farewell(const struct ktls_conn *c)
{
	return c->open && !c->tx.dead &&
	    (c->lane[LANE_TX].busy || c->controls != 0 || buf_len(&c->tx.sealed) != 0);
}

bool
core_done(const struct ktls_conn *c, enum lane lane)
{
	const struct lane_state *l = &c->lane[lane];

	if (l->goal.kind == GOAL_NONE)
		return false;
	return l->goal.finished || (c->err != 0 && !l->busy && !farewell(c));
}

static void
let_go(struct ktls_conn *c, enum lane lane)
{
	c->lane[lane].goal = (struct goal){0};
	if (lane == LANE_TX && !c->lane[LANE_TX].busy && buf_len(&c->tx.sealed) == 0 &&
	    c->tx.open == 0)
		buf_free(&c->tx.sealed);
	if (lane == LANE_RX && !c->lane[LANE_RX].busy && buf_len(&c->rx.in) == 0 &&
	    c->rx.plain_len == 0)
		buf_free(&c->rx.in);
}

ssize_t
core_outcome(struct ktls_conn *c, enum lane lane)
{
	const struct goal *g = &c->lane[lane].goal;
	ssize_t outcome = g->finished ? g->outcome : c->err;

	if (!core_done(c, lane))
		return -EAGAIN;
	let_go(c, lane);
	return outcome;
}

ssize_t
core_abandon(struct ktls_conn *c, enum lane lane)
{
	struct goal *g = &c->lane[lane].goal;
	ssize_t handed = 0;

	if (g->finished)
		return core_outcome(c, lane);
	if (g->kind == GOAL_SEND || g->kind == GOAL_SENDFILE) {
		core_tx_handed(c);
		c->tx.ahead = g->taken - g->handed;
		handed = (ssize_t)g->handed;
	} else if (g->kind == GOAL_RECV) {
		handed = (ssize_t)g->taken;
	} else if (g->kind == GOAL_KEY_UPDATE) {
		c->tx.asked = true;
	}
	let_go(c, lane);
	return c->err != 0 ? c->err : handed;
}

/* Lanes */

bool
core_next(struct ktls_conn *c, enum lane lane, struct conn_op *op)
{
	bool found;

	if (c->lane[lane].busy)
		return false;
	*op = (struct conn_op){ .lane = lane };
	if (lane == LANE_RX)
		found = core_rx_next(c, op);
	else if (c->open)
		found = core_tx_next(c, op);
	else
		found = core_handshake_next(c, op);
	c->lane[lane].busy = found;
	return found;
}

/* Nothing was done. A last alert is not waited for. */
static void
again(struct ktls_conn *c, enum lane lane)
{
	if (lane == LANE_RX) {
		c->rx.more = false;
		if (buf_len(&c->rx.in) == 0 && c->rx.plain_len == 0)
			buf_free(&c->rx.in);
	} else if (c->err != 0) {
		c->tx.dead = true;
	}
}

void
core_result(struct ktls_conn *c, struct conn_op *op, ssize_t result)
{
	struct lane_state *l = &c->lane[op->lane];

	l->busy = false;
	if (op->lane == LANE_TX)
		c->tx.control = false;
	if (result == -EAGAIN || result == -EINTR || result == -ECANCELED) {
		again(c, op->lane);
	} else if (op->kind == OP_INSTALL) {
		explicit_bzero(&l->crypto, sizeof(l->crypto));
		l->crypto_len = 0;
		core_install_result(c, op->dir, result);
	} else if (op->lane == LANE_RX) {
		core_rx_result(c, op, result);
	} else if (c->open) {
		core_tx_result(c, op, result);
	} else {
		core_handshake_result(c, op, result);
	}
}

void
core_result_data(struct ktls_conn *c, struct conn_op *op, const void *data, size_t len)
{
	c->lane[op->lane].busy = false;
	if (op->lane == LANE_RX)
		core_rx_data(c, data, len);
	else
		core_handshake_data(c, data, len);
}
