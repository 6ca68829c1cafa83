/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <ktls/store.h>
#include "base/check_testlib.h"
#include "base/wipe_testlib.h"
#include "config/alloc_testlib.h"

#define NOW	1700000000
#define LATER	(NOW + 3600)

static struct ktls_sessions *
make(size_t max)
{
	struct ktls_sessions *sessions;

	OK(ktls_sessions_new(&sessions, max));
	return sessions;
}

static void
put_until(struct ktls_sessions *sessions, const char *key, const char *data, bool once,
    int64_t expires)
{
	OK(ktls_sessions_put(sessions, key, strlen(key), data, strlen(data), once, expires));
}

static void
put(struct ktls_sessions *sessions, const char *key, const char *data)
{
	put_until(sessions, key, data, false, LATER);
}

static void
put_once(struct ktls_sessions *sessions, const char *key, const char *data)
{
	put_until(sessions, key, data, true, LATER);
}

/* want NULL: there is none. */
static void
gives_at(struct ktls_sessions *sessions, const char *key, int64_t now, const char *want)
{
	void *data = NULL;
	size_t len = 0;
	int err = ktls_sessions_get(sessions, key, strlen(key), now, &data, &len);

	if (err != (want != NULL ? 0 : -ENOENT) || len != (want != NULL ? strlen(want) : 0) ||
	    (want != NULL && memcmp(data, want, len) != 0))
		fail_msg("%s: %d, \"%.*s\" for \"%s\"", key, err, (int)len,
		    data != NULL ? (char *)data : "", want != NULL ? want : "");
	OPENSSL_clear_free(data, len);
}

static void
gives(struct ktls_sessions *sessions, const char *key, const char *want)
{
	gives_at(sessions, key, NOW, want);
}

static void
keeps_and_replaces(void **unused)
{
	struct ktls_sessions *sessions = make(10);

	(void)unused;
	gives(sessions, "a", NULL);
	put(sessions, "a", "one");
	put(sessions, "b", "two");
	gives(sessions, "a", "one");
	gives(sessions, "a", "one");
	put(sessions, "a", "three");
	assert_int_equal(ktls_sessions_count(sessions), 2);
	gives(sessions, "a", "three");
	gives(sessions, "b", "two");
	ktls_sessions_remove(sessions, "a", 1);
	ktls_sessions_remove(sessions, "c", 1);
	gives(sessions, "a", NULL);
	gives(sessions, "b", "two");
	assert_int_equal(ktls_sessions_count(sessions), 1);
	ktls_sessions_unref(sessions);
}

/* RFC 8446 C.4: a client should not use a ticket twice. */
static void
once_is_once(void **unused)
{
	struct ktls_sessions *sessions = make(10);

	(void)unused;
	put_once(sessions, "a", "1");
	put_once(sessions, "b", "x");
	put_once(sessions, "a", "2");
	put_once(sessions, "a", "3");
	gives(sessions, "a", "3");
	gives(sessions, "a", "2");
	gives(sessions, "a", "1");
	gives(sessions, "a", NULL);
	gives(sessions, "b", "x");
	assert_int_equal(ktls_sessions_count(sessions), 0);
	ktls_sessions_unref(sessions);
}

static void
the_newest_of_a_key(void **unused)
{
	struct ktls_sessions *sessions = make(100);
	const char *tickets[] = { "1", "2", "3", "4", "5", "6" };

	(void)unused;
	for (size_t i = 0; i < 6; i++)
		put_once(sessions, "a", tickets[i]);
	assert_int_equal(ktls_sessions_count(sessions), KTLS_SESSIONS_PER_KEY);
	for (size_t i = 6; i > 6 - KTLS_SESSIONS_PER_KEY; i--)
		gives(sessions, "a", tickets[i - 1]);
	gives(sessions, "a", NULL);
	/* One that stays takes the place of all, and counts among those that come. */
	put_once(sessions, "a", "1");
	put_once(sessions, "a", "2");
	put(sessions, "a", "stays");
	gives(sessions, "a", "stays");
	gives(sessions, "a", "stays");
	put_once(sessions, "a", "3");
	gives(sessions, "a", "3");
	gives(sessions, "a", "stays");
	assert_int_equal(ktls_sessions_count(sessions), 1);
	ktls_sessions_unref(sessions);
}

static void
expires(void **unused)
{
	struct ktls_sessions *sessions = make(10);

	(void)unused;
	put_until(sessions, "a", "x", false, NOW);
	gives_at(sessions, "a", NOW - 1, "x");
	gives_at(sessions, "a", NOW, NULL);
	assert_int_equal(ktls_sessions_count(sessions), 0);
	gives_at(sessions, "a", NOW - 1, NULL);
	/* Of one key the newest that lives, which need not be the newest. */
	put_until(sessions, "a", "long", true, NOW + 10);
	put_until(sessions, "a", "short", true, NOW);
	gives_at(sessions, "a", NOW, "long");
	assert_int_equal(ktls_sessions_count(sessions), 0);
	ktls_sessions_unref(sessions);
}

