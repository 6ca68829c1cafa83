/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/check_testlib.h"
#include "config/alloc_testlib.h"
#include "crypto/hkdf.h"
#include "session/ratchet.h"

static struct ktls_crypto *crypto;
static const uint8_t first[RATCHET_SECRET] = { 1, 2, 3 };

static void
expand(const char *label, uint8_t secret[RATCHET_SECRET])
{
	uint8_t out[RATCHET_SECRET];

	OK(hkdf_expand_label(crypto, HASH_SHA256, secret, label, (struct slice){ NULL, 0 }, out,
	    sizeof(out)));
	memcpy(secret, out, sizeof(out));
}

/* What the header says, without a memory; `passed` looks at every secret on the way. */
static void
reference(uint32_t epoch, uint8_t secret[RATCHET_SECRET],
    void (*passed)(const uint8_t secret[RATCHET_SECRET], const struct ratchet *held),
    const struct ratchet *held)
{
	memcpy(secret, first, RATCHET_SECRET);
	for (int level = RATCHET_LEVELS; level-- > 0; expand("ktls below", secret)) {
		for (unsigned i = epoch >> 8 * level & 255; i != 0; i--) {
			if (passed != NULL)
				passed(secret, held);
			expand("ktls next", secret);
		}
		if (passed != NULL)
			passed(secret, held);
	}
	if (passed != NULL)
		passed(secret, held);
}

static void
turn(struct ratchet *ratchet, uint64_t epoch, uint8_t secret[RATCHET_SECRET])
{
	OK(ratchet_turn(ratchet, crypto, epoch, secret));
	assert_true(ratchet->epoch == epoch);
}

static const uint32_t epochs[] = {
	0, 1, 2, 3, 7, 254, 255, 256, 257, 511, 512, 0xffff, 0x10000, 0x10001, 0x101ff, 0x123456,
	0xffffff, 0x1000000, 0x1000001, 0xabcdef01, 0xfffffffe, RATCHET_LAST,
};
#define EPOCHS	(sizeof(epochs) / sizeof(*epochs))

/* One epoch, one secret: from the beginning, and from every epoch before. */
static void
every_way_leads_there(void **unused)
{
	uint8_t want[RATCHET_SECRET], got[RATCHET_SECRET];
	struct ratchet all, direct, hop;

	(void)unused;
	ratchet_init(&all, first);
	for (size_t i = 0; i < EPOCHS; i++) {
		reference(epochs[i], want, NULL, NULL);
		turn(&all, epochs[i], got);
		assert_memory_equal(got, want, sizeof(got));
		ratchet_init(&direct, first);
		turn(&direct, epochs[i], got);
		assert_memory_equal(got, want, sizeof(got));
		if (i == 0)
			continue;
		ratchet_init(&hop, first);
		turn(&hop, epochs[i / 2], got);
		turn(&hop, epochs[i], got);
		assert_memory_equal(got, want, sizeof(got));
	}
}

static void
each_step_is_new(void **unused)
{
	static uint8_t seen[600][RATCHET_SECRET];
	struct ratchet ratchet;

	(void)unused;
	ratchet_init(&ratchet, first);
	for (unsigned i = 0; i < 600; i++) {
		turn(&ratchet, i, seen[i]);
		for (unsigned j = 0; j < i; j++)
			if (memcmp(seen[i], seen[j], RATCHET_SECRET) == 0)
				fail_msg("epochs %u and %u", j, i);
	}
}

static void
not_held(const uint8_t secret[RATCHET_SECRET], const struct ratchet *held)
{
	assert_null(memmem(held, sizeof(*held), secret, RATCHET_SECRET));
}

/* Nothing that leads to the epoch that was given, or before it, is still there. */
static void
it_does_not_go_back(void **unused)
{
	uint8_t secret[RATCHET_SECRET];
	struct ratchet ratchet;

	(void)unused;
	ratchet_init(&ratchet, first);
	for (size_t i = 0; i < EPOCHS; i++) {
		turn(&ratchet, epochs[i], secret);
		reference(epochs[i], secret, not_held, &ratchet);
	}
}

static void
no_memory(void **unused)
{
	uint8_t secret[RATCHET_SECRET];
	struct ratchet ratchet;
	size_t n;
	int err;

	(void)unused;
	for (n = 0;; n++) {
		ratchet_init(&ratchet, first);
		test_alloc_fail(n);
		err = ratchet_turn(&ratchet, crypto, 2, secret);
		if (!test_alloc_failed())
			break;
		assert_int_not_equal(err, 0);
	}
	OK(err);
	assert_int_not_equal(n, 0);
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
		cmocka_unit_test(every_way_leads_there),
		cmocka_unit_test(each_step_is_new),
		cmocka_unit_test(it_does_not_go_back),
		cmocka_unit_test(no_memory),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
