/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "conn/fake_testlib.h"

/* Records in userspace both ways: goals, lanes, what goes wrong. */

#define R(r)	KTLS_REFUSED(KTLS_R_##r)
#define BODY	200000

static struct test_pki *pki;
static struct ktls_config *client_cfg, *server_cfg;
static uint8_t body[BODY];

static int
group_setup(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	client_cfg = test_pki_client(pki);
	server_cfg = test_pki_server(pki, TEST_EC);
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 7 + i / 251);
	return ktls_config_offload(client_cfg, KTLS_OFFLOAD_NONE) != 0 ||
	    ktls_config_offload(server_cfg, KTLS_OFFLOAD_NONE) != 0;
}

static int
group_teardown(void **unused)
{
	(void)unused;
	ktls_config_unref(client_cfg);
	ktls_config_unref(server_cfg);
	test_pki_free(pki);
	return 0;
}

static void
connect_pair(struct fake_pair *pair)
{
	assert_int_equal(fake_pair_init(pair, client_cfg, server_cfg, NULL), 0);
	assert_int_equal(fake_handshake(pair), 0);
}

static int
file_of(const char *name, size_t len)
{
	FILE *f = fopen(test_pki_file(pki, name, body, len), "rb");

	assert_non_null(f);
	return fileno(f);	/* both end with the process */
}

/* Every size, however the socket behaves. */
static void
data_arrives_in_order(void **unused)
{
	static const size_t sizes[] = { 1, 100, 16383, 16384, 16385, 65536, 65537, BODY };
	static const struct fake_script scripts[] = {
		{0}, { .chunk = 1000 }, { .chunk = 7, .again_every = 3 }, { .again_every = 2 },
		{ .own_buffers = true }, { .own_buffers = true, .chunk = 1 },
	};
	int file = file_of("body", BODY);

	(void)unused;
	for (size_t s = 0; s < sizeof(scripts) / sizeof(*scripts); s++) {
		struct fake_pair pair;
		uint64_t sum = 0;

		assert_int_equal(fake_pair_init(&pair, client_cfg, server_cfg, NULL), 0);
		pair.client.script = pair.server.script = scripts[s];
		assert_int_equal(fake_handshake(&pair), 0);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			ssize_t len = (ssize_t)sizes[i];

			if (scripts[s].chunk == 1 && len > 20000)
				break;		/* nothing new, and slow */
			assert_int_equal(fake_send(&pair, &pair.server, body, sizes[i], 0), len);
			sum = fake_sum(sum, body, sizes[i]);
			assert_int_equal(fake_sendfile(&pair, &pair.server, file, 1,
			    sizes[i] - 1), len - 1);
			sum = fake_sum(sum, body + 1, sizes[i] - 1);
			assert_true(pair.client.sum == sum);
			assert_int_equal(fake_send(&pair, &pair.client, body, sizes[i], 0), len);
		}
		assert_int_equal(pair.client.conn->bytes[KTLS_RX], pair.client.received);
		assert_int_equal(pair.server.conn->bytes[KTLS_TX], pair.client.received);
		assert_int_equal(pair.server.conn->bytes[KTLS_RX],
		    pair.client.conn->bytes[KTLS_TX]);
		fake_pair_free(&pair);
	}
}

static void
nothing_is_kept_while_idle(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair);
	assert_int_equal(fake_send(&pair, &pair.server, body, BODY, 0), BODY);
	assert_null(pair.server.conn->tx.sealed.p);
	assert_null(pair.client.conn->rx.in.p);
	assert_null(pair.client.conn->hs);
	assert_false(ktls_conn_pending(pair.client.conn));
	fake_pair_free(&pair);
}

/* Records on the wire, by their headers. */
static size_t
count_records(const struct fake_wire *wire, size_t lens[], size_t max)
{
	size_t n = 0, at = 0;

	while (at + KTLS_RECORD_HEADER <= wire->len && n < max) {
		lens[n] = (size_t)(wire->data[at + 3] << 8 | wire->data[at + 4]);
		at += KTLS_RECORD_HEADER + lens[n++];
	}
	assert_int_equal(at, wire->len);
	return n;
}

