/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/check_testlib.h"
#include "conn/fake_testlib.h"

/* Which path a direction takes, and why. */

#define USER	KTLS_PATH_USER
#define KERNEL	KTLS_PATH_KERNEL

static void
auto_waits_for_a_large_body(void **unused)
{
	const struct fake_setting s = {0};
	int file = fake_file("body", BODY);
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &s);
	assert_int_equal(pair.server.count[OP_ATTACH], 1);
	fake_assert_why(&pair.server, KTLS_TX, "user: no body of more than 65536 bytes was sent");
	fake_assert_why(&pair.server, KTLS_RX, "user: a server receives little");
	fake_assert_why(&pair.client, KTLS_TX, "user: a client sends little");
	fake_assert_why(&pair.client, KTLS_RX, "kernel");
	assert_int_equal(ktls_conn_fd(pair.client.conn, KTLS_RX), 100);
	assert_int_equal(ktls_conn_fd(pair.client.conn, KTLS_TX), -EOPNOTSUPP);
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, 65536), 65536);
	assert_int_equal(pair.server.count[OP_INSTALL], 0);
	assert_int_equal(fake_send(&pair, &pair.server, body, 300, KTLS_MORE), 300);
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, 65537), 65537);
	fake_assert_why(&pair.server, KTLS_TX, "kernel");
	assert_int_equal(pair.server.count[OP_INSTALL], 1);
	assert_int_equal(pair.server.count[OP_SENDFILE], 1);
	assert_int_equal(pair.server.kernel.seals, 5);		/* the header rode with the file */
	assert_int_equal(pair.client.received, 65536 + 300 + 65537);
	fake_pair_free(&pair);
}

/* The kernel can't, as the probe found: nothing is even tried. */
static void
what_the_probe_ruled_out(void **unused)
{
	static const struct ktls_cap_answer no = { KTLS_CAP_NO, -ENOENT };
	const struct fake_setting s = { .client = KTLS_OFFLOAD_FULL, .server = KTLS_OFFLOAD_FULL,
	    .cipher = KTLS_CHACHA20_POLY1305 };

	(void)unused;
	for (int n = 0; n < 3; n++) {
		struct ktls_config *client = fake_config(&s, false), *server = fake_config(&s,
		    true);
		struct ktls_caps caps = fake_caps(true);
		struct fake_pair pair;

		if (n == 0)
			caps.ulp = no;
		if (n == 0)
			memset(caps.cipher, 0, sizeof(caps.cipher));
		if (n == 1)
			caps.cipher[1][KTLS_CHACHA20_POLY1305][KTLS_TX] = no;
		if (n == 2)
			caps.cipher[1][KTLS_CHACHA20_POLY1305][KTLS_RX] = no;
		assert_int_equal(fake_pair_init(&pair, client, server, &caps), 0);
		assert_int_equal(fake_handshake(&pair), 0);
		fake_exchange(&pair);
		assert_int_equal(pair.server.count[OP_ATTACH], n != 0);
		assert_int_equal(pair.server.count[OP_INSTALL], n == 0 ? 0 : 1);
		if (n == 0)
			fake_assert_why(&pair.server, KTLS_TX, "user: this kernel has no TLS ULP: "
			    "modprobe tls, or a kernel with CONFIG_TLS");
		else
			fake_assert_why(&pair.server, n == 1 ? KTLS_TX : KTLS_RX,
			    "user: this kernel has no "
			    "CHACHA20-POLY1305: modprobe chacha20poly1305, or a kernel with "
			    "CONFIG_CRYPTO_CHACHA20POLY1305");
		fake_pair_free(&pair);
		ktls_config_unref(client);
		ktls_config_unref(server);
	}
}

/* The kernel refuses on the real socket, at each point: userspace goes on with the same keys. */
static void
refused_and_goes_on(void **unused)
{
	static const int errors[] = { -ENOENT, -EBUSY, -EINVAL, -ENOMEM, -ENOTCONN, -ENOPROTOOPT };
	const struct fake_setting s = { .client = KTLS_OFFLOAD_FULL, .server = KTLS_OFFLOAD_FULL,
	    .unknown = true };

	(void)unused;
	for (size_t e = 0; e < sizeof(errors) / sizeof(*errors); e++)
		for (int where = 0; where < 3; where++) {
			struct fake_pair pair;
			char why[200];

			fake_make(&pair, &s);
			pair.client.script = pair.server.script = fake_scripts[e % FAKE_SCRIPTS];
			if (where < 2)
				pair.server.script.install_err[where] = errors[e];
			else
				pair.server.script.err[OP_ATTACH] = errors[e];
			assert_int_equal(fake_handshake(&pair), 0);
			fake_exchange(&pair);
			assert_int_equal(fake_path(&pair.client, KTLS_TX), KERNEL);
			assert_int_equal(fake_path(&pair.server, KTLS_TX), where == 1 ?
			    KERNEL : USER);
			assert_int_equal(fake_path(&pair.server, KTLS_RX), where == 0 ?
			    KERNEL : USER);
			(void)snprintf(why, sizeof(why), "user: %s was refused: %s",
			    where == 0 ? "TLS_TX" : where == 1 ? "TLS_RX" : "TCP_ULP",
			    ktls_strerror(errors[e]));
			if (errors[e] != -ENOENT)
				fake_assert_why(&pair.server, where == 1 ? KTLS_RX : KTLS_TX, why);
			else if (where == 2)
				fake_assert_why(&pair.server, KTLS_TX,
				    "user: this kernel has no TLS ULP: "
				    "modprobe tls, or a kernel with CONFIG_TLS");
			else
				fake_assert_why(&pair.server, (enum ktls_dir)where,
				    "user: this kernel has no AES-128-GCM: "
				    "modprobe gcm, or a kernel with CONFIG_CRYPTO_GCM");
			fake_pair_free(&pair);
		}
}

