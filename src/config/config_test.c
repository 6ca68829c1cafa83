/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "config/config.h"
#include "config/pki_testlib.h"

static struct ktls_config *
config(void)
{
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	return cfg;
}

static void
defaults(void **unused)
{
	struct ktls_config *cfg = config();

	(void)unused;
	assert_true(cfg->verify);
	assert_int_equal(cfg->offload, KTLS_OFFLOAD_AUTO);
	assert_int_equal(cfg->offload_after, 65536);
	assert_int_equal(cfg->handshake_timeout, 10000);
	assert_int_equal(cfg->record_size_limit, 0);
	assert_int_equal(cfg->send_limit, 16384);
	assert_int_equal(cfg->identity_count, 0);
	assert_int_equal(cfg->verify_depth, 10);
	assert_int_equal(cfg->client_auth, KTLS_CLIENT_AUTH_NONE);
	assert_int_equal(cfg->ticket_count, 2);
	assert_int_equal(cfg->padding, 0);
	assert_false(cfg->keep_exporter);
	assert_true(cfg->grease);
	for (int i = 0; i < KTLS_ASK_COUNT; i++)
		assert_false(cfg->ask[i].asked);
	assert_null(cfg->keylog);
	assert_string_equal(ktls_config_error(cfg), "");
	ktls_config_unref(cfg);
}

static void
the_last_reference_frees(void **unused)
{
	struct ktls_config *cfg = config();

	(void)unused;
	assert_ptr_equal(ktls_config_ref(cfg), cfg);
	ktls_config_unref(cfg);
	assert_true(cfg->verify);	/* ASan would know */
	ktls_config_unref(cfg);
	ktls_config_unref(NULL);
}

static const char long_name[257] = { [0 ... 255] = 'x' };

/* One list a line. */
/* clang-format off */
static const struct {
	const char *rule;
	const char *names[3];
	size_t count;
	int err;
} alpn_cases[] = {
	{ "two", { "h2", "http/1.1" }, 2, 0 },
	{ "none", { NULL }, 0, 0 },
	{ "255 bytes", { long_name + 1 }, 1, 0 },
	{ "256 bytes", { long_name }, 1, -EINVAL },
	{ "empty", { "h2", "" }, 2, -EINVAL },
	{ "twice", { "h2", "x", "h2" }, 3, -EINVAL },
};
/* clang-format on */

/* A sentence where it failed, and the config as it was. */
static void
each_alpn_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(alpn_cases) / sizeof(*alpn_cases); i++) {
		static const char *const before[] = { "before" };
		struct ktls_config *cfg = config();
		int err;

		assert_int_equal(ktls_config_alpn(cfg, before, 1), 0);
		err = ktls_config_alpn(cfg, alpn_cases[i].names, alpn_cases[i].count);
		if (err != alpn_cases[i].err || (err != 0) != (*ktls_config_error(cfg) != '\0') ||
		    cfg->alpn_count != (err != 0 ? 1 : alpn_cases[i].count))
			fail_msg("%s: err %d, %zu names, \"%s\"", alpn_cases[i].rule, err,
			    cfg->alpn_count, ktls_config_error(cfg));
		ktls_config_unref(cfg);
	}
}

static void
alpn_is_looked_up_whole(void **unused)
{
	static const char *const names[] = { "h2", "http/1.1" };
	struct ktls_config *cfg = config();

	(void)unused;
	assert_int_equal(ktls_config_alpn(cfg, names, 2), 0);
	assert_ptr_equal(config_alpn(cfg, (struct slice){ (const uint8_t *)"http/1.1", 8 }),
	    cfg->alpn[1]);
	assert_null(config_alpn(cfg, (struct slice){ (const uint8_t *)"http/1.1", 7 }));
	assert_null(config_alpn(cfg, (struct slice){ (const uint8_t *)"h2c", 3 }));
	assert_null(config_alpn(cfg, (struct slice){ (const uint8_t *)"h3", 2 }));
	ktls_config_unref(cfg);
}

static void
record_size_limits(void **unused)
{
	static const uint16_t good[] = { 0, 64, 16385 }, bad[] = { 1, 63, 16386, 65535 };
	struct ktls_config *cfg = config();

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(ktls_config_record_size_limit(cfg, good[i]), 0);
		assert_int_equal(cfg->record_size_limit, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(ktls_config_record_size_limit(cfg, bad[i]), -EINVAL);
		assert_int_equal(cfg->record_size_limit, 16385);
	}
	ktls_config_unref(cfg);
}

