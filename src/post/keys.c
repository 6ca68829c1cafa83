/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "post/state.h"
#include "schedule/schedule13.h"

/*
 * The slot keeps one secret a direction: of the generation in force while records
 * are made here, of the next one once the kernel makes them. A step forward works
 * on copies and commits when nothing can fail any more.
 */

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
void
post_keylog_secret(struct ktls_post *post, enum ktls_dir dir, const uint8_t *secret)
{
	bool client = (post->role == KTLS_CLIENT) == (dir == KTLS_TX);
	char line[40 + 64 + 1 + 2 * HASH_LEN_MAX + 1];
	int n;

	if (post->keylog == NULL)
		return;
	n = snprintf(line, 40, "%s_TRAFFIC_SECRET_%u ", client ? "CLIENT" : "SERVER", post->generation[dir]);
	put_hex(line + n, post->keylog->client_random, sizeof(post->keylog->client_random));
	n += 64;
	line[n++] = ' ';
	put_hex(line + n, secret, crypto_hash_len(post->hash));
	post->keylog->log(post->keylog->arg, line);
	explicit_bzero(line, sizeof(line));
}

int
ktls_post_rekey(struct ktls_post *post, enum ktls_dir dir, struct ktls_keys *keys)
{
	uint8_t *kept = post_secret(post, dir), force[HASH_LEN_MAX], next[HASH_LEN_MAX];
	int err;

	if (kept == NULL)
		return -EOWNERDEAD;
	memcpy(force, kept, sizeof(force));
	if ((!post->in_kernel[dir] && (err = traffic_update(post->crypto, post->hash, force)) != 0) ||
	    (err = traffic_keys(post->crypto, post->hash, post->cipher, force, keys)) != 0)
		goto out;
	memcpy(next, force, sizeof(next));
	if (post->in_kernel[dir] && (err = traffic_update(post->crypto, post->hash, next)) != 0) {
		ktls_keys_wipe(keys);
		goto out;
	}

	/* Nothing below can fail. */
	memcpy(kept, next, sizeof(next));
	post->generation[dir]++;
	post_keylog_secret(post, dir, force);
out:
	explicit_bzero(force, sizeof(force));
	explicit_bzero(next, sizeof(next));
	return err;
}

int
ktls_post_in_kernel(struct ktls_post *post, enum ktls_dir dir)
{
	uint8_t *kept = post_secret(post, dir), next[HASH_LEN_MAX];
	int err;

	if (post->in_kernel[dir])
		return -EALREADY;
	if (kept == NULL)
		return -EOWNERDEAD;
	memcpy(next, kept, sizeof(next));
	if ((err = traffic_update(post->crypto, post->hash, next)) == 0) {
		memcpy(kept, next, sizeof(next));
		post->in_kernel[dir] = true;
	}
	explicit_bzero(next, sizeof(next));
	return err;
}

/* RFC 8446 5.5: 2^24.5 records for AES-GCM; CCM 2^23 (draft-irtf-cfrg-aead-limits); ChaCha20's is beyond the sequence number. */
enum ktls_key_use
ktls_post_key_use(const struct ktls_post *post, enum ktls_dir dir, uint64_t seq)
{
	static const uint64_t limits[KTLS_CIPHERS] = {
		[KTLS_AES_128_GCM] = 23726566, [KTLS_AES_256_GCM] = 23726566,
		[KTLS_AES_128_CCM] = 1u << 23, [KTLS_CHACHA20_POLY1305] = UINT64_MAX,
	};
	uint64_t limit = limits[post->cipher];

	(void)dir;		/* the same both ways */
	return seq >= limit ? KTLS_KEY_SPENT : seq >= limit / 2 ? KTLS_KEY_HALF : KTLS_KEY_FRESH;
}
