/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "config/chain_testlib.h"
#include "config/crl_testlib.h"
#include "config/setter.h"

static struct test_pki *pki;

/* What may differ between two configs, one a line. */

static void
nothing(struct ktls_config *cfg)
{
	(void)cfg;
}

static void
trust(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_trust_file(cfg, test_pki_cert_file(pki, TEST_STRANGER)), 0);
}

static void
trust_dir(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_trust_dir(cfg, "/tmp"), 0);
}

static void
trust_other_dir(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_trust_dir(cfg, "/"), 0);
}

static void
trust_the_system(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_trust_system(cfg), 0);
}

static void
lists(struct ktls_config *cfg)
{
	static const struct test_crl list = { TEST_CA, TEST_CA, TEST_CERTS, -60, 86400 };
	static const char *file;	/* a signature is never the same twice */

	if (file == NULL)
		file = test_crl_file(pki, "list.pem", &list, 1);
	assert_int_equal(ktls_config_crl_file(cfg, file), 0);
}

static void
other_lists(struct ktls_config *cfg)
{
	static const struct test_crl list = { TEST_CA, TEST_CA, TEST_EC, -60, 86400 };
	static const char *file;

	if (file == NULL)
		file = test_crl_file(pki, "other-list.pem", &list, 1);
	assert_int_equal(ktls_config_crl_file(cfg, file), 0);
}

static void
depth(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_verify_depth(cfg, 1), 0);
}

static void
unverified(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_verify(cfg, false), 0);
}

static void
judged_elsewhere(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_ask(cfg, KTLS_ASK_VERIFY, NULL, NULL), 0);
}

static void
requests(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_client_auth(cfg, KTLS_CLIENT_AUTH_REQUEST), 0);
}

static void requires(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_client_auth(cfg, KTLS_CLIENT_AUTH_REQUIRE), 0);
}

static void
identity(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_identity(cfg, test_pki_cert_file(pki, TEST_EC),
	    test_pki_key_file(pki, TEST_EC)), 0);
}

static void
other_identity(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_identity(cfg, test_pki_cert_file(pki, TEST_RSA),
	    test_pki_key_file(pki, TEST_RSA)), 0);
}

static void
both_identities(struct ktls_config *cfg)
{
	identity(cfg);
	other_identity(cfg);
}

static const struct {
	const char *what;
	void (*change)(struct ktls_config *);
} changes[] = {
	{ "nothing", nothing },
	{ "another trusted certificate", trust },
	{ "a trusted directory", trust_dir },
	{ "another trusted directory", trust_other_dir },
	{ "trust in the system", trust_the_system },
	{ "revocation lists", lists },
	{ "other revocation lists", other_lists },
	{ "the depth", depth },
	{ "no verification", unverified },
	{ "somebody else verifies", judged_elsewhere },
	{ "certificates are requested", requests },
	{ "certificates are required", requires },
	{ "an identity", identity },
	{ "another identity", other_identity },
	{ "two identities", both_identities },
};
#define CHANGES	(sizeof(changes) / sizeof(*changes))

static void
context(size_t i, bool client, uint8_t out[SESSION_CONTEXT_LEN])
{
	enum ktls_role role = client ? KTLS_CLIENT : KTLS_SERVER;
	struct ktls_config *cfg = test_pki_client(pki);

	changes[i].change(cfg);
	assert_int_equal(config_use(cfg, client), 0);
	memcpy(out, cfg->context[role], SESSION_CONTEXT_LEN);
	ktls_config_unref(cfg);
}

/*
 * Each setting that a session is bound to makes another context, in each role;
 * and the same, the same.
 */
static void
each_setting_has_its_context(void **unused)
{
	uint8_t seen[2 * CHANGES][SESSION_CONTEXT_LEN], again[SESSION_CONTEXT_LEN];

	(void)unused;
	for (size_t i = 0; i < 2 * CHANGES; i++) {
		context(i / 2, i % 2, seen[i]);
		context(i / 2, i % 2, again);
		if (memcmp(seen[i], again, sizeof(again)) != 0)
			fail_msg("%s: never the same", changes[i / 2].what);
		for (size_t j = 0; j < i; j++)
			if (memcmp(seen[i], seen[j], sizeof(again)) == 0)
				fail_msg("%s is the same as %s", changes[i / 2].what,
				    changes[j / 2].what);
	}
}

static void
what_a_session_is_not_bound_to(void **unused)
{
	static const char *const h2[] = { "h2" };
	struct ktls_config *one = test_pki_client(pki), *two = test_pki_client(pki);

	(void)unused;
	assert_int_equal(ktls_config_alpn(two, h2, 1), 0);
	assert_int_equal(ktls_config_padding(two, 512), 0);
	assert_int_equal(ktls_config_ask(two, KTLS_ASK_SIGNATURE, NULL, NULL), 0);
	assert_int_equal(config_use(one, true), 0);
	assert_int_equal(config_use(two, true), 0);
	assert_memory_equal(one->context[KTLS_CLIENT], two->context[KTLS_CLIENT],
	    SESSION_CONTEXT_LEN);
	ktls_config_unref(one);
	ktls_config_unref(two);
}

