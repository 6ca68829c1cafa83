/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include "crypto/hkdf.h"
#include "session/tickets.h"

#define LIFETIME_MIN	60
#define LIFETIME_MAX	604800		/* RFC 8446 4.6.1 */
#define KEY_LEN		32		/* AES-256-GCM */

_Static_assert(TICKETS_OVERHEAD <= KTLS_TICKETS_OVERHEAD, "store.h promises it");
_Static_assert(KTLS_TICKETS_SECRET == RATCHET_SECRET, "the first secret");

static void
key_free(struct ticket_key *key)
{
	aead_free(&key->seal);
	aead_free(&key->open);
	*key = (struct ticket_key){0};
}

static int
key_init(struct ticket_key *key, struct ktls_crypto *crypto, const uint8_t *secret)
{
	const struct slice none = { NULL, 0 };
	uint8_t bytes[KEY_LEN];
	int err;

	*key = (struct ticket_key){0};
	if ((err = hkdf_expand_label(crypto, HASH_SHA256, secret, "ktls name", none, key->name,
	    TICKETS_NAME_LEN)) == 0 &&
	    (err = hkdf_expand_label(crypto, HASH_SHA256, secret, "ktls key", none, bytes,
	    KEY_LEN)) == 0 &&
	    (err = aead_init(&key->seal, crypto, KTLS_AES_256_GCM, KTLS_TX, bytes)) == 0)
		err = aead_init(&key->open, crypto, KTLS_AES_256_GCM, KTLS_RX, bytes);
	explicit_bzero(bytes, sizeof(bytes));
	if (err != 0)
		key_free(key);
	return err;
}

static int
tickets_init(struct ktls_tickets *tickets, const void *secret)
{
	uint8_t first[RATCHET_SECRET];
	int err = 0;

	if (tickets->crypto->aead[KTLS_AES_256_GCM] == NULL)
		return -ENOTSUP;
	if (secret != NULL)
		memcpy(first, secret, sizeof(first));
	else
		err = crypto_random(tickets->crypto, first, sizeof(first));
	ratchet_init(&tickets->ratchet, first);
	explicit_bzero(first, sizeof(first));
	return err != 0 ? err : lock_init(&tickets->lock);
}

int
ktls_tickets_new(struct ktls_tickets **out, struct ktls_crypto *crypto, const void *secret,
    int64_t start, uint32_t lifetime)
{
	struct ktls_tickets *tickets;
	int err = 0;

	if (lifetime == 0)
		lifetime = KTLS_TICKETS_LIFETIME;
	if (lifetime < LIFETIME_MIN || lifetime > LIFETIME_MAX || start < 0)
		return -EINVAL;
	if ((tickets = OPENSSL_zalloc(sizeof(*tickets))) == NULL)
		return -ENOMEM;
	atomic_init(&tickets->refs, 1);
	tickets->start = start;
	tickets->lifetime = lifetime;
	tickets->period = (lifetime + 1) / 2;
	if (crypto != NULL)
		tickets->crypto = ktls_crypto_ref(crypto);
	else
		err = ktls_crypto_new(&tickets->crypto, NULL, NULL);
	if (err == 0)
		err = tickets_init(tickets, secret);
	if (err != 0) {
		ktls_crypto_unref(tickets->crypto);
		OPENSSL_clear_free(tickets, sizeof(*tickets));
		return err;
	}
	*out = tickets;
	return 0;
}

struct ktls_tickets *
ktls_tickets_ref(struct ktls_tickets *tickets)
{
	atomic_fetch_add_explicit(&tickets->refs, 1, memory_order_relaxed);
	return tickets;
}

