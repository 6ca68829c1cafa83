/* SPDX-License-Identifier: MIT */
#include "base/siphash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static void
mix(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

/* n bytes, at most 8, the first one lowest. */
static uint64_t
word(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static void
absorb(struct state *s, uint64_t m)
{
	s->v3 ^= m;
	mix(s);
	s->v0 ^= m;
}

uint64_t
siphash(const struct siphash_key *key, struct slice data)
{
	struct state s = {
		.v0 = key->k0 ^ 0x736f6d6570736575,	/* "somepseudorandomlygeneratedbytes" */
		.v1 = key->k1 ^ 0x646f72616e646f6d,
		.v2 = key->k0 ^ 0x6c7967656e657261,
		.v3 = key->k1 ^ 0x7465646279746573,
	};
	size_t at = 0;

	for (; data.len - at >= 8; at += 8)
		absorb(&s, word(data.p + at, 8));
	absorb(&s, (uint64_t)data.len << 56 | word(data.p + at, data.len - at));
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		mix(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
