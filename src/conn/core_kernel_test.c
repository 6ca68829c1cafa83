/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "conn/fake_testlib.h"

/* Which path a direction takes, and what happens on the kernel's: with a kernel that is data. */

#define R(r)	KTLS_REFUSED(KTLS_R_##r)
#define BODY	200000
#define USER	KTLS_PATH_USER
#define KERNEL	KTLS_PATH_KERNEL

static struct test_pki *pki;
static uint8_t body[BODY];

/* A configuration of each side, made for one test. */
struct setting {
	enum ktls_offload client, server;
	bool require[2][KTLS_DIRS];
	uint16_t limit;				/* the client's record_size_limit */
	enum ktls_cipher cipher;
	bool unknown;				/* nothing is known of the kernel */
	bool no_rekey;
};

static struct ktls_config *
config(const struct setting *s, bool server)
{
	struct ktls_config *cfg = server ? test_pki_server(pki, TEST_EC) : test_pki_client(pki);

	assert_int_equal(ktls_config_offload(cfg, server ? s->server : s->client), 0);
	assert_int_equal(ktls_config_offload_require(cfg, s->require[server][KTLS_TX],
	    s->require[server][KTLS_RX]), 0);
	if (!server)
		assert_int_equal(ktls_config_record_size_limit(cfg, s->limit), 0);
	if (server)
		assert_int_equal(ktls_config_ciphers(cfg, &s->cipher, 1), 0);
	return cfg;
}

static void
make_pair(struct fake_pair *pair, const struct setting *s)
{
	struct ktls_config *client = config(s, false), *server = config(s, true);
	struct ktls_caps caps = fake_caps(!s->no_rekey);

	assert_int_equal(fake_pair_init(pair, client, server, s->unknown ? NULL : &caps), 0);
	pair->client.script.no_rekey = pair->server.script.no_rekey = s->no_rekey;
	ktls_config_unref(client);	/* the connections have theirs */
	ktls_config_unref(server);
}

static void
connect_pair(struct fake_pair *pair, const struct setting *s)
{
	make_pair(pair, s);
	assert_int_equal(fake_handshake(pair), 0);
}

static enum ktls_path
path(const struct fake_side *side, enum ktls_dir dir)
{
	struct ktls_conn_status s;

	ktls_conn_status(side->conn, &s);
	return s.path[dir];
}

static void
assert_why(const struct fake_side *side, enum ktls_dir dir, const char *why)
{
	struct ktls_conn_status s;

	ktls_conn_status(side->conn, &s);
	assert_string_equal(s.why[dir], why);
}

static int
file_of(const char *name, size_t len)
{
	FILE *f = fopen(test_pki_file(pki, name, body, len), "rb");

	assert_non_null(f);
	return fileno(f);	/* both end with the process */
}

static int
group_setup(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

static int
group_teardown(void **unused)
{
	(void)unused;
	test_pki_free(pki);
	return 0;
}

/* Data of many sizes, both ways and mixed. */
static void
exchange(struct fake_pair *pair)
{
	static const size_t sizes[] = { 1, 16385, 70000 };
	struct fake_side *client = &pair->client, *server = &pair->server;
	int file = file_of("body", BODY);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		ssize_t n = (ssize_t)sizes[i];

		assert_int_equal(fake_send(pair, server, body, 200, KTLS_MORE), 200);
		assert_int_equal(fake_sendfile(pair, server, file, 1, sizes[i]), n);
		assert_int_equal(fake_send(pair, server, body, sizes[i], 0), n);
		client->sum ^= fake_sum(fake_sum(fake_sum(0, body, 200), body + 1, sizes[i]),
		    body, sizes[i]);
		assert_true(client->sum == 0);
		assert_int_equal(fake_send(pair, client, body, sizes[i], 0), n);
		assert_int_equal(fake_sendfile(pair, client, file, 1, sizes[i]), n);
		server->sum ^= fake_sum(fake_sum(0, body, sizes[i]), body + 1, sizes[i]);
		assert_true(server->sum == 0);
	}
}

