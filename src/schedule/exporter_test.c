/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <ktls/keys.h>
#include "base/check_testlib.h"
#include "schedule/exporter.h"
#include "schedule/schedule12.h"
#include "schedule/schedule13.h"

static struct ktls_crypto *crypto;

static const uint8_t secret[HASH_LEN_MAX] = { 7 };
static const uint8_t client_random[RANDOM_LEN] = { 1 }, server_random[RANDOM_LEN] = { 2 };

static struct exporter
of_version(uint16_t version)
{
	return (struct exporter){ crypto, version, HASH_SHA256, secret, client_random,
	    server_random };
}

/* RFC 5705 4: in TLS 1.2 none and an empty context differ; RFC 8446 7.5: they don't. */
static void
by_version(void **unused)
{
	const struct exporter e12 = of_version(KTLS_TLS12), e13 = of_version(KTLS_TLS13);
	const struct slice empty = { secret, 0 };
	uint8_t want[40], none[40], got[40];

	(void)unused;
	OK(exporter13(crypto, HASH_SHA256, secret, "l", empty, want, sizeof(want)));
	OK(exporter_make(&e13, "l", "", 0, got, sizeof(got)));
	assert_memory_equal(got, want, sizeof(want));
	OK(exporter_make(&e13, "l", NULL, 0, got, sizeof(got)));
	assert_memory_equal(got, want, sizeof(want));

	OK(exporter12(crypto, HASH_SHA256, secret, client_random, server_random, "l", &empty,
	    want, sizeof(want)));
	OK(exporter_make(&e12, "l", "", 0, got, sizeof(got)));
	assert_memory_equal(got, want, sizeof(want));
	OK(exporter12(crypto, HASH_SHA256, secret, client_random, server_random, "l", NULL,
	    want, sizeof(want)));
	OK(exporter_make(&e12, "l", NULL, 0, none, sizeof(none)));
	assert_memory_equal(none, want, sizeof(want));
	assert_memory_not_equal(none, got, sizeof(got));
}

static void
too_much(void **unused)
{
	static uint8_t out[EXPORTER_OUT_MAX + 1];

	(void)unused;
	for (uint16_t version = KTLS_TLS12; version <= KTLS_TLS13; version++) {
		const struct exporter e = of_version(version);

		OK(exporter_make(&e, "l", NULL, 0, out, EXPORTER_OUT_MAX));
		GIVES(-EINVAL, exporter_make(&e, "l", NULL, 0, out, sizeof(out)));
		GIVES(-EINVAL, exporter_make(&e, "l", NULL, 1, out, 1));
		GIVES(-EINVAL, exporter_make(&e, NULL, NULL, 0, out, 1));
	}
}

static int
setup(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL);
}

static int
teardown(void **unused)
{
	(void)unused;
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_version),
		cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
