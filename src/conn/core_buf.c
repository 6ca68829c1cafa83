/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "conn/state.h"

#define BUF_STEP	1024	/* small sends that are held open don't grow it each time */

int
buf_room(struct buf *b, size_t n)
{
	size_t len = buf_len(b), cap = (len + n + BUF_STEP - 1) / BUF_STEP * BUF_STEP;
	uint8_t *p;

	if (b->cap - b->end >= n && b->p != NULL)
		return 0;
	if (b->cap >= len + n && b->p != NULL) {
		memmove(b->p, b->p + b->start, len);
	} else {
		if ((p = OPENSSL_malloc(cap)) == NULL)
			return -ENOMEM;
		if (len != 0)
			memcpy(p, b->p + b->start, len);
		OPENSSL_free(b->p);
		b->p = p;
		b->cap = cap;
	}
	b->start = 0;
	b->end = len;
	return 0;
}

void
buf_take(struct buf *b, size_t n)
{
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}

void
buf_free(struct buf *b)
{
	OPENSSL_free(b->p);
	*b = (struct buf){0};
}