/* The same, when it comes to the first large body: records that were sealed before count. */
static void
lazily_refused(void **unused)
{
	const struct fake_setting s = {0};
	int file = fake_file("body", BODY);
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &s);
	pair.server.script.install_err[KTLS_TX] = -ENOMEM;
	assert_int_equal(fake_send(&pair, &pair.server, body, 100, 0), 100);
	assert_int_equal(fake_send(&pair, &pair.server, body, 300, KTLS_MORE), 300);
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 300, 100000), 100000);
	fake_assert_why(&pair.server, KTLS_TX, "user: TLS_TX was refused: Cannot allocate memory");
	assert_true(pair.client.sum == fake_sum(fake_sum(0, body, 100), body, 100300));
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, BODY), BODY);
	assert_int_equal(pair.server.count[OP_INSTALL], 1);	/* not tried again */
	fake_pair_free(&pair);
}

static void
required_or_nothing(void **unused)
{
	static const char no_ulp[] =
	    "tx must be in the kernel and can't: this kernel has no TLS ULP: "
	    "modprobe tls, or a kernel with CONFIG_TLS";
	struct fake_setting s = { .unknown = true, .require = { [1] = { true, true } } };
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &s);		/* it can: at once, and both directions */
	assert_int_equal(fake_path(&pair.server, KTLS_TX), KERNEL);
	assert_int_equal(fake_path(&pair.server, KTLS_RX), KERNEL);
	fake_exchange(&pair);
	fake_pair_free(&pair);

	fake_make(&pair, &s);
	pair.server.script.err[OP_ATTACH] = -ENOENT;
	assert_int_equal(core_want_handshake(pair.server.conn), 0);
	(void)fake_step(&pair.server, LANE_TX);
	assert_int_equal(fake_outcome(&pair.server, LANE_TX), R(OFFLOAD_REQUIRED));
	assert_string_equal(ktls_conn_reason_text(pair.server.conn), no_ulp);
	fake_pair_free(&pair);

	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		ssize_t end;

		fake_make(&pair, &s);
		pair.server.script.install_err[dir] = -EINVAL;
		assert_int_equal(fake_handshake(&pair), R(OFFLOAD_REQUIRED));
		assert_string_equal(ktls_conn_reason_text(pair.server.conn), dir == KTLS_TX ?
		    "tx must be in the kernel and can't: TLS_TX was refused: Invalid argument" :
		    "rx must be in the kernel and can't: TLS_RX was refused: Invalid argument");
		assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
		assert_int_equal(end, KTLS_PEER_ALERT(KTLS_ALERT_internal_error));
		fake_pair_free(&pair);
	}

	s.limit = 1000;
	fake_make(&pair, &s);
	assert_int_equal(fake_handshake(&pair), R(OFFLOAD_REQUIRED));
	assert_string_equal(ktls_conn_reason_text(pair.server.conn), "tx must be in the kernel and "
	    "can't: a record has 999 bytes at most (record_size_limit, send_limit)");
	fake_pair_free(&pair);
}

static void
not_a_tcp_socket(void **unused)
{
	const struct fake_setting s = { .require = { [1] = { true, false } } };
	struct ktls_config *cfg = fake_config(&s, true);
	struct ktls_conn *conn;

	(void)unused;
	assert_int_equal(core_new(&conn, cfg, KTLS_SERVER, 100, false, NULL, NULL), 0);
	assert_int_equal(core_want_handshake(conn), R(OFFLOAD_REQUIRED));
	assert_string_equal(ktls_conn_reason_text(conn),
	    "tx must be in the kernel and can't: not a TCP socket");
	ktls_conn_free(conn);
	ktls_config_unref(cfg);
}

static void
small_records_stay_in_userspace(void **unused)
{
	const struct fake_setting s = { .limit = 512 };
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &s);
	fake_exchange(&pair);
	fake_assert_why(&pair.server, KTLS_TX,
	    "user: a record has 511 bytes at most (record_size_limit, send_limit)");
	fake_pair_free(&pair);
}

