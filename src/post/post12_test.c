/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/check_testlib.h"
#include "post/post_testlib.h"
#include "schedule/exporter.h"
#include "schedule/schedule12.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)
#define HS	KTLS_TYPE_HANDSHAKE
#define AL	KTLS_TYPE_ALERT
#define C	KTLS_CLIENT
#define S	KTLS_SERVER

/* The last record of a TLS 1.2 peer, a line each: the rule, who receives, what must come out. */
/* clang-format off */
static const struct {
	const char *rule;
	enum ktls_role role;
	struct { uint8_t type, len, data[16]; } rec[2];
	int err;
	const char *actions;
} cases[] = {
	/* RFC 5246 7.4.1.1, 7.4.1.2: no renegotiation, from either side, by the header alone */
	{ "HelloRequest", C, {{ HS, 4, { 0,0,0,0 } }}, R(NO_RENEGOTIATION), "" },
	{ "HelloRequest in two records", C, {{ HS, 2, { 0,0 } }, { HS, 2, { 0,0 } }}, R(NO_RENEGOTIATION), "" },
	{ "ClientHello", S, {{ HS, 4, { 1,0,1,0 } }}, R(NO_RENEGOTIATION), "" },
	{ "HelloRequest to a server", S, {{ HS, 4, { 0,0,0,0 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "ClientHello to a client", C, {{ HS, 4, { 1,0,1,0 } }}, R(UNEXPECTED_MESSAGE), "" },
	/* what only TLS 1.3 has */
	{ "KeyUpdate", C, {{ HS, 5, { 24,0,0,1,0 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "KeyUpdate to a server", S, {{ HS, 5, { 24,0,0,1,1 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "NewSessionTicket", C, {{ HS, 4, { 4,0,0,14 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "CertificateRequest", C, {{ HS, 4, { 13,0,0,20 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "a second Finished", C, {{ HS, 4, { 20,0,0,12 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "empty handshake record", C, {{ HS, 0, { 0 } }}, R(RECORD_EMPTY), "" },
	{ "change_cipher_spec", S, {{ KTLS_TYPE_CHANGE_CIPHER_SPEC, 1, { 1 } }}, R(RECORD_TYPE), "" },
	/* 7.2: a warning ends nothing, whatever it is; what is fatal does */
	{ "close_notify", S, {{ AL, 2, { 1,0 } }}, 0, "x" },
	{ "close_notify, fatal", S, {{ AL, 2, { 2,0 } }}, 0, "x" },
	{ "no_certificate as a warning", S, {{ AL, 2, { 1,41 } }}, 0, "" },
	{ "no_renegotiation", S, {{ AL, 2, { 1,100 } }}, 0, "" },
	{ "an unknown warning", C, {{ AL, 2, { 1,200 } }}, 0, "" },
	{ "a warning, then close_notify", C, {{ AL, 2, { 1,90 } }, { AL, 2, { 1,0 } }}, 0, "x" },
	{ "user_canceled, fatal", S, {{ AL, 2, { 2,90 } }}, KTLS_PEER_ALERT(90), "" },
	{ "handshake_failure", S, {{ AL, 2, { 2,40 } }}, KTLS_PEER_ALERT(40), "" },
	{ "level 3", S, {{ AL, 2, { 3,40 } }}, R(ALERT_LEVEL), "" },
	{ "half an alert", S, {{ AL, 1, { 2 } }}, R(ALERT_MALFORMED), "" },
	{ "a warning in the middle of a message", C, {{ HS, 2, { 0,0 } }, { AL, 2, { 1,41 } }}, R(INTERLEAVED), "" },
};
/* clang-format on */

static void
each_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ktls_post *post = post_of_version(cases[i].role, KTLS_TLS12);
		const char *done = "";
		int err = 0;

		for (size_t j = 0; j < 2 && (cases[i].rec[j].type != 0 || j == 0); j++) {
			assert_int_equal(err, 0);
			err = post_feed(post, cases[i].rec[j].type, cases[i].rec[j].data,
			    cases[i].rec[j].len);
			done = post_actions(post);
		}
		if (err != cases[i].err || strcmp(done, cases[i].actions) != 0)
			fail_msg("%s: %s; \"%s\"", cases[i].rule, ktls_strerror(err), done);
		ktls_post_free(post);
	}
}

static void
warnings_have_an_end(void **unused)
{
	struct ktls_post *post = post_of_version(KTLS_SERVER, KTLS_TLS12);

	(void)unused;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < WARNINGS_MAX; i++)
			OK(post_feed(post, AL, "\x01\x29", 2));
		if (round == 0)
			OK(ktls_post_application_data(post, 1));
	}
	GIVES(R(ALERT_FLOOD), post_feed(post, AL, "\x01\x29", 2));
	ktls_post_free(post);
}

/* no_renegotiation goes out as fatal: the connection is over. */
static void
refusing_a_renegotiation(void **unused)
{
	struct ktls_action a;

	(void)unused;
	ktls_post_alert(R(NO_RENEGOTIATION), &a);
	assert_int_equal(a.kind, KTLS_ACTION_SEND);
	assert_memory_equal(a.data, "\x02\x64", 2);
}

/* There are no other keys: nothing is kept to derive them from. */
static void
keys_never_change(void **unused)
{
	struct ktls_post *post = post_of_version(KTLS_CLIENT, KTLS_TLS12);
	struct ktls_keys keys;

	(void)unused;
	assert_null(post->slot);
	GIVES(-EOPNOTSUPP, ktls_post_key_update(post, false));
	GIVES(-EOPNOTSUPP, ktls_post_rekey(post, KTLS_TX, &keys));
	assert_string_equal(post_actions(post), "");
	OK(ktls_post_in_kernel(post, KTLS_TX));
	GIVES(-EALREADY, ktls_post_in_kernel(post, KTLS_TX));
	OK(ktls_post_close(post));
	assert_string_equal(post_actions(post), "c");
	assert_int_equal(ktls_post_key_use(post, KTLS_TX, 23726566), KTLS_KEY_SPENT);
	ktls_post_free(post);
}

static struct ktls_post *
that_exports(struct ktls_crypto *crypto, uint16_t version, bool exports)
{
	struct hs_secrets secrets = { .crypto = crypto, .version = version,
	    .cipher = KTLS_AES_128_GCM, .hash = HASH_SHA256, .exports = exports };
	struct ktls_post *post;

	memset(secrets.exporter, 0x31, sizeof(secrets.exporter));
	memset(secrets.client_random, 0x32, RANDOM_LEN);
	memset(secrets.server_random, 0x33, RANDOM_LEN);
	OK(post_alloc(&post));
	post_begin(post, &secrets);
	return post;
}

/* The same as from the secrets themselves; only where it was asked for; never in a child. */
static void
exporting(void **unused)
{
	struct ktls_crypto *crypto;
	uint8_t secret[HASH_LEN_MAX], randoms[2][RANDOM_LEN], want[50], got[50];

	(void)unused;
	OK(ktls_crypto_new(&crypto, NULL, NULL));
	memset(secret, 0x31, sizeof(secret));
	memset(randoms[0], 0x32, RANDOM_LEN);
	memset(randoms[1], 0x33, RANDOM_LEN);
	for (uint16_t version = KTLS_TLS12; version <= KTLS_TLS13; version++) {
		const struct exporter e = { crypto, version, HASH_SHA256, secret, randoms[0],
		    randoms[1] };
		struct ktls_post *post = that_exports(crypto, version, true);
		int status;
		pid_t pid;

		OK(exporter_make(&e, "EXPORTER-x", "ctx", 3, want, sizeof(want)));
		OK(ktls_post_export(post, "EXPORTER-x", "ctx", 3, got, sizeof(got)));
		assert_memory_equal(got, want, sizeof(want));
		OK(exporter_make(&e, "EXPORTER-x", NULL, 0, want, sizeof(want)));
		OK(ktls_post_export(post, "EXPORTER-x", NULL, 0, got, sizeof(got)));
		assert_memory_equal(got, want, sizeof(want));
		GIVES(-EINVAL, ktls_post_export(post, NULL, NULL, 0, got, sizeof(got)));

		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(ktls_post_export(post, "x", NULL, 0, got, 1) != -EOWNERDEAD);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		ktls_post_free(post);

		post = that_exports(crypto, version, false);
		assert_null(post->kept);
		GIVES(-EOPNOTSUPP, ktls_post_export(post, "EXPORTER-x", NULL, 0, got, 1));
		ktls_post_free(post);
	}
	ktls_crypto_unref(crypto);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(warnings_have_an_end),
		cmocka_unit_test(refusing_a_renegotiation),
		cmocka_unit_test(keys_never_change),
		cmocka_unit_test(exporting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
