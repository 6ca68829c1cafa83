/* SPDX-License-Identifier: MIT */
#ifndef BASE_HEX_TESTLIB_H
#define BASE_HEX_TESTLIB_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of hex, lower case and without blanks; fails the test where out has no room. */
size_t hex_decode(const char *hex, uint8_t *out, size_t room);

#endif