/* Who is never asked for goes too, in time. */
static void
expired_are_swept(void **unused)
{
	struct ktls_sessions *sessions = make(100);
	char key[] = "a";

	(void)unused;
	for (; key[0] <= 'z'; key[0]++)
		put_until(sessions, key, "x", false, NOW);
	for (size_t left = 26; left != 0; left -= 2) {
		assert_int_equal(ktls_sessions_count(sessions), left);
		gives(sessions, "?", NULL);
	}
	assert_int_equal(ktls_sessions_count(sessions), 0);
	ktls_sessions_unref(sessions);
}

static void
the_one_used_longest_ago_goes(void **unused)
{
	struct ktls_sessions *sessions = make(3);

	(void)unused;
	put(sessions, "a", "1");
	put(sessions, "b", "2");
	put(sessions, "c", "3");
	gives(sessions, "a", "1");
	put(sessions, "d", "4");
	gives(sessions, "b", NULL);
	put(sessions, "a", "5");
	put(sessions, "e", "6");
	gives(sessions, "c", NULL);
	gives(sessions, "d", "4");
	gives(sessions, "a", "5");
	gives(sessions, "e", "6");
	assert_int_equal(ktls_sessions_count(sessions), 3);
	ktls_sessions_unref(sessions);
}

static void
bounds(void **unused)
{
	static uint8_t bytes[65536];
	struct ktls_sessions *sessions = NULL;
	void *data;
	size_t len;

	(void)unused;
	GIVES(-EINVAL, ktls_sessions_new(&sessions, 0));
	GIVES(-EINVAL, ktls_sessions_new(&sessions, 1000001));
	assert_null(sessions);
	OK(ktls_sessions_new(&sessions, 1000000));
	GIVES(-EINVAL, ktls_sessions_put(sessions, bytes, 0, bytes, 1, false, LATER));
	GIVES(-EINVAL, ktls_sessions_put(sessions, bytes, 513, bytes, 1, false, LATER));
	GIVES(-EINVAL, ktls_sessions_put(sessions, bytes, 1, bytes, 0, false, LATER));
	GIVES(-EINVAL, ktls_sessions_put(sessions, bytes, 1, bytes, 65536, false, LATER));
	GIVES(-ENOENT, ktls_sessions_get(sessions, NULL, 0, NOW, &data, &len));
	GIVES(-ENOENT, ktls_sessions_get(sessions, bytes, 513, NOW, &data, &len));
	ktls_sessions_remove(sessions, NULL, 0);
	assert_int_equal(ktls_sessions_count(sessions), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 >> 3);
	OK(ktls_sessions_put(sessions, bytes, 512, bytes, 65535, false, LATER));
	OK(ktls_sessions_get(sessions, bytes, 512, NOW, &data, &len));
	assert_int_equal(len, 65535);
	assert_memory_equal(data, bytes, len);
	OPENSSL_clear_free(data, len);
	ktls_sessions_unref(sessions);
}

/* All in one bucket, and each key its own: a part of another is another. */
static void
keys_are_compared_whole(void **unused)
{
	struct ktls_sessions *sessions = make(1);

	(void)unused;
	put(sessions, "abc", "x");
	gives(sessions, "ab", NULL);
	gives(sessions, "abcd", NULL);
	gives(sessions, "abd", NULL);
	gives(sessions, "abc", "x");
	ktls_sessions_remove(sessions, "ab", 2);
	gives(sessions, "abc", "x");
	put(sessions, "ab", "y");
	gives(sessions, "abc", NULL);
	gives(sessions, "ab", "y");
	ktls_sessions_unref(sessions);
}

static void
the_last_reference_frees(void **unused)
{
	struct ktls_sessions *sessions = make(2);

	(void)unused;
	put(sessions, "a", "x");
	assert_ptr_equal(ktls_sessions_ref(sessions), sessions);
	ktls_sessions_unref(sessions);
	gives(sessions, "a", "x");
	ktls_sessions_unref(sessions);
	ktls_sessions_unref(NULL);
}

static const uint8_t masked[32] = {
	0x4f, 0x1b, 0xbc, 0xdc, 0xbf, 0xa5, 0x3e, 0x0b,
	0x24, 0x8d, 0x61, 0xd7, 0x30, 0xa9, 0x52, 0xfb,
	0x88, 0x14, 0x9d, 0x26, 0xaf, 0x38, 0xc1, 0x4a,
	0xd3, 0x5c, 0xe5, 0x6e, 0xf7, 0x70, 0x19, 0x82,
};

static void
put_secret(struct ktls_sessions *sessions, const char *key, int64_t until)
{
	uint8_t secret[32];

	wipe_unmask(masked, sizeof(masked), secret);
	OK(ktls_sessions_put(sessions, key, strlen(key), secret, sizeof(secret), true, until));
	explicit_bzero(secret, sizeof(secret));
}

