/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <time.h>
#include <ktls/store.h>
#include "base/check_testlib.h"
#include "config/pki_testlib.h"
#include "handshake/machine.h"
#include "handshake/pair_testlib.h"
#include "handshake/secrets.h"

/* RFC 8446 4.6.1: a ticket belongs to whom it was given by, and to how that was judged. */
static void
keys_differ(void **unused)
{
	static const struct ktls_hs_params whom[] = {
		{ .server_name = "localhost", .port = 443 },
		{ .server_name = "localhost", .port = 8443 },
		{ .server_name = "localhost", .verify_name = "127.0.0.1", .port = 443 },
		{ .verify_name = "localhost", .port = 443 },
		{ .server_name = "localhos", .verify_name = "tlocalhost", .port = 443 },
	};
	uint8_t key[5][RESUMPTION_KEY_LEN], again[RESUMPTION_KEY_LEN];
	struct test_pki *pki = test_pki_new();
	struct ktls_config *cfg = test_pki_client(pki);
	struct ktls_hs *hs;

	(void)unused;
	for (size_t i = 0; i < 5; i++) {
		OK(ktls_hs_new(&hs, cfg, KTLS_CLIENT, &whom[i]));
		OK(resumption_key(hs, key[i]));
		OK(resumption_key(hs, again));
		assert_memory_equal(key[i], again, sizeof(again));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(key[i], key[j], sizeof(again));
		ktls_hs_free(hs);
	}
	ktls_config_unref(cfg);
	test_pki_free(pki);
}

/* The policy too: what a config has judged is no other config's. */
static void
policy_is_in_the_key(void **unused)
{
	const struct ktls_hs_params params = { .server_name = "localhost" };
	uint8_t key[2][RESUMPTION_KEY_LEN];
	struct test_pki *pki = test_pki_new();
	struct ktls_config *cfg = test_pki_client(pki);
	struct ktls_hs *hs;

	(void)unused;
	OK(ktls_hs_new(&hs, cfg, KTLS_CLIENT, &params));
	OK(resumption_key(hs, key[0]));
	cfg->context[KTLS_CLIENT][0] ^= 1;
	OK(resumption_key(hs, key[1]));
	assert_memory_not_equal(key[0], key[1], RESUMPTION_KEY_LEN);
	ktls_hs_free(hs);
	ktls_config_unref(cfg);
	test_pki_free(pki);
}

static int64_t
standing_clock(void *arg)
{
	return *(int64_t *)arg;
}

/* What a client of TLS 1.3 that keeps sessions hands on; a server, or without sessions: nothing. */
static void
what_tickets_share(void **unused)
{
	const struct ktls_hs_params params = { .server_name = "localhost", .port = 443 };
	static const char *const names[] = { "h2", "http/1.1" };
	struct test_pki *pki = test_pki_new();
	struct ktls_config *cfg[2] = { test_pki_client(pki), test_pki_server(pki, TEST_EC) };
	struct ktls_sessions *sessions;
	struct ktls_hs *client, *server;
	struct hs_secrets secrets;
	struct session s;
	uint8_t key[RESUMPTION_KEY_LEN];
	int64_t now = (int64_t)time(NULL) * 1000;

	(void)unused;
	OK(ktls_sessions_new(&sessions, 4));
	OK(ktls_config_clock(cfg[0], standing_clock, &now));
	OK(ktls_config_alpn(cfg[0], names, 2));
	OK(ktls_config_alpn(cfg[1], names + 1, 1));
	cfg[0]->sessions = sessions;
	OK(ktls_hs_new(&client, cfg[0], KTLS_CLIENT, &params));
	OK(ktls_hs_new(&server, cfg[1], KTLS_SERVER, NULL));
	assert_true(pair_run(client, server, PAIR_WHOLE));
	OK(resumption_key(client, key));

	OK(hs_take_secrets(client, &secrets));
	assert_int_equal(secrets.tickets->key_len, sizeof(key));
	assert_memory_equal(secrets.tickets->key, key, sizeof(key));
	assert_ptr_equal(secrets.tickets->cfg, cfg[0]);
	OK(session_decode(&s, (struct slice){ secrets.tickets->session,
	    secrets.tickets->session_len }));
	assert_int_equal(s.version, KTLS_TLS13);
	assert_int_equal(s.suite, client->suite->id);
	assert_int_equal(s.verified, true);
	assert_memory_equal(s.context, cfg[0]->context[KTLS_CLIENT], SESSION_CONTEXT_LEN);
	assert_true(s.authenticated == now / 1000);
	assert_true(s.expires > now / 1000 && s.expires <= now / 1000 + SESSION_LIFETIME_MAX);
	assert_int_equal(s.server_name.len, 9);
	assert_memory_equal(s.server_name.p, "localhost", 9);
	assert_int_equal(s.alpn.len, 8);
	assert_memory_equal(s.alpn.p, "http/1.1", 8);
	assert_int_equal(s.chain.len, client->peer_chain_len);
	assert_memory_equal(s.chain.p, client->peer_chain, s.chain.len);
	session_wipe(&s);
	hs_secrets_wipe(&secrets);

	OK(hs_take_secrets(server, &secrets));
	assert_null(secrets.tickets);
	hs_secrets_wipe(&secrets);
	ktls_hs_free(client);
	ktls_hs_free(server);
	cfg[0]->sessions = NULL;
	ktls_sessions_unref(sessions);
	ktls_config_unref(cfg[0]);
	ktls_config_unref(cfg[1]);
	test_pki_free(pki);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(policy_is_in_the_key),
		cmocka_unit_test(what_tickets_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
