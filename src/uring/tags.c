/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include "uring/tags.h"

#define NO_MORE	UINT32_MAX

/* A free tag points to the table itself: no request can be there. */
static bool
in_use(const struct tags *tags, const struct tag *tag)
{
	return tag->request != (const struct request *)tags;
}

static void
put_free(struct tags *tags, uint32_t i)
{
	tags->tag[i] = (struct tag){ (struct request *)tags, tags->free };
	tags->free = i;
}

/* From the last to the first, so that the first is taken first. */
static void
put_free_range(struct tags *tags, uint32_t from, uint32_t to)
{
	while (to > from)
		put_free(tags, --to);
}

int
tags_init(struct tags *tags, uint64_t base, uint32_t count, bool grows)
{
	if ((tags->tag = calloc(count, sizeof(*tags->tag))) == NULL)
		return -ENOMEM;
	tags->base = base;
	tags->count = count;
	tags->free = NO_MORE;
	tags->used = 0;
	tags->grows = grows;
	put_free_range(tags, 0, count);
	return 0;
}

void
tags_free(struct tags *tags)
{
	free(tags->tag);
	tags->tag = NULL;
}

static bool
grow(struct tags *tags)
{
	uint32_t count = tags->count * 2;
	struct tag *tag = count > tags->count ? reallocarray(tags->tag, count, sizeof(*tag)) : NULL;
	uint32_t old = tags->count;

	if (tag == NULL)
		return false;
	tags->tag = tag;
	tags->count = count;
	put_free_range(tags, old, count);
	return true;
}

bool
tags_reserve(struct tags *tags, uint32_t n)
{
	while (tags->count - tags->used < n)
		if (!tags->grows || !grow(tags))
			return false;
	return true;
}

uint64_t
tags_take(struct tags *tags, struct request *request, uint32_t part)
{
	uint32_t i = tags->free;

	tags->free = tags->tag[i].part;
	tags->tag[i] = (struct tag){ request, part };
	tags->used++;
	return tags->base + i;
}

struct tag *
tags_find(struct tags *tags, uint64_t user_data)
{
	uint64_t i = user_data - tags->base;

	return i < tags->count && in_use(tags, &tags->tag[i]) ? &tags->tag[i] : NULL;
}

void
tags_release(struct tags *tags, struct tag *tag)
{
	put_free(tags, (uint32_t)(tag - tags->tag));
	tags->used--;
}