/* Every way out: replaced, removed, too many of a key, too many, expired, taken, the end. */
static void
goes_every_way(void *unused)
{
	struct ktls_sessions *sessions = make(5);
	void *data;
	size_t len;

	(void)unused;
	put_secret(sessions, "a", LATER);
	put(sessions, "a", "x");
	put_secret(sessions, "b", LATER);
	ktls_sessions_remove(sessions, "b", 1);
	put_secret(sessions, "c", LATER);
	for (int i = 0; i < KTLS_SESSIONS_PER_KEY; i++)
		put_once(sessions, "c", "x");
	put_secret(sessions, "d", LATER);
	for (int i = 0; i < 3; i++)
		put_once(sessions, "c", "x");
	put(sessions, "1", "x");
	put(sessions, "2", "x");
	put(sessions, "3", "x");
	gives(sessions, "d", NULL);
	put_secret(sessions, "e", NOW);
	gives(sessions, "e", NULL);
	put_secret(sessions, "f", LATER);
	OK(ktls_sessions_get(sessions, "f", 1, NOW, &data, &len));
	OPENSSL_clear_free(data, len);
	put_secret(sessions, "g", LATER);
	ktls_sessions_unref(sessions);
}

static void
no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	wipe_deep(goes_every_way, NULL);
	assert_int_equal(wipe_find(masked, sizeof(masked)), 0);
}

static void
no_memory(void **unused)
{
	struct ktls_sessions *sessions = NULL;
	void *data = NULL;
	size_t len;
	int err;

	(void)unused;
	for (size_t n = 0;; n++) {
		test_alloc_fail(n);
		err = ktls_sessions_new(&sessions, 10);
		if (!test_alloc_failed())
			break;
		assert_int_not_equal(err, 0);
		assert_null(sessions);
	}
	OK(err);
	put_once(sessions, "a", "x");
	/* What can't be kept replaces nothing, and what can't be given stays. */
	test_alloc_fail(0);
	GIVES(-ENOMEM, ktls_sessions_put(sessions, "a", 1, "y", 1, false, LATER));
	GIVES(-ENOMEM, ktls_sessions_get(sessions, "a", 1, NOW, &data, &len));
	assert_true(test_alloc_failed());
	assert_null(data);
	gives(sessions, "a", "x");
	gives(sessions, "a", NULL);
	ktls_sessions_unref(sessions);
}

#define THREADS	4
#define ROUNDS	3000

static struct ktls_sessions *shared;
static atomic_uint taken[THREADS * ROUNDS];
static atomic_uint wrong;

static void
take_one(uint8_t key)
{
	uint32_t id;
	void *data;
	size_t len;

	if (ktls_sessions_get(shared, &key, 1, NOW, &data, &len) != 0)
		return;
	if (len == sizeof(id)) {
		memcpy(&id, data, len);
		atomic_fetch_add(&taken[id % (THREADS * ROUNDS)], 1);
	} else {
		atomic_fetch_add(&wrong, 1);
	}
	OPENSSL_clear_free(data, len);
}

static void *
hammer(void *arg)
{
	uint32_t first = *(uint32_t *)arg;

	(void)ktls_sessions_ref(shared);
	for (uint32_t id = first; id < first + ROUNDS; id++) {
		uint8_t key = (uint8_t)(id % 13);

		if (ktls_sessions_put(shared, &key, 1, &id, sizeof(id), true, LATER) != 0 ||
		    ktls_sessions_count(shared) > 20)
			atomic_fetch_add(&wrong, 1);
		take_one((uint8_t)(id % 7));
		if (id % 97 == 0)
			ktls_sessions_remove(shared, &key, 1);
	}
	ktls_sessions_unref(shared);
	return NULL;
}

/* No session comes out twice, however many reach for it. */
static void
threads(void **unused)
{
	pthread_t thread[THREADS];
	uint32_t first[THREADS];
	size_t sum = 0;

	(void)unused;
	shared = make(20);
	for (uint32_t i = 0; i < THREADS; i++) {
		first[i] = i * ROUNDS;
		OK(pthread_create(&thread[i], NULL, hammer, &first[i]));
	}
	for (size_t i = 0; i < THREADS; i++)
		OK(pthread_join(thread[i], NULL));
	for (size_t i = 0; i < THREADS * ROUNDS; i++) {
		assert_in_range(taken[i], 0, 1);
		sum += taken[i];
	}
	assert_int_equal(wrong, 0);
	assert_int_not_equal(sum, 0);
	ktls_sessions_unref(shared);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_and_replaces),
		cmocka_unit_test(once_is_once),
		cmocka_unit_test(the_newest_of_a_key),
		cmocka_unit_test(expires),
		cmocka_unit_test(expired_are_swept),
		cmocka_unit_test(the_one_used_longest_ago_goes),
		cmocka_unit_test(bounds),
		cmocka_unit_test(keys_are_compared_whole),
		cmocka_unit_test(the_last_reference_frees),
		cmocka_unit_test(no_trace),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(threads),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