static ssize_t
send_alone(struct fake_side *side, const void *data, size_t len, int flags)
{
	int err = core_want_send(side->conn, data, len, flags);

	if (err != 0)
		return err;
	while (fake_step(side, LANE_TX))
		;
	return fake_outcome(side, LANE_TX);
}

static ssize_t
sendfile_alone(struct fake_side *side, int file, off_t offset, size_t len)
{
	int err = core_want_sendfile(side->conn, file, offset, len);

	if (err != 0)
		return err;
	while (fake_step(side, LANE_TX))
		;
	return fake_outcome(side, LANE_TX);
}

#define SEALED(n)	((n) + 1 + 16)

static void
header_and_body_share_a_record(void **unused)
{
	int file = file_of("body", BODY), none = file_of("empty", 0);
	struct fake_pair pair;
	struct fake_side *server = &pair.server;
	size_t lens[32];

	(void)unused;
	connect_pair(&pair);
	assert_int_equal(send_alone(server, body, 10, KTLS_MORE), 10);
	assert_int_equal(send_alone(server, body, 20, KTLS_MORE), 20);
	assert_int_equal(server->out->len, 0);
	assert_int_equal(send_alone(server, body, 16384, 0), 16384);
	assert_int_equal(count_records(server->out, lens, 32), 2);
	assert_int_equal(lens[0], SEALED(16384));
	assert_int_equal(lens[1], SEALED(30));
	(void)fake_receive(&pair.client, 100000, NULL);

	assert_int_equal(send_alone(server, body, 300, KTLS_MORE), 300);
	assert_int_equal(sendfile_alone(server, file, 0, 100000), 100000);
	assert_int_equal(count_records(server->out, lens, 32), 7);
	assert_int_equal(lens[5], SEALED(16384));
	assert_int_equal(lens[6], SEALED(100300 - 6 * 16384));
	(void)fake_receive(&pair.client, 100000, NULL);

	/* What was announced does not come: the file is empty, or shorter than was said. */
	assert_int_equal(send_alone(server, body, 5, KTLS_MORE), 5);
	assert_int_equal(sendfile_alone(server, none, 0, 100), 0);
	assert_int_equal(count_records(server->out, lens, 32), 1);
	assert_int_equal(lens[0], SEALED(5));
	(void)fake_receive(&pair.client, 100000, NULL);
	assert_int_equal(send_alone(server, body, 5, KTLS_MORE), 5);
	assert_int_equal(sendfile_alone(server, file, BODY - 10, 100), 10);
	assert_int_equal(count_records(server->out, lens, 32), 1);
	assert_int_equal(lens[0], SEALED(15));
	(void)fake_receive(&pair.client, 100000, NULL);

	assert_int_equal(send_alone(server, body, 5, KTLS_MORE), 5);
	assert_int_equal(send_alone(server, NULL, 0, 0), 0);
	assert_int_equal(count_records(server->out, lens, 32), 1);
	fake_pair_free(&pair);
}

/* A full socket: the same bytes again, none twice and none lost. */
static void
repeated_after_eagain(void **unused)
{
	static const size_t rooms[] = { 1, 100, 16406, 30000, 70000 };

	(void)unused;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		struct fake_pair pair;
		size_t sent = 0, turns = 0;
		uint64_t sum = fake_sum(0, body, BODY);
		ssize_t n;

		connect_pair(&pair);
		pair.wire[1].room = rooms[i];
		assert_int_equal(send_alone(&pair.server, body, 100, KTLS_MORE), 100);
		for (sent = 100; sent < BODY; turns++) {
			n = send_alone(&pair.server, body + sent, BODY - sent, 0);
			if (n > 0)
				sent += (size_t)n;
			else
				assert_int_equal(n, -EAGAIN);
			if (pair.server.conn->tx.ahead > 1)
				assert_int_equal(send_alone(&pair.server, body + sent, 1, 0),
				    -EINVAL);
			(void)fake_receive(&pair.client, 5000, NULL);
			if (rooms[i] < 100 && turns == 1000)
				pair.wire[1].room = 50000;
		}
		assert_int_equal(sent, BODY);
		while (fake_step(&pair.server, LANE_TX))
			;
		(void)fake_receive(&pair.client, 5000, NULL);
		assert_int_equal(pair.client.received, BODY);
		assert_true(pair.client.sum == sum);
		assert_int_equal(pair.server.conn->bytes[KTLS_TX], BODY);
		fake_pair_free(&pair);
	}
}

