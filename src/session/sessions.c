/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <ktls/store.h>
#include "base/lock.h"
#include "base/siphash.h"
#include "crypto/crypto.h"

#define MAX_MAX		1000000
#define KEY_MAX		512
#define DATA_MAX	65535
#define SWEEP		2	/* expired ones that a get throws away, at most */

/*
 * Stands in two lists: of its bucket, the newest first, so that those of one key are
 * found in that order; and of all by their last use, a ring through sessions.uses.
 */
struct entry {
	struct entry *next, **link;	/* link: what points at this one */
	struct entry *newer, *older;
	int64_t expires;
	uint64_t hash;
	bool once;
	uint16_t key_len;
	uint16_t len;
	uint8_t bytes[];		/* the key, then the data */
};

struct ktls_sessions {
	atomic_uint refs;
	struct lock lock;
	struct siphash_key hash_key;
	size_t max, count;
	size_t mask;			/* of buckets, a power of two, less one */
	struct entry **buckets;
	struct entry uses;		/* .older: the one used last; .newer: longest ago */
};

int
ktls_sessions_new(struct ktls_sessions **out, size_t max)
{
	struct ktls_sessions *sessions;
	size_t buckets = 1;
	int err;

	if (max == 0 || max > MAX_MAX)
		return -EINVAL;
	while (buckets < max)
		buckets *= 2;
	if ((sessions = OPENSSL_zalloc(sizeof(*sessions))) == NULL)
		return -ENOMEM;
	sessions->uses.newer = sessions->uses.older = &sessions->uses;
	sessions->max = max;
	sessions->mask = buckets - 1;
	atomic_init(&sessions->refs, 1);
	if ((sessions->buckets = OPENSSL_zalloc(buckets * sizeof(*sessions->buckets))) == NULL)
		err = -ENOMEM;
	else if (RAND_bytes((uint8_t *)&sessions->hash_key, sizeof(sessions->hash_key)) != 1)
		err = crypto_error();
	else
		err = lock_init(&sessions->lock);
	if (err != 0) {
		OPENSSL_free(sessions->buckets);
		OPENSSL_free(sessions);
		return err;
	}
	*out = sessions;
	return 0;
}

struct ktls_sessions *
ktls_sessions_ref(struct ktls_sessions *sessions)
{
	atomic_fetch_add_explicit(&sessions->refs, 1, memory_order_relaxed);
	return sessions;
}

static bool
key_fits(struct slice key)
{
	return key.len != 0 && key.len <= KEY_MAX;
}

static void
entry_free(struct entry *entry)
{
	if (entry != NULL)
		OPENSSL_clear_free(entry, sizeof(*entry) + entry->key_len + entry->len);
}

/* A list of them through `next`. */
static void
entries_free(struct entry *entry)
{
	struct entry *next;

	for (; entry != NULL; entry = next) {
		next = entry->next;
		entry_free(entry);
	}
}

static struct entry *
entry_new(struct slice key, struct slice data)
{
	struct entry *entry = OPENSSL_malloc(sizeof(*entry) + key.len + data.len);

	if (entry == NULL)
		return NULL;
	*entry = (struct entry){ .key_len = (uint16_t)key.len, .len = (uint16_t)data.len };
	memcpy(entry->bytes, key.p, key.len);
	memcpy(entry->bytes + key.len, data.p, data.len);
	return entry;
}

