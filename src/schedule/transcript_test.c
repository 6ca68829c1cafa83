/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/check_testlib.h"
#include "schedule/transcript.h"

static struct ktls_crypto *crypto;

static const uint8_t text[] = "one message and the next";
static const struct slice none;

/* What is added before the hash is chosen, and after, in any pieces, counts the same. */
static void
pieces(void **unused)
{
	uint8_t want[HASH_LEN_MAX], got[HASH_LEN_MAX];

	(void)unused;
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		OK(crypto_digest(crypto, hash, (struct slice){ text, sizeof(text) }, want));
		for (size_t at = 0; at <= sizeof(text); at++) {
			struct transcript t;

			transcript_init(&t, crypto);
			OK(transcript_add(&t, (struct slice){ text, at / 2 }));
			OK(transcript_add(&t, (struct slice){ text + at / 2, at - at / 2 }));
			OK(transcript_choose(&t, hash));
			assert_null(t.held);
			OK(transcript_add(&t, (struct slice){ text + at, sizeof(text) - at }));
			/* Asking changes nothing. */
			for (int twice = 0; twice < 2; twice++) {
				OK(transcript_hash(&t, got));
				assert_memory_equal(got, want, crypto_hash_len(hash));
			}
			transcript_free(&t);
		}
	}
}

/* RFC 8446 4.4.1: message_hash 254, a length of three bytes, the hash of ClientHello1. */
static void
retry_is_message_hash(void **unused)
{
	uint8_t message[4 + HASH_LEN_MAX] = { 254 }, want[HASH_LEN_MAX], got[HASH_LEN_MAX];
	const struct slice hello = { text, sizeof(text) };

	(void)unused;
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		size_t len = crypto_hash_len(hash);
		struct transcript t;

		message[3] = (uint8_t)len;
		OK(crypto_digest(crypto, hash, hello, message + 4));
		OK(crypto_digest(crypto, hash, (struct slice){ message, 4 + len }, want));
		transcript_init(&t, crypto);
		OK(transcript_add(&t, hello));
		OK(transcript_choose(&t, hash));
		OK(transcript_retry(&t));
		OK(transcript_hash(&t, got));
		assert_memory_equal(got, want, len);
		transcript_free(&t);
	}
}

/* What is looked at is not added, before the hash is chosen and after. */
static void
peek(void **unused)
{
	const struct slice whole = { text, sizeof(text) }, start = { text, 9 };
	uint8_t want[HASH_LEN_MAX], got[HASH_LEN_MAX];

	(void)unused;
	for (enum crypto_hash hash = 0; hash < HASH_COUNT; hash++) {
		const struct slice rest = { text + 9, sizeof(text) - 9 };
		size_t len = crypto_hash_len(hash);
		struct transcript t;

		OK(crypto_digest(crypto, hash, whole, want));
		transcript_init(&t, crypto);
		OK(transcript_peek(&t, hash, whole, got));
		assert_memory_equal(got, want, len);
		OK(transcript_add(&t, start));
		for (enum crypto_hash other = 0; other < HASH_COUNT; other++)
			OK(transcript_peek(&t, other, none, got));
		OK(transcript_peek(&t, hash, rest, got));
		assert_memory_equal(got, want, len);
		OK(transcript_choose(&t, hash));
		OK(transcript_peek(&t, hash, rest, got));
		assert_memory_equal(got, want, len);
		GIVES(-EINVAL, transcript_peek(&t, !hash, rest, got));
		OK(transcript_add(&t, rest));
		OK(transcript_hash(&t, got));
		assert_memory_equal(got, want, len);
		transcript_free(&t);
	}
}

/* RFC 5246 7.4.8: the messages from the first on, whenever the hash was chosen. */
static void
kept(void **unused)
{
	uint8_t want[HASH_LEN_MAX], got[HASH_LEN_MAX];
	struct transcript t;

	(void)unused;
	OK(crypto_digest(crypto, HASH_SHA256, (struct slice){ text, sizeof(text) }, want));
	transcript_init(&t, crypto);
	transcript_keep(&t);
	OK(transcript_add(&t, (struct slice){ text, 5 }));
	OK(transcript_choose(&t, HASH_SHA256));
	OK(transcript_add(&t, (struct slice){ text + 5, sizeof(text) - 5 }));
	assert_int_equal(transcript_messages(&t).len, sizeof(text));
	assert_memory_equal(transcript_messages(&t).p, text, sizeof(text));
	OK(transcript_hash(&t, got));
	assert_memory_equal(got, want, 32);

	transcript_drop(&t);
	assert_int_equal(transcript_messages(&t).len, 0);
	OK(transcript_hash(&t, got));
	assert_memory_equal(got, want, 32);
	OK(transcript_add(&t, (struct slice){ text, 1 }));
	assert_int_equal(transcript_messages(&t).len, 0);
	transcript_free(&t);
}

static void
kept_is_bounded(void **unused)
{
	uint8_t *large = calloc(1, TRANSCRIPT_KEPT_MAX);
	struct transcript t;

	(void)unused;
	assert_non_null(large);
	transcript_init(&t, crypto);
	transcript_keep(&t);
	OK(transcript_choose(&t, HASH_SHA256));
	OK(transcript_add(&t, (struct slice){ large, TRANSCRIPT_KEPT_MAX }));
	GIVES(KTLS_REFUSED(KTLS_R_HANDSHAKE_LONG), transcript_add(&t, (struct slice){ large, 1 }));
	transcript_free(&t);
	free(large);
}

static void
bounded(void **unused)
{
	uint8_t *large = calloc(1, TRANSCRIPT_HELD_MAX + 1);
	uint8_t hash[HASH_LEN_MAX];
	struct transcript t;

	(void)unused;
	assert_non_null(large);
	transcript_init(&t, crypto);
	GIVES(-EMSGSIZE, transcript_add(&t, (struct slice){ large, TRANSCRIPT_HELD_MAX + 1 }));
	OK(transcript_add(&t, (struct slice){ large, TRANSCRIPT_HELD_MAX }));
	OK(transcript_add(&t, (struct slice){ large, 0 }));
	GIVES(-EMSGSIZE, transcript_add(&t, (struct slice){ large, 1 }));
	GIVES(-EINVAL, transcript_hash(&t, hash));	/* of what hash? */
	GIVES(-EINVAL, transcript_retry(&t));
	OK(transcript_choose(&t, HASH_SHA256));
	GIVES(-EINVAL, transcript_choose(&t, HASH_SHA384));
	OK(transcript_add(&t, (struct slice){ large, TRANSCRIPT_HELD_MAX + 1 }));
	transcript_free(&t);
	transcript_free(&t);		/* frees what is there: nothing */
	free(large);
}

static int
setup(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL);
}

static int
teardown(void **unused)
{
	(void)unused;
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces),
		cmocka_unit_test(retry_is_message_hash),
		cmocka_unit_test(peek),
		cmocka_unit_test(kept),
		cmocka_unit_test(kept_is_bounded),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
