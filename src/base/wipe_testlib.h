/* SPDX-License-Identifier: MIT */
#ifndef BASE_WIPE_TESTLIB_H
#define BASE_WIPE_TESTLIB_H

#include <stddef.h>
#include <stdint.h>

/*
 * Looks for a secret in all of this process's writable memory, freed blocks and
 * used stack among it. So that the test itself leaves no trace of it, it knows
 * the secret masked, each byte XOR WIPE_MASK, and unmasks it where it is used.
 */
#define WIPE_MASK	0xa5

/* First of all: skips the test under valgrind, where the CPU's registers are memory too. */
void wipe_begin(void);
/* Calls fn far down the stack, so that what it leaves there is still there to be found. */
void wipe_deep(void (*fn)(void *arg), void *arg);
void wipe_unmask(const uint8_t *masked, size_t len, uint8_t *secret);
void wipe_mask(uint8_t *secret, size_t len, uint8_t *masked);	/* and wipes secret */
/* How often it stands there. A secret of 16 random bytes or more is found by chance never. */
size_t wipe_find(const uint8_t *masked, size_t len);
size_t wipe_find_on_stack(const uint8_t *masked, size_t len);

#endif