void
ktls_sessions_unref(struct ktls_sessions *sessions)
{
	/* Release and acquire: who frees has seen all that the others did. */
	if (sessions == NULL ||
	    atomic_fetch_sub_explicit(&sessions->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i <= sessions->mask; i++)
		entries_free(sessions->buckets[i]);
	lock_free(&sessions->lock);
	OPENSSL_free(sessions->buckets);
	OPENSSL_clear_free(sessions, sizeof(*sessions));
}

size_t
ktls_sessions_count(struct ktls_sessions *sessions)
{
	size_t count;

	lock_enter(&sessions->lock);
	count = sessions->count;
	lock_leave(&sessions->lock);
	return count;
}

static bool
entry_is(const struct entry *entry, uint64_t hash, struct slice key)
{
	return entry->hash == hash && entry->key_len == key.len &&
	    memcmp(entry->bytes, key.p, key.len) == 0;
}

static void
uses_remove(struct entry *entry)
{
	entry->newer->older = entry->older;
	entry->older->newer = entry->newer;
}

static void
uses_add(struct ktls_sessions *sessions, struct entry *entry)
{
	entry->newer = &sessions->uses;
	entry->older = sessions->uses.older;
	entry->older->newer = entry;
	sessions->uses.older = entry;
}

static void
add(struct ktls_sessions *sessions, struct entry *entry)
{
	struct entry **bucket = &sessions->buckets[entry->hash & sessions->mask];

	entry->next = *bucket;
	if (entry->next != NULL)
		entry->next->link = &entry->next;
	entry->link = bucket;
	*bucket = entry;
	uses_add(sessions, entry);
	sessions->count++;
}

/* Into the list `gone`: wiping takes its time, and waits until the lock is left. */
static void
take(struct ktls_sessions *sessions, struct entry *entry, struct entry **gone)
{
	*entry->link = entry->next;
	if (entry->next != NULL)
		entry->next->link = entry->link;
	uses_remove(entry);
	sessions->count--;
	entry->next = *gone;
	*gone = entry;
}

/* The key's entries after the newest `keep`. */
static void
trim(struct ktls_sessions *sessions, uint64_t hash, struct slice key, size_t keep,
    struct entry **gone)
{
	struct entry *entry = sessions->buckets[hash & sessions->mask], *next;

	for (; entry != NULL; entry = next) {
		next = entry->next;
		if (!entry_is(entry, hash, key))
			continue;
		if (keep == 0)
			take(sessions, entry, gone);
		else
			keep--;
	}
}

/* Who expired is not asked for again, and so drifts to this end. */
static void
sweep(struct ktls_sessions *sessions, int64_t now, struct entry **gone)
{
	for (int i = 0; i < SWEEP && sessions->count != 0; i++) {
		struct entry *oldest = sessions->uses.newer;

		if (oldest->expires > now)
			return;
		take(sessions, oldest, gone);
	}
}

int
ktls_sessions_put(struct ktls_sessions *sessions, const void *key, size_t key_len,
    const void *data, size_t len, bool once, int64_t expires)
{
	struct slice k = { key, key_len };
	struct entry *entry, *gone = NULL;

	if (!key_fits(k) || len == 0 || len > DATA_MAX)
		return -EINVAL;
	if ((entry = entry_new(k, (struct slice){ data, len })) == NULL)
		return -ENOMEM;
	entry->hash = siphash(&sessions->hash_key, k);
	entry->once = once;
	entry->expires = expires;

	lock_enter(&sessions->lock);
	trim(sessions, entry->hash, k, once ? KTLS_SESSIONS_PER_KEY - 1 : 0, &gone);
	if (sessions->count == sessions->max)
		take(sessions, sessions->uses.newer, &gone);
	add(sessions, entry);
	lock_leave(&sessions->lock);
	entries_free(gone);
	return 0;
}

/* The key's newest that lives; those that don't, go. */
static struct entry *
find(struct ktls_sessions *sessions, uint64_t hash, struct slice key, int64_t now,
    struct entry **gone)
{
	struct entry *entry = sessions->buckets[hash & sessions->mask], *next;

	for (; entry != NULL; entry = next) {
		next = entry->next;
		if (!entry_is(entry, hash, key))
			continue;
		if (entry->expires > now)
			return entry;
		take(sessions, entry, gone);
	}
	return NULL;
}

static int
get(struct ktls_sessions *sessions, uint64_t hash, struct slice key, int64_t now, void **data,
    size_t *len, struct entry **gone)
{
	struct entry *entry = find(sessions, hash, key, now, gone);
	void *copy;

	if (entry == NULL)
		return -ENOENT;
	if ((copy = OPENSSL_malloc(entry->len)) == NULL)
		return -ENOMEM;
	memcpy(copy, entry->bytes + entry->key_len, entry->len);
	*data = copy;
	*len = entry->len;
	uses_remove(entry);
	uses_add(sessions, entry);
	if (entry->once)
		take(sessions, entry, gone);
	return 0;
}

int
ktls_sessions_get(struct ktls_sessions *sessions, const void *key, size_t key_len, int64_t now,
    void **data, size_t *len)
{
	struct slice k = { key, key_len };
	struct entry *gone = NULL;
	uint64_t hash;
	int err;

	if (!key_fits(k))
		return -ENOENT;
	hash = siphash(&sessions->hash_key, k);
	lock_enter(&sessions->lock);
	err = get(sessions, hash, k, now, data, len, &gone);
	sweep(sessions, now, &gone);
	lock_leave(&sessions->lock);
	entries_free(gone);
	return err;
}

void
ktls_sessions_remove(struct ktls_sessions *sessions, const void *key, size_t key_len)
{
	struct slice k = { key, key_len };
	struct entry *gone = NULL;
	uint64_t hash;

	if (!key_fits(k))
		return;
	hash = siphash(&sessions->hash_key, k);
	lock_enter(&sessions->lock);
	trim(sessions, hash, k, 0, &gone);
	lock_leave(&sessions->lock);
	entries_free(gone);
}
