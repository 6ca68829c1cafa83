/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/wipe_testlib.h"

#define CHUNK		65536
#define SECRET_MAX	64
/* AddressSanitizer's shadow is larger, and holds no bytes of ours */
#define MAPPING_MAX	(1ul << 30)

void
wipe_begin(void)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload != NULL && strstr(preload, "vgpreload") != NULL)
		skip();
}

void
wipe_deep(void (*fn)(void *arg), void *arg)
{
	volatile uint8_t far[65536];

	far[0] = far[sizeof(far) - 1] = 0;
	fn(arg);
	far[0] = 1;			/* in use until here: no tail call */
}

void
wipe_mask(uint8_t *secret, size_t len, uint8_t *masked)
{
	for (size_t i = 0; i < len; i++)
		masked[i] = secret[i] ^ WIPE_MASK;
	explicit_bzero(secret, len);
}

void
wipe_unmask(const uint8_t *masked, size_t len, uint8_t *secret)
{
	for (size_t i = 0; i < len; i++)
		secret[i] = masked[i] ^ WIPE_MASK;
}

static size_t
count(const uint8_t *bytes, size_t bytes_len, const uint8_t *masked, size_t len)
{
	size_t found = 0;

	for (size_t at = 0; at + len <= bytes_len; at++) {
		size_t i = 0;

		while (i < len && bytes[at + i] == (masked[i] ^ WIPE_MASK))
			i++;
		found += i == len;
	}
	return found;
}

/* Read by the kernel: sanitizers would refuse to look at freed memory. */
static size_t
search(int mem, unsigned long from, unsigned long to, const uint8_t *masked, size_t len)
{
	static uint8_t chunk[CHUNK + SECRET_MAX];
	unsigned long self = (unsigned long)(uintptr_t)chunk;
	size_t found = 0;

	while (from < to) {
		size_t n = to - from < sizeof(chunk) ? to - from : sizeof(chunk);
		ssize_t got;

		if (from < self + sizeof(chunk) && self < from + n) {
			/* Our own copies don't count: up to the chunk, and on behind it. */
			if (from >= self) {
				from = self + sizeof(chunk);
				continue;
			}
			n = self - from;
		}
		got = pread(mem, chunk, n, (off_t)from);
		if (got > 0)
			found += count(chunk, (size_t)got, masked, len);
		explicit_bzero(chunk, sizeof(chunk));
		/* The next one overlaps, so that no secret lies across two. */
		from += n == sizeof(chunk) ? CHUNK : n;
	}
	return found;
}

/* In every mapping whose line in /proc/self/maps has what in it. */
static size_t
find(const char *what, const uint8_t *masked, size_t len)
{
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	size_t found = 0;
	char line[512];

	assert_true(len <= SECRET_MAX);
	assert_true(mem >= 0);
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && strstr(line, " rw") != NULL &&
		    strstr(line, what) != NULL && to - from <= MAPPING_MAX)
			found += search(mem, from, to, masked, len);
	(void)fclose(maps);
	(void)close(mem);
	return found;
}

size_t
wipe_find(const uint8_t *masked, size_t len)
{
	return find("", masked, len);
}

size_t
wipe_find_on_stack(const uint8_t *masked, size_t len)
{
	return find("[stack]", masked, len);
}
