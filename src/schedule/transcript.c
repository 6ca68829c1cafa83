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

	if (t->keep && message.len > TRANSCRIPT_KEPT_MAX - t->held_len)
		return KTLS_REFUSED(KTLS_R_HANDSHAKE_LONG);
	if (!t->keep && message.len > TRANSCRIPT_HELD_MAX - t->held_len)
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
	int err;

	if ((t->md == NULL || t->keep) && (err = hold(t, message)) != 0)
		return err;
	if (t->md == NULL)
		return 0;
	return EVP_DigestUpdate(t->md, message.p, message.len) ? 0 : crypto_error();
}

static int
make_snapshot(struct transcript *t)
{
	if (t->snapshot == NULL && (t->snapshot = EVP_MD_CTX_new()) == NULL)
		return crypto_error();
	return 0;
}

int
transcript_choose(struct transcript *t, enum crypto_hash hash)
{
	EVP_MD_CTX *md;
	int err;

	if (t->md != NULL)
		return -EINVAL;
	if ((err = make_snapshot(t)) != 0)
		return err;
	if ((md = EVP_MD_CTX_new()) == NULL ||
	    !EVP_DigestInit_ex2(md, t->crypto->md[hash], NULL) ||
	    !EVP_DigestUpdate(md, t->held, t->held_len)) {
		EVP_MD_CTX_free(md);
		return crypto_error();
	}
	t->md = md;
	t->hash = hash;
	if (!t->keep)
		transcript_drop(t);
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
transcript_peek(struct transcript *t, enum crypto_hash hash, struct slice extra,
    uint8_t out[HASH_LEN_MAX])
{
	int err;

	if (t->md != NULL && t->hash != hash)
		return -EINVAL;
	if ((err = make_snapshot(t)) != 0)
		return err;
	if (t->md != NULL ? !EVP_MD_CTX_copy_ex(t->snapshot, t->md) :
	    !EVP_DigestInit_ex2(t->snapshot, t->crypto->md[hash], NULL) ||
	    !EVP_DigestUpdate(t->snapshot, t->held, t->held_len))
		return crypto_error();
	if (!EVP_DigestUpdate(t->snapshot, extra.p, extra.len) ||
	    !EVP_DigestFinal_ex(t->snapshot, out, NULL))
		return crypto_error();
	return 0;
}

void
transcript_keep(struct transcript *t)
{
	t->keep = true;
}

struct slice
transcript_messages(const struct transcript *t)
{
	return (struct slice){ t->held, t->held_len };
}

void
transcript_drop(struct transcript *t)
{
	t->keep = false;
	OPENSSL_free(t->held);
	t->held = NULL;
	t->held_len = 0;
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
