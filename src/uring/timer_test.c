/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "uring/timer.h"

#define COUNT	500

static struct timers timers;
static struct entry {
	struct timer timer;
	uint64_t due, told;
} entries[COUNT];
static uint64_t now;

static void
told(struct timer *timer)
{
	((struct entry *)timer)->told = now;
}

static void
each_expires_once_and_in_time(void **unused)
{
	(void)unused;
	now = 1000003;
	timers_init(&timers, now);
	srand(7);
	for (size_t i = 0; i < COUNT; i++) {
		unsigned after = (unsigned)rand() % 60000;

		entries[i] = (struct entry){ .timer.expired = told, .due = now + after };
		timer_set(&timers, &entries[i].timer, now, after);
	}
	for (uint64_t end = now + 61000; now < end; now += 1 + (uint64_t)rand() % 90)
		timers_run(&timers, now);
	assert_int_equal(timers.count, 0);
	for (size_t i = 0; i < COUNT; i++)
		if (entries[i].told < entries[i].due ||
		    entries[i].told > entries[i].due + 2 * TIMER_TICK + 90)
			fail_msg("timer %zu: due %llu, told %llu", i,
			    (unsigned long long)entries[i].due,
			    (unsigned long long)entries[i].told);
}

static void
cleared_and_moved(void **unused)
{
	struct entry a = { .timer.expired = told }, b = { .timer.expired = told };

	(void)unused;
	now = 0;
	timers_init(&timers, now);
	timer_set(&timers, &a.timer, now, 100);
	timer_set(&timers, &b.timer, now, 100);
	timer_clear(&timers, &a.timer);
	timer_clear(&timers, &a.timer);		/* twice is fine */
	timer_set(&timers, &b.timer, now, 10000);
	now = 1000;
	timers_run(&timers, now);
	assert_int_equal(a.told, 0);
	assert_int_equal(b.told, 0);
	now = 20000;				/* the wheel went round more than once meanwhile */
	timers_run(&timers, now);
	assert_int_equal(b.told, now);
	assert_int_equal(timers_next(&timers, now), -1);
}

static struct entry victim = { .timer.expired = told };

static void
clears_another(struct timer *timer)
{
	told(timer);
	timer_clear(&timers, &victim.timer);
	timer_set(&timers, timer, now, 50);
}

static void
a_callback_may_clear_and_set(void **unused)
{
	struct entry killer = { .timer.expired = clears_another };

	(void)unused;
	now = 64;
	timers_init(&timers, now);
	timer_set(&timers, &killer.timer, now, 40);
	timer_set(&timers, &victim.timer, now, 40);
	now = 200;
	timers_run(&timers, now);
	assert_int_equal(killer.told, 200);
	assert_int_equal(victim.told, 0);
	assert_int_equal(timers.count, 1);
	now = 400;
	timers_run(&timers, now);
	assert_int_equal(killer.told, 400);
}

static void
next_says_when_to_come_back(void **unused)
{
	struct entry e = { .timer.expired = told };
	int wait;

	(void)unused;
	now = 12345;
	timers_init(&timers, now);
	assert_int_equal(timers_next(&timers, now), -1);
	for (unsigned after = 0; after < 30000; after += 777) {
		timer_set(&timers, &e.timer, now, after);
		e.told = 0;
		for (int turns = 0; e.told == 0; turns++) {
			/* no spinning: each wait brings it nearer */
			assert_true(turns < 10);
			wait = timers_next(&timers, now);
			assert_true(wait >= 0);
			now += (uint64_t)wait;
			timers_run(&timers, now);
			if (e.told == 0 && wait == 0)
				now++;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_expires_once_and_in_time),
		cmocka_unit_test(cleared_and_moved),
		cmocka_unit_test(a_callback_may_clear_and_set),
		cmocka_unit_test(next_says_when_to_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
