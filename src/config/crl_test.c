/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "config/alloc_testlib.h"
#include "config/chain_testlib.h"
#include "config/crl_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)
#define HOUR	3600L
#define DAY	(24 * HOUR)
#define NOBODY	TEST_CERTS
#define OF(issuer, revoked)	{ issuer, issuer, revoked, -HOUR, DAY }

static struct test_pki *pki;

/* Which lists there are, who is trusted, who is judged; what comes out, and what is said. */
/* clang-format off */
static const struct {
	const char *what;
	struct test_crl lists[2];
	size_t count;
	enum test_cert trusted, cert;
	int err, alert;
	const char *says;
} cases[] = {
	{ "nobody is on the list", { OF(TEST_CA, NOBODY) }, 1, TEST_CA, TEST_EC, 0, -1, "" },
	{ "another one is on it", { OF(TEST_CA, TEST_RSA) }, 1, TEST_CA, TEST_EC, 0, -1, "" },
	{ "on the list", { OF(TEST_CA, TEST_EC) }, 1, TEST_CA, TEST_EC, R(CERT_REVOKED), 44,
	  "the certificate of \"localhost\" was revoked on 20" },
	{ "on the second list", { OF(TEST_STRANGER, NOBODY), OF(TEST_CA, TEST_EC) }, 2, TEST_CA, TEST_EC, R(CERT_REVOKED), 44, "" },
	{ "no list of the issuer's", { OF(TEST_STRANGER, TEST_EC) }, 1, TEST_CA, TEST_EC, R(CERT_NO_CRL), 46,
	  "the certificate of \"localhost\": there is no revocation list of its issuer" },
	{ "the list has expired", { { TEST_CA, TEST_CA, NOBODY, -DAY, -HOUR } }, 1, TEST_CA, TEST_EC, R(CERT_CRL_EXPIRED), 46,
	  "has an issuer whose revocation list expired on 20" },
	{ "the list isn't valid yet", { { TEST_CA, TEST_CA, NOBODY, HOUR, DAY } }, 1, TEST_CA, TEST_EC, R(CERT_CRL_EXPIRED), 46,
	  "has an issuer whose revocation list is not valid before 20" },
	{ "an old list and a current one", { { TEST_CA, TEST_CA, TEST_EC, -DAY, -HOUR }, OF(TEST_CA, NOBODY) }, 2, TEST_CA, TEST_EC, 0, -1, "" },
	{ "a forged list", { { TEST_CA, TEST_STRANGER, NOBODY, -HOUR, DAY } }, 1, TEST_CA, TEST_EC, R(CERT_CRL), 46, "signature" },
	{ "no list for the leaf", { OF(TEST_CA, NOBODY) }, 1, TEST_CA, TEST_CHAINED, R(CERT_NO_CRL), 46, "\"localhost\"" },
	{ "no list for the intermediate", { OF(TEST_INTERMEDIATE, NOBODY) }, 1, TEST_CA, TEST_CHAINED, R(CERT_NO_CRL), 46,
	  "\"/CN=Test Intermediate\"" },
	{ "a list for each", { OF(TEST_CA, NOBODY), OF(TEST_INTERMEDIATE, NOBODY) }, 2, TEST_CA, TEST_CHAINED, 0, -1, "" },
	{ "the intermediate was revoked", { OF(TEST_CA, TEST_INTERMEDIATE), OF(TEST_INTERMEDIATE, NOBODY) }, 2, TEST_CA, TEST_CHAINED,
	  R(CERT_REVOKED), 44, "the certificate of \"/CN=Test Intermediate\" was revoked on 20" },
	/* RFC 5280 6.3: of the path's certificates, and the anchor is none of them. */
	{ "an anchor needs no list", { OF(TEST_INTERMEDIATE, NOBODY) }, 1, TEST_INTERMEDIATE, TEST_CHAINED, 0, -1, "" },
	{ "under an anchor without a list", { OF(TEST_INTERMEDIATE, TEST_CHAINED) }, 1, TEST_INTERMEDIATE, TEST_CHAINED, R(CERT_REVOKED), 44, "" },
	{ "itself an anchor", { OF(TEST_STRANGER, NOBODY) }, 1, TEST_SELF_SIGNED, TEST_SELF_SIGNED, 0, -1, "" },
};
/* clang-format on */

static struct ktls_config *
config(size_t i)
{
	const char *lists = test_crl_file(pki, "lists.pem", cases[i].lists, cases[i].count);
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	assert_int_equal(ktls_config_trust_file(cfg, test_pki_cert_file(pki, cases[i].trusted)), 0);
	assert_int_equal(ktls_config_crl_file(cfg, lists), 0);
	return cfg;
}

static void
expect(struct ktls_config *cfg, size_t i)
{
	int err = chain_judge_one(cfg, pki, cases[i].cert, "localhost");

	if (err != cases[i].err || ktls_err_alert(err) != cases[i].alert ||
	    strstr(chain_why, cases[i].says) == NULL)
		fail_msg("%s: %s; \"%s\"", cases[i].what, ktls_strerror(err), chain_why);
}

