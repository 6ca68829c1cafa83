/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "uring/engine.h"
#include "uring/tags.h"

static struct request requests[64];

static void
a_range_that_ends(void **unused)
{
	struct tags tags;
	uint64_t data[4];

	(void)unused;
	assert_int_equal(tags_init(&tags, 0xfffffffffffffff0, 4, false), 0);
	assert_true(tags_reserve(&tags, 4));
	assert_false(tags_reserve(&tags, 5));
	for (uint32_t i = 0; i < 4; i++) {
		data[i] = tags_take(&tags, &requests[i], i);
		assert_true(data[i] - 0xfffffffffffffff0 < 4);
	}
	assert_false(tags_reserve(&tags, 1));
	for (uint32_t i = 0; i < 4; i++) {
		assert_ptr_equal(tags_find(&tags, data[i])->request, &requests[i]);
		assert_int_equal(tags_find(&tags, data[i])->part, i);
	}
	tags_release(&tags, tags_find(&tags, data[2]));
	assert_null(tags_find(&tags, data[2]));		/* a completion that isn't ours */
	assert_null(tags_find(&tags, 7));
	assert_null(tags_find(&tags, 0xfffffffffffffff0 + 4));
	assert_int_equal(tags_take(&tags, &requests[9], 1), data[2]);
	tags_free(&tags);
}

static void
grows_with_holes(void **unused)
{
	struct tags tags;
	uint64_t data[64];

	(void)unused;
	assert_int_equal(tags_init(&tags, 0, 4, true), 0);
	for (uint32_t i = 0; i < 3; i++)
		data[i] = tags_take(&tags, &requests[i], 0);
	assert_true(tags_reserve(&tags, 40));		/* one is free, the table grows */
	for (uint32_t i = 3; i < 64; i++) {
		assert_true(tags_reserve(&tags, 1));
		data[i] = tags_take(&tags, &requests[i], 0);
	}
	for (uint32_t i = 0; i < 64; i++) {
		assert_ptr_equal(tags_find(&tags, data[i])->request, &requests[i]);
		for (uint32_t j = 0; j < i; j++)
			assert_int_not_equal(data[i], data[j]);
	}
	assert_int_equal(tags.used, 64);
	tags_free(&tags);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_that_ends),
		cmocka_unit_test(grows_with_holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
