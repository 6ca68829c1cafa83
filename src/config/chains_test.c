/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "config/chain_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)
#define HOUR	3600L
#define DAY	(24 * HOUR)

static struct test_pki *pki;
static long at;			/* seconds from now, for all clocks here */

static int64_t
shifted(void *arg)
{
	(void)arg;
	return ((int64_t)time(NULL) + at) * 1000;
}

/* Trusts TEST_CA, has the clock above and, unless NULL, these chains. */
static struct ktls_config *
config(struct ktls_chains *chains)
{
	struct ktls_config *cfg = test_pki_client(pki);

	at = 0;
	assert_int_equal(ktls_config_clock(cfg, shifted, NULL), 0);
	if (chains != NULL)
		assert_int_equal(ktls_config_chains(cfg, chains), 0);
	return cfg;
}

static struct ktls_chains *
cache(size_t max)
{
	struct ktls_chains *chains;

	assert_int_equal(ktls_chains_new(&chains, max), 0);
	return chains;
}

/*
 * The judged key, which tells what was remembered from what was decoded anew.
 * Freed with cfg's test.
 */
static EVP_PKEY *
key_of(struct ktls_config *cfg, const struct chain *c)
{
	struct peer peer;

	assert_int_equal(chain_judge_as(cfg, c, KTLS_SERVER, "localhost", &peer), 0);
	return peer.key;
}

/* Whether cfg, asked now, remembers what gave `before`. */
static bool
remembers(struct ktls_config *cfg, const struct chain *c, const EVP_PKEY *before)
{
	EVP_PKEY *now = key_of(cfg, c);
	bool same = now == before;

	EVP_PKEY_free(now);
	return same;
}

static void
limits_of_its_size(void **unused)
{
	struct ktls_chains *chains = NULL;

	(void)unused;
	assert_int_equal(ktls_chains_new(&chains, 0), -EINVAL);
	assert_int_equal(ktls_chains_new(&chains, 100001), -EINVAL);
	assert_null(chains);
	chains = cache(1);
	assert_ptr_equal(ktls_chains_ref(chains), chains);
	ktls_chains_unref(chains);
	ktls_chains_unref(chains);
	ktls_chains_unref(NULL);
}

static void
a_client_has_its_own(void **unused)
{
	struct ktls_config *own = config(NULL), *none = config(NULL);
	struct chain c = chain_of(pki, TEST_CHAINED);
	EVP_PKEY *key;

	(void)unused;
	key = key_of(own, &c);
	assert_true(remembers(own, &c, key));
	EVP_PKEY_free(key);
	assert_int_equal(ktls_config_chains(none, NULL), 0);
	key = key_of(none, &c);
	assert_false(remembers(none, &c, key));
	EVP_PKEY_free(key);
	chain_free(&c);
	ktls_config_unref(own);
	ktls_config_unref(none);
}

/* A good verdict for one name is none for another, remembered or not. */
static void
the_name_is_judged_every_time(void **unused)
{
	struct ktls_config *cfg = config(NULL);
	struct chain c = chain_of(pki, TEST_EC), ip = chain_of(pki, TEST_IP);

	(void)unused;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(chain_judge(cfg, &c, "localhost"), 0);
		assert_int_equal(chain_judge(cfg, &c, "www.example.org"), 0);
		assert_int_equal(chain_judge(cfg, &c, "127.0.0.1"), 0);
		assert_int_equal(chain_judge(cfg, &c, "127.0.0.2"), R(CERT_NAME));
		assert_int_equal(chain_judge(cfg, &c, "example.org"), R(CERT_NAME));
		assert_string_equal(chain_why,
		    "the certificate of \"localhost\" is not for \"example.org\"");
		assert_int_equal(chain_judge(cfg, &c, ""), -EINVAL);
		assert_int_equal(chain_judge(cfg, &c, ".example.org"), -EINVAL);
		assert_int_equal(chain_judge(cfg, &c, NULL), -EINVAL);
		assert_int_equal(chain_judge(cfg, &ip, "::1"), 0);
		assert_int_equal(chain_judge(cfg, &ip, "localhost"), R(CERT_NAME));
	}
	chain_free(&c);
	chain_free(&ip);
	ktls_config_unref(cfg);
}

