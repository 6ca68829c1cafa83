/* SPDX-License-Identifier: MIT */
#ifndef BASE_CHECK_TESTLIB_H
#define BASE_CHECK_TESTLIB_H

/* cmocka with what it wants included before it, and the two assertions that tests are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define OK(call)		assert_int_equal(call, 0)
#define GIVES(want, call)	assert_int_equal(call, want)

#endif
