/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_GROUP_H
#define CRYPTO_GROUP_H

#include "crypto/crypto.h"

/*
 * Key exchange, one table row a group (group.c). A server's answer is made from
 * the client's share in one step, so that key encapsulation fits in as well.
 */
#define GROUP_SHARE_MAX		1216	/* X25519MLKEM768's, the largest that is to come */
#define GROUP_SECRET_MAX	66	/* P-521's */

/* For ktls_crypto_new(): fills in crypto->group. -ENOMEM; what libcrypto lacks is no error. */
KTLS_CHECKED int group_find(struct ktls_crypto *crypto);

bool group_known(struct ktls_crypto *crypto, uint16_t id);
size_t group_share_len(uint16_t id);		/* of a client's share; 0: not known */

/* A client's half: makes a key and writes its share. EVP_PKEY_free() the key. */
KTLS_CHECKED int group_offer(struct ktls_crypto *crypto, uint16_t id, EVP_PKEY **key,
    uint8_t share[GROUP_SHARE_MAX], size_t *share_len);

/*
 * The client's end: the peer's share and our key give the secret, the caller's
 * to wipe. KTLS_REFUSED(SHARE_INVALID) where the peer's is no point.
 */
KTLS_CHECKED int group_accept(struct ktls_crypto *crypto, uint16_t id, EVP_PKEY *key,
    struct slice peer, uint8_t secret[GROUP_SECRET_MAX], size_t *secret_len);

/* The server, in one step: its share and the secret from the client's share. */
KTLS_CHECKED int group_answer(struct ktls_crypto *crypto, uint16_t id, struct slice peer,
    uint8_t share[GROUP_SHARE_MAX], size_t *share_len,
    uint8_t secret[GROUP_SECRET_MAX], size_t *secret_len);

#endif