static void
keys_change_both_ways(void **unused)
{
	struct fake_pair pair;
	struct fake_side *sides[2];
	uint64_t sum = 0;

	(void)unused;
	connect_pair(&pair);
	sides[0] = &pair.client;
	sides[1] = &pair.server;
	for (int i = 0; i < 12; i++) {
		assert_int_equal(send_alone(&pair.server, body, 1000, i & 4 ? KTLS_MORE : 0), 1000);
		sum = fake_sum(sum, body, 1000);
		assert_int_equal(core_want_key_update(sides[i & 1]->conn, (i & 2) != 0), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(sides[i & 1], LANE_TX), 0);
		(void)fake_receive(&pair.client, 77, NULL);	/* it answers where it was asked */
		(void)fake_receive(&pair.server, 77, NULL);
		assert_int_equal(fake_send(&pair, &pair.server, body, 40000, 0), 40000);
		sum = fake_sum(sum, body, 40000);
		assert_true(pair.client.sum == sum);
		assert_int_equal(fake_send(&pair, &pair.client, body, 40000, 0), 40000);
	}
	assert_int_equal(pair.server.received, 12 * 40000);
	fake_pair_free(&pair);
}

/* Both ask at once, while neither receives. */
static void
keys_change_crosswise(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(core_want_key_update(pair.client.conn, true), 0);
		assert_int_equal(core_want_key_update(pair.server.conn, true), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
	}
	assert_int_equal(fake_send(&pair, &pair.server, body, 1000, 0), 1000);
	assert_int_equal(fake_send(&pair, &pair.client, body, 1000, 0), 1000);
	assert_int_equal(fake_send(&pair, &pair.server, body, 1000, 0), 1000);
	assert_int_equal(pair.client.received, 2000);
	assert_int_equal(pair.server.received, 1000);
	fake_pair_free(&pair);
}

/* A whole conversation in which the n-th operation of a side fails; 0: none does. */
struct story {
	ssize_t server, client;		/* the first result that wasn't what it should be */
	int server_ops, client_ops;
};

static ssize_t
wrong(ssize_t n, ssize_t right)
{
	return n == right ? 0 : n;
}

static struct story
tell(struct fake_pair *pair, int file)
{
	struct story s = {0};
	ssize_t end = 0, n;

	if (core_want_handshake(pair->client.conn) != 0 ||
	    core_want_handshake(pair->server.conn) != 0)
		fail_msg("no handshake");
	fake_run(pair);
	s.client = fake_outcome(&pair->client, LANE_TX);
	s.server = fake_outcome(&pair->server, LANE_TX);
	if (s.client == 0)
		s.client = wrong(send_alone(&pair->client, body, 30, 0), 30);
	if (s.server == 0 && fake_receive(&pair->server, 10, &end) != 30)
		s.server = end;
	if (s.server == 0)
		s.server = wrong(send_alone(&pair->server, body, 300, KTLS_MORE), 300);
	if (s.server == 0)
		s.server = wrong(sendfile_alone(&pair->server, file, 0, 100000), 100000);
	if (s.client == 0 && (n = fake_receive(&pair->client, 30000, &end)) != 100300)
		s.client = end != -EAGAIN ? end : n;
	s.client_ops = pair->client.ops;
	s.server_ops = pair->server.ops;
	return s;
}

/*
 * Every operation fails once, with each kind of error: it is told, and nothing
 * hangs, leaks or goes on.
 */
