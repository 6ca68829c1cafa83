/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "base/lock.h"
#include "base/secret_pages.h"

#define REGION_SLOTS	512
#define REGION_LEN	(REGION_SLOTS * sizeof(struct secret_slot))
#define WORD		64

_Static_assert(REGION_LEN % 65536 == 0, "a region is whole pages, of any size in use");

/*
 * What is known of a region lies outside it: in a forked child its pages read as
 * zeros, and there its slots must still be found, freed and used again.
 */
struct region {
	struct region *next;
	struct secret_slot *slots;			/* the mapping */
	size_t used;					/* slots given out */
	uint64_t taken[REGION_SLOTS / WORD];		/* a bit each */
};

/* Few even with many connections: walking the list is cheap. One that is empty is kept. */
static struct {
	struct lock lock;
	struct region *regions;
} pool = { .lock = LOCK_INIT };

/* Differs from slot to slot: bytes copied elsewhere are not taken for a slot. */
static uint64_t
tag_of(const struct secret_slot *slot)
{
	return (uint64_t)(uintptr_t)slot ^ UINT64_C(0x6b746c73736c6f74);
}

static int
region_new(struct region **out)
{
	struct region *region = calloc(1, sizeof(*region));
	void *map;

	if (region == NULL)
		return -ENOMEM;
	map = mmap(NULL, REGION_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED) {
		free(region);
		return -ENOMEM;
	}
	/*
	 * A sandbox that plays kernel may know neither: TLS then works as it would
	 * from the heap, rather than not at all.
	 */
	(void)madvise(map, REGION_LEN, MADV_DONTDUMP);
	(void)madvise(map, REGION_LEN, MADV_WIPEONFORK);
	region->slots = map;
	*out = region;
	return 0;
}

static void
region_free(struct region *region)
{
	(void)munmap(region->slots, REGION_LEN);
	free(region);
}

/* The region has a free slot. */
static struct secret_slot *
region_take(struct region *region)
{
	size_t i = 0;

	while (region->taken[i / WORD] >> i % WORD & 1)
		i++;
	region->taken[i / WORD] |= UINT64_C(1) << i % WORD;
	region->used++;
	return &region->slots[i];
}

static void
region_give(struct region *region, size_t i)
{
	region->taken[i / WORD] &= ~(UINT64_C(1) << i % WORD);
	region->used--;
}

static int
pool_take(struct secret_slot **slot)
{
	struct region *region = pool.regions;
	int err;

	while (region != NULL && region->used == REGION_SLOTS)
		region = region->next;
	if (region == NULL) {
		if ((err = region_new(&region)) != 0)
			return err;
		region->next = pool.regions;
		pool.regions = region;
	}
	*slot = region_take(region);
	return 0;
}

static void
pool_give(struct secret_slot *slot)
{
	struct region **at = &pool.regions, *region, *empty = NULL;

	while (*at != NULL && (slot < (*at)->slots || slot >= (*at)->slots + REGION_SLOTS))
		at = &(*at)->next;
	if ((region = *at) == NULL)
		return;			/* no slot of ours: leave it alone */
	region_give(region, (size_t)(slot - region->slots));
	if (region->used != 0)
		return;
	for (empty = pool.regions; empty != NULL; empty = empty->next)
		if (empty != region && empty->used == 0)
			break;
	if (empty != NULL) {
		*at = region->next;
		region_free(region);
	}
}

int
secret_slot_new(struct secret_slot **slot)
{
	struct secret_slot *taken = NULL;
	int err;

	lock_enter(&pool.lock);
	err = pool_take(&taken);
	lock_leave(&pool.lock);
	if (err != 0)
		return err;
	memset(taken->bytes, 0, sizeof(taken->bytes));
	taken->tag = tag_of(taken);
	*slot = taken;
	return 0;
}

void
secret_slot_free(struct secret_slot *slot)
{
	if (slot == NULL)
		return;
	explicit_bzero(slot, sizeof(*slot));
	lock_enter(&pool.lock);
	pool_give(slot);
	lock_leave(&pool.lock);
}

uint8_t *
secret_slot_bytes(struct secret_slot *slot)
{
	return slot->tag == tag_of(slot) ? slot->bytes : NULL;
}
