/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "bogo_shim/conn.h"
#include "bogo_shim/link.h"
#include "bogo_shim/mutant.h"

/* The holder of the record paths: both in userspace, nothing decided that TLS decides. */

static int
send_held(struct conn *c)
{
	size_t len = c->held_len;

	c->held_len = 0;
	return link_send(c->fd, c->held, len, c->o->async);
}

int
conn_send_record(struct conn *c, uint8_t type, const void *data, size_t len)
{
	static uint8_t out[KTLS_RECORD_MAX];
	size_t sealed = ktls_record_sealed_len(c->rec[KTLS_TX], len);
	int err;

	if (sealed > sizeof(out))
		return -EMSGSIZE;
	if ((err = send_held(c)) != 0 ||
	    (err = ktls_record_seal(c->rec[KTLS_TX], type, data, len, out)) != 0)
		return err;
	return link_send(c->fd, out, sealed, c->o->async);
}

int
conn_send_held(struct conn *c, const void *data, size_t len)
{
	size_t sealed = ktls_record_sealed_len(c->rec[KTLS_TX], len);
	int err;

	if (sealed > sizeof(c->held))
		return -EMSGSIZE;
	if ((err = ktls_record_seal(c->rec[KTLS_TX], KTLS_TYPE_APPLICATION_DATA, data, len,
	    c->held)) != 0 ||
	    (err = link_send(c->fd, c->held, 1, false)) != 0)
		return err;
	c->held_len = sealed - 1;
	memmove(c->held, c->held + 1, c->held_len);
	return 0;
}

static int
rekey(struct conn *c, enum ktls_dir dir)
{
	struct ktls_keys keys;
	int err;

	if ((err = ktls_post_rekey(c->post, dir, &keys)) != 0)
		return err;
	err = ktls_record_rekey(c->rec[dir], &keys);
	ktls_keys_wipe(&keys);
	return err;
}

static int
act(struct conn *c, const struct ktls_action *action)
{
	if (action->kind == KTLS_ACTION_REKEY)
		return rekey(c, action->dir);
	if (action->kind != KTLS_ACTION_SEND || mutant_silent(action->type))
		return 0;
	return conn_send_record(c, action->type, action->data, action->len);
}

/* Does all that TLS asks for. */
static int
act_all(struct conn *c)
{
	struct ktls_action action;
	int err = 0;

	do {
		ktls_post_next(c->post, &action);
		err = act(c, &action);
	} while (err == 0 && action.kind != KTLS_ACTION_NONE);
	return err;
}

/*
 * Behind a record: new keys are needed for the next one, but an answer may wait
 * until there is data to be sent (RFC 8446 4.6.3): one then answers many.
 */
static int
act_received(struct conn *c)
{
	struct ktls_action action;
	int err;

	ktls_post_next(c->post, &action);
	if ((err = act(c, &action)) != 0)
		return err;
	return action.kind == KTLS_ACTION_REKEY && action.dir == KTLS_RX ? 0 : act_all(c);
}

int
conn_send(struct conn *c, const void *data, size_t len)
{
	size_t max = ktls_hs_tx_limit(c->hs), n;
	const uint8_t *p = data;
	int err;

	if ((err = act_all(c)) != 0)
		return err;
	for (; len != 0; p += n, len -= n) {
		n = len < max ? len : max;
		if ((err = conn_send_record(c, KTLS_TYPE_APPLICATION_DATA, p, n)) != 0)
			return err;
	}
	return 0;
}

int
conn_key_update(struct conn *c)
{
	int err = ktls_post_key_update(c->post, false);

	return err != 0 ? err : act_all(c);
}

void
conn_send_alert(struct conn *c, int err)
{
	struct ktls_action action;

	ktls_post_alert(err, &action);
	if (action.kind == KTLS_ACTION_SEND)
		(void)!conn_send_record(c, action.type,
		    mutant_alert(action.data, action.len), action.len);
}

/* Reads until n bytes stand at in_off: 1; 0: the stream has ended before. */
static int
fill(struct conn *c, size_t n)
{
	ssize_t got;

	if (c->in_off + n > sizeof(c->in)) {
		memmove(c->in, c->in + c->in_off, c->in_len - c->in_off);
		c->in_len -= c->in_off;
		c->in_off = 0;
	}
	while (c->in_len - c->in_off < n) {
		got = link_recv(c->fd, c->in + c->in_len,
		    c->o->async ? 1 : sizeof(c->in) - c->in_len);
		if (got <= 0)
			return (int)got;
		c->in_len += (size_t)got;
	}
	return 1;
}

struct plain {
	uint8_t type;
	void *data;
	size_t len;
};

/* The next record, opened: 1; 0: the stream has ended. */
static int
next_record(struct conn *c, struct plain *plain)
{
	uint8_t *rec;
	int len, err;

	if ((err = fill(c, KTLS_RECORD_HEADER)) <= 0)
		return err;
	if ((len = ktls_record_len(c->rec[KTLS_RX], c->in + c->in_off)) < 0)
		return len;
	if ((err = fill(c, (size_t)len)) <= 0)
		return err;
	rec = c->in + c->in_off;
	c->in_off += (size_t)len;
	err = ktls_record_open(c->rec[KTLS_RX], rec, (size_t)len, &plain->type, &plain->data,
	    &plain->len);
	return err != 0 ? err : 1;
}

static int
take_record(struct conn *c, const struct plain *plain)
{
	int err;

	if (plain->type == KTLS_TYPE_APPLICATION_DATA) {
		c->data = plain->data;
		c->data_len = plain->len;
		return ktls_post_application_data(c->post, plain->len);
	}
	err = ktls_post_record(c->post, plain->type, plain->data, plain->len);
	return err != 0 ? err : act_received(c);
}

/* 1: there is data; 0: the peer has closed, or gone. */
static int
wait_data(struct conn *c)
{
	struct plain plain;
	int err;

	while (c->data_len == 0 && !c->peer_gone && !ktls_post_peer_closed(c->post)) {
		if ((err = next_record(c, &plain)) < 0)
			return err;
		c->peer_gone = err == 0;
		if (err != 0 && (err = take_record(c, &plain)) != 0)
			return err;
	}
	return c->data_len != 0;
}

ssize_t
conn_peek(struct conn *c, void *buf, size_t len)
{
	int err = wait_data(c);

	if (err <= 0)
		return err;
	if (len > c->data_len)
		len = c->data_len;
	memcpy(buf, c->data, len);
	return (ssize_t)len;
}

ssize_t
conn_recv(struct conn *c, void *buf, size_t len)
{
	ssize_t n = conn_peek(c, buf, len);

	if (n > 0) {
		c->data += n;
		c->data_len -= (size_t)n;
	}
	return n;
}

int
conn_close(struct conn *c, bool wait)
{
	int err;

	if ((err = ktls_post_close(c->post)) != 0 ||
	    (err = act_all(c)) != 0)
		/* A peer that has gone without reading it isn't asked to be there. */
		return !wait && (err == -EPIPE || err == -ECONNRESET) ? 0 : err;
	while (wait && (err = wait_data(c)) == 1)
		c->data_len = 0;
	if (!wait || err < 0)
		return err;
	return ktls_post_peer_closed(c->post) ? 0 : KTLS_REFUSED(KTLS_R_TRUNCATED);
}