static const struct fake_script scripts[] = {
	{0}, { .chunk = 1000 }, { .chunk = 300, .again_every = 3 }, { .again_every = 2 },
	{ .own_buffers = true },
};
#define SCRIPTS	(sizeof(scripts) / sizeof(*scripts))

/* Every mix of paths carries data, however the sockets behave. */
static void
every_mix_of_paths(void **unused)
{
	static const enum ktls_cipher ciphers[] = { KTLS_AES_128_GCM, KTLS_AES_256_GCM,
	    KTLS_CHACHA20_POLY1305 };

	(void)unused;
	for (unsigned n = 0; n < 5 * 5 * 2; n++) {
		struct setting s = { .client = n % 5, .server = n / 5 % 5, .unknown = n / 25 == 1,
		    .cipher = ciphers[n % 3] };
		struct fake_pair pair;

		make_pair(&pair, &s);
		pair.client.script = scripts[n % SCRIPTS];
		pair.server.script = scripts[(n + n / 5) % SCRIPTS];
		assert_int_equal(fake_handshake(&pair), 0);
		exchange(&pair);
		assert_int_equal(path(&pair.server, KTLS_TX), s.server == KTLS_OFFLOAD_AUTO ||
		    s.server == KTLS_OFFLOAD_TX || s.server == KTLS_OFFLOAD_FULL ? KERNEL : USER);
		assert_int_equal(path(&pair.server, KTLS_RX), s.server == KTLS_OFFLOAD_RX ||
		    s.server == KTLS_OFFLOAD_FULL ? KERNEL : USER);
		assert_int_equal(path(&pair.client, KTLS_TX), s.client == KTLS_OFFLOAD_TX ||
		    s.client == KTLS_OFFLOAD_FULL ? KERNEL : USER);
		assert_int_equal(path(&pair.client, KTLS_RX), (s.client == KTLS_OFFLOAD_AUTO &&
		    !s.unknown) ||
		    s.client == KTLS_OFFLOAD_RX || s.client == KTLS_OFFLOAD_FULL ? KERNEL : USER);
		fake_pair_free(&pair);
	}
}

