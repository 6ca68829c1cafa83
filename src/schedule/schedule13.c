/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"
#include "schedule/schedule13.h"

static const uint8_t zeros[HASH_LEN_MAX];

static struct slice
hash_slice(enum crypto_hash hash, const uint8_t *bytes)
{
	return (struct slice){ bytes, crypto_hash_len(hash) };
}

/* HKDF-Extract with salt above and ikm from the side; on failure nothing is left. */
static int
extract(struct schedule13 *s, struct slice salt, struct slice ikm)
{
	uint8_t secret[HASH_LEN_MAX];
	int err = hkdf_extract(s->crypto, s->hash, salt, ikm, secret);

	if (err == 0)
		memcpy(s->secret, secret, crypto_hash_len(s->hash));
	else
		schedule13_wipe(s);
	explicit_bzero(secret, sizeof(secret));
	return err;
}

/* Derive-Secret(., label, "") */
static int
derive_of_nothing(const struct schedule13 *s, const char *label, uint8_t *out)
{
	uint8_t empty[HASH_LEN_MAX];
	int err = crypto_digest(s->crypto, s->hash, (struct slice){ zeros, 0 }, empty);

	return err != 0 ? err : schedule13_derive(s, label, empty, out);
}

/* From one secret to the next: Derive-Secret(., "derived", "") is the salt. */
static int
advance(struct schedule13 *s, struct slice ikm)
{
	uint8_t salt[HASH_LEN_MAX];
	int err;

	if ((err = derive_of_nothing(s, "derived", salt)) != 0)
		schedule13_wipe(s);
	else
		err = extract(s, hash_slice(s->hash, salt), ikm);
	explicit_bzero(salt, sizeof(salt));
	return err;
}

int
schedule13_early(struct schedule13 *s, struct ktls_crypto *crypto, enum crypto_hash hash,
    struct slice psk)
{
	*s = (struct schedule13){ .crypto = crypto, .hash = hash };
	return extract(s, hash_slice(hash, zeros), psk.len != 0 ? psk : hash_slice(hash, zeros));
}

int
schedule13_handshake(struct schedule13 *s, struct slice shared_secret)
{
	return advance(s, shared_secret);
}

int
schedule13_master(struct schedule13 *s)
{
	return advance(s, hash_slice(s->hash, zeros));
}

void
schedule13_wipe(struct schedule13 *s)
{
	explicit_bzero(s->secret, sizeof(s->secret));
}

int
schedule13_derive(const struct schedule13 *s, const char *label, const uint8_t *transcript_hash,
    uint8_t *out)
{
	return hkdf_expand_label(s->crypto, s->hash, s->secret, label,
	    hash_slice(s->hash, transcript_hash), out, crypto_hash_len(s->hash));
}

int
traffic_keys(struct ktls_crypto *crypto, enum crypto_hash hash, enum ktls_cipher cipher,
    const uint8_t *traffic_secret, struct ktls_keys *keys)
{
	const struct slice none = { zeros, 0 };
	int err;

	memset(keys, 0, sizeof(*keys));
	keys->cipher = cipher;
	keys->version = KTLS_TLS13;
	if ((err = hkdf_expand_label(crypto, hash, traffic_secret, "key", none,
	    keys->key, aead_key_len(cipher))) != 0 ||
	    (err = hkdf_expand_label(crypto, hash, traffic_secret, "iv", none,
	    keys->iv, sizeof(keys->iv))) != 0)
		ktls_keys_wipe(keys);
	return err;
}

int
traffic_update(struct ktls_crypto *crypto, enum crypto_hash hash, uint8_t *traffic_secret)
{
	uint8_t next[HASH_LEN_MAX];
	size_t len = crypto_hash_len(hash);
	int err = hkdf_expand_label(crypto, hash, traffic_secret, "traffic upd",
	    (struct slice){ zeros, 0 }, next, len);

	if (err == 0)
		memcpy(traffic_secret, next, len);
	explicit_bzero(next, sizeof(next));
	return err;
}

int
finished_mac(struct ktls_crypto *crypto, enum crypto_hash hash, const uint8_t *traffic_secret,
    const uint8_t *transcript_hash, uint8_t *out)
{
	uint8_t key[HASH_LEN_MAX];
	int err = hkdf_expand_label(crypto, hash, traffic_secret, "finished",
	    (struct slice){ zeros, 0 }, key, crypto_hash_len(hash));

	if (err == 0)
		err = hmac_compute(crypto, hash, hash_slice(hash, key),
		    hash_slice(hash, transcript_hash), out);
	explicit_bzero(key, sizeof(key));
	return err;
}

int
schedule13_binder(const struct schedule13 *early, const char *label,
    const uint8_t *transcript_hash, uint8_t *out)
{
	uint8_t key[HASH_LEN_MAX];
	int err;

	if ((err = derive_of_nothing(early, label, key)) == 0)
		err = finished_mac(early->crypto, early->hash, key, transcript_hash, out);
	explicit_bzero(key, sizeof(key));
	return err;
}

int
resumption_psk(struct ktls_crypto *crypto, enum crypto_hash hash,
    const uint8_t *resumption_secret, struct slice nonce, uint8_t *out)
{
	return hkdf_expand_label(crypto, hash, resumption_secret, "resumption", nonce, out,
	    crypto_hash_len(hash));
}

/* HKDF-Expand-Label(Derive-Secret(secret, label, ""), "exporter", Hash(context), length) */
int
exporter13(struct ktls_crypto *crypto, enum crypto_hash hash, const uint8_t *exporter_secret,
    const char *label, struct slice context, uint8_t *out, size_t out_len)
{
	struct schedule13 s = { .crypto = crypto, .hash = hash };
	uint8_t secret[HASH_LEN_MAX], hashed[HASH_LEN_MAX];
	int err;

	memcpy(s.secret, exporter_secret, crypto_hash_len(hash));
	if ((err = derive_of_nothing(&s, label, secret)) == 0 &&
	    (err = crypto_digest(crypto, hash, context, hashed)) == 0)
		err = hkdf_expand_label(crypto, hash, secret, "exporter", hash_slice(hash, hashed),
		    out, out_len);
	explicit_bzero(secret, sizeof(secret));
	schedule13_wipe(&s);
	return err;
}
