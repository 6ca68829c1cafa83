/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include "post/state.h"
#include "schedule/exporter.h"
#include "schedule/schedule13.h"

#define LABEL_MAX	40	/* "CLIENT_TRAFFIC_SECRET_4294967295 " */

/*
 * TLS 1.3: the slot keeps one secret a direction: of the generation in force while records
 * are made here, of the next one once the kernel makes them. A step forward works
 * on copies and commits when nothing can fail any more.
 */

uint8_t *
post_secret(struct ktls_post *post, enum ktls_dir dir)
{
	uint8_t *bytes = post->slot != NULL ? secret_slot_bytes(post->slot) : NULL;

	return bytes != NULL ? bytes + (size_t)dir * HASH_LEN_MAX : NULL;
}

static void
put_hex(char *out, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

/* "CLIENT_TRAFFIC_SECRET_1 <client_random> <secret>" */
static void
show_secret(struct ktls_post *post, enum ktls_dir dir, const uint8_t *secret)
{
	bool client = (post->role == KTLS_CLIENT) == (dir == KTLS_TX);
	char line[LABEL_MAX + 2 * sizeof(post->client_random) + 1 + 2 * HASH_LEN_MAX + 1];
	int n;

	if (post->keylog == NULL)
		return;
	n = snprintf(line, LABEL_MAX, "%s_TRAFFIC_SECRET_%u ", client ? "CLIENT" : "SERVER",
	    post->generation[dir]);
	put_hex(line + n, post->client_random, sizeof(post->client_random));
	n += 2 * (int)sizeof(post->client_random);
	line[n++] = ' ';
	put_hex(line + n, secret, crypto_hash_len(post->hash));
	post->keylog(post->keylog_arg, line);
	OPENSSL_cleanse(line, sizeof(line));
}

int
ktls_post_rekey(struct ktls_post *post, enum ktls_dir dir, struct ktls_keys *keys)
{
	uint8_t *kept = post_secret(post, dir), force[HASH_LEN_MAX], next[HASH_LEN_MAX];
	int err;

	if (post->version != KTLS_TLS13)
		return -EOPNOTSUPP;
	if (kept == NULL)
		return -EOWNERDEAD;
	memcpy(next, kept, sizeof(next));
	if ((err = traffic_update(post->crypto, post->hash, next)) != 0)
		goto out;
	memcpy(force, post->in_kernel[dir] ? kept : next, sizeof(force));
	if ((err = traffic_keys(post->crypto, post->hash, post->cipher, force, keys)) != 0)
		goto out;

	/* Nothing below can fail. */
	memcpy(kept, next, sizeof(next));
	post->generation[dir]++;
	show_secret(post, dir, force);
out:
	OPENSSL_cleanse(force, sizeof(force));
	OPENSSL_cleanse(next, sizeof(next));
	return err;
}

int
ktls_post_in_kernel(struct ktls_post *post, enum ktls_dir dir)
{
	uint8_t *kept = post_secret(post, dir), next[HASH_LEN_MAX];
	int err;

	if (post->in_kernel[dir])
		return -EALREADY;
	if (post->version != KTLS_TLS13) {	/* there is no next generation */
		post->in_kernel[dir] = true;
		return 0;
	}
	if (kept == NULL)
		return -EOWNERDEAD;
	memcpy(next, kept, sizeof(next));
	if ((err = traffic_update(post->crypto, post->hash, next)) == 0) {
		memcpy(kept, next, sizeof(next));
		post->in_kernel[dir] = true;
	}
	OPENSSL_cleanse(next, sizeof(next));
	return err;
}

/*
 * Records that one key may protect: 2^24.5 with AES-GCM (RFC 8446 5.5), 2^23 with CCM
 * (RFC 9147 4.5.3). ChaCha20's sequence number ends first.
 */
static const uint64_t records_max[KTLS_CIPHERS] = {
	[KTLS_AES_128_GCM] = 23726566,
	[KTLS_AES_256_GCM] = 23726566,
	[KTLS_AES_128_CCM] = UINT64_C(1) << 23,
	[KTLS_CHACHA20_POLY1305] = UINT64_MAX,
};

/* The same both ways: dir is for the day when it isn't. */
enum ktls_key_use
ktls_post_key_use(const struct ktls_post *post, enum ktls_dir dir, uint64_t seq)
{
	uint64_t max = records_max[post->cipher];

	(void)dir;
	return seq >= max ? KTLS_KEY_SPENT : seq >= max / 2 ? KTLS_KEY_HALF : KTLS_KEY_FRESH;
}

int
ktls_post_export(struct ktls_post *post, const char *label, const void *context,
    size_t context_len, void *out, size_t out_len)
{
	const uint8_t *kept;
	struct exporter e = { .crypto = post->crypto, .version = post->version,
	    .hash = post->hash };

	if (!post->exports)
		return -EOPNOTSUPP;
	if ((kept = secret_slot_bytes(post->kept)) == NULL)
		return -EOWNERDEAD;
	e.secret = kept + KEPT_EXPORTER;
	e.client_random = kept + KEPT_CLIENT_RANDOM;	/* looked at in TLS 1.2 alone */
	e.server_random = kept + KEPT_SERVER_RANDOM;
	return exporter_make(&e, label, context, context_len, out, out_len);
}
