/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "bogo_shim/conn.h"
#include "bogo_shim/link.h"
#include "bogo_shim/mutant.h"

/* Of what we send in the clear, only hellos are handshake records: one each. */
static void
count_hellos(struct conn *c, const uint8_t *records, size_t len)
{
	while (len > KTLS_RECORD_HEADER) {
		size_t n = KTLS_RECORD_HEADER + ((size_t)records[3] << 8 | records[4]);

		if (records[0] == KTLS_TYPE_HANDSHAKE)
			c->hellos_sent++;
		if (n > len)
			return;
		records += n;
		len -= n;
	}
}

static int
send_flight(struct conn *c)
{
	size_t len, n;
	const void *out = ktls_hs_send_buf(c->hs, &len);
	int err;

	count_hellos(c, out, len);
	while (len != 0) {
		n = c->o->async ? 1 : len;
		out = mutant_alert(out, n);
		if ((err = link_send(c->fd, out, n, false)) != 0)
			return err;
		ktls_hs_sent(c->hs, n);
		out = ktls_hs_send_buf(c->hs, &len);
	}
	return 0;
}

/* A byte at a time; the one that the engine does not take is behind the handshake. */
static int
receive_slowly(struct conn *c)
{
	uint8_t byte;
	ssize_t n = link_recv(c->fd, &byte, 1);

	if (n < 0)
		return (int)n;
	if (n == 0)
		ktls_hs_received(c->hs, 0);
	else if (ktls_hs_feed(c->hs, &byte, 1) != 1)
		return -EPROTO;			/* it wanted to receive */
	return 0;
}

static int
receive(struct conn *c)
{
	size_t len;
	void *buf = ktls_hs_recv_buf(c->hs, &len);
	ssize_t n;

	if (buf == NULL)
		return 0;			/* it has failed, and says so */
	if ((n = link_recv(c->fd, buf, len)) < 0)
		return (int)n;
	ktls_hs_received(c->hs, (size_t)n);
	return 0;
}

/* Asked again it still waits for the same answer. */
static int
answer_later(struct conn *c)
{
	const struct ktls_question *q = ktls_hs_question(c->hs);

	if (q == NULL || ktls_hs_want(c->hs) != KTLS_HS_WAIT || ktls_hs_question(c->hs) != q)
		return -EPROTO;
	conn_answer(c, c->hs, q);
	return 0;
}

static int
step(struct conn *c, int want)
{
	switch (want) {
	case KTLS_HS_SEND:	return send_flight(c);
	case KTLS_HS_RECV:	return c->o->async ? receive_slowly(c) : receive(c);
	case KTLS_HS_WAIT:	return answer_later(c);
	default:		return -EPROTO;
	}
}

static int
run(struct conn *c)
{
	int want, err = 0;

	while ((want = ktls_hs_want(c->hs)) > 0 && err == 0)
		err = step(c, want);
	return want < 0 ? want : err;
}

static int
take_direction(struct conn *c, enum ktls_dir dir)
{
	struct ktls_keys keys;
	int err;

	if ((err = ktls_hs_take_keys(c->hs, dir, &keys)) != 0)
		return err;
	err = ktls_record_new(&c->rec[dir], c->shim->crypto, dir, &keys);
	ktls_keys_wipe(&keys);
	return err;
}

static int
take_over(struct conn *c)
{
	size_t len;
	const void *rest = ktls_hs_rest(c->hs, &len);
	int err;

	if (len > (c->o->exact ? 0 : sizeof(c->in)))
		return -E2BIG;
	if (len != 0)
		memcpy(c->in, rest, len);
	c->in_len = len;
	if ((err = take_direction(c, KTLS_TX)) != 0 ||
	    (err = take_direction(c, KTLS_RX)) != 0)
		return err;
	return ktls_post_new(&c->post, c->hs);
}

int
conn_handshake(struct conn *c)
{
	const struct shim_options *o = c->o;
	/* The hook judges no name; but a session is the name's that it was made with. */
	struct ktls_hs_params params = {
		.server_name = o->host_name, .verify_name = "test", .port = 443,
	};
	int err;

	if ((err = ktls_hs_new(&c->hs, c->cfg, o->server ? KTLS_SERVER : KTLS_CLIENT,
	    o->server ? NULL : &params)) != 0)
		return err;
	ktls_hs_set_exact(c->hs, o->exact);
	if ((err = run(c)) != 0)
		return err;
	if (o->handshake_twice && (err = run(c)) != 0)
		return err;
	return take_over(c);
}

void
conn_free(struct conn *c)
{
	ktls_post_free(c->post);
	ktls_record_free(c->rec[KTLS_TX]);
	ktls_record_free(c->rec[KTLS_RX]);
	ktls_hs_free(c->hs);
	ktls_config_unref(c->cfg);
	explicit_bzero(c->secret, sizeof(c->secret));
	if (c->fd >= 0)
		link_close(c->fd);
}