static void
the_dates_are_judged_every_time(void **unused)
{
	/* The intermediate ends in 20 days, the leaf in 30: both count. */
	static const struct {
		enum test_cert cert;
		long at;
		int err;
		const char *says;
	} dates[] = {
		{ TEST_CHAINED, 0, 0, "" },
		{ TEST_CHAINED, 20 * DAY - HOUR, 0, "" },
		{ TEST_CHAINED, 20 * DAY + 1, R(CERT_EXPIRED),
		    "\"/CN=Test Intermediate\" expired" },
		{ TEST_CHAINED, -DAY - HOUR, R(CERT_NOT_YET_VALID), "is not valid before" },
		{ TEST_EC, 20 * DAY + 1, 0, "" },
		{ TEST_EC, 30 * DAY + 1, R(CERT_EXPIRED), "expired on" },
	};
	struct ktls_config *cfg = config(NULL);

	(void)unused;
	for (size_t i = 0; i < sizeof(dates) / sizeof(*dates); i++) {
		int err;

		at = 0;
		assert_int_equal(chain_judge_one(cfg, pki, dates[i].cert, "localhost"), 0);
		at = dates[i].at;
		err = chain_judge_one(cfg, pki, dates[i].cert, "localhost");
		if (err != dates[i].err || strstr(chain_why, dates[i].says) == NULL)
			fail_msg("case %zu: %s; \"%s\"", i, ktls_strerror(err), chain_why);
	}
	ktls_config_unref(cfg);
}

static void
the_whole_chain_is_the_key(void **unused)
{
	struct ktls_config *cfg = config(NULL);
	struct chain c = chain_of(pki, TEST_CHAINED), other = chain_of(pki, TEST_STRANGER);
	struct chain more = { { c.cert[0], c.cert[1], other.cert[0] }, 3 };
	struct chain less = { { c.cert[0] }, 1 };
	EVP_PKEY *key = key_of(cfg, &c);

	(void)unused;
	assert_false(remembers(cfg, &more, key));
	assert_int_equal(chain_judge(cfg, &less, "localhost"), R(CERT_UNTRUSTED));
	assert_true(remembers(cfg, &c, key));
	((uint8_t *)(uintptr_t)c.cert[1].p)[c.cert[1].len - 1] ^= 1;
	assert_int_equal(chain_judge(cfg, &c, "localhost"), R(CERT_SIGNATURE));
	EVP_PKEY_free(key);
	chain_free(&c);
	chain_free(&other);
	ktls_config_unref(cfg);
}

/* Whether two configs that share a cache believe each other: what one line changes. */
static void
same(struct ktls_config *cfg)
{
	(void)cfg;
}

static void
more_trust(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_trust_file(cfg, test_pki_cert_file(pki, TEST_STRANGER)), 0);
}

static void
less_depth(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_verify_depth(cfg, 5), 0);
}

static void
no_verification(struct ktls_config *cfg)
{
	assert_int_equal(ktls_config_verify(cfg, false), 0);
}

static void
other_alpn(struct ktls_config *cfg)
{
	static const char *const h2[] = { "h2" };

	assert_int_equal(ktls_config_alpn(cfg, h2, 1), 0);
}

static const struct {
	const char *what;
	void (*change)(struct ktls_config *);
	bool believed;
} policies[] = {
	{ "the same settings", same, true },
	{ "other ALPN protocols", other_alpn, true },
	{ "more trust", more_trust, false },
	{ "another depth", less_depth, false },
	{ "no verification", no_verification, false },
};