static void
auto_waits_for_a_large_body(void **unused)
{
	const struct setting s = {0};
	int file = file_of("body", BODY);
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair, &s);
	assert_int_equal(pair.server.count[OP_ATTACH], 1);
	assert_why(&pair.server, KTLS_TX, "user: no body of more than 65536 bytes was sent");
	assert_why(&pair.server, KTLS_RX, "user: a server receives little");
	assert_why(&pair.client, KTLS_TX, "user: a client sends little");
	assert_why(&pair.client, KTLS_RX, "kernel");
	assert_int_equal(ktls_conn_fd(pair.client.conn, KTLS_RX), 100);
	assert_int_equal(ktls_conn_fd(pair.client.conn, KTLS_TX), -EOPNOTSUPP);
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, 65536), 65536);
	assert_int_equal(pair.server.count[OP_INSTALL], 0);
	assert_int_equal(fake_send(&pair, &pair.server, body, 300, KTLS_MORE), 300);
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, 65537), 65537);
	assert_why(&pair.server, KTLS_TX, "kernel");
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
	const struct setting s = { .client = KTLS_OFFLOAD_FULL, .server = KTLS_OFFLOAD_FULL,
	    .cipher = KTLS_CHACHA20_POLY1305 };

	(void)unused;
	for (int n = 0; n < 3; n++) {
		struct ktls_config *client = config(&s, false), *server = config(&s, true);
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
		exchange(&pair);
		assert_int_equal(pair.server.count[OP_ATTACH], n != 0);
		assert_int_equal(pair.server.count[OP_INSTALL], n == 0 ? 0 : 1);
		if (n == 0)
			assert_why(&pair.server, KTLS_TX, "user: this kernel has no TLS ULP: "
			    "modprobe tls, or a kernel with CONFIG_TLS");
		else
			assert_why(&pair.server, n == 1 ? KTLS_TX : KTLS_RX,
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
	const struct setting s = { .client = KTLS_OFFLOAD_FULL, .server = KTLS_OFFLOAD_FULL,
	    .unknown = true };

	(void)unused;
	for (size_t e = 0; e < sizeof(errors) / sizeof(*errors); e++)
		for (int where = 0; where < 3; where++) {
			struct fake_pair pair;
			char why[200];

			make_pair(&pair, &s);
			pair.client.script = pair.server.script = scripts[e % SCRIPTS];
			if (where < 2)
				pair.server.script.install_err[where] = errors[e];
			else
				pair.server.script.err[OP_ATTACH] = errors[e];
			assert_int_equal(fake_handshake(&pair), 0);
			exchange(&pair);
			assert_int_equal(path(&pair.client, KTLS_TX), KERNEL);
			assert_int_equal(path(&pair.server, KTLS_TX), where == 1 ? KERNEL : USER);
			assert_int_equal(path(&pair.server, KTLS_RX), where == 0 ? KERNEL : USER);
			(void)snprintf(why, sizeof(why), "user: %s was refused: %s",
			    where == 0 ? "TLS_TX" : where == 1 ? "TLS_RX" : "TCP_ULP",
			    ktls_strerror(errors[e]));
			if (errors[e] != -ENOENT)
				assert_why(&pair.server, where == 1 ? KTLS_RX : KTLS_TX, why);
			else if (where == 2)
				assert_why(&pair.server, KTLS_TX,
				    "user: this kernel has no TLS ULP: "
				    "modprobe tls, or a kernel with CONFIG_TLS");
			else
				assert_why(&pair.server, (enum ktls_dir)where,
				    "user: this kernel has no AES-128-GCM: "
				    "modprobe gcm, or a kernel with CONFIG_CRYPTO_GCM");
			fake_pair_free(&pair);
		}
}

/* The same, when it comes to the first large body: records that were sealed before count. */
static void
lazily_refused(void **unused)
{
	const struct setting s = {0};
	int file = file_of("body", BODY);
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair, &s);
	pair.server.script.install_err[KTLS_TX] = -ENOMEM;
	assert_int_equal(fake_send(&pair, &pair.server, body, 100, 0), 100);
	assert_int_equal(fake_send(&pair, &pair.server, body, 300, KTLS_MORE), 300);
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 300, 100000), 100000);
	assert_why(&pair.server, KTLS_TX, "user: TLS_TX was refused: Cannot allocate memory");
	assert_true(pair.client.sum == fake_sum(fake_sum(0, body, 100), body, 100300));
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, BODY), BODY);
	assert_int_equal(pair.server.count[OP_INSTALL], 1);	/* not tried again */
	fake_pair_free(&pair);
}

/* -EAGAIN before TX goes to the kernel, the same bytes again afterwards. */
static void
eagain_across_the_hand_over(void **unused)
{
	const struct setting s = {0};
	struct fake_pair pair;
	size_t sent = 0;
	ssize_t n;

	(void)unused;
	connect_pair(&pair, &s);
	pair.wire[1].room = 100;
	assert_int_equal(fake_send(&pair, &pair.server, body, 50, KTLS_MORE), 50);
	assert_int_equal(core_want_send(pair.server.conn, body + 50, 20000, 0), 0);
	while (fake_step(&pair.server, LANE_TX))
		;
	assert_int_equal(fake_outcome(&pair.server, LANE_TX), -EAGAIN);
	for (sent = 50; sent < BODY;) {
		assert_int_equal(core_want_send(pair.server.conn, body + sent, BODY - sent, 0), 0);
		while (fake_step(&pair.server, LANE_TX))
			;
		n = fake_outcome(&pair.server, LANE_TX);
		sent += n > 0 ? (size_t)n : 0;
		(void)fake_receive(&pair.client, 10000, NULL);
		pair.wire[1].room = 30000;
	}
	assert_int_equal(path(&pair.server, KTLS_TX), KERNEL);
	assert_int_equal(pair.client.received, BODY);
	assert_true(pair.client.sum == fake_sum(0, body, BODY));
	fake_pair_free(&pair);
}

