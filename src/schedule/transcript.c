/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "schedule/transcript.h"

#define MESSAGE_HASH	254		/* RFC 8446 4.4.1 */

void
transcript_init(struct transcript *t, struct ktls_crypto *crypto)
{
	*t = (struct transcript){ .crypto = crypto };
}

void
transcript_free(struct transcript *t)
{
	EVP_MD_CTX_free(t->md);
	EVP_MD_CTX_free(t->snapshot);
	OPENSSL_free(t->held);
	*t = (struct transcript){ .crypto = t->crypto };
}

static int
hold(struct transcript *t, struct slice message)
{
	uint8_t *held;

	if (message.len > TRANSCRIPT_HELD_MAX - t->held_len)
		return -EMSGSIZE;
	if (message.len == 0)
		return 0;
	if ((held = OPENSSL_realloc(t->held, t->held_len + message.len)) == NULL)
		return -ENOMEM;
	memcpy(held + t->held_len, message.p, message.len);
	t->held = held;
	t->held_len += message.len;
	return 0;
}

int
transcript_add(struct transcript *t, struct slice message)
{
	if (t->md == NULL)
		return hold(t, message);
	return EVP_DigestUpdate(t->md, message.p, message.len) ? 0 : crypto_error();
}

int
transcript_choose(struct transcript *t, enum crypto_hash hash)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new(), *snapshot = EVP_MD_CTX_new();

	if (t->md != NULL || md == NULL || snapshot == NULL ||
	    !EVP_DigestInit_ex2(md, t->crypto->md[hash], NULL) ||
	    !EVP_DigestUpdate(md, t->held, t->held_len)) {
		EVP_MD_CTX_free(md);
		EVP_MD_CTX_free(snapshot);
		return t->md != NULL ? -EINVAL : crypto_error();
	}
	t->md = md;
	t->snapshot = snapshot;
	t->hash = hash;
	OPENSSL_free(t->held);
	t->held = NULL;
	t->held_len = 0;
	return 0;
}

int
transcript_hash(struct transcript *t, uint8_t out[HASH_LEN_MAX])
{
	if (t->md == NULL)
		return -EINVAL;
	if (!EVP_MD_CTX_copy_ex(t->snapshot, t->md) || !EVP_DigestFinal_ex(t->snapshot, out, NULL))
		return crypto_error();
	return 0;
}

int
transcript_retry(struct transcript *t)
{
	uint8_t message[4 + HASH_LEN_MAX] = { MESSAGE_HASH };
	size_t len = crypto_hash_len(t->hash);
	int err;

	if ((err = transcript_hash(t, message + 4)) != 0)
		return err;
	message[3] = (uint8_t)len;
	if (!EVP_DigestInit_ex2(t->md, t->crypto->md[t->hash], NULL) ||
	    !EVP_DigestUpdate(t->md, message, 4 + len))
		return crypto_error();
	return 0;
}