static void
send_limits(void **unused)
{
	static const uint16_t good[] = { 64, 512, 16384 }, bad[] = { 0, 63, 16385, 65535 };
	struct ktls_config *cfg = config();

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(ktls_config_send_limit(cfg, good[i]), 0);
		assert_int_equal(cfg->send_limit, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(ktls_config_send_limit(cfg, bad[i]), -EINVAL);
		assert_int_equal(cfg->send_limit, 16384);
	}
	ktls_config_unref(cfg);
}

static void
keylog(void *arg, const char *line)
{
	(void)arg, (void)line;
}

static int64_t
now(void *arg)
{
	(void)arg;
	return 0;
}

static void
question(void *arg, struct ktls_hs *hs, const struct ktls_question *asked)
{
	(void)arg, (void)hs, (void)asked;
}

/* Every setter there is, with arguments that are fine before the first use. */
static void
set(struct ktls_config *cfg, struct test_pki *pki, int expected)
{
	static const char *const h2[] = { "h2" };
	static const enum ktls_cipher ciphers[] = { KTLS_AES_256_GCM };
	static const uint16_t groups[] = { KTLS_GROUP_SECP256R1 };
	static const uint16_t schemes[] = { SIG_ED25519, SIG_RSA_PSS_RSAE_SHA256 };
	static const struct ktls_caps caps = { .ulp = { KTLS_CAP_YES, 0 } };
	const char *cert = test_pki_cert(pki, TEST_EC), *key = test_pki_key(pki, TEST_EC);
	const char *cert_file = test_pki_cert_file(pki, TEST_EC);
	const char *key_file = test_pki_key_file(pki, TEST_EC);
	size_t cert_len = strlen(cert), key_len = strlen(key);

	assert_int_equal(ktls_config_identity(cfg, cert_file, key_file), expected);
	assert_int_equal(ktls_config_identity_pem(cfg, cert, cert_len, key, key_len), expected);
	assert_int_equal(ktls_config_trust_file(cfg, test_pki_cert_file(pki, TEST_CA)), expected);
	assert_int_equal(ktls_config_trust_dir(cfg, test_pki_dir(pki)), expected);
	assert_int_equal(ktls_config_trust_system(cfg), expected);
	assert_int_equal(ktls_config_verify(cfg, false), expected);
	assert_int_equal(ktls_config_verify_depth(cfg, 3), expected);
	assert_int_equal(ktls_config_client_auth(cfg, KTLS_CLIENT_AUTH_REQUEST), expected);
	assert_int_equal(ktls_config_tickets(cfg, NULL), expected);
	assert_int_equal(ktls_config_stateless_retry(cfg, NULL), expected);
	assert_int_equal(ktls_config_sessions(cfg, NULL), expected);
	assert_int_equal(ktls_config_chains(cfg, NULL), expected);
	assert_int_equal(ktls_config_ticket_count(cfg, 8), expected);
	assert_int_equal(ktls_config_ask(cfg, KTLS_ASK_VERIFY, question, cfg), expected);
	assert_int_equal(ktls_config_padding(cfg, 16384), expected);
	assert_int_equal(ktls_config_exporter(cfg, true), expected);
	assert_int_equal(ktls_config_grease(cfg, false), expected);
	assert_int_equal(ktls_config_alpn(cfg, h2, 1), expected);
	assert_int_equal(ktls_config_ciphers(cfg, ciphers, 1), expected);
	assert_int_equal(ktls_config_groups(cfg, groups, 1), expected);
	assert_int_equal(ktls_config_versions(cfg, KTLS_TLS13, KTLS_TLS13), expected);
	assert_int_equal(ktls_config_sign_schemes(cfg, schemes, 1), expected);
	assert_int_equal(ktls_config_verify_schemes(cfg, schemes + 1, 1), expected);
	assert_int_equal(ktls_config_record_size_limit(cfg, 512), expected);
	assert_int_equal(ktls_config_send_limit(cfg, 512), expected);
	assert_int_equal(ktls_config_keylog(cfg, keylog, NULL), expected);
	assert_int_equal(ktls_config_clock(cfg, now, NULL), expected);
	assert_int_equal(ktls_config_offload(cfg, KTLS_OFFLOAD_FULL), expected);
	assert_int_equal(ktls_config_offload_require(cfg, true, false), expected);
	assert_int_equal(ktls_config_offload_after(cfg, 7), expected);
	assert_int_equal(ktls_config_caps(cfg, &caps), expected);
	assert_int_equal(ktls_config_handshake_timeout(cfg, 5), expected);
}

