/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "conn/state.h"
#include "handshake/secrets.h"

/* LANE_TX until the handshake's keys are in force: the engine says what it wants. */

static int
copy_string(char **to, const char *from)
{
	if (from != NULL && (*to = OPENSSL_strdup(from)) == NULL)
		return -ENOMEM;
	return 0;
}

static int
take_keys(struct ktls_conn *c, enum ktls_dir dir)
{
	struct ktls_keys keys;
	int err;

	if ((err = ktls_hs_take_keys(c->hs, dir, &keys)) != 0)
		return err;
	err = core_install_keep(c, dir, &keys);
	ktls_keys_wipe(&keys);
	return err;
}

/* What the engine received and didn't use, then what it never took: in the order of the stream. */
static int
take_rest(struct ktls_conn *c)
{
	size_t len;
	const void *rest = ktls_hs_rest(c->hs, &len);
	struct buf *in = &c->rx.in, *early = &c->early;
	int err;

	if (len + buf_len(early) == 0)
		return 0;
	if ((err = buf_room(in, len + buf_len(early))) != 0)
		return err;
	if (len != 0)
		memcpy(in->p, rest, len);
	if (buf_len(early) != 0)
		memcpy(in->p + len, early->p + early->start, buf_len(early));
	in->end = len + buf_len(early);
	buf_free(early);
	return 0;
}

static int
take_over(struct ktls_conn *c)
{
	int err;

	if ((err = take_keys(c, KTLS_TX)) != 0 ||
	    (err = take_keys(c, KTLS_RX)) != 0 ||
	    (err = take_rest(c)) != 0 ||
	    (err = copy_string(&c->alpn, ktls_hs_alpn(c->hs))) != 0 ||
	    (err = copy_string(&c->server_name, ktls_hs_server_name(c->hs))) != 0 ||
	    (err = ktls_post_new(&c->post, c->hs)) != 0)
		return err;

	/* Nothing below can fail. */
	c->version = ktls_hs_version(c->hs);
	c->cipher = ktls_hs_cipher(c->hs);
	c->group = ktls_hs_group(c->hs);
	c->signature_scheme = ktls_hs_signature_scheme(c->hs);
	c->resumed = ktls_hs_resumed(c->hs);
	c->peer_chain = hs_take_peer_chain(c->hs, &c->peer_chain_len);
	c->tx.limit = ktls_hs_tx_limit(c->hs);
	c->rx.limit = ktls_hs_rx_limit(c->hs);
	ktls_hs_free(c->hs);
	c->hs = NULL;
	c->open = true;
	return 0;
}

/* Bytes that came in a driver's own buffer while the engine wanted to send. */
static bool
feed_early(struct ktls_conn *c)
{
	size_t n = ktls_hs_feed(c->hs, c->early.p + c->early.start, buf_len(&c->early));

	buf_take(&c->early, n);
	if (n == 0)
		core_fail(c, KTLS_REFUSED(KTLS_R_INTERNAL));
	return n != 0;
}

bool
core_handshake_next(struct ktls_conn *c, struct conn_op *op)
{
	const void *out;
	int want, err;

	if (c->err != 0 || c->lane[LANE_TX].goal.kind != GOAL_HANDSHAKE)
		return false;
	if (c->attach) {
		op->kind = OP_ATTACH;
		return true;
	}
	while ((want = ktls_hs_want(c->hs)) == KTLS_HS_RECV && buf_len(&c->early) != 0)
		if (!feed_early(c))
			return false;
	if (want == KTLS_HS_SEND) {
		out = ktls_hs_send_buf(c->hs, &op->len);
		op->kind = OP_SEND;
		op->buf = (void *)(uintptr_t)out;	/* a send only reads */
	} else if (want == KTLS_HS_RECV) {
		op->kind = OP_RECV;
		op->buf = ktls_hs_recv_buf(c->hs, &op->len);
		op->large = !core_policy_may(c, KTLS_RX);
		/* no memory: it has failed, and has an alert to send */
		if (op->buf == NULL)
			return core_handshake_next(c, op);
	} else if (want == KTLS_HS_WAIT) {
		return false;		/* core_waits() */
	} else if (want < 0) {
		core_fail(c, want);	/* its alert has left */
		return false;
	} else if ((err = take_over(c)) != 0) {
		core_fail(c, err);
		return false;
	} else {
		core_policy_decide(c);
		return core_tx_next(c, op);
	}
	return true;
}

void
core_handshake_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result)
{
	if (op->kind == OP_ATTACH)
		core_policy_attached(c, result);
	else if (result < 0)
		core_fail(c, (int)result);
	else if (op->kind == OP_SEND)
		ktls_hs_sent(c->hs, (size_t)result);
	else
		ktls_hs_received(c->hs, (size_t)result);
}

void
core_handshake_data(struct ktls_conn *c, const void *data, size_t len)
{
	size_t n = ktls_hs_feed(c->hs, data, len);
	int err;

	if (n == len)
		return;
	if ((err = buf_room(&c->early, len - n)) != 0) {
		core_fail(c, err);
		return;
	}
	memcpy(c->early.p + c->early.end, (const uint8_t *)data + n, len - n);
	c->early.end += len - n;
}
