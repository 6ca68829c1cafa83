/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ktls/record.h>
#include "config/pki_testlib.h"
#include "handshake/pair_testlib.h"
#include "handshake/secrets.h"

static struct test_pki *pki;

static const struct ktls_hs_params localhost = { .server_name = "localhost" };

/* Client against server. */
struct setting {
	enum ktls_cipher cipher;
	uint16_t group;
	enum test_cert cert;
	bool retry;
	uint16_t limit;
	bool alpn;
	enum pair_way way;
	bool exact;
};

static struct ktls_config *
make_config(const struct setting *s, enum ktls_role role)
{
	static const char *const names[] = { "h2", "http/1.1" };
	const uint16_t retry[] = { KTLS_GROUP_X25519 + KTLS_GROUP_SECP256R1 - s->group, s->group };
	struct ktls_config *cfg =
	    role == KTLS_CLIENT ? test_pki_client(pki) : test_pki_server(pki, s->cert);
	bool both = s->retry && role == KTLS_CLIENT;

	assert_int_equal(ktls_config_ciphers(cfg, &s->cipher, 1), 0);
	assert_int_equal(ktls_config_groups(cfg, both ? retry : &s->group, both ? 2 : 1), 0);
	assert_int_equal(ktls_config_record_size_limit(cfg, s->limit), 0);
	if (s->alpn)
		assert_int_equal(ktls_config_alpn(cfg, names, role == KTLS_CLIENT ? 2 : 1), 0);
	return cfg;
}

static void
check_agreed(const struct setting *s, struct ktls_hs *hs)
{
	assert_int_equal(ktls_hs_version(hs), KTLS_TLS13);
	assert_int_equal(ktls_hs_cipher(hs), s->cipher);
	assert_int_equal(ktls_hs_group(hs), s->group);
	assert_int_equal(ktls_hs_signature_scheme(hs), s->cert == TEST_EC ? 0x0403 : 0x0804);
	assert_int_equal(ktls_hs_tx_limit(hs), s->limit != 0 ? s->limit - 1 : 16384);
	assert_int_equal(ktls_hs_rx_limit(hs), s->limit);
	assert_string_equal(ktls_hs_server_name(hs), "localhost");
	if (s->alpn)
		assert_string_equal(ktls_hs_alpn(hs), "h2");
	else
		assert_null(ktls_hs_alpn(hs));
}

static void
check_keys(struct ktls_hs *client, struct ktls_hs *server)
{
	struct ktls_keys c[KTLS_DIRS], s[KTLS_DIRS];
	struct hs_secrets cs, ss;

	for (enum ktls_dir dir = 0; dir < KTLS_DIRS; dir++) {
		assert_true(ktls_hs_ready(client, dir));
		assert_true(ktls_hs_ready(server, dir));
		assert_int_equal(ktls_hs_take_keys(client, dir, &c[dir]), 0);
		assert_int_equal(ktls_hs_take_keys(server, dir, &s[dir]), 0);
		assert_int_equal(ktls_hs_take_keys(server, dir, &s[dir]), -EALREADY);
	}
	assert_memory_equal(c[KTLS_TX].key, s[KTLS_RX].key, 32);
	assert_memory_equal(c[KTLS_TX].iv, s[KTLS_RX].iv, 12);
	assert_memory_equal(c[KTLS_RX].key, s[KTLS_TX].key, 32);
	assert_memory_not_equal(c[KTLS_RX].key, c[KTLS_TX].key, 16);
	assert_int_equal(s[KTLS_TX].seq, 0);
	assert_int_equal(s[KTLS_TX].version, KTLS_TLS13);
	assert_int_equal(hs_take_secrets(client, &cs), 0);
	assert_int_equal(hs_take_secrets(server, &ss), 0);
	assert_int_equal(hs_take_secrets(server, &ss), -EALREADY);
	assert_memory_equal(cs.traffic[KTLS_TX], ss.traffic[KTLS_RX], HASH_LEN_MAX);
	assert_memory_equal(cs.traffic[KTLS_RX], ss.traffic[KTLS_TX], HASH_LEN_MAX);
	ktls_crypto_unref(cs.crypto);
	ktls_crypto_unref(ss.crypto);
}