static void
every_operation_fails(void **unused)
{
	static const int errors[] = { -ECONNRESET, -EPIPE, -ENOMEM, -EIO };
	int file = file_of("body", BODY), ops[2] = { 1, 1 };

	(void)unused;
	for (int side = 0; side < 2; side++)
		for (int at = 0; at <= ops[side]; at++) {
			int err = errors[at % 4];
			struct fake_pair pair;
			struct fake_side *it = side == 0 ? &pair.client : &pair.server;
			struct story s;
			ssize_t got;

			assert_int_equal(fake_pair_init(&pair, client_cfg, server_cfg, NULL), 0);
			pair.client.script.chunk = pair.server.script.chunk = 20000;
			it->script.at = at;
			it->script.at_err = err;
			s = tell(&pair, file);
			got = side == 0 ? s.client : s.server;
			if (at == 0) {
				assert_int_equal(s.client, 0);
				assert_int_equal(s.server, 0);
				ops[0] = s.client_ops;
				ops[1] = s.server_ops;
			} else if (got != err) {
				fail_msg("side %d, operation %d, error %d: %zd", side, at, err,
				    got);
				/* a file's error isn't the connection's */
			} else if (it->count[OP_READ_FILE] == 0) {
				assert_int_equal(core_want_send(it->conn, body, 1, 0), err);
				assert_string_equal(ktls_conn_reason_text(it->conn),
				    ktls_strerror(err));
			}
			fake_pair_free(&pair);
		}
	assert_true(ops[0] > 5 && ops[1] > 8);
}

static void
a_file_fails(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair);
	pair.server.script.err[OP_READ_FILE] = -EIO;
	assert_int_equal(sendfile_alone(&pair.server, 0, 0, 100), -EIO);
	pair.server.script.err[OP_READ_FILE] = 0;
	assert_int_equal(sendfile_alone(&pair.server, -1, 0, 100), -EINVAL);
	assert_int_equal(sendfile_alone(&pair.server, 0, -1, 100), -EINVAL);
	assert_int_equal(fake_send(&pair, &pair.server, body, 100, 0), 100);
	fake_pair_free(&pair);
}

/* The stream ends after each byte of either side, from the first one on. */
static void
the_stream_ends_anywhere(void **unused)
{
	size_t whole[2] = { 0, 0 };

	(void)unused;
	for (int side = 0; side < 2; side++)
		for (size_t cut = 0; side == 0 && whole[0] == 0 ?
		    true : cut < whole[side]; cut += 1 + cut % 7) {
			struct fake_pair pair;
			struct fake_wire *wire;
			struct fake_side *to;
			ssize_t end, sent = 0;
			bool whole_one = whole[0] == 0;

			assert_int_equal(fake_pair_init(&pair, client_cfg, server_cfg, NULL), 0);
			wire = &pair.wire[side];
			to = side == 0 ? &pair.server : &pair.client;
			if (!whole_one)
				pair.client.script.chunk = pair.server.script.chunk = 1;
			assert_int_equal(core_want_handshake(pair.client.conn), 0);
			assert_int_equal(core_want_handshake(pair.server.conn), 0);
			for (bool any = true; any && (whole_one || wire->total < cut);) {
				any = fake_step(&pair.client, LANE_TX);
				if (whole_one || wire->total < cut)
					any |= fake_step(&pair.server, LANE_TX);
			}
			if (whole_one) {
				whole[0] = pair.wire[0].total;
				whole[1] = pair.wire[1].total;
				fake_pair_free(&pair);
				continue;
			}
			wire->fin = true;
			to->script.chunk = 0;
			while (fake_step(to, LANE_TX))
				;
			end = fake_outcome(to, LANE_TX);
			if (end == 0)
				sent = fake_receive(to, 10, &end);
			if (sent != 0 || (end != R(TRUNCATED_HANDSHAKE) && end != R(TRUNCATED)))
				fail_msg("side %d, after %zu bytes: %zd (%s)", side, cut, end,
				    ktls_strerror((int)end));
			fake_pair_free(&pair);
		}
	assert_true(whole[0] > 200 && whole[1] > 500);
}

