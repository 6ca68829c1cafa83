/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "config/pki_testlib.h"
#include "handshake/machine.h"
#include "handshake/pair_testlib.h"

/* What two configs agree on, or why not; parameters; the key log. */

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

static struct test_pki *pki;

static const struct ktls_hs_params localhost = { .server_name = "localhost" };

/* Who refuses, and what: the other side gets the alert. */
static void
check_refused(struct ktls_config *client_cfg, struct ktls_config *server_cfg,
    const struct ktls_hs_params *params, enum ktls_role who, int err)
{
	struct ktls_hs *hs[2];
	const char *text, *alert = ktls_alert_name(ktls_err_alert(err));

	assert_int_equal(ktls_hs_new(&hs[KTLS_CLIENT], client_cfg, KTLS_CLIENT, params), 0);
	assert_int_equal(ktls_hs_new(&hs[KTLS_SERVER], server_cfg, KTLS_SERVER, NULL), 0);
	assert_false(pair_run(hs[KTLS_CLIENT], hs[KTLS_SERVER], PAIR_WHOLE));
	text = ktls_hs_reason_text(hs[who]);
	if (hs[who]->err != err || *text == '\0')
		fail_msg("%s, \"%s\"", ktls_strerror(hs[who]->err), text);
	assert_int_equal(hs[!who]->err, KTLS_PEER_ALERT(ktls_err_alert(err)));
	assert_int_equal(ktls_hs_reason(hs[!who]), KTLS_R_NONE);
	assert_non_null(strstr(ktls_hs_reason_text(hs[!who]), alert));
	ktls_hs_free(hs[0]);
	ktls_hs_free(hs[1]);
}

static void
nothing_in_common(void **unused)
{
	static const enum ktls_cipher aes[] = { KTLS_AES_128_GCM };
	static const enum ktls_cipher chacha[] = { KTLS_CHACHA20_POLY1305 };
	static const uint16_t x25519[] = { KTLS_GROUP_X25519 }, p256[] = { KTLS_GROUP_SECP256R1 };
	static const char *const h2[] = { "h2" }, *const h1[] = { "http/1.1" };
	struct ktls_config *client = test_pki_client(pki), *server = test_pki_server(pki, TEST_EC);

	(void)unused;
	assert_int_equal(ktls_config_ciphers(client, aes, 1), 0);
	assert_int_equal(ktls_config_ciphers(server, chacha, 1), 0);
	check_refused(client, server, &localhost, KTLS_SERVER, R(CH_NO_CIPHER));
	ktls_config_unref(client);
	ktls_config_unref(server);

	client = test_pki_client(pki);
	server = test_pki_server(pki, TEST_EC);
	assert_int_equal(ktls_config_groups(client, x25519, 1), 0);
	assert_int_equal(ktls_config_groups(server, p256, 1), 0);
	check_refused(client, server, &localhost, KTLS_SERVER, R(CH_NO_GROUP));
	ktls_config_unref(client);
	ktls_config_unref(server);

	client = test_pki_client(pki);
	server = test_pki_server(pki, TEST_EC);
	assert_int_equal(ktls_config_alpn(client, h2, 1), 0);
	assert_int_equal(ktls_config_alpn(server, h1, 1), 0);
	check_refused(client, server, &localhost, KTLS_SERVER, R(CH_NO_ALPN));
	ktls_config_unref(client);
	ktls_config_unref(server);
}