static void
each_list_has_its_say(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ktls_config *cached = config(i), *bare = config(i);

		expect(cached, i);
		expect(cached, i);	/* the second time by the cache, where it was good */
		assert_int_equal(ktls_config_chains(bare, NULL), 0);
		expect(bare, i);
		ktls_config_unref(cached);
		ktls_config_unref(bare);
	}
}

static int64_t
shifted(void *seconds)
{
	return ((int64_t)time(NULL) + *(const long *)seconds) * 1000;
}

/* A good verdict is remembered, and the list that it rests on runs out; or another begins. */
static void
the_lists_dates_are_judged_every_time(void **unused)
{
	static const struct test_crl lists[] = {
		{ TEST_CA, TEST_CA, NOBODY, -HOUR, HOUR },
		{ TEST_CA, TEST_CA, TEST_EC, 600, HOUR },
	};
	long at = 0;

	(void)unused;
	for (size_t count = 1; count <= 2; count++) {
		struct ktls_config *cfg = test_pki_client(pki);

		assert_int_equal(ktls_config_crl_file(cfg,
		    test_crl_file(pki, "dates.pem", lists, count)), 0);
		assert_int_equal(ktls_config_clock(cfg, shifted, &at), 0);
		at = 0;
		assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
		at = 500;
		assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
		at = 700;
		assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"),
		    count == 1 ? 0 : R(CERT_REVOKED));
		at = HOUR + 1;
		assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"),
		    R(CERT_CRL_EXPIRED));
		at = -HOUR - 10;
		assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"),
		    R(CERT_CRL_EXPIRED));
		ktls_config_unref(cfg);
	}
}

static void
files_add_up(void **unused)
{
	static const struct test_crl first = OF(TEST_CA, NOBODY), second = OF(TEST_INTERMEDIATE,
	    NOBODY);
	struct ktls_config *cfg = test_pki_client(pki);

	(void)unused;
	assert_int_equal(ktls_config_crl_file(cfg, test_crl_file(pki, "1.pem", &first, 1)), 0);
	assert_int_equal(ktls_config_crl_file(cfg, test_crl_file(pki, "2.pem", &second, 1)), 0);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_CHAINED, "localhost"), 0);
	assert_int_equal(ktls_config_crl_file(cfg, "2.pem"), -EBUSY);
	ktls_config_unref(cfg);
}

static void
wrong_files_have_their_sentence_and_change_nothing(void **unused)
{
	static const struct test_crl list = OF(TEST_CA, NOBODY);
	const char *good = test_crl_file(pki, "good.pem", &list, 1);
	struct ktls_config *cfg = test_pki_client(pki);
	char pem[4096], half[4300];
	const char *path;
	FILE *f;
	size_t len;

	(void)unused;
	f = fopen(good, "r");
	assert_non_null(f);
	len = fread(pem, 1, sizeof(pem) - 1, f);
	fclose(f);
	pem[len] = '\0';
	snprintf(half, sizeof(half), "%s%.100s\n-----END X509 CRL-----\n", pem, pem);
	path = test_pki_file(pki, "half.pem", half, strlen(half));
	assert_int_equal(ktls_config_crl_file(cfg, path), -EINVAL);
	assert_non_null(strstr(ktls_config_error(cfg),
	    "half.pem: revocation list 2 can't be decoded"));
	assert_int_equal(ktls_config_crl_file(cfg, test_pki_cert_file(pki, TEST_CA)), -EINVAL);
	assert_non_null(strstr(ktls_config_error(cfg),
	    "ca.pem: holds no certificate revocation list in PEM"));
	assert_int_equal(ktls_config_crl_file(cfg, "/nonexistent.pem"), -ENOENT);
	assert_int_equal(ktls_config_crl_file(cfg, NULL), -EINVAL);
	assert_null(cfg->trust.crls);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
	ktls_config_unref(cfg);
}

static void
running_out_of_memory(void **unused)
{
	static const struct test_crl lists[] = { OF(TEST_CA, NOBODY), OF(TEST_INTERMEDIATE,
	    NOBODY) };
	const char *file = test_crl_file(pki, "memory.pem", lists, 2);
	struct ktls_config *cfg = test_pki_client(pki);
	size_t n = 0;
	int err;

	(void)unused;
	do {
		test_alloc_fail(n++);
		err = ktls_config_crl_file(cfg, file);
	} while (test_alloc_failed() && err < 0 && sk_X509_CRL_num(cfg->trust.crls) <= 0);
	assert_int_equal(err, 0);
	assert_true(n > 5);
	assert_int_equal(sk_X509_CRL_num(cfg->trust.crls), 2);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_CHAINED, "localhost"), 0);
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
		cmocka_unit_test(each_list_has_its_say),
		cmocka_unit_test(the_lists_dates_are_judged_every_time),
		cmocka_unit_test(files_add_up),
		cmocka_unit_test(wrong_files_have_their_sentence_and_change_nothing),
		cmocka_unit_test(running_out_of_memory),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