static void
the_policy_is_in_the_key(void **unused)
{
	struct chain c = chain_of(pki, TEST_CHAINED);

	(void)unused;
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		struct ktls_chains *chains = cache(8);
		struct ktls_config *one = config(chains), *two = config(chains);
		EVP_PKEY *key = key_of(one, &c);

		policies[i].change(two);
		if (remembers(two, &c, key) != policies[i].believed)
			fail_msg("%s", policies[i].what);
		EVP_PKEY_free(key);
		ktls_config_unref(one);
		ktls_config_unref(two);
		ktls_chains_unref(chains);
	}
	chain_free(&c);
}

/* What a config that takes anything has taken is nothing to one that verifies. */
static void
insecure_never_leaks(void **unused)
{
	struct ktls_chains *chains = cache(8);
	struct ktls_config *insecure = config(chains), *secure = config(chains);

	(void)unused;
	assert_int_equal(ktls_config_verify(insecure, false), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(chain_judge_one(insecure, pki, TEST_SELF_SIGNED, NULL), 0);
		assert_int_equal(chain_judge_one(secure, pki, TEST_SELF_SIGNED, "localhost"),
		    R(CERT_UNTRUSTED));
	}
	ktls_config_unref(insecure);
	ktls_config_unref(secure);
	ktls_chains_unref(chains);
}

/* Chains of clients are another matter: the purpose was judged. */
static void
the_role_is_in_the_key(void **unused)
{
	struct ktls_config *cfg = config(NULL);
	struct chain c = chain_of(pki, TEST_SERVER_ONLY);
	struct peer peer;

	(void)unused;
	assert_int_equal(ktls_config_client_auth(cfg, KTLS_CLIENT_AUTH_REQUIRE), 0);
	assert_int_equal(chain_judge(cfg, &c, "localhost"), 0);
	assert_int_equal(chain_judge_as(cfg, &c, KTLS_CLIENT, NULL, &peer), R(CERT_PURPOSE));
	chain_free(&c);
	ktls_config_unref(cfg);
}

static void
nothing_is_believed_for_longer_than_an_hour(void **unused)
{
	struct ktls_config *cfg = config(NULL);
	struct chain c = chain_of(pki, TEST_EC);
	EVP_PKEY *key = key_of(cfg, &c), *later;

	(void)unused;
	at = HOUR - 10;
	assert_true(remembers(cfg, &c, key));
	at = HOUR;
	later = key_of(cfg, &c);
	assert_ptr_not_equal(key, later);
	assert_true(remembers(cfg, &c, later));
	at = 2 * HOUR - 10;
	assert_true(remembers(cfg, &c, later));
	at = 0;				/* the clock was set back: nobody knows how old it is */
	assert_false(remembers(cfg, &c, later));
	EVP_PKEY_free(key);
	EVP_PKEY_free(later);
	chain_free(&c);
	ktls_config_unref(cfg);
}

static struct ktls_config *
trusting_dir(const char *dir, struct ktls_chains *chains)
{
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	assert_int_equal(ktls_config_trust_dir(cfg, dir), 0);
	assert_int_equal(ktls_config_clock(cfg, shifted, NULL), 0);
	assert_int_equal(ktls_config_chains(cfg, chains), 0);
	return cfg;
}

/* Why there is an end to it: who was taken out of a directory of trust. */
static void
a_directory_changes(void **unused)
{
	struct ktls_chains *chains = cache(8);
	char dir[200], path[300];
	struct ktls_config *cfg;

	(void)unused;
	snprintf(dir, sizeof(dir), "%s/trusted", test_pki_dir(pki));
	snprintf(path, sizeof(path), "%s/%08lx.0", dir,
	    X509_subject_name_hash(test_pki_x509(pki, TEST_CA)));
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(symlink(test_pki_cert_file(pki, TEST_CA), path), 0);
	at = 0;
	cfg = trusting_dir(dir, chains);
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), 0);
	ktls_config_unref(cfg);

	assert_int_equal(unlink(path), 0);
	cfg = trusting_dir(dir, chains);
	at = HOUR;
	assert_int_equal(chain_judge_one(cfg, pki, TEST_EC, "localhost"), R(CERT_UNTRUSTED));
	ktls_config_unref(cfg);
	ktls_chains_unref(chains);
}