static void
required_or_nothing(void **unused)
{
	static const char no_ulp[] =
	    "tx must be in the kernel and can't: this kernel has no TLS ULP: "
	    "modprobe tls, or a kernel with CONFIG_TLS";
	struct setting s = { .unknown = true, .require = { [1] = { true, true } } };
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair, &s);		/* it can: at once, and both directions */
	assert_int_equal(path(&pair.server, KTLS_TX), KERNEL);
	assert_int_equal(path(&pair.server, KTLS_RX), KERNEL);
	exchange(&pair);
	fake_pair_free(&pair);

	make_pair(&pair, &s);
	pair.server.script.err[OP_ATTACH] = -ENOENT;
	assert_int_equal(core_want_handshake(pair.server.conn), 0);
	(void)fake_step(&pair.server, LANE_TX);
	assert_int_equal(fake_outcome(&pair.server, LANE_TX), R(OFFLOAD_REQUIRED));
	assert_string_equal(ktls_conn_reason_text(pair.server.conn), no_ulp);
	fake_pair_free(&pair);

	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		ssize_t end;

		make_pair(&pair, &s);
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
	make_pair(&pair, &s);
	assert_int_equal(fake_handshake(&pair), R(OFFLOAD_REQUIRED));
	assert_string_equal(ktls_conn_reason_text(pair.server.conn), "tx must be in the kernel and "
	    "can't: the peer takes 999 bytes a record at most (record_size_limit)");
	fake_pair_free(&pair);
}

static void
not_a_tcp_socket(void **unused)
{
	const struct setting s = { .require = { [1] = { true, false } } };
	struct ktls_config *cfg = config(&s, true);
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
	const struct setting s = { .limit = 512 };
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair, &s);
	exchange(&pair);
	assert_why(&pair.server, KTLS_TX,
	    "user: the peer takes 511 bytes a record at most (record_size_limit)");
	fake_pair_free(&pair);
}

/* AUTO takes no path on which a peer's KeyUpdate would end the connection. */
static void
no_rekey_and_auto(void **unused)
{
	const struct setting s = { .no_rekey = true };
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair, &s);
	assert_why(&pair.client, KTLS_RX,
	    "user: this kernel can't change keys when the peer does (KeyUpdate): Linux 6.14");
	assert_int_equal(pair.client.count[OP_ATTACH], 0);
	fake_pair_free(&pair);
}

static void
keys_change_in_the_kernel(void **unused)
{
	(void)unused;
	for (unsigned n = 0; n < SCRIPTS; n++) {
		const struct setting s = { .client = KTLS_OFFLOAD_FULL, .server =
		    KTLS_OFFLOAD_FULL };
		struct fake_pair pair;
		struct fake_side *sides[2] = { &pair.client, &pair.server };
		uint64_t sum = 0;

		connect_pair(&pair, &s);
		pair.client.script = pair.server.script = scripts[n];
		for (int i = 0; i < 8; i++) {
			struct fake_side *side = sides[i & 1];

			assert_int_equal(fake_send(&pair, &pair.server, body, 100, KTLS_MORE), 100);
			assert_int_equal(core_want_key_update(side->conn, (i & 2) != 0), 0);
			fake_run(&pair);
			assert_int_equal(fake_outcome(side, LANE_TX), 0);
			(void)fake_receive(&pair.client, 3, NULL);
			(void)fake_receive(&pair.server, 3, NULL);
			assert_int_equal(fake_send(&pair, &pair.server, body, 40000, 0), 40000);
			sum = fake_sum(fake_sum(sum, body, 100), body, 40000);
			assert_int_equal(fake_send(&pair, &pair.client, body, 40000, 0), 40000);
			assert_true(pair.client.sum == sum);
		}
		assert_int_equal(pair.server.kernel.installs[KTLS_TX], 1 + 6);
		assert_int_equal(pair.server.kernel.installs[KTLS_RX], 1 + 6);
		assert_int_equal(pair.server.received, 8 * 40000);
		fake_pair_free(&pair);
	}
}