static void
truncation_is_told(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	connect_pair(&pair);
	assert_int_equal(send_alone(&pair.server, body, 1000, 0), 1000);
	pair.wire[1].len -= 5;			/* in the middle of a record */
	pair.wire[1].fin = true;
	assert_int_equal(fake_receive(&pair.client, 500, &end), 0);
	assert_int_equal(end, R(TRUNCATED));
	assert_int_equal(core_want_recv(pair.client.conn, body, 1), R(TRUNCATED));
	assert_string_equal(ktls_conn_reason_text(pair.client.conn), ktls_strerror(R(TRUNCATED)));
	fake_pair_free(&pair);
}

/* What was authentic before is delivered; the alert arrives, behind what was being sent. */
static void
a_bad_record_ends_it(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	connect_pair(&pair);
	assert_int_equal(send_alone(&pair.server, body, 1000, 0), 1000);
	pair.wire[1].data[500] ^= 1;
	assert_int_equal(fake_receive(&pair.client, 500, &end), 0);
	assert_int_equal(end, R(BAD_RECORD_MAC));
	assert_int_equal(fake_receive(&pair.server, 500, &end), 0);
	assert_int_equal(end, KTLS_PEER_ALERT(KTLS_ALERT_bad_record_mac));
	assert_int_equal(core_want_send(pair.server.conn, body, 1, 0),
	    KTLS_PEER_ALERT(KTLS_ALERT_bad_record_mac));
	fake_pair_free(&pair);

	connect_pair(&pair);
	assert_int_equal(send_alone(&pair.server, body, 1000, 0), 1000);
	assert_int_equal(send_alone(&pair.server, body, 1000, 0), 1000);
	pair.wire[1].data[1500] ^= 1;
	pair.wire[0].room = 500;
	assert_int_equal(core_want_send(pair.client.conn, body, 900, 0), 0);
	assert_true(fake_step(&pair.client, LANE_TX));
	assert_int_equal(core_want_recv(pair.client.conn, body + 10000, 5000), 0);
	while (fake_step(&pair.client, LANE_RX))
		;
	assert_int_equal(core_outcome(pair.client.conn, LANE_RX), 1000);
	pair.wire[0].room = 0;
	while (fake_step(&pair.client, LANE_TX))
		;
	assert_int_equal(core_outcome(pair.client.conn, LANE_TX), R(BAD_RECORD_MAC));
	assert_int_equal(fake_receive(&pair.server, 5000, &end), 900);
	assert_int_equal(end, KTLS_PEER_ALERT(KTLS_ALERT_bad_record_mac));
	fake_pair_free(&pair);
}

/* A peer that reads nothing doesn't hold a failure back. */
static void
an_alert_is_not_waited_for(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	connect_pair(&pair);
	assert_int_equal(send_alone(&pair.server, body, 1000, 0), 1000);
	pair.wire[1].data[500] ^= 1;
	pair.wire[0].room = 1;
	assert_int_equal(core_want_send(pair.client.conn, body, 900, 0), 0);
	while (fake_step(&pair.client, LANE_TX))
		;
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), -EAGAIN);
	assert_int_equal(fake_receive(&pair.client, 500, &end), 0);
	assert_int_equal(end, R(BAD_RECORD_MAC));
	fake_pair_free(&pair);
}

static void
a_driver_fails_it(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair);
	assert_int_equal(core_want_recv(pair.client.conn, body, 1), 0);
	assert_false(core_done(pair.client.conn, LANE_RX));
	assert_int_equal(core_outcome(pair.client.conn, LANE_RX), -EAGAIN);
	core_fail(pair.client.conn, -ETIMEDOUT);
	core_fail(pair.client.conn, -EIO);	/* the first one is final */
	assert_true(core_done(pair.client.conn, LANE_RX));
	assert_int_equal(core_outcome(pair.client.conn, LANE_RX), -ETIMEDOUT);
	assert_int_equal(core_want_key_update(pair.client.conn, false), -ETIMEDOUT);
	fake_pair_free(&pair);
}

