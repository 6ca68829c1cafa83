/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "post/post_testlib.h"

struct ktls_post *
post_of_role(enum ktls_role role)
{
	return post_of_version(role, KTLS_TLS13);
}

struct ktls_post *
post_of_version(enum ktls_role role, uint16_t version)
{
	struct hs_secrets secrets = { .role = role, .version = version,
	    .cipher = KTLS_AES_128_GCM, .hash = HASH_SHA256 };
	struct ktls_post *post;

	assert_int_equal(ktls_crypto_new(&secrets.crypto, NULL, NULL), 0);
	assert_int_equal(post_alloc(&post), 0);
	post_begin(post, &secrets);
	ktls_crypto_unref(secrets.crypto);
	return post;
}

int
post_feed(struct ktls_post *post, uint8_t type, const void *data, size_t len)
{
	void *exact = malloc(len);
	int err;

	assert_true(exact != NULL || len == 0);
	if (len != 0)
		memcpy(exact, data, len);
	err = ktls_post_record(post, type, exact, len);
	free(exact);
	return err;
}

/* The letter of KTLS_ACTION_SEND. */
static char
sent(const struct ktls_action *a)
{
	static const struct {
		char letter;
		uint8_t type, len, data[5];
	} known[] = {
		{ 'u', KTLS_TYPE_HANDSHAKE, 5, { 24, 0, 0, 1, 0 } },
		{ 'U', KTLS_TYPE_HANDSHAKE, 5, { 24, 0, 0, 1, 1 } },
		{ 'c', KTLS_TYPE_ALERT, 2, { 1, 0 } },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (a->type == known[i].type && a->len == known[i].len &&
		    memcmp(a->data, known[i].data, a->len) == 0)
			return known[i].letter;
	return '?';
}

const char *
post_actions(struct ktls_post *post)
{
	static char letters[64];
	size_t n = 0;
	struct ktls_action a;

	for (ktls_post_next(post, &a); a.kind != KTLS_ACTION_NONE; ktls_post_next(post, &a)) {
		assert_true(n < sizeof(letters) - 1);
		if (a.kind == KTLS_ACTION_REKEY)
			letters[n++] = a.dir == KTLS_RX ? 'R' : 'T';
		else if (a.kind == KTLS_ACTION_CLOSED)
			letters[n++] = 'x';
		else
			letters[n++] = sent(&a);
	}
	letters[n] = '\0';
	return letters;
}