/* The server's order decides; ALPN of one side alone is none. */
static void
servers_order(void **unused)
{
	static const enum ktls_cipher ours[] = { KTLS_CHACHA20_POLY1305, KTLS_AES_256_GCM };
	static const uint16_t groups[] = { KTLS_GROUP_SECP256R1, KTLS_GROUP_X25519 };
	static const char *const client_names[] = { "h3", "http/1.1", "h2" };
	static const char *const server_names[] = { "h2", "http/1.1" };
	struct ktls_config *client_cfg = test_pki_client(pki);
	struct ktls_config *server_cfg = test_pki_server(pki, TEST_EC);
	struct ktls_hs *client, *server;

	(void)unused;
	assert_int_equal(ktls_config_ciphers(server_cfg, ours, 2), 0);
	assert_int_equal(ktls_config_groups(server_cfg, groups, 2), 0);
	assert_int_equal(ktls_config_alpn(client_cfg, client_names, 3), 0);
	assert_int_equal(ktls_config_alpn(server_cfg, server_names, 2), 0);
	assert_int_equal(ktls_hs_new(&client, client_cfg, KTLS_CLIENT, &localhost), 0);
	assert_int_equal(ktls_hs_new(&server, server_cfg, KTLS_SERVER, NULL), 0);
	assert_int_equal(ktls_hs_version(client), 0);
	assert_int_equal(ktls_hs_group(client), 0);
	assert_null(ktls_hs_alpn(client));
	assert_null(ktls_hs_server_name(server));
	assert_string_equal(ktls_hs_reason_text(client), "");
	assert_true(pair_run(client, server, PAIR_WHOLE));
	assert_int_equal(ktls_hs_cipher(client), KTLS_CHACHA20_POLY1305);
	assert_string_equal(ktls_hs_alpn(client), "h2");
	/* But a share that is there saves a round trip. */
	assert_int_equal(ktls_hs_group(server), KTLS_GROUP_X25519);
	assert_false(server->retried);
	ktls_hs_free(client);
	ktls_hs_free(server);
	ktls_config_unref(client_cfg);
	ktls_config_unref(server_cfg);
}

static void
certificates(void **unused)
{
	static const struct ktls_hs_params other = {
		.server_name = "localhost", .verify_name = "a.example",
	};
	static const struct ktls_hs_params address = { .verify_name = "127.0.0.1" };
	struct ktls_config *client = test_pki_client(pki), *server = test_pki_server(pki, TEST_EC);
	struct ktls_config *expired = test_pki_server(pki, TEST_EXPIRED), *any;
	struct ktls_config *stranger = test_pki_server(pki, TEST_SELF_SIGNED);
	struct ktls_hs *c, *s;

	(void)unused;
	check_refused(client, server, &other, KTLS_CLIENT, R(CERT_NAME));
	check_refused(client, expired, &localhost, KTLS_CLIENT, R(CERT_EXPIRED));
	check_refused(client, stranger, &localhost, KTLS_CLIENT, R(CERT_UNTRUSTED));

	/* An address, without SNI; and whatever comes, where nothing is verified. */
	assert_int_equal(ktls_hs_new(&c, client, KTLS_CLIENT, &address), 0);
	assert_int_equal(ktls_hs_new(&s, server, KTLS_SERVER, NULL), 0);
	assert_true(pair_run(c, s, PAIR_WHOLE));
	assert_null(ktls_hs_server_name(s));
	ktls_hs_free(c);
	ktls_hs_free(s);
	any = test_pki_client(pki);
	assert_int_equal(ktls_config_verify(any, false), 0);
	assert_int_equal(ktls_hs_new(&c, any, KTLS_CLIENT, NULL), 0);
	assert_int_equal(ktls_hs_new(&s, stranger, KTLS_SERVER, NULL), 0);
	assert_true(pair_run(c, s, PAIR_WHOLE));
	ktls_hs_free(c);
	ktls_hs_free(s);
	ktls_config_unref(any);
	ktls_config_unref(client);
	ktls_config_unref(server);
	ktls_config_unref(expired);
	ktls_config_unref(stranger);
}

