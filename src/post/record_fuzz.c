/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include "post/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/*
 * The input: a byte for role and version, then steps: a byte that says what, two of length,
 * data. Besides the record types there are application data and our own wishes.
 */
enum { STEP_APPLICATION_DATA = 0xff, STEP_KEY_UPDATE = 0xfe, STEP_CLOSE = 0xfd };

static struct ktls_post *
begin(uint8_t how)
{
	static struct ktls_crypto *crypto;
	struct hs_secrets secrets = { .role = how & 1 ? KTLS_SERVER : KTLS_CLIENT,
	    .version = how & 2 ? KTLS_TLS12 : KTLS_TLS13 };
	struct ktls_post *post;

	if (crypto == NULL && ktls_crypto_new(&crypto, NULL, NULL) != 0)
		abort();
	if (post_alloc(&post) != 0)
		abort();
	secrets.crypto = crypto;
	post_begin(post, &secrets);
	return post;
}

static int
step(struct ktls_post *post, uint8_t what, struct slice data)
{
	switch (what) {
	case STEP_APPLICATION_DATA:
		return ktls_post_application_data(post, data.len);
	case STEP_KEY_UPDATE:
		return ktls_post_key_update(post, data.len & 1);
	case STEP_CLOSE:
		return ktls_post_close(post);
	default:
		return ktls_post_record(post, what, data.p, data.len);
	}
}

/* A KeyUpdate of ours is followed by its keys, close_notify by nothing; all of it ends. */
static void
drain(struct ktls_post *post, bool failed, bool *closed)
{
	bool updating = false;
	struct ktls_action a;
	int n = 0;

	for (ktls_post_next(post, &a); a.kind != KTLS_ACTION_NONE; ktls_post_next(post, &a)) {
		if (failed || ++n > 5 || (a.kind == KTLS_ACTION_SEND && (updating || *closed)))
			abort();
		if (a.kind == KTLS_ACTION_SEND && a.type == KTLS_TYPE_HANDSHAKE)
			updating = true;
		else if (a.kind == KTLS_ACTION_SEND)
			*closed = true;
		else if (a.kind == KTLS_ACTION_REKEY && a.dir == KTLS_TX)
			updating = false;
	}
	if (updating)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = rd_init((struct slice){ data, len });
	struct ktls_post *post = begin(rd_u8(&r));
	bool closed = false;
	int final = 0;

	while (rd_more(&r)) {
		uint8_t what = rd_u8(&r);
		struct slice s = rd_vec(&r, 2);
		int err = step(post, what, s);

		if (err == KTLS_REFUSED(KTLS_R_INTERNAL) || (final != 0 && err != final &&
		    err != -EOPNOTSUPP))
			abort();
		if (err != 0 && err != -EBADF && err != -EOPNOTSUPP)
			final = err;
		if (post->partial_len > MESSAGE_HEADER + MESSAGE_MAX ||
		    (post->partial == NULL) != (post->partial_len == 0) ||
		    (final != 0 && post->partial != NULL))
			abort();
		drain(post, final != 0, &closed);
	}
	ktls_post_free(post);
	return 0;
}
