/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/check_testlib.h"
#include "schedule/transcript.h"

static struct ktls_crypto *crypto;

static const uint8_t text[] = "one message and the next";

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
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