static void
one_goal_a_lane(void **unused)
{
	struct fake_pair pair;
	struct ktls_conn *c;
	struct conn_op op;

	(void)unused;
	assert_int_equal(fake_pair_init(&pair, client_cfg, server_cfg, NULL), 0);
	c = pair.client.conn;
	assert_int_equal(core_fd(c), 100);
	assert_ptr_equal(core_config(c), client_cfg);
	assert_int_equal(core_want_send(c, body, 1, 0), -ENOTCONN);
	assert_int_equal(core_want_recv(c, body, 1), -ENOTCONN);
	assert_int_equal(core_want_shutdown(c), -ENOTCONN);
	assert_int_equal(core_want_key_update(c, false), -ENOTCONN);
	assert_int_equal(fake_handshake(&pair), 0);
	assert_int_equal(fake_handshake(&pair), 0);	/* again: still done */
	assert_int_equal(core_want_send(c, body, 1, 2), -EINVAL);
	assert_int_equal(core_want_recv(c, body, 0), -EINVAL);
	assert_int_equal(core_want_recv(c, body, 1), 0);
	assert_int_equal(core_want_recv(c, body, 1), -EALREADY);
	assert_int_equal(core_want_send(c, body, 1, 0), 0);
	assert_int_equal(core_want_shutdown(c), -EALREADY);
	assert_true(core_next(c, LANE_RX, &op));
	assert_false(core_next(c, LANE_RX, &op));
	core_result(c, &op, -ECANCELED);
	assert_true(core_next(c, LANE_RX, &op));
	assert_int_equal(op.kind, OP_RECV);
	core_result(c, &op, -EAGAIN);
	assert_null(c->rx.in.p);
	fake_pair_free(&pair);
}

static void
plain_http_is_handed_back(void **unused)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct fake_pair pair;
	const void *plain;
	size_t len;

	(void)unused;
	assert_int_equal(fake_pair_init(&pair, client_cfg, server_cfg, NULL), 0);
	pair.wire[0].data = malloc(sizeof(request) - 1);
	memcpy(pair.wire[0].data, request, sizeof(request) - 1);
	pair.wire[0].len = sizeof(request) - 1;
	assert_int_equal(core_want_handshake(pair.server.conn), 0);
	while (fake_step(&pair.server, LANE_TX))
		;
	assert_int_equal(fake_outcome(&pair.server, LANE_TX), R(PLAIN_HTTP));
	plain = ktls_conn_plain(pair.server.conn, &len);
	assert_int_equal(len, sizeof(request) - 1);
	assert_memory_equal(plain, request, len);
	assert_int_equal(pair.wire[1].total, 0);
	assert_null(ktls_conn_plain(pair.client.conn, &len));
	fake_pair_free(&pair);
}

static void
status_says_what_was_agreed(void **unused)
{
	struct ktls_conn_status s;
	struct fake_pair pair;

	(void)unused;
	assert_int_equal(fake_pair_init(&pair, client_cfg, server_cfg, NULL), 0);
	ktls_conn_status(pair.server.conn, &s);
	assert_int_equal(s.version, 0);
	assert_int_equal(s.path[KTLS_TX], KTLS_PATH_NONE);
	assert_int_equal(fake_handshake(&pair), 0);
	ktls_conn_status(pair.server.conn, &s);
	assert_int_equal(s.version, KTLS_TLS13);
	assert_int_equal(s.group, KTLS_GROUP_X25519);
	assert_int_equal(s.cipher, KTLS_AES_128_GCM);
	assert_int_equal(s.path[KTLS_TX], KTLS_PATH_USER);
	assert_string_equal(s.why[KTLS_TX], "user: offload is off");
	assert_string_equal(s.server_name, "localhost");
	assert_null(s.alpn);
	assert_int_equal(ktls_conn_fd(pair.server.conn, KTLS_TX), -EOPNOTSUPP);
	fake_pair_free(&pair);
}