/*
 * Linux before 6.14: nothing has changed where we ask; where the peer does, a
 * clean end with the reason.
 */
static void
no_rekey_no_stall(void **unused)
{
	const struct setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_FULL,
	    .no_rekey = true };
	const struct setting tx = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_TX,
	    .no_rekey = true };
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	connect_pair(&pair, &s);
	assert_int_equal(core_want_key_update(pair.server.conn, false), -EOPNOTSUPP);
	assert_int_equal(fake_send(&pair, &pair.server, body, 1000, 0), 1000);
	assert_int_equal(core_want_key_update(pair.client.conn, false), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
	assert_int_equal(end, R(KERNEL_REKEY));
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, 0);			/* close_notify */
	fake_pair_free(&pair);

	/* Only TX is in the kernel: the peer's own update is fine, answering it is not. */
	connect_pair(&pair, &tx);
	assert_int_equal(core_want_key_update(pair.server.conn, true), -EOPNOTSUPP);
	assert_int_equal(core_want_key_update(pair.client.conn, false), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(fake_send(&pair, &pair.client, body, 1000, 0), 1000);
	assert_int_equal(core_want_key_update(pair.client.conn, true), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
	assert_int_equal(end, R(KERNEL_REKEY));
	assert_string_equal(ktls_conn_reason_text(pair.server.conn),
	    ktls_strerror(R(KERNEL_REKEY)));
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, 0);
	fake_pair_free(&pair);
}

/* The probe promised a rekey and the kernel refuses it: no alert under keys that are gone. */
static void
a_rekey_fails(void **unused)
{
	const struct setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_FULL };
	struct fake_pair pair;
	size_t total;
	ssize_t end;

	(void)unused;
	connect_pair(&pair, &s);
	pair.server.script.install_err[KTLS_TX] = -ENOMEM;
	assert_int_equal(core_want_key_update(pair.server.conn, false), 0);
	while (fake_step(&pair.server, LANE_TX))
		;
	assert_int_equal(fake_outcome(&pair.server, LANE_TX), -ENOMEM);
	total = pair.wire[1].total;
	assert_int_equal(core_want_send(pair.server.conn, body, 1, 0), -ENOMEM);
	assert_false(fake_step(&pair.server, LANE_TX));
	assert_int_equal(pair.wire[1].total, total);
	fake_pair_free(&pair);

	connect_pair(&pair, &s);
	pair.server.script.install_err[KTLS_RX] = -EBUSY;
	assert_int_equal(core_want_key_update(pair.client.conn, false), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
	assert_int_equal(end, R(KERNEL_REKEY));
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, 0);		/* TX has its keys: close_notify */
	fake_pair_free(&pair);
}

/* Messages and alerts come whole, whatever the user's buffer. */
static void
control_records_in_pieces(void **unused)
{
	const struct setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_FULL };
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	connect_pair(&pair, &s);
	assert_int_equal(core_want_key_update(pair.client.conn, true), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
	assert_int_equal(core_want_send(pair.client.conn, body, 10, 0), 0);
	fake_run(&pair);
	assert_int_equal(fake_outcome(&pair.client, LANE_TX), 10);
	assert_int_equal(core_want_shutdown(pair.client.conn), 0);
	fake_run(&pair);
	assert_int_equal(fake_receive(&pair.server, 1, &end), 10);
	assert_int_equal(end, 0);
	assert_null(pair.server.conn->rx.in.p);
	fake_pair_free(&pair);
}

struct error_case {
	int result;
	int err;
};

