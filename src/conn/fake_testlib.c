/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "conn/fake_testlib.h"

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "fake_testlib: %s\n", what);
	exit(1);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The driver */

static size_t
chunk(const struct fake_side *side, size_t len)
{
	return side->script.chunk != 0 ? least(len, side->script.chunk) : len;
}

static ssize_t
send_op(struct fake_side *side, const struct conn_op *op)
{
	size_t n = chunk(side, least(op->len, fake_wire_room(side->out)));

	if (n == 0 && op->len != 0)
		return -EAGAIN;
	if (side->kernel.tx != NULL)
		fake_kernel_send(side, op->buf, n, (op->flags & MSG_MORE) || n < op->len);
	else if (op->flags & MSG_MORE)
		give_up("MSG_MORE without TLS_TX");
	else
		fake_wire_put(side->out, op->buf, n);
	return (ssize_t)n;
}

static ssize_t
sendmsg_op(struct fake_side *side, const struct conn_op *op)
{
	if (side->kernel.tx == NULL)
		give_up("a control record without TLS_TX");
	if (fake_wire_room(side->out) == 0)
		return -EAGAIN;
	fake_kernel_flush(side);
	if (op->len != 0)
		fake_kernel_seal(side, op->type, op->buf, op->len);
	return (ssize_t)op->len;
}

static ssize_t
sendfile_op(struct fake_side *side, const struct conn_op *op)
{
	if (side->kernel.tx == NULL)
		give_up("sendfile without TLS_TX");
	if (fake_wire_room(side->out) == 0)
		return -EAGAIN;
	return fake_kernel_sendfile(side, op, chunk(side, least(op->len,
	    fake_wire_room(side->out))));
}

static ssize_t
read_file_op(struct fake_side *side, const struct conn_op *op)
{
	ssize_t n = pread(op->file, op->buf, chunk(side, op->len), op->offset);

	return n < 0 ? -errno : n;
}

static ssize_t
carry_out(struct fake_side *side, struct conn_op *op)
{
	switch (op->kind) {
	case OP_ATTACH:
		side->kernel.ulp = true;
		return 0;
	case OP_RECV:
		if (side->kernel.rx != NULL)
			give_up("a raw receive under TLS_RX");
		return fake_wire_recv(side->in, op->buf, chunk(side, op->len));
	case OP_RECVMSG:
		if (side->kernel.rx == NULL)
			give_up("a record received without TLS_RX");
		return fake_kernel_recvmsg(side, op, chunk(side, op->len));
	case OP_SEND:
		return send_op(side, op);
	case OP_SENDMSG:
		return sendmsg_op(side, op);
	case OP_INSTALL:
		return fake_kernel_install(side, op);
	case OP_READ_FILE:
		return read_file_op(side, op);
	case OP_SENDFILE:
		return sendfile_op(side, op);
	case OP_SHUTDOWN:
		side->out->fin = true;
		return 0;
	case OP_DRAINED:
		return side->out->len != 0 && side->in->reset ? -ECONNRESET :
		    (ssize_t)side->out->len;
	default:			/* OP_WAIT */
		side->waited += op->len;
		return 0;
	}
}

static bool
scripted(struct fake_side *side, const struct conn_op *op, ssize_t *result)
{
	const struct fake_script *s = &side->script;

	if (s->at != 0 && side->ops + 1 == s->at) {
		*result = s->at_err;
		side->failed = op->kind;
	} else if (s->err[op->kind] != 0) {
		*result = s->err[op->kind];
	} else {
		return false;
	}
	side->ops++;
	return true;
}

/* The same again after -EAGAIN; but a last alert is not tried twice. */
static bool
next_op(struct fake_side *side, enum lane lane, struct conn_op *op)
{
	struct conn_op again;

	if (!core_next(side->conn, lane, op))
		return false;
	if (side->script.again_every == 0 || ++side->tries % side->script.again_every != 0)
		return true;
	core_result(side->conn, op, -EAGAIN);
	if (!core_next(side->conn, lane, &again))
		return false;
	if (again.kind != op->kind || again.len != op->len)
		give_up("after -EAGAIN another operation");
	*op = again;
	return true;
}

bool
fake_step(struct fake_side *side, enum lane lane)
{
	struct conn_op op;
	uint8_t data[65536];
	bool own;
	ssize_t n;

	if (!next_op(side, lane, &op))
		return false;
	if (op.len == 0 && (op.kind == OP_RECV || op.kind == OP_RECVMSG || op.kind == OP_SEND))
		give_up("an operation of no bytes");
	own = side->script.own_buffers && op.kind == OP_RECV && op.large;
	if (own) {
		op.buf = data;
		op.len = sizeof(data);
	}
	if (scripted(side, &op, &n)) {
		core_result(side->conn, &op, n);
		return true;
	}
	n = carry_out(side, &op);
	if (own && n > 0)
		core_result_data(side->conn, &op, data, (size_t)n);
	else
		core_result(side->conn, &op, n);
	if (n == -EAGAIN)
		return false;
	side->ops++;
	side->count[op.kind]++;
	return true;
}

/* Pairs */