/* The client's first bytes of application data come together with its Finished. */
static void
what_follows_the_handshake_is_kept(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	for (int own = 0; own < 2; own++) {
		assert_int_equal(fake_pair_init(&pair, client_cfg, server_cfg, NULL), 0);
		pair.server.script.own_buffers = own;
		assert_int_equal(core_want_handshake(pair.client.conn), 0);
		assert_int_equal(core_want_handshake(pair.server.conn), 0);
		for (;;) {
			while (fake_step(&pair.client, LANE_TX))
				;
			if (core_done(pair.client.conn, LANE_TX))
				break;
			while (fake_step(&pair.server, LANE_TX))
				;
		}
		assert_int_equal(core_outcome(pair.client.conn, LANE_TX), 0);
		assert_int_equal(send_alone(&pair.client, body, 50000, 0), 50000);
		while (fake_step(&pair.server, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		assert_true(buf_len(&pair.server.conn->rx.in) != 0);
		assert_int_equal(fake_receive(&pair.server, 1000, &end), 50000);
		assert_true(pair.server.sum == fake_sum(0, body, 50000));
		fake_pair_free(&pair);
	}
}

static void
the_peers_record_size_limit(void **unused)
{
	static const uint16_t limits[] = { 64, 65, 1000, 16384, 16385 };
	int file = file_of("body", BODY);

	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct ktls_config *cfg = test_pki_client(pki);
		size_t lens[4000], n;
		struct fake_pair pair;

		assert_int_equal(ktls_config_offload(cfg, KTLS_OFFLOAD_NONE), 0);
		assert_int_equal(ktls_config_record_size_limit(cfg, limits[i]), 0);
		assert_int_equal(fake_pair_init(&pair, cfg, server_cfg, NULL), 0);
		assert_int_equal(fake_handshake(&pair), 0);
		assert_int_equal(send_alone(&pair.server, body, 10, KTLS_MORE), 10);
		assert_int_equal(sendfile_alone(&pair.server, file, 10, BODY - 10), BODY - 10);
		n = count_records(pair.server.out, lens, 4000);
		assert_int_equal(n, (BODY + limits[i] - 2) / (limits[i] - 1));
		for (size_t r = 0; r < n; r++)
			assert_true(lens[r] <= (size_t)limits[i] + 16);
		assert_int_equal(fake_receive(&pair.client, 9999, NULL), BODY);
		assert_true(pair.client.sum == fake_sum(0, body, BODY));
		fake_pair_free(&pair);
		ktls_config_unref(cfg);
	}
}

static void
our_own_record_size_limit(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki), *server = test_pki_server(pki, TEST_EC);
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	assert_int_equal(ktls_config_offload(cfg, KTLS_OFFLOAD_NONE), 0);
	assert_int_equal(ktls_config_record_size_limit(cfg, 1000), 0);
	assert_int_equal(ktls_config_record_size_limit(server, 16385), 0);	/* so it answers */
	assert_int_equal(fake_pair_init(&pair, cfg, server, NULL), 0);
	assert_int_equal(fake_handshake(&pair), 0);
	assert_int_equal(pair.server.conn->tx.limit, 999);
	pair.server.conn->tx.limit = 1000;		/* a peer that doesn't keep to it */
	assert_int_equal(send_alone(&pair.server, body, 1000, 0), 1000);
	assert_int_equal(fake_receive(&pair.client, 2000, &end), 0);
	assert_int_equal(end, R(RECORD_OVERFLOW));
	fake_pair_free(&pair);
	ktls_config_unref(cfg);
	ktls_config_unref(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_arrives_in_order),
		cmocka_unit_test(nothing_is_kept_while_idle),
		cmocka_unit_test(header_and_body_share_a_record),
		cmocka_unit_test(repeated_after_eagain),
		cmocka_unit_test(keys_change_both_ways),
		cmocka_unit_test(keys_change_crosswise),
		cmocka_unit_test(every_operation_fails),
		cmocka_unit_test(a_file_fails),
		cmocka_unit_test(the_stream_ends_anywhere),
		cmocka_unit_test(truncation_is_told),
		cmocka_unit_test(a_bad_record_ends_it),
		cmocka_unit_test(an_alert_is_not_waited_for),
		cmocka_unit_test(a_driver_fails_it),
		cmocka_unit_test(one_goal_a_lane),
		cmocka_unit_test(plain_http_is_handed_back),
		cmocka_unit_test(status_says_what_was_agreed),
		cmocka_unit_test(what_follows_the_handshake_is_kept),
		cmocka_unit_test(the_peers_record_size_limit),
		cmocka_unit_test(our_own_record_size_limit),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown) != 0;
}
