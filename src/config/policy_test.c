/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "config/config.h"

static struct ktls_config *
config(void)
{
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	return cfg;
}

static int
client_auth(struct ktls_config *cfg, unsigned auth)
{
	return ktls_config_client_auth(cfg, (enum ktls_client_auth)auth);
}

static int
ask(struct ktls_config *cfg, unsigned kind)
{
	return ktls_config_ask(cfg, (int)kind, NULL, NULL);
}

/* Each setter's largest value, and the sentence of the next. */
static const struct {
	const char *name;
	int (*set)(struct ktls_config *, unsigned);
	unsigned most;
	const char *says;
} limits[] = {
	{ "verify_depth", ktls_config_verify_depth, 10,
	  "verify depth 11: 0 to 10 are possible" },
	{ "client_auth", client_auth, KTLS_CLIENT_AUTH_REQUIRE,
	  "there is no setting 3 in enum ktls_client_auth" },
	{ "ticket_count", ktls_config_ticket_count, 8, "9 tickets: 0 to 8 are possible" },
	{ "ask", ask, KTLS_ASK_COUNT - 1, "there is no question 8" },
	{ "padding", ktls_config_padding, 16384,
	  "padding to a multiple of 16385: at most 16384 bytes are possible" },
};

static void
each_limit(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct ktls_config *cfg = config();

		if (limits[i].set(cfg, 0) != 0 || limits[i].set(cfg, limits[i].most) != 0)
			fail_msg("%s: 0 or %u is refused", limits[i].name, limits[i].most);
		if (limits[i].set(cfg, limits[i].most + 1) != -EINVAL ||
		    limits[i].set(cfg, UINT32_MAX) != -EINVAL)
			fail_msg("%s: more is taken", limits[i].name);
		assert_int_equal(limits[i].set(cfg, limits[i].most + 1), -EINVAL);
		assert_string_equal(ktls_config_error(cfg), limits[i].says);
		ktls_config_unref(cfg);
	}
}

/* 0 and 1 are the same: none. */
static void
padding_to_one_is_none(void **unused)
{
	struct ktls_config *cfg = config();

	(void)unused;
	assert_int_equal(ktls_config_padding(cfg, 2), 0);
	assert_int_equal(cfg->padding, 2);
	assert_int_equal(ktls_config_padding(cfg, 1), 0);
	assert_int_equal(cfg->padding, 0);
	ktls_config_unref(cfg);
}

static int64_t
told(void *at)
{
	return *(const int64_t *)at;
}

static void
the_clock_counts_milliseconds(void **unused)
{
	struct ktls_config *cfg = config();
	int64_t at = 1234567890123, before, now, after;

	(void)unused;
	assert_int_equal(ktls_config_clock(cfg, told, &at), 0);
	assert_int_equal(config_now(cfg), at);
	assert_int_equal(ktls_config_clock(cfg, NULL, NULL), 0);
	before = (int64_t)time(NULL);
	now = config_now(cfg);
	after = (int64_t)time(NULL);
	/* time() may lag behind by a tick. */
	assert_true(now >= before * 1000 && now <= (after + 2) * 1000);
	ktls_config_unref(cfg);
}

/* The config's reference is its own: it outlives the caller's, and the same may be given again. */
static void
what_is_shared_is_kept(void **unused)
{
	struct ktls_config *cfg = config();
	struct ktls_tickets *tickets;
	struct ktls_sessions *sessions;
	struct ktls_chains *chains;

	(void)unused;
	assert_int_equal(ktls_tickets_new(&tickets, NULL, NULL, 0, 0), 0);
	assert_int_equal(ktls_sessions_new(&sessions, 4), 0);
	assert_int_equal(ktls_chains_new(&chains, 4), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ktls_config_tickets(cfg, tickets), 0);
		assert_int_equal(ktls_config_stateless_retry(cfg, tickets), 0);
		assert_int_equal(ktls_config_sessions(cfg, sessions), 0);
		assert_int_equal(ktls_config_chains(cfg, chains), 0);
		if (i == 0) {
			ktls_tickets_unref(tickets);
			ktls_sessions_unref(sessions);
			ktls_chains_unref(chains);
		}
	}
	assert_ptr_equal(cfg->tickets, tickets);
	assert_ptr_equal(cfg->retry_tickets, tickets);
	assert_ptr_equal(cfg->sessions, sessions);
	assert_ptr_equal(atomic_load(&cfg->chains), chains);
	assert_int_equal(ktls_tickets_lifetime(tickets), KTLS_TICKETS_LIFETIME);
	assert_int_equal(ktls_sessions_count(sessions), 0);
	assert_int_equal(config_use(cfg, true), 0);
	assert_ptr_equal(atomic_load(&cfg->chains), chains);
	ktls_config_unref(cfg);

	cfg = config();
	assert_int_equal(ktls_chains_new(&chains, 4), 0);
	assert_int_equal(ktls_config_chains(cfg, chains), 0);
	ktls_chains_unref(chains);
	assert_int_equal(ktls_config_chains(cfg, NULL), 0);
	assert_int_equal(config_use(cfg, true), 0);
	assert_null(atomic_load(&cfg->chains));
	ktls_config_unref(cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_limit),
		cmocka_unit_test(padding_to_one_is_none),
		cmocka_unit_test(the_clock_counts_milliseconds),
		cmocka_unit_test(what_is_shared_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