static void
everything_is_kept(void **unused)
{
	struct test_pki *pki = test_pki_new();
	struct ktls_config *cfg = config();

	(void)unused;
	set(cfg, pki, 0);
	assert_int_equal(cfg->identity_count, 2);
	assert_non_null(cfg->identity[1]->key);
	assert_true(cfg->trust.system);
	assert_false(cfg->verify);
	assert_string_equal(cfg->alpn[0], "h2");
	assert_int_equal(cfg->ciphers[0], KTLS_AES_256_GCM);
	assert_int_equal(cfg->groups[0], KTLS_GROUP_SECP256R1);
	assert_int_equal(cfg->version_min, KTLS_TLS13);
	assert_int_equal(cfg->sign_schemes[0], SIG_ED25519);
	assert_int_equal(cfg->verify_schemes[0], SIG_RSA_PSS_RSAE_SHA256);
	assert_int_equal(cfg->record_size_limit, 512);
	assert_int_equal(cfg->verify_depth, 3);
	assert_int_equal(cfg->client_auth, KTLS_CLIENT_AUTH_REQUEST);
	assert_true(cfg->chains_given);
	assert_int_equal(cfg->ticket_count, 8);
	assert_true(cfg->ask[KTLS_ASK_VERIFY].asked);
	assert_ptr_equal(cfg->ask[KTLS_ASK_VERIFY].fn, question);
	assert_ptr_equal(cfg->ask[KTLS_ASK_VERIFY].arg, cfg);
	assert_int_equal(cfg->padding, 16384);
	assert_true(cfg->keep_exporter);
	assert_false(cfg->grease);
	assert_ptr_equal(cfg->keylog, keylog);
	assert_ptr_equal(cfg->clock, now);
	assert_int_equal(cfg->offload, KTLS_OFFLOAD_FULL);
	assert_true(cfg->require[KTLS_TX]);
	assert_false(cfg->require[KTLS_RX]);
	assert_int_equal(cfg->offload_after, 7);
	assert_true(cfg->caps_given);
	assert_int_equal(cfg->caps.ulp.cap, KTLS_CAP_YES);
	assert_int_equal(cfg->handshake_timeout, 5);
	assert_int_equal(ktls_config_offload(cfg, (enum ktls_offload)99), -EINVAL);
	assert_int_equal(cfg->offload, KTLS_OFFLOAD_FULL);
	assert_string_equal(ktls_config_error(cfg), "there is no setting 99 in enum ktls_offload");
	ktls_config_unref(cfg);
	test_pki_free(pki);
}

static void
nothing_changes_in_use(void **unused)
{
	struct test_pki *pki = test_pki_new();
	struct ktls_config *cfg = config();

	(void)unused;
	assert_int_equal(config_use(cfg, false), 0);
	set(cfg, pki, -EBUSY);
	assert_true(cfg->verify);
	assert_int_equal(cfg->alpn_count, 0);
	assert_int_equal(cfg->version_min, KTLS_TLS12);
	assert_int_equal(cfg->sign_scheme_count, SIGNATURE_SCHEMES);
	assert_int_equal(cfg->verify_scheme_count, SIGNATURE_SCHEMES);
	assert_int_equal(cfg->identity_count, 0);
	assert_non_null(strstr(ktls_config_error(cfg), "in use"));
	ktls_config_unref(cfg);
	test_pki_free(pki);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(the_last_reference_frees),
		cmocka_unit_test(each_alpn_rule),
		cmocka_unit_test(alpn_is_looked_up_whole),
		cmocka_unit_test(record_size_limits),
		cmocka_unit_test(send_limits),
		cmocka_unit_test(everything_is_kept),
		cmocka_unit_test(nothing_changes_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
