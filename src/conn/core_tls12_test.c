/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "base/check_testlib.h"
#include "conn/fake_testlib.h"

/* Connections of TLS 1.2: no key of theirs ever changes. */

#define USER	KTLS_PATH_USER
#define KERNEL	KTLS_PATH_KERNEL

static const enum ktls_cipher ciphers[] = { KTLS_AES_128_GCM, KTLS_AES_256_GCM,
    KTLS_CHACHA20_POLY1305 };

static bool
either(enum ktls_offload is, enum ktls_offload one, enum ktls_offload other)
{
	return is == one || is == other || is == KTLS_OFFLOAD_FULL;
}

static void
every_mix_of_paths(void **unused)
{
	(void)unused;
	for (unsigned n = 0; n < 5 * 5 * 3; n++) {
		struct fake_setting s = { .client = n % 5, .server = n / 5 % 5,
		    .cipher = ciphers[n / 25] };
		struct fake_pair pair;

		fake_connect12(&pair, &s);
		pair.client.script = fake_scripts[n % FAKE_SCRIPTS];
		pair.server.script = fake_scripts[(n + n / 5) % FAKE_SCRIPTS];
		fake_exchange(&pair);
		assert_int_equal(fake_path(&pair.server, KTLS_TX), either(s.server,
		    KTLS_OFFLOAD_AUTO, KTLS_OFFLOAD_TX) ? KERNEL : USER);
		assert_int_equal(fake_path(&pair.server, KTLS_RX), either(s.server,
		    KTLS_OFFLOAD_RX, KTLS_OFFLOAD_RX) ? KERNEL : USER);
		assert_int_equal(fake_path(&pair.client, KTLS_RX), either(s.client,
		    KTLS_OFFLOAD_AUTO, KTLS_OFFLOAD_RX) ? KERNEL : USER);
		fake_pair_free(&pair);
	}
}

/* The explicit nonces of all records that lie on the wire, which must be first, first + 1 ... */
static uint64_t
expect_nonces(const struct fake_wire *wire, uint64_t first)
{
	for (size_t at = 0; at < wire->len;) {
		const uint8_t *rec = wire->data + wire->at + at;
		uint64_t nonce = 0;

		for (int i = 0; i < 8; i++)
			nonce = nonce << 8 | rec[5 + i];
		assert_true(nonce == first);
		first++;
		at += 5 + (size_t)(rec[3] << 8 | rec[4]);
	}
	return first;
}

/* RFC 5288 3: none comes twice, across the way to the kernel and back to userspace. */
static void
nonces_go_on(void **unused)
{
	const struct fake_setting s = { .seq = 0xfffe };
	struct fake_pair pair;
	uint64_t next;

	(void)unused;
	for (int refused = 0; refused < 2; refused++) {
		fake_connect12(&pair, &s);
		pair.server.script.install_err[KTLS_TX] = refused ? -ENOMEM : 0;
		for (int i = 0; i < 3; i++)
			assert_int_equal(fake_send_alone(&pair.server, body, 100, 0), 100);
		next = expect_nonces(&pair.wire[1], s.seq);
		assert_true(next == s.seq + 3);
		assert_int_equal(fake_send_alone(&pair.server, body, 70000, 0), 70000);
		assert_int_equal(fake_send_alone(&pair.server, body, 100, 0), 100);
		next = expect_nonces(&pair.wire[1], s.seq);
		assert_true(next == s.seq + 3 + 5 + 1);
		assert_int_equal(fake_path(&pair.server, KTLS_TX), refused ? USER : KERNEL);
		(void)fake_receive(&pair.client, 1000, NULL);
		assert_int_equal(pair.client.received, 70400);
		fake_pair_free(&pair);
	}
}

/* RFC 5246 has no KeyUpdate, wherever the records are made. */
static void
no_key_update(void **unused)
{
	static const enum ktls_offload paths[] = { KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_FULL };

	(void)unused;
	for (int i = 0; i < 2; i++) {
		const struct fake_setting s = { .client = paths[i], .server = paths[i] };
		struct fake_pair pair;

		fake_connect12(&pair, &s);
		GIVES(-EOPNOTSUPP, core_want_key_update(pair.server.conn, false));
		GIVES(-EOPNOTSUPP, core_want_key_update(pair.client.conn, true));
		fake_exchange(&pair);			/* it was no failure */
		fake_pair_free(&pair);
	}
}

/* RFC 8446 5.5's limit, which is AES-GCM's and no version's: the connection closes in time. */
static void
a_key_that_is_spent(void **unused)
{
	static const struct {
		enum ktls_cipher cipher;
		enum ktls_offload server;
		bool closes;
	} cases[] = {
		{ KTLS_AES_128_GCM, KTLS_OFFLOAD_NONE, true },
		{ KTLS_AES_256_GCM, KTLS_OFFLOAD_TX, true },
		{ KTLS_CHACHA20_POLY1305, KTLS_OFFLOAD_NONE, false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE,
		    .server = cases[i].server, .cipher = cases[i].cipher };
		struct fake_setting late = s;
		struct fake_pair pair;
		ssize_t end;

		late.seq = 23726000;
		fake_connect12(&pair, &late);
		pair.server.conn->tx.records = late.seq;
		assert_int_equal(fake_send(&pair, &pair.server, body, BODY, 0), BODY);
		fake_pair_free(&pair);

		late.seq = 23726566 - 2;
		fake_connect12(&pair, &late);
		pair.server.conn->tx.records = late.seq;
		GIVES(cases[i].closes ? R(KEY_SPENT) : BODY, fake_send(&pair, &pair.server, body,
		    BODY, 0));
		(void)fake_receive(&pair.client, 1000, &end);
		GIVES(cases[i].closes ? 0 : -EAGAIN, end);	/* close_notify */
		fake_pair_free(&pair);
	}
}

