/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <openssl/crypto.h>
#include <ktls/store.h>
#include "base/check_testlib.h"

#define NOW	1700000000

/* What sessions.c does, in an array, the one used last in front. */
#define MODEL_MAX	8

static struct model {
	struct one {
		uint32_t id, made;
		uint8_t key;
		bool once;
		int64_t expires;
	} all[MODEL_MAX + 1];
	size_t count;
} model;

static void
model_drop(size_t i)
{
	memmove(&model.all[i], &model.all[i + 1], (--model.count - i) * sizeof(struct one));
}

static void
model_front(struct one one)
{
	memmove(&model.all[1], &model.all[0], model.count++ * sizeof(struct one));
	model.all[0] = one;
}

/* The key's one that was made last, or first; model.count where there is none. */
static size_t
model_find(uint8_t key, bool last)
{
	size_t found = model.count;

	for (size_t i = 0; i < model.count; i++)
		if (model.all[i].key == key && (found == model.count ||
		    (model.all[i].made > model.all[found].made) == last))
			found = i;
	return found;
}

static size_t
model_count(uint8_t key)
{
	size_t n = 0;

	for (size_t i = 0; i < model.count; i++)
		n += model.all[i].key == key;
	return n;
}

static void
model_put(struct one one)
{
	size_t keep = one.once ? KTLS_SESSIONS_PER_KEY - 1 : 0;

	while (model_count(one.key) > keep)
		model_drop(model_find(one.key, false));
	if (model.count == MODEL_MAX)
		model_drop(model.count - 1);
	model_front(one);
}

/* 0: none */
static uint32_t
model_get(uint8_t key, int64_t now)
{
	struct one one = {0};
	size_t i;

	while ((i = model_find(key, true)) != model.count) {
		if (model.all[i].expires <= now) {
			model_drop(i);
			continue;
		}
		one = model.all[i];
		model_drop(i);
		if (!one.once)
			model_front(one);
		break;
	}
	for (i = 0; i < 2 && model.count != 0 && model.all[model.count - 1].expires <= now; i++)
		model_drop(model.count - 1);
	return one.id;
}

static uint32_t
random_below(uint32_t n)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % n;
}

static uint32_t
real_get(struct ktls_sessions *sessions, uint8_t key, int64_t now)
{
	uint32_t id = 0;
	void *data;
	size_t len;

	if (ktls_sessions_get(sessions, &key, 1, now, &data, &len) != 0)
		return 0;
	assert_int_equal(len, sizeof(id));
	memcpy(&id, data, sizeof(id));
	OPENSSL_clear_free(data, len);
	return id;
}

static void
random_step(struct ktls_sessions *sessions, uint32_t i, int64_t now)
{
	uint8_t key = (uint8_t)random_below(6);
	struct one one = { i, i, key, random_below(2), now + random_below(50) };

	switch (random_below(8)) {
	case 0:
	case 1:
	case 2:
	case 3:
		OK(ktls_sessions_put(sessions, &key, 1, &i, sizeof(i), one.once, one.expires));
		model_put(one);
		break;
	case 4:
		ktls_sessions_remove(sessions, &key, 1);
		while (model_count(key) != 0)
			model_drop(model_find(key, true));
		break;
	default:
		assert_int_equal(real_get(sessions, key, now), model_get(key, now));
	}
	assert_int_equal(ktls_sessions_count(sessions), model.count);
}

static void
as_an_array_does(void **unused)
{
	struct ktls_sessions *sessions;

	(void)unused;
	OK(ktls_sessions_new(&sessions, MODEL_MAX));
	for (uint32_t i = 1; i < 50000; i++)
		random_step(sessions, i, NOW + i);
	ktls_sessions_unref(sessions);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_an_array_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
