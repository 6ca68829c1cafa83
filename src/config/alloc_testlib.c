/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <openssl/crypto.h>
#include "config/alloc_testlib.h"

static size_t left = SIZE_MAX;
static bool failed;

static bool
out_of_memory(void)
{
	if (left == SIZE_MAX || left-- != 0)
		return false;
	left = 0;
	failed = true;
	return true;
}

static void *
test_malloc(size_t len, const char *file, int line)
{
	(void)file, (void)line;
	return out_of_memory() ? NULL : malloc(len);
}

static void *
test_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file, (void)line;
	return out_of_memory() ? NULL : realloc(p, len);
}

static void
test_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

void
test_alloc_init(void)
{
	if (CRYPTO_set_mem_functions(test_malloc, test_realloc, test_free) == 1)
		return;
	fprintf(stderr, "alloc_testlib: libcrypto has allocated already\n");
	abort();
}

void
test_alloc_fail(size_t n)
{
	failed = false;
	left = n;
}

bool
test_alloc_failed(void)
{
	left = SIZE_MAX;
	return failed;
}