/* The record of a peer that renegotiates, or knows no better; what comes of it on each path. */
static const struct {
	const char *rule;
	bool to_server;
	uint8_t type, len, data[5];
	int err;
} records[] = {
	{ "HelloRequest", false, 22, 4, { 0, 0, 0, 0 }, R(NO_RENEGOTIATION) },
	{ "ClientHello", true, 22, 5, { 1, 0, 0, 1, 0 }, R(NO_RENEGOTIATION) },
	/* Linux takes any record of type 22 that begins so for a KeyUpdate, and stops */
	{ "KeyUpdate", false, 22, 5, { 24, 0, 0, 1, 1 }, R(UNEXPECTED_MESSAGE) },
	{ "KeyUpdate to a server", true, 22, 5, { 24, 0, 0, 1, 0 }, R(UNEXPECTED_MESSAGE) },
	{ "half a HelloRequest", false, 22, 2, { 0, 0 }, -EAGAIN },
	{ "a warning", true, 21, 2, { 1, 100 }, -EAGAIN },
	{ "handshake_failure", true, 21, 2, { 2, 40 }, KTLS_PEER_ALERT(40) },
};

static void
what_ends_it(void **unused)
{
	static const enum ktls_offload paths[] = { KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_FULL };

	(void)unused;
	for (size_t i = 0; i < 2 * sizeof(records) / sizeof(*records); i++) {
		const struct fake_setting s = { .client = paths[i % 2], .server = paths[i % 2] };
		struct fake_side *from, *to;
		struct fake_pair pair;
		ssize_t end;
		int alert = ktls_err_alert(records[i / 2].err);

		fake_connect12(&pair, &s);
		from = records[i / 2].to_server ? &pair.client : &pair.server;
		to = records[i / 2].to_server ? &pair.server : &pair.client;
		if (i % 2 == 0)
			OK(core_tx_seal(from->conn, records[i / 2].type, records[i / 2].data,
			    records[i / 2].len));
		else
			fake_kernel_seal(from, records[i / 2].type, records[i / 2].data,
			    records[i / 2].len);
		while (fake_step(from, LANE_TX))
			;
		(void)fake_receive(to, 100, &end);
		if (end != records[i / 2].err)
			fail_msg("%s: %s", records[i / 2].rule, ktls_strerror((int)end));
		(void)fake_receive(from, 100, &end);
		/* The alert, where one is owed: through the path in force. */
		if (records[i / 2].err == -EAGAIN || records[i / 2].err == KTLS_PEER_ALERT(40))
			GIVES(-EAGAIN, end);
		else
			GIVES(KTLS_PEER_ALERT(alert), end);
		fake_pair_free(&pair);
	}
}

/* A kernel without rekey serves AUTO's client too, where no key will ever change. */
static void
old_kernels_do(void **unused)
{
	const struct fake_setting s = { .no_rekey = true };
	struct ktls_config *client = fake_config(&s, false), *server = fake_config(&s, true);
	struct ktls_caps caps = fake_caps(false);
	struct fake_pair pair;

	(void)unused;
	OK(fake_pair_init(&pair, client, server, &caps));
	assert_false(pair.client.conn->attach);		/* it may be TLS 1.3 */
	fake_pair_free(&pair);
	ktls_config_unref(client);

	client = fake_config(&s, false);
	client->version_min = client->version_max = KTLS_TLS12;
	OK(fake_pair_init(&pair, client, server, &caps));
	assert_true(pair.client.conn->attach);
	fake_pair_free(&pair);
	ktls_config_unref(client);
	ktls_config_unref(server);
}

static void
shutdown_both_ways(void **unused)
{
	static const enum ktls_offload paths[] = { KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_FULL };

	(void)unused;
	for (int i = 0; i < 2; i++) {
		const struct fake_setting s = { .client = paths[i], .server = paths[i] };
		struct fake_pair pair;
		ssize_t end;

		fake_connect12(&pair, &s);
		OK(core_want_shutdown(pair.server.conn));
		while (!pair.server.out->fin)
			(void)fake_step(&pair.server, LANE_TX);
		(void)fake_receive(&pair.client, 100, &end);
		GIVES(0, end);
		OK(core_want_shutdown(pair.client.conn));
		fake_run(&pair);
		GIVES(0, fake_outcome(&pair.client, LANE_TX));
		GIVES(0, fake_outcome(&pair.server, LANE_TX));
		fake_pair_free(&pair);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mix_of_paths),
		cmocka_unit_test(nonces_go_on),
		cmocka_unit_test(no_key_update),
		cmocka_unit_test(a_key_that_is_spent),
		cmocka_unit_test(what_ends_it),
		cmocka_unit_test(old_kernels_do),
		cmocka_unit_test(shutdown_both_ways),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