static void
a_server_that_asks_must_trust_somebody(void **unused)
{
	static void (*const remedies[])(struct ktls_config *) = {
		trust, trust_dir, trust_the_system, unverified, judged_elsewhere,
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(remedies) / sizeof(*remedies); i++) {
		struct ktls_config *cfg = test_pki_server(pki, TEST_EC);

		requests(cfg);
		assert_int_equal(config_use(cfg, false), -EINVAL);
		assert_string_equal(ktls_config_error(cfg), "a server that asks for certificates "
		    "must be told whom to trust: call ktls_config_trust_file()");
		assert_int_equal(ktls_config_verify_depth(cfg, 11), -EINVAL);
		assert_non_null(strstr(ktls_config_error(cfg), "verify depth 11"));
		remedies[i](cfg);		/* it isn't in use yet */
		assert_int_equal(config_use(cfg, false), 0);
		assert_int_equal(ktls_config_verify_depth(cfg, 1), -EBUSY);
		assert_int_equal(config_use(cfg, false), 0);
		ktls_config_unref(cfg);
	}
}

static void
only_who_verifies_has_a_store(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);

	(void)unused;
	assert_int_equal(config_use(cfg, false), 0);
	assert_null(atomic_load(&cfg->trust.store));
	assert_null(atomic_load(&cfg->chains));
	assert_int_equal(cfg->authorities.len, 0);
	assert_int_equal(config_use(cfg, true), 0);
	assert_non_null(atomic_load(&cfg->trust.store));
	assert_non_null(atomic_load(&cfg->chains));
	assert_int_equal(cfg->authorities.len, 0);
	assert_memory_not_equal(cfg->context[0], cfg->context[1], SESSION_CONTEXT_LEN);
	ktls_config_unref(cfg);
}

/* The names behind each other, as a client would read them; and no more. */
static void
expect_authorities(struct ktls_config *cfg, const char *const *names)
{
	struct reader r;

	requires(cfg);
	assert_int_equal(config_use(cfg, false), 0);
	r = rd_init(cfg->authorities);
	for (; *names != NULL; names++) {
		struct slice der = rd_vec(&r, 2);
		const uint8_t *p = der.p;
		X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.len);
		char line[100];

		assert_non_null(name);
		assert_ptr_equal(p, der.p + der.len);
		assert_string_equal(X509_NAME_oneline(name, line, sizeof(line)), *names);
		X509_NAME_free(name);
	}
	assert_true(rd_done(&r));
}

static void
the_authorities_are_named(void **unused)
{
	static const char *const both[] = { "/CN=Test Root", "/CN=Test Stranger", NULL };
	static const char *const issuer[] = { "/CN=Test Intermediate", NULL }, *const none[] =
	    { NULL };
	struct ktls_config *cfg = test_pki_client(pki);

	(void)unused;
	trust(cfg);
	trust(cfg);			/* twice the same is named once */
	expect_authorities(cfg, both);
	ktls_config_unref(cfg);

	/* Of a peer's own certificate the issuer, which is in that file too, and once is enough. */
	assert_int_equal(ktls_config_new(&cfg), 0);
	assert_int_equal(ktls_config_trust_file(cfg, test_pki_cert_file(pki, TEST_CHAINED)), 0);
	expect_authorities(cfg, issuer);
	ktls_config_unref(cfg);

	assert_int_equal(ktls_config_new(&cfg), 0);
	trust_the_system(cfg);
	expect_authorities(cfg, none);
	ktls_config_unref(cfg);
}

/* As an authority, with a name of about 900 bytes and a number. */
static X509 *
long_named(int n)
{
	X509 *cert = X509_dup(test_pki_x509(pki, TEST_CA));
	X509_NAME *name = X509_NAME_new();
	char text[65];

	for (int i = 0; i < 12; i++) {
		snprintf(text, sizeof(text), "%064d", n * 100 + i);
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC,
		    (const uint8_t *)text, -1, -1, 0), 1);
	}
	assert_int_equal(X509_set_subject_name(cert, name), 1);
	X509_NAME_free(name);
	return cert;
}

static void
as_many_authorities_as_fit(void **unused)
{
	struct ktls_config *cfg = test_pki_client(pki);
	struct reader r;
	size_t count = 0;

	(void)unused;
	for (int i = 0; i < 30; i++)
		assert_true(sk_X509_push(cfg->trust.certs, long_named(i)) > 0);
	trust(cfg);			/* small: there is still room for it */
	requires(cfg);
	assert_int_equal(config_use(cfg, false), 0);
	assert_true(cfg->authorities.len > 15000 && cfg->authorities.len <= 16384);
	for (r = rd_init(cfg->authorities); rd_more(&r); count++)
		assert_true(rd_vec(&r, 2).len > 0);
	assert_true(rd_done(&r));
	assert_true(count > 10 && count < 30);
	ktls_config_unref(cfg);
}

static int
set_up(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	return 0;
}

static int
tear_down(void **unused)
{
	(void)unused;
	test_pki_free(pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_setting_has_its_context),
		cmocka_unit_test(what_a_session_is_not_bound_to),
		cmocka_unit_test(a_server_that_asks_must_trust_somebody),
		cmocka_unit_test(only_who_verifies_has_a_store),
		cmocka_unit_test(the_authorities_are_named),
		cmocka_unit_test(as_many_authorities_as_fit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
