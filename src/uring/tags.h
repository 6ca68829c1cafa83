/* SPDX-License-Identifier: MIT */
#ifndef URING_TAGS_H
#define URING_TAGS_H

#include <stdbool.h>
#include <stdint.h>
#include <ktls/error.h>

struct request;

/*
 * user_data of our submissions: a number from a range that the ring's owner
 * gave, and behind it which request it was and which part of it. A number is
 * used again when its last completion has come.
 */
struct tag {
	struct request *request;
	uint32_t part;			/* while free: the next free one */
};

struct tags {
	struct tag *tag;
	uint64_t base;
	uint32_t count;
	uint32_t free;			/* the first free one */
	uint32_t used;
	bool grows;			/* the ring is ours */
};

KTLS_CHECKED int tags_init(struct tags *tags, uint64_t base, uint32_t count, bool grows);
void tags_free(struct tags *tags);
/* Whether n more can be had now. */
bool tags_reserve(struct tags *tags, uint32_t n);
/* After tags_reserve(). */
uint64_t tags_take(struct tags *tags, struct request *request, uint32_t part);
/* NULL: not one of ours. */
struct tag *tags_find(struct tags *tags, uint64_t user_data);
void tags_release(struct tags *tags, struct tag *tag);

#endif
