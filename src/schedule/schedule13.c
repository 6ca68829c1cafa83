/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"
#include "schedule/schedule13.h"

static const uint8_t zeros[HASH_LEN_MAX];

/*
 * What depends on no key and no message, RFC 8446 7.1: the hash of nothing; without a PSK
 * the Early Secret, and the salt that is derived from it. A full handshake makes two
 * HMACs less. The tests compute them.
 */
/* clang-format off */
static const struct {
	uint8_t empty[HASH_LEN_MAX], early[HASH_LEN_MAX], salt[HASH_LEN_MAX];
} constant[HASH_COUNT] = {
	[HASH_SHA256] = {
		.empty = {
		    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8,
		    0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
		    0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
		},
		.early = {
		    0x33, 0xad, 0x0a, 0x1c, 0x60, 0x7e, 0xc0, 0x3b, 0x09, 0xe6, 0xcd, 0x98,
		    0x93, 0x68, 0x0c, 0xe2, 0x10, 0xad, 0xf3, 0x00, 0xaa, 0x1f, 0x26, 0x60,
		    0xe1, 0xb2, 0x2e, 0x10, 0xf1, 0x70, 0xf9, 0x2a,
		},
		.salt = {
		    0x6f, 0x26, 0x15, 0xa1, 0x08, 0xc7, 0x02, 0xc5, 0x67, 0x8f, 0x54, 0xfc,
		    0x9d, 0xba, 0xb6, 0x97, 0x16, 0xc0, 0x76, 0x18, 0x9c, 0x48, 0x25, 0x0c,
		    0xeb, 0xea, 0xc3, 0x57, 0x6c, 0x36, 0x11, 0xba,
		},
	},
	[HASH_SHA384] = {
		.empty = {
		    0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e,
		    0xb1, 0xb1, 0xe3, 0x6a, 0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43,
		    0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda, 0x27, 0x4e, 0xde, 0xbf,
		    0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b,
		},
		.early = {
		    0x7e, 0xe8, 0x20, 0x6f, 0x55, 0x70, 0x02, 0x3e, 0x6d, 0xc7, 0x51, 0x9e,
		    0xb1, 0x07, 0x3b, 0xc4, 0xe7, 0x91, 0xad, 0x37, 0xb5, 0xc3, 0x82, 0xaa,
		    0x10, 0xba, 0x18, 0xe2, 0x35, 0x7e, 0x71, 0x69, 0x71, 0xf9, 0x36, 0x2f,
		    0x2c, 0x2f, 0xe2, 0xa7, 0x6b, 0xfd, 0x78, 0xdf, 0xec, 0x4e, 0xa9, 0xb5,
		},
		.salt = {
		    0x15, 0x91, 0xda, 0xc5, 0xcb, 0xbf, 0x03, 0x30, 0xa4, 0xa8, 0x4d, 0xe9,
		    0xc7, 0x53, 0x33, 0x0e, 0x92, 0xd0, 0x1f, 0x0a, 0x88, 0x21, 0x4b, 0x44,
		    0x64, 0x97, 0x2f, 0xd6, 0x68, 0x04, 0x9e, 0x93, 0xe5, 0x2f, 0x2b, 0x16,
		    0xfa, 0xd9, 0x22, 0xfd, 0xc0, 0x58, 0x44, 0x78, 0x42, 0x8f, 0x28, 0x2b,
		},
	},
};
/* clang-format on */

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
	return schedule13_derive(s, label, constant[s->hash].empty, out);
}

/* From one secret to the next: Derive-Secret(., "derived", "") is the salt. */
static int
advance(struct schedule13 *s, struct slice ikm)
{
	uint8_t salt[HASH_LEN_MAX];
	int err;

	if (s->no_psk) {
		s->no_psk = false;
		return extract(s, hash_slice(s->hash, constant[s->hash].salt), ikm);
	}
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
	*s = (struct schedule13){ .crypto = crypto, .hash = hash, .no_psk = psk.len == 0 };
	if (!s->no_psk)
		return extract(s, hash_slice(hash, zeros), psk);
	memcpy(s->secret, constant[hash].early, crypto_hash_len(hash));
	return 0;
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
