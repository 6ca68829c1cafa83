/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "conn/fake_testlib.h"

/* Records in userspace: every byte arrives, once and in order. */

static const struct fake_setting in_userspace = {
	.client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_NONE,
};

/* Every size, however the socket behaves. */
static void
data_arrives_in_order(void **unused)
{
	static const size_t sizes[] = { 1, 100, 16383, 16384, 16385, 65536, 65537, BODY };
	static const struct fake_script scripts[] = {
		{0}, { .chunk = 1000 }, { .chunk = 7, .again_every = 3 }, { .again_every = 2 },
		{ .own_buffers = true }, { .own_buffers = true, .chunk = 1 },
	};
	int file = fake_file("body", BODY);

	(void)unused;
	for (size_t s = 0; s < sizeof(scripts) / sizeof(*scripts); s++) {
		struct fake_pair pair;
		uint64_t sum = 0;

		fake_make(&pair, &in_userspace);
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

#define SEALED(n)	((n) + 1 + 16)

static void
header_and_body_share_a_record(void **unused)
{
	int file = fake_file("body", BODY), none = fake_file("empty", 0);
	struct fake_pair pair;
	struct fake_side *server = &pair.server;
	size_t lens[32];

	(void)unused;
	fake_connect(&pair, &in_userspace);
	assert_int_equal(fake_send_alone(server, body, 10, KTLS_MORE), 10);
	assert_int_equal(fake_send_alone(server, body, 20, KTLS_MORE), 20);
	assert_int_equal(server->out->len, 0);
	assert_int_equal(fake_send_alone(server, body, 16384, 0), 16384);
	assert_int_equal(count_records(server->out, lens, 32), 2);
	assert_int_equal(lens[0], SEALED(16384));
	assert_int_equal(lens[1], SEALED(30));
	(void)fake_receive(&pair.client, 100000, NULL);

	assert_int_equal(fake_send_alone(server, body, 300, KTLS_MORE), 300);
	assert_int_equal(fake_sendfile_alone(server, file, 0, 100000), 100000);
	assert_int_equal(count_records(server->out, lens, 32), 7);
	assert_int_equal(lens[5], SEALED(16384));
	assert_int_equal(lens[6], SEALED(100300 - 6 * 16384));
	(void)fake_receive(&pair.client, 100000, NULL);

	/* What was announced does not come: the file is empty, or shorter than was said. */
	assert_int_equal(fake_send_alone(server, body, 5, KTLS_MORE), 5);
	assert_int_equal(fake_sendfile_alone(server, none, 0, 100), 0);
	assert_int_equal(count_records(server->out, lens, 32), 1);
	assert_int_equal(lens[0], SEALED(5));
	(void)fake_receive(&pair.client, 100000, NULL);
	assert_int_equal(fake_send_alone(server, body, 5, KTLS_MORE), 5);
	assert_int_equal(fake_sendfile_alone(server, file, BODY - 10, 100), 10);
	assert_int_equal(count_records(server->out, lens, 32), 1);
	assert_int_equal(lens[0], SEALED(15));
	(void)fake_receive(&pair.client, 100000, NULL);

	assert_int_equal(fake_send_alone(server, body, 5, KTLS_MORE), 5);
	assert_int_equal(fake_send_alone(server, NULL, 0, 0), 0);
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

		fake_connect(&pair, &in_userspace);
		pair.wire[1].room = rooms[i];
		assert_int_equal(fake_send_alone(&pair.server, body, 100, KTLS_MORE), 100);
		for (sent = 100; sent < BODY; turns++) {
			n = fake_send_alone(&pair.server, body + sent, BODY - sent, 0);
			if (n > 0)
				sent += (size_t)n;
			else
				assert_int_equal(n, -EAGAIN);
			if (pair.server.conn->tx.ahead > 1)
				assert_int_equal(fake_send_alone(&pair.server, body + sent, 1, 0),
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

/* The client's first bytes of application data come together with its Finished. */
static void
what_follows_the_handshake_is_kept(void **unused)
{
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	for (int own = 0; own < 2; own++) {
		fake_make(&pair, &in_userspace);
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
		assert_int_equal(fake_send_alone(&pair.client, body, 50000, 0), 50000);
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
	int file = fake_file("body", BODY);

	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE,
		    .server = KTLS_OFFLOAD_NONE, .limit = limits[i] };
		size_t lens[4000], n;
		struct fake_pair pair;

		fake_connect(&pair, &s);
		assert_int_equal(fake_send_alone(&pair.server, body, 10, KTLS_MORE), 10);
		assert_int_equal(fake_sendfile_alone(&pair.server, file, 10, BODY - 10), BODY - 10);
		n = count_records(pair.server.out, lens, 4000);
		assert_int_equal(n, (BODY + limits[i] - 2) / (limits[i] - 1));
		for (size_t r = 0; r < n; r++)
			assert_true(lens[r] <= (size_t)limits[i] + 16);
		assert_int_equal(fake_receive(&pair.client, 9999, NULL), BODY);
		assert_true(pair.client.sum == fake_sum(0, body, BODY));
		fake_pair_free(&pair);
	}
}

/* It binds the peer where that has answered it. */
static void
our_own_record_size_limit(void **unused)
{
	const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE,
		    .server = KTLS_OFFLOAD_NONE, .limit = 1000,
	    .server_limit = 16385 };
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	fake_connect(&pair, &s);
	assert_int_equal(pair.server.conn->tx.limit, 999);
	pair.server.conn->tx.limit = 1000;		/* a peer that doesn't keep to it */
	ktls_record_set_limit(pair.server.conn->dir[KTLS_TX].record, 0);
	assert_int_equal(fake_send_alone(&pair.server, body, 1000, 0), 1000);
	assert_int_equal(fake_receive(&pair.client, 2000, &end), 0);
	assert_int_equal(end, R(RECORD_OVERFLOW));
	fake_pair_free(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_arrives_in_order),
		cmocka_unit_test(header_and_body_share_a_record),
		cmocka_unit_test(repeated_after_eagain),
		cmocka_unit_test(what_follows_the_handshake_is_kept),
		cmocka_unit_test(the_peers_record_size_limit),
		cmocka_unit_test(our_own_record_size_limit),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