/* Role, config and parameters that don't fit together. */
static void
parameters(void **unused)
{
	static const struct ktls_hs_params bad_names[] = {
		{ .server_name = "" }, { .server_name = "host." }, { .server_name = "::1" },
		{ .server_name = "a/b" }, { .server_name = NULL },
	};
	char longest[SERVER_NAME_MAX + 2] = { 0 };
	const struct ktls_hs_params too_long = { .server_name = "a", .verify_name = longest };
	struct ktls_config *client = test_pki_client(pki), *server = test_pki_server(pki, TEST_EC);
	struct ktls_hs *hs = NULL;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(*bad_names); i++)
		assert_int_equal(ktls_hs_new(&hs, client, KTLS_CLIENT, &bad_names[i]), -EINVAL);
	memset(longest, 'a', SERVER_NAME_MAX + 1);
	assert_int_equal(ktls_hs_new(&hs, client, KTLS_CLIENT, &too_long), -EINVAL);
	assert_int_equal(ktls_hs_new(&hs, client, KTLS_CLIENT, NULL), -EINVAL);
	assert_int_equal(ktls_hs_new(&hs, client, KTLS_SERVER, NULL), -EINVAL);
	assert_int_equal(ktls_hs_new(&hs, server, KTLS_SERVER, &localhost), -EINVAL);
	assert_int_equal(ktls_hs_new(&hs, server, (enum ktls_role)2, NULL), -EINVAL);
	assert_null(hs);
	/* A refused one doesn't count as use. */
	assert_int_equal(ktls_config_verify(client, true), 0);
	assert_int_equal(ktls_hs_new(&hs, client, KTLS_CLIENT, &localhost), 0);
	assert_int_equal(ktls_config_verify(client, true), -EBUSY);
	ktls_hs_free(hs);
	ktls_hs_free(NULL);
	ktls_config_unref(client);
	ktls_config_unref(server);
}

struct log {
	char lines[8][256];
	size_t count;
};

static void
keep_line(void *arg, const char *line)
{
	struct log *log = arg;

	assert_in_range(log->count, 0, 7);
	assert_in_range(strlen(line), 1, 255);
	strcpy(log->lines[log->count++], line);
}

/* NSS's format; both sides log the same. */
static void
key_log(void **unused)
{
	static const char *const labels[] = {
		"CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_HANDSHAKE_TRAFFIC_SECRET ",
		"EXPORTER_SECRET ", "CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 ",
	};
	static const enum ktls_cipher ciphers[] = { KTLS_AES_128_GCM, KTLS_AES_256_GCM };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct ktls_config *client_cfg = test_pki_client(pki);
		struct ktls_config *server_cfg = test_pki_server(pki, TEST_EC);
		struct log client_log = { .count = 0 }, server_log = { .count = 0 };
		struct ktls_hs *client, *server;

		assert_int_equal(ktls_config_ciphers(client_cfg, &ciphers[i], 1), 0);
		assert_int_equal(ktls_config_keylog(client_cfg, keep_line, &client_log), 0);
		assert_int_equal(ktls_config_keylog(server_cfg, keep_line, &server_log), 0);
		assert_int_equal(ktls_hs_new(&client, client_cfg, KTLS_CLIENT, &localhost), 0);
		assert_int_equal(ktls_hs_new(&server, server_cfg, KTLS_SERVER, NULL), 0);
		assert_true(pair_run(client, server, PAIR_WHOLE));
		assert_int_equal(client_log.count, 5);
		assert_int_equal(server_log.count, 5);
		for (size_t j = 0; j < 5; j++) {
			const char *line = client_log.lines[j];
			size_t len = strlen(labels[j]);

			assert_string_equal(line, server_log.lines[j]);
			assert_memory_equal(line, labels[j], len);
			assert_int_equal(strlen(line), len + 64 + 1 + (i == 0 ? 64 : 96));
			assert_int_equal(strspn(line + len, "0123456789abcdef"), 64);
			assert_int_equal(line[len + 64], ' ');
		}
		ktls_hs_free(client);
		ktls_hs_free(server);
		ktls_config_unref(client_cfg);
		ktls_config_unref(server_cfg);
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
		cmocka_unit_test(nothing_in_common),
		cmocka_unit_test(servers_order),
		cmocka_unit_test(certificates),
		cmocka_unit_test(parameters),
		cmocka_unit_test(key_log),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