static void
connect_pair(const struct setting *s)
{
	struct ktls_config *client_cfg = make_config(s, KTLS_CLIENT);
	struct ktls_config *server_cfg = make_config(s, KTLS_SERVER);
	struct ktls_hs *client, *server;

	assert_int_equal(ktls_hs_new(&client, client_cfg, KTLS_CLIENT, &localhost), 0);
	assert_int_equal(ktls_hs_new(&server, server_cfg, KTLS_SERVER, NULL), 0);
	ktls_hs_set_exact(client, s->exact);
	ktls_hs_set_exact(server, s->exact);
	if (!pair_run(client, server, s->way))
		fail_msg("cipher %d group %d cert %d retry %d limit %d way %d: \"%s\", \"%s\"",
		    (int)s->cipher, s->group, (int)s->cert, s->retry, s->limit, (int)s->way,
		    ktls_hs_reason_text(client), ktls_hs_reason_text(server));
	check_agreed(s, client);
	check_agreed(s, server);
	check_keys(client, server);
	ktls_hs_free(client);
	ktls_hs_free(server);
	ktls_config_unref(client_cfg);
	ktls_config_unref(server_cfg);
}

/* Our own limit binds every record, and those in the clear too. */
static void
small_records(void **unused)
{
	struct ktls_config *client_cfg = test_pki_client(pki);
	struct ktls_config *server_cfg = test_pki_server(pki, TEST_EC);
	struct ktls_hs *client, *server;
	const uint8_t *hello, *out;
	size_t len, records = 0;

	(void)unused;
	assert_int_equal(ktls_config_send_limit(server_cfg, 64), 0);
	assert_int_equal(ktls_hs_new(&client, client_cfg, KTLS_CLIENT, &localhost), 0);
	assert_int_equal(ktls_hs_new(&server, server_cfg, KTLS_SERVER, NULL), 0);
	assert_int_equal(ktls_hs_want(client), KTLS_HS_SEND);
	hello = ktls_hs_send_buf(client, &len);
	assert_int_equal(ktls_hs_feed(server, hello, len), len);
	assert_int_equal(ktls_hs_want(server), KTLS_HS_SEND);
	for (out = ktls_hs_send_buf(server, &len); len != 0; records++) {
		size_t n = (size_t)(out[3] << 8 | out[4]);

		assert_true(n <= (out[0] == KTLS_TYPE_HANDSHAKE ? 64 : 64 + 1 + 16));
		out += KTLS_RECORD_HEADER + n;
		len -= KTLS_RECORD_HEADER + n;
	}
	assert_true(records > 5);
	assert_int_equal(ktls_hs_tx_limit(server), 64);
	ktls_hs_free(client);
	ktls_hs_free(server);
	ktls_config_unref(client_cfg);
	ktls_config_unref(server_cfg);
}

static void
every_combination_connects(void **unused)
{
	static const enum ktls_cipher ciphers[] = {
		KTLS_AES_128_GCM, KTLS_AES_256_GCM, KTLS_CHACHA20_POLY1305,
	};
	static const uint16_t groups[] = { KTLS_GROUP_X25519, KTLS_GROUP_SECP256R1 };
	static const uint16_t limits[] = { 0, 64, 512, 16385 };

	(void)unused;
	for (unsigned n = 0; n < 3 * 2 * 2 * 2 * 4 * 2; n++) {
		struct setting s = {
			.cipher = ciphers[n % 3], .group = groups[n / 3 % 2],
			.cert = n / 6 % 2 ? TEST_RSA : TEST_EC, .retry = n / 12 % 2,
			.limit = limits[n / 24 % 4], .alpn = n / 96 % 2,
		};

		/* RSA is slow: not all manners with all. */
		for (unsigned way = 0; way < PAIR_WAYS; way++) {
			s.way = way;
			s.exact = (n + way) % 2;
			if (way == PAIR_WHOLE || n % 5 == way)
				connect_pair(&s);
		}
	}
}

static int
setup(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	test_pki_free(pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_connects),
		cmocka_unit_test(small_records),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