/* AUTO takes no path on which a peer's KeyUpdate would end the connection. */
static void
no_rekey_and_auto(void **unused)
{
	const struct fake_setting s = { .no_rekey = true };
	struct fake_pair pair;

	(void)unused;
	fake_connect(&pair, &s);
	fake_assert_why(&pair.client, KTLS_RX,
	    "user: this kernel can't change keys when the peer does (KeyUpdate): Linux 6.14");
	assert_int_equal(pair.client.count[OP_ATTACH], 0);
	fake_pair_free(&pair);
}

/* Shorter records than the kernel's, because we want them: no peer is to blame. */
static void
short_records_by_choice(void **unused)
{
	const struct fake_setting s = { .server = KTLS_OFFLOAD_FULL };
	struct ktls_config *client = fake_config(&s, false), *server = fake_config(&s, true);
	struct ktls_caps caps = fake_caps(true);
	struct fake_pair pair;

	(void)unused;
	OK(ktls_config_send_limit(server, 1000));
	OK(fake_pair_init(&pair, client, server, &caps));
	OK(fake_handshake(&pair));
	fake_assert_why(&pair.server, KTLS_TX,
	    "user: a record has 1000 bytes at most (record_size_limit, send_limit)");
	fake_exchange(&pair);
	fake_pair_free(&pair);
	ktls_config_unref(client);
	ktls_config_unref(server);
}

/* Lengths of TLSInnerPlaintext on the wire: all a multiple, or as long as can be. */
static void
expect_padded(const struct fake_wire *wire, size_t multiple, size_t limit)
{
	for (size_t at = 0; at < wire->len;) {
		const uint8_t *rec = wire->data + wire->at + at;
		size_t len = (size_t)(rec[3] << 8 | rec[4]);

		if ((len - 16) % multiple != 0 && len - 16 != limit)
			fail_msg("a record of %zu bytes", len);
		at += 5 + len;
	}
}

/* RFC 8446 5.4: the kernel makes no padding, so userspace does; RFC 8449's limit holds. */
static void
padding_stays_in_userspace(void **unused)
{
	static const struct {
		unsigned multiple;
		uint16_t limit;		/* of TLSInnerPlaintext */
	} cases[] = { { 2, 0 }, { 1000, 0 }, { 16384, 0 }, { 64, 100 }, { 16384, 64 }, { 7,
	    16385 } };
	int file = fake_file("body", BODY);

	(void)unused;
	for (size_t i = 0; i < FAKE_SCRIPTS * sizeof(cases) / sizeof(*cases); i++) {
		const unsigned multiple = cases[i / FAKE_SCRIPTS].multiple;
		const uint16_t limit = cases[i / FAKE_SCRIPTS].limit;
		const struct fake_setting s = { .client = KTLS_OFFLOAD_NONE,
		    .server = KTLS_OFFLOAD_FULL, .padding = multiple, .limit = limit };
		struct fake_pair pair;

		fake_make(&pair, &s);
		pair.server.script = fake_scripts[i % FAKE_SCRIPTS];
		OK(fake_handshake(&pair));
		fake_assert_why(&pair.server, KTLS_TX,
		    "user: padding is asked for, and the kernel makes none");
		assert_int_equal(fake_path(&pair.server, KTLS_RX), KERNEL);
		assert_int_equal(fake_send_alone(&pair.server, body, 300, KTLS_MORE), 300);
		assert_int_equal(fake_sendfile_alone(&pair.server, file, 300, 40000), 40000);
		assert_int_equal(fake_send_alone(&pair.server, body, 1, 0), 1);
		expect_padded(&pair.wire[1], multiple, limit != 0 ? limit : 16385);
		(void)fake_receive(&pair.client, 10000, NULL);
		assert_int_equal(pair.client.received, 40301);
		assert_true(pair.client.sum == fake_sum(fake_sum(0, body, 40300), body, 1));
		pair.client.sum = 0;
		fake_exchange(&pair);
		fake_pair_free(&pair);
	}
}

static void
padding_or_the_kernel(void **unused)
{
	const struct fake_setting s = { .padding = 64, .require = { [1] = { true, false } } };
	struct fake_pair pair;

	(void)unused;
	fake_make(&pair, &s);
	GIVES(R(OFFLOAD_REQUIRED), core_want_handshake(pair.server.conn));
	assert_string_equal(ktls_conn_reason_text(pair.server.conn),
	    "tx must be in the kernel and can't: padding is asked for, and the kernel makes none");
	fake_pair_free(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_waits_for_a_large_body),
		cmocka_unit_test(what_the_probe_ruled_out),
		cmocka_unit_test(refused_and_goes_on),
		cmocka_unit_test(lazily_refused),
		cmocka_unit_test(required_or_nothing),
		cmocka_unit_test(not_a_tcp_socket),
		cmocka_unit_test(small_records_stay_in_userspace),
		cmocka_unit_test(no_rekey_and_auto),
		cmocka_unit_test(short_records_by_choice),
		cmocka_unit_test(padding_stays_in_userspace),
		cmocka_unit_test(padding_or_the_kernel),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