static void
what_the_kernel_finds_wrong(void **unused)
{
	static const struct error_case cases[] = {
		{ -EBADMSG, R(BAD_RECORD_MAC) }, { -EMSGSIZE, R(RECORD_OVERFLOW) },
		{ -EINVAL, R(RECORD_VERSION) }, { -EKEYEXPIRED, R(KERNEL_KEY_UPDATE) },
		{ -ECONNRESET, -ECONNRESET },
	};
	const struct setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_FULL };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int alert = ktls_err_alert(cases[i].err);
		struct fake_pair pair;
		ssize_t end;

		connect_pair(&pair, &s);
		pair.server.script.err[OP_RECVMSG] = cases[i].result;
		assert_int_equal(fake_receive(&pair.server, 100, &end), 0);
		assert_int_equal(end, cases[i].err);
		assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
		if (alert < 0)
			assert_int_equal(end, -EAGAIN);
		else
			assert_int_equal(end, alert == KTLS_ALERT_close_notify ?
			    0 : KTLS_PEER_ALERT(alert));
		fake_pair_free(&pair);
	}
}

static void
kernel_truncation_is_told(void **unused)
{
	const struct setting s = {0};
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	connect_pair(&pair, &s);
	pair.wire[1].fin = true;
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, R(TRUNCATED));
	fake_pair_free(&pair);
}

/* sendfile says less than was asked for: the file has ended, and nothing is held back for it. */
static void
a_file_ends_early(void **unused)
{
	const struct setting s = { .server = KTLS_OFFLOAD_TX };
	int file = file_of("body", BODY), none = file_of("empty", 0);
	struct fake_pair pair;

	(void)unused;
	connect_pair(&pair, &s);
	assert_int_equal(fake_send(&pair, &pair.server, body, 5, KTLS_MORE), 5);
	assert_int_equal(pair.client.received, 0);
	assert_int_equal(fake_sendfile(&pair, &pair.server, none, 0, 100), 0);
	assert_int_equal(pair.client.received, 5);
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, BODY - 10, 100), 10);
	assert_int_equal(pair.client.received, 15);
	assert_int_equal(fake_send(&pair, &pair.server, body, 5, KTLS_MORE), 5);
	assert_int_equal(fake_send(&pair, &pair.server, NULL, 0, 0), 0);
	assert_int_equal(pair.client.received, 20);
	pair.server.script.err[OP_SENDFILE] = -EIO;
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, 100), -EIO);
	pair.server.script.err[OP_SENDFILE] = 0;
	assert_int_equal(fake_send(&pair, &pair.server, body, 10, 0), 10);
	pair.server.script.err[OP_SENDFILE] = -EPIPE;
	assert_int_equal(fake_sendfile(&pair, &pair.server, file, 0, 100), -EPIPE);
	assert_int_equal(fake_send(&pair, &pair.server, body, 10, 0), -EPIPE);
	fake_pair_free(&pair);
}

/* RFC 8446 5.5, by an upper bound of the kernel's records. */
static void
no_key_is_used_up(void **unused)
{
	const struct setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_TX };
	const struct setting old = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_TX,
	    .no_rekey = true };
	struct fake_pair pair;
	ssize_t end;

	(void)unused;
	connect_pair(&pair, &s);
	pair.server.conn->tx.records = (uint64_t)12 << 20;	/* half of 2^24.5 */
	assert_int_equal(fake_send(&pair, &pair.server, body, 50000, 0), 50000);
	assert_int_equal(pair.server.kernel.installs[KTLS_TX], 2);
	assert_true(pair.server.conn->tx.records < 100);
	assert_int_equal(pair.client.received, 50000);
	fake_pair_free(&pair);

	connect_pair(&pair, &old);
	pair.server.conn->tx.records = (uint64_t)12 << 20;
	assert_int_equal(fake_send(&pair, &pair.server, body, 50000, 0), 50000);
	pair.server.conn->tx.records = (uint64_t)24 << 20;
	assert_int_equal(fake_send(&pair, &pair.server, body, 50000, 0), R(KEY_SPENT));
	assert_int_equal(fake_receive(&pair.client, 100, &end), 0);
	assert_int_equal(end, 0);			/* close_notify */
	fake_pair_free(&pair);
}

