/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_ALLOC_TESTLIB_H
#define CONFIG_ALLOC_TESTLIB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory that runs out, in libcrypto and in the rooms that allocate by OPENSSL_malloc().
 * test_alloc_init() comes first in main(): libcrypto takes an allocator only before
 * its first allocation.
 *
 *	for (n = 0; ; n++) {
 *		test_alloc_fail(n);
 *		err = what_is_tested();
 *		if (!test_alloc_failed())
 *			break;			as many allocations as it makes
 *		assert_int_not_equal(err, 0);
 *	}
 */
void test_alloc_init(void);
void test_alloc_fail(size_t n);		/* from the n-th allocation on, counted from 0, all fail */
bool test_alloc_failed(void);		/* whether one did; from now on they succeed again */

#endif