static void
the_one_used_longest_ago_makes_room(void **unused)
{
	static const enum test_cert certs[] = { TEST_EC, TEST_RSA, TEST_CHAINED, TEST_WILDCARD };
	struct ktls_chains *chains = cache(3);
	struct ktls_config *cfg = config(chains);
	struct chain c[4];
	EVP_PKEY *key[4];

	(void)unused;
	assert_int_equal(ktls_config_verify(cfg, false), 0);	/* whatever the name */
	for (size_t i = 0; i < 3; i++) {
		c[i] = chain_of(pki, certs[i]);
		key[i] = key_of(cfg, &c[i]);
	}
	assert_true(remembers(cfg, &c[0], key[0]));
	c[3] = chain_of(pki, certs[3]);
	key[3] = key_of(cfg, &c[3]);				/* 1 goes */
	assert_true(remembers(cfg, &c[0], key[0]));
	assert_true(remembers(cfg, &c[2], key[2]));
	assert_true(remembers(cfg, &c[3], key[3]));
	assert_false(remembers(cfg, &c[1], key[1]));		/* 0 goes */
	assert_false(remembers(cfg, &c[0], key[0]));
	for (size_t i = 0; i < 4; i++) {
		EVP_PKEY_free(key[i]);
		chain_free(&c[i]);
	}
	ktls_config_unref(cfg);
	ktls_chains_unref(chains);
}

struct user {
	struct ktls_config *cfg;
	unsigned seed;
	int wrong;
};

static void *
use(void *arg)
{
	static const enum test_cert certs[] = { TEST_EC, TEST_RSA, TEST_CHAINED, TEST_DEEP };
	struct user *user = arg;
	char why[100];

	for (int i = 0; i < 200; i++) {
		struct chain c = chain_of(pki, certs[(user->seed + (unsigned)i * 7) % 4]);
		struct peer peer = {0};

		user->wrong += config_use(user->cfg, true) != 0 ||
		    config_verify_chain(user->cfg, c.cert, c.count, KTLS_SERVER, "localhost",
		    &peer, why, sizeof(why)) != 0;
		EVP_PKEY_free(peer.key);
		chain_free(&c);
	}
	return NULL;
}

/* Two places for four chains, three threads, two configs. */
static void
threads_share_it(void **unused)
{
	struct ktls_chains *chains = cache(2);
	struct ktls_config *one = config(chains), *two = config(chains);
	struct user user[3] = { { one, 0, 0 }, { one, 1, 0 }, { two, 2, 0 } };
	pthread_t thread[3];

	(void)unused;
	ktls_chains_unref(chains);
	for (int i = 0; i < 2; i++)		/* made before there are threads */
		(void)test_pki_cert(pki, (enum test_cert[]){ TEST_RSA, TEST_DEEP }[i]);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, use, &user[i]), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(user[i].wrong, 0);
	}
	ktls_config_unref(one);
	ktls_config_unref(two);
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
		cmocka_unit_test(limits_of_its_size),
		cmocka_unit_test(a_client_has_its_own),
		cmocka_unit_test(the_name_is_judged_every_time),
		cmocka_unit_test(the_dates_are_judged_every_time),
		cmocka_unit_test(the_whole_chain_is_the_key),
		cmocka_unit_test(the_policy_is_in_the_key),
		cmocka_unit_test(insecure_never_leaks),
		cmocka_unit_test(the_role_is_in_the_key),
		cmocka_unit_test(nothing_is_believed_for_longer_than_an_hour),
		cmocka_unit_test(a_directory_changes),
		cmocka_unit_test(the_one_used_longest_ago_makes_room),
		cmocka_unit_test(threads_share_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