struct ktls_caps
fake_caps(bool rekey)
{
	struct ktls_caps caps = { .ulp = { KTLS_CAP_YES, 0 } };

	for (int v = 0; v < 2; v++)
		for (int i = 0; i < KTLS_CIPHERS; i++)
			for (int dir = 0; dir < KTLS_DIRS; dir++)
				caps.cipher[v][i][dir].cap = KTLS_CAP_YES;
	for (int dir = 0; dir < KTLS_DIRS; dir++) {
		caps.rekey[dir].cap = rekey ? KTLS_CAP_YES : KTLS_CAP_NO;
		caps.rekey[dir].err = rekey ? 0 : -EBUSY;
	}
	return caps;
}

int
fake_pair_init(struct fake_pair *pair, struct ktls_config *client, struct ktls_config *server,
    const struct ktls_caps *caps)
{
	static const struct ktls_hs_params params = { .server_name = "localhost" };
	int err;

	memset(pair, 0, sizeof(*pair));
	pair->client.out = pair->server.in = &pair->wire[0];
	pair->server.out = pair->client.in = &pair->wire[1];
	if ((err = core_new(&pair->client.conn, client, KTLS_CLIENT, 100, true, caps,
	    &params)) != 0)
		return err;
	return core_new(&pair->server.conn, server, KTLS_SERVER, 101, true, caps, NULL);
}

static void
side_free(struct fake_side *side)
{
	ktls_conn_free(side->conn);
	ktls_record_free(side->kernel.tx);
	ktls_record_free(side->kernel.rx);
	free(side->kernel.record);
}

void
fake_pair_free(struct fake_pair *pair)
{
	side_free(&pair->client);
	side_free(&pair->server);
	free(pair->wire[0].data);
	free(pair->wire[1].data);
}

void
fake_run(struct fake_pair *pair)
{
	struct fake_side *sides[] = { &pair->client, &pair->server };
	bool any = true;

	for (unsigned turns = 0; any; turns++) {
		if (turns == 10000000)
			give_up("it never ends");
		any = false;
		for (int i = 0; i < 2; i++)
			for (enum lane lane = LANE_TX; lane < LANES; lane++)
				any |= fake_step(sides[i], lane);
	}
}

ssize_t
fake_outcome(struct fake_side *side, enum lane lane)
{
	ssize_t n;

	if (core_done(side->conn, lane))
		return core_outcome(side->conn, lane);
	n = core_abandon(side->conn, lane);
	return n != 0 ? n : -EAGAIN;
}

int
fake_handshake(struct fake_pair *pair)
{
	int err;

	if ((err = core_want_handshake(pair->client.conn)) != 0 ||
	    (err = core_want_handshake(pair->server.conn)) != 0)
		return err;
	fake_run(pair);
	if ((err = (int)fake_outcome(&pair->client, LANE_TX)) != 0)
		return err;
	return (int)fake_outcome(&pair->server, LANE_TX);
}

uint64_t
fake_sum(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 0x100000001b3;		/* FNV-1a */
	return sum;
}

ssize_t
fake_receive(struct fake_side *side, size_t piece, ssize_t *end)
{
	uint8_t *buf = malloc(piece);
	ssize_t n, total = 0;

	if (buf == NULL)
		give_up("no memory");
	for (;;) {
		if ((n = core_want_recv(side->conn, buf, piece)) != 0)
			break;
		while (fake_step(side, LANE_RX) || fake_step(side, LANE_TX))
			;
		if ((n = fake_outcome(side, LANE_RX)) <= 0)
			break;
		side->sum = fake_sum(side->sum, buf, (size_t)n);
		side->received += (uint64_t)n;
		total += n;
	}
	free(buf);
	if (end != NULL)
		*end = n;
	return total;
}

/* From one side to the other, which receives all the while. */
static ssize_t
transfer(struct fake_pair *pair, struct fake_side *from)
{
	struct fake_side *to = from == &pair->client ? &pair->server : &pair->client;
	bool any;

	do {
		any = false;
		while (fake_step(from, LANE_TX) || fake_step(from, LANE_RX))
			any = true;
		any |= fake_receive(to, 30000, NULL) > 0;
	} while (any && !core_done(from->conn, LANE_TX));
	(void)fake_receive(to, 30000, NULL);
	return fake_outcome(from, LANE_TX);
}

ssize_t
fake_send(struct fake_pair *pair, struct fake_side *from, const void *data, size_t len, int flags)
{
	int err;

	if ((err = core_want_send(from->conn, data, len, flags)) != 0)
		return err;
	return transfer(pair, from);
}

ssize_t
fake_sendfile(struct fake_pair *pair, struct fake_side *from, int file, off_t offset, size_t len)
{
	int err;

	if ((err = core_want_sendfile(from->conn, file, offset, len)) != 0)
		return err;
	return transfer(pair, from);
}

ssize_t
fake_send_alone(struct fake_side *side, const void *data, size_t len, int flags)
{
	int err = core_want_send(side->conn, data, len, flags);

	if (err != 0)
		return err;
	while (fake_step(side, LANE_TX))
		;
	return fake_outcome(side, LANE_TX);
}

ssize_t
fake_sendfile_alone(struct fake_side *side, int file, off_t offset, size_t len)
{
	int err = core_want_sendfile(side->conn, file, offset, len);

	if (err != 0)
		return err;
	while (fake_step(side, LANE_TX))
		;
	return fake_outcome(side, LANE_TX);
}
