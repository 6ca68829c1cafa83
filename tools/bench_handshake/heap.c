/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench_handshake/bench.h"

/*
 * The allocator of this whole process, libcrypto and libssl included, counted: glibc's
 * under its other name. Anonymous mappings are counted too: libktls keeps traffic secrets
 * in pages of their own.
 */

extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *p, size_t len);
extern void *__libc_memalign(size_t align, size_t len);
extern void __libc_free(void *p);

static bool counting;
static int64_t live, peak;		/* live may begin below 0 */

static void *
count(void *p)
{
	if (counting && p != NULL && (live += (int64_t)malloc_usable_size(p)) > peak)
		peak = live;
	return p;
}

static void
uncount(void *p)
{
	if (counting && p != NULL)
		live -= (int64_t)malloc_usable_size(p);
}

int64_t
heap_live(void)
{
	return live;
}

int64_t
heap_peak(void)
{
	return peak;
}

void
heap_count(void)
{
	counting = true;
}

void
heap_peak_reset(void)
{
	peak = live;
}

/* Every library of the process must find these. */
#pragma GCC visibility push(default)

void *
malloc(size_t len)
{
	return count(__libc_malloc(len));
}

void *
calloc(size_t n, size_t len)
{
	return count(__libc_calloc(n, len));
}

void *
realloc(void *p, size_t len)
{
	int64_t before = counting && p != NULL ? (int64_t)malloc_usable_size(p) : 0;
	void *q = __libc_realloc(p, len);

	if (q == NULL && len != 0)
		return NULL;
	live -= before;
	return count(q);
}

void *
memalign(size_t align, size_t len)
{
	return count(__libc_memalign(align, len));
}

void *
aligned_alloc(size_t align, size_t len)
{
	return memalign(align, len);
}

int
posix_memalign(void **p, size_t align, size_t len)
{
	return (*p = memalign(align, len)) != NULL ? 0 : ENOMEM;
}

void
free(void *p)
{
	uncount(p);
	__libc_free(p);
}

void *
mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	long p = syscall(SYS_mmap, addr, len, prot, flags, fd, offset);

	if (counting && p != -1 && flags & MAP_ANONYMOUS)
		live += (int64_t)len;
	return (void *)p;
}

int
munmap(void *addr, size_t len)
{
	if (counting)
		live -= (int64_t)len;
	return (int)syscall(SYS_munmap, addr, len);
}

#pragma GCC visibility pop