void
ktls_tickets_unref(struct ktls_tickets *tickets)
{
	/* Release and acquire: who frees has seen all that the others did. */
	if (tickets == NULL ||
	    atomic_fetch_sub_explicit(&tickets->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < TICKETS_KEYS; i++)
		key_free(&tickets->keys[i]);
	lock_free(&tickets->lock);
	ktls_crypto_unref(tickets->crypto);
	OPENSSL_clear_free(tickets, sizeof(*tickets));
}

uint32_t
ktls_tickets_lifetime(const struct ktls_tickets *tickets)
{
	return tickets->lifetime;
}

/* Of a time before the start, and of one that no clock should tell, the nearest there is. */
static uint64_t
epoch_of(const struct ktls_tickets *tickets, int64_t now)
{
	uint64_t epoch;

	if (now <= tickets->start)
		return 0;
	epoch = (uint64_t)(now - tickets->start) / tickets->period;
	return epoch < RATCHET_LAST ? epoch : RATCHET_LAST - 1;
}

/* The key of an epoch takes the place of the oldest. */
static int
turn(struct ktls_tickets *tickets, uint64_t epoch)
{
	struct ratchet next = tickets->ratchet;
	uint8_t secret[RATCHET_SECRET];
	struct ticket_key key;
	int err;

	if ((err = ratchet_turn(&next, tickets->crypto, epoch, secret)) != 0 ||
	    (err = key_init(&key, tickets->crypto, secret)) != 0)
		goto out;
	/* Nothing fails from here on. */
	key_free(&tickets->keys[epoch % TICKETS_KEYS]);
	tickets->keys[epoch % TICKETS_KEYS] = key;
	tickets->ratchet = next;
out:
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(&next, sizeof(next));
	return err;
}

/*
 * The keys for this time. Only forward: where the clock went back, those that are held
 * are as good. Where it came from far ahead, the wiped ones can't be had again, and
 * the oldest of these is in use until the clock is there once more.
 */
static int
advance(struct ktls_tickets *tickets, uint64_t epoch)
{
	uint64_t newest = epoch + 1, next = tickets->ratchet.epoch + 1;	/* RATCHET_NONE: 0 */
	int err;

	if (next + TICKETS_KEYS <= newest)
		next = newest - TICKETS_KEYS + 1;
	for (; next <= newest; next++)
		if ((err = turn(tickets, next)) != 0)
			return err;
	return 0;
}

static struct ticket_key *
sealing_key(struct ktls_tickets *tickets, uint64_t epoch)
{
	uint64_t newest = tickets->ratchet.epoch;

	if (epoch + TICKETS_KEYS <= newest)
		epoch = newest - TICKETS_KEYS + 1;
	return &tickets->keys[epoch % TICKETS_KEYS];
}

static int
seal(struct ktls_tickets *tickets, uint64_t epoch, const uint8_t *nonce, struct slice data,
    uint8_t *out)
{
	struct slice name = { out, TICKETS_NAME_LEN };
	struct ticket_key *key;
	int err;

	if ((err = advance(tickets, epoch)) != 0)
		return err;
	key = sealing_key(tickets, epoch);
	if (key->seals == TICKETS_SEALS_MAX)
		return -EOVERFLOW;
	key->seals++;
	memcpy(out, key->name, TICKETS_NAME_LEN);
	memcpy(out + TICKETS_NAME_LEN, nonce, AEAD_NONCE_LEN);
	return aead_seal(&key->seal, nonce, name, data, -1, out + TICKETS_HEADER_LEN);
}

/*
 * This and opening work under the lock, with the key's one context: 200 bytes take less than
 * a copy of that context would, and a hundredth of the handshake that they belong to.
 */
int
tickets_seal(struct ktls_tickets *tickets, int64_t now, const uint8_t nonce[AEAD_NONCE_LEN],
    struct slice data, uint8_t *out, size_t *out_len)
{
	int err;

	lock_enter(&tickets->lock);
	err = seal(tickets, epoch_of(tickets, now), nonce, data, out);
	lock_leave(&tickets->lock);
	if (err == 0)
		*out_len = data.len + TICKETS_OVERHEAD;
	return err;
}

int
ktls_tickets_seal(struct ktls_tickets *tickets, int64_t now, const void *data, size_t len,
    void *out, size_t *out_len)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	int err;

	if ((err = crypto_random(tickets->crypto, nonce, sizeof(nonce))) != 0)
		return err;
	return tickets_seal(tickets, now, nonce, (struct slice){ data, len }, out, out_len);
}

static struct ticket_key *
key_named(struct ktls_tickets *tickets, const uint8_t *name)
{
	for (size_t i = 0; i < TICKETS_KEYS; i++)
		if (tickets->keys[i].open.ctx != NULL &&
		    memcmp(tickets->keys[i].name, name, TICKETS_NAME_LEN) == 0)
			return &tickets->keys[i];
	return NULL;
}

static int
open_sealed(struct ktls_tickets *tickets, uint64_t epoch, const uint8_t *sealed, uint8_t *text,
    size_t len)
{
	struct slice name = { sealed, TICKETS_NAME_LEN };
	struct ticket_key *key;
	int err;

	if ((err = advance(tickets, epoch)) != 0)
		return err;
	if ((key = key_named(tickets, sealed)) == NULL)
		return -ENOENT;
	memcpy(text, sealed + TICKETS_HEADER_LEN, len);
	err = aead_open(&key->open, sealed + TICKETS_NAME_LEN, name, text, len);
	if (err != 0)
		explicit_bzero(text, len);
	return err != -EBADMSG ? err : -ENOENT;
}

int
ktls_tickets_open(struct ktls_tickets *tickets, int64_t now, const void *data, size_t len,
    void *out, size_t *out_len)
{
	int err;

	if (len < TICKETS_OVERHEAD)
		return -ENOENT;
	lock_enter(&tickets->lock);
	err = open_sealed(tickets, epoch_of(tickets, now), data, out, len - TICKETS_HEADER_LEN);
	lock_leave(&tickets->lock);
	if (err == 0)
		*out_len = len - TICKETS_OVERHEAD;
	return err;
}