/*
 * Records under application keys came with the handshake: opened here, counted, and no byte lost.
 */
static void
rx_is_handed_over_at_a_record_boundary(void **unused)
{
	static const size_t cuts[] = { 0, 1, 4, 5, 6, 1000, 16406, 16407, 20000, 30000 };
	const struct setting s = { .client = KTLS_OFFLOAD_NONE, .server = KTLS_OFFLOAD_RX };

	(void)unused;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		struct fake_pair pair;
		struct ktls_conn *c;
		struct fake_wire late = {0};
		size_t before;
		ssize_t end;

		make_pair(&pair, &s);
		c = pair.server.conn;
		assert_int_equal(core_want_handshake(c), 0);
		assert_int_equal(core_want_handshake(pair.client.conn), 0);
		fake_run(&pair);
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 0);
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		assert_int_equal(pair.server.kernel.installs[KTLS_RX], 1);	/* exact: at once */
		fake_pair_free(&pair);

		/* A driver that received more than the engine asked for, to the cut. */
		make_pair(&pair, &s);
		c = pair.server.conn;
		assert_int_equal(core_want_handshake(c), 0);
		assert_int_equal(core_want_handshake(pair.client.conn), 0);
		while (!core_done(pair.client.conn, LANE_TX)) {
			while (fake_step(&pair.client, LANE_TX))
				;
			if (!core_done(pair.client.conn, LANE_TX))
				(void)fake_step(&pair.server, LANE_TX);
		}
		assert_int_equal(core_outcome(pair.client.conn, LANE_TX), 0);
		ktls_hs_set_exact(c->hs, false);
		before = pair.wire[0].len;
		assert_int_equal(core_want_send(pair.client.conn, body, 50000, 0), 0);
		while (fake_step(&pair.client, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.client, LANE_TX), 50000);
		late.len = pair.wire[0].len - before - cuts[i];
		late.data = malloc(late.len);
		memcpy(late.data, pair.wire[0].data + before + cuts[i], late.len);
		pair.wire[0].len = before + cuts[i];
		while (fake_step(&pair.server, LANE_TX))
			;
		assert_int_equal(fake_outcome(&pair.server, LANE_TX), 0);
		(void)fake_receive(&pair.server, 1000, &end);
		assert_int_equal(end, -EAGAIN);
		pair.wire[0].data = realloc(pair.wire[0].data, pair.wire[0].len + late.len);
		memcpy(pair.wire[0].data + pair.wire[0].len, late.data, late.len);
		pair.wire[0].len += late.len;
		(void)fake_receive(&pair.server, 1000, &end);
		assert_int_equal(pair.server.received, 50000);
		assert_true(pair.server.sum == fake_sum(0, body, 50000));
		assert_int_equal(path(&pair.server, KTLS_RX), KERNEL);
		free(late.data);
		fake_pair_free(&pair);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mix_of_paths),
		cmocka_unit_test(auto_waits_for_a_large_body),
		cmocka_unit_test(what_the_probe_ruled_out),
		cmocka_unit_test(refused_and_goes_on),
		cmocka_unit_test(lazily_refused),
		cmocka_unit_test(eagain_across_the_hand_over),
		cmocka_unit_test(required_or_nothing),
		cmocka_unit_test(not_a_tcp_socket),
		cmocka_unit_test(small_records_stay_in_userspace),
		cmocka_unit_test(no_rekey_and_auto),
		cmocka_unit_test(keys_change_in_the_kernel),
		cmocka_unit_test(no_rekey_no_stall),
		cmocka_unit_test(a_rekey_fails),
		cmocka_unit_test(control_records_in_pieces),
		cmocka_unit_test(what_the_kernel_finds_wrong),
		cmocka_unit_test(kernel_truncation_is_told),
		cmocka_unit_test(a_file_ends_early),
		cmocka_unit_test(no_key_is_used_up),
		cmocka_unit_test(rx_is_handed_over_at_a_record_boundary),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown) != 0;
}
