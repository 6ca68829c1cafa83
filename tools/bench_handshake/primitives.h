/* SPDX-License-Identifier: MIT */
#ifndef BENCH_HANDSHAKE_PRIMITIVES_H
#define BENCH_HANDSHAKE_PRIMITIVES_H

#include "bench_handshake/bench.h"

/*
 * libcrypto's primitives by the fastest calls that it exports: contexts kept, nothing
 * fetched, nothing allocated that a call doesn't allocate itself. SHA-256 and HMAC are its
 * low-level functions, which know no provider.
 */
void primitives_open(enum pki_kind kind);
void primitives_close(void);

void x25519_keygen(void);
void x25519_derive(void);		/* from that key and another's share */
void sign(void);			/* a hash, with the leaf's key */
void verify(void);			/* the same by the leaf's public key */
void verify_chain(void);		/* with the root's, as a certificate is signed */

void sha256(size_t len, unsigned hashes);	/* a transcript, its hash asked for that often */
/* Keys an HMAC-SHA-256, and what it costs to use it on up to 55 bytes. */
void hmac_key(void);
void hmac(void);

void gcm_key(void);
void gcm_seal(size_t len);
void gcm_open(size_t len);

#endif
