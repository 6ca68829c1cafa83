/* SPDX-License-Identifier: MIT */
#ifndef SCHEDULE_SCHEDULE12_H
#define SCHEDULE_SCHEDULE12_H

#include "crypto/crypto.h"

#define MASTER_SECRET_LEN	48	/* RFC 5246 8.1 */
#define VERIFY_DATA_LEN		12	/* RFC 5246 7.4.9 */
#define RANDOM_LEN		32

/*
 * The master secret and what comes of it: RFC 5246 sections 5, 6.3, 7.4.9, 8.1. Begun by one
 * of the three functions below; zeroed, it is empty. On failure it is left empty.
 */
struct schedule12 {
	struct ktls_crypto *crypto;	/* borrowed */
	enum crypto_hash hash;
	EVP_MAC_CTX *mac;		/* keyed with the master secret */
	uint8_t master[MASTER_SECRET_LEN];
};

KTLS_CHECKED int schedule12_master(struct schedule12 *s, struct ktls_crypto *crypto,
    enum crypto_hash hash, struct slice pre_master, const uint8_t client_random[RANDOM_LEN],
    const uint8_t server_random[RANDOM_LEN]);
/* RFC 7627 4: session_hash is the transcript's, up to and including ClientKeyExchange. */
KTLS_CHECKED int schedule12_extended_master(struct schedule12 *s, struct ktls_crypto *crypto,
    enum crypto_hash hash, struct slice pre_master, const uint8_t *session_hash);
/* A session's, where one is resumed. */
KTLS_CHECKED int schedule12_resume(struct schedule12 *s, struct ktls_crypto *crypto,
    enum crypto_hash hash, const uint8_t master[MASTER_SECRET_LEN]);
void schedule12_wipe(struct schedule12 *s);

/*
 * The key block of an AEAD suite (no MAC keys): what the client writes with and what the
 * server does, seq 0. Both are the caller's to wipe.
 */
KTLS_CHECKED int schedule12_keys(const struct schedule12 *s, enum ktls_cipher cipher,
    const uint8_t client_random[RANDOM_LEN], const uint8_t server_random[RANDOM_LEN],
    struct ktls_keys *client, struct ktls_keys *server);

/* verify_data of the client's or the server's Finished. */
KTLS_CHECKED int schedule12_finished(const struct schedule12 *s, bool client,
    const uint8_t *transcript_hash, uint8_t out[VERIFY_DATA_LEN]);

/* Sets the number of the next record, and with it the explicit nonce that it carries. */
void keys12_set_seq(struct ktls_keys *keys, uint64_t seq);

/* RFC 5246 5; the seed in parts that are put behind one another, the unused ones empty. */
#define PRF12_SEEDS	4
KTLS_CHECKED int prf12(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice secret,
    const char *label, const struct slice seed[PRF12_SEEDS], uint8_t *out, size_t out_len);

/*
 * RFC 5705 4; context NULL: none, which is not an empty one. -EINVAL: a label that the
 * protocol itself uses, a context over 65,535 bytes.
 */
KTLS_CHECKED int exporter12(struct ktls_crypto *crypto, enum crypto_hash hash,
    const uint8_t master[MASTER_SECRET_LEN], const uint8_t client_random[RANDOM_LEN],
    const uint8_t server_random[RANDOM_LEN], const char *label, const struct slice *context,
    uint8_t *out, size_t out_len);

#endif
