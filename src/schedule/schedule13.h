/* SPDX-License-Identifier: MIT */
#ifndef SCHEDULE_SCHEDULE13_H
#define SCHEDULE_SCHEDULE13_H

#include "crypto/crypto.h"

/* RFC 8446 7.1, drawn upright: each step replaces the secret above it. */
struct schedule13 {
	struct ktls_crypto *crypto;	/* borrowed */
	enum crypto_hash hash;
	bool no_psk;			/* secret is the Early Secret that everybody has */
	uint8_t secret[HASH_LEN_MAX];	/* Early, Handshake or Master Secret, as far as we are */
};

KTLS_CHECKED int schedule13_early(struct schedule13 *s, struct ktls_crypto *crypto,
    enum crypto_hash hash, struct slice psk);			/* an empty psk: none */
KTLS_CHECKED int schedule13_handshake(struct schedule13 *s, struct slice shared_secret);
KTLS_CHECKED int schedule13_master(struct schedule13 *s);
void schedule13_wipe(struct schedule13 *s);

/* Derive-Secret with a label and the transcript's hash; out: the hash's length. */
KTLS_CHECKED int schedule13_derive(const struct schedule13 *s, const char *label,
    const uint8_t *transcript_hash, uint8_t *out);

#define LABEL_C_HS	"c hs traffic"
#define LABEL_S_HS	"s hs traffic"
#define LABEL_C_AP	"c ap traffic"
#define LABEL_S_AP	"s ap traffic"
#define LABEL_EXP	"exp master"
#define LABEL_RES	"res master"
#define LABEL_RES_BINDER "res binder"
#define LABEL_EXT_BINDER "ext binder"

/*
 * RFC 8446 4.2.11.2: from schedule13_early() with the PSK, whose binder it is; the hash
 * is that of all before the binders. label says where the PSK came from.
 */
KTLS_CHECKED int schedule13_binder(const struct schedule13 *early, const char *label,
    const uint8_t *transcript_hash, uint8_t *out);

/* RFC 8446 7.3: key and iv of a traffic secret, seq 0. keys is the caller's to wipe. */
KTLS_CHECKED int traffic_keys(struct ktls_crypto *crypto, enum crypto_hash hash,
    enum ktls_cipher cipher, const uint8_t *traffic_secret, struct ktls_keys *keys);

/* RFC 8446 7.2: the next generation, in place. */
KTLS_CHECKED int traffic_update(struct ktls_crypto *crypto, enum crypto_hash hash,
    uint8_t *traffic_secret);

/* RFC 8446 4.4.4: verify_data of Finished. */
KTLS_CHECKED int finished_mac(struct ktls_crypto *crypto, enum crypto_hash hash,
    const uint8_t *traffic_secret, const uint8_t *transcript_hash, uint8_t *out);

/* RFC 8446 4.6.1: the PSK of a ticket; out: the hash's length. */
KTLS_CHECKED int resumption_psk(struct ktls_crypto *crypto, enum crypto_hash hash,
    const uint8_t *resumption_secret, struct slice nonce, uint8_t *out);

/* RFC 8446 7.5; a context that isn't there is an empty one. -EINVAL: label or out_len too long. */
KTLS_CHECKED int exporter13(struct ktls_crypto *crypto, enum crypto_hash hash,
    const uint8_t *exporter_secret, const char *label, struct slice context, uint8_t *out,
    size_t out_len);

#endif
