/* SPDX-License-Identifier: MIT */
#ifndef KTLS_KEYS_H
#define KTLS_KEYS_H

#include <stdint.h>
#include <ktls/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The two directions of a connection, as its holder sees them. */
enum ktls_dir { KTLS_TX, KTLS_RX };
#define KTLS_DIRS 2

/* Every AEAD that both TLS and the kernel's ULP know (linux/tls.h). */
enum ktls_cipher {
	KTLS_AES_128_GCM, KTLS_AES_256_GCM, KTLS_AES_128_CCM, KTLS_CHACHA20_POLY1305,
};
#define KTLS_CIPHERS 4

#define KTLS_TLS12	0x0303
#define KTLS_TLS13	0x0304

#define KTLS_SECRET_MAX	48	/* bytes of a traffic secret: SHA-384's length */

/*
 * One direction's record protection, ready for the kernel or for the userspace
 * record layer. This is the only place where key bytes leave the engine. Its
 * owner wipes it, once one of the two has taken a copy of its own.
 */
struct ktls_keys {
	enum ktls_cipher cipher;
	uint16_t version;	/* KTLS_TLS12 or KTLS_TLS13 */
	uint8_t  key[32];	/* the first 16 for AES-128 */
	/* TLS 1.2 GCM, CCM: 4 bytes of salt, then the next explicit nonce */
	uint8_t  iv[12];
	uint64_t seq;		/* of the next record */
};

KTLS_API void ktls_keys_wipe(struct ktls_keys *keys);

/* "AES-128-GCM"; static. "unknown cipher" for what the enum doesn't have. */
KTLS_API const char *ktls_cipher_name(enum ktls_cipher cipher);

#ifdef __cplusplus
}
#endif
#endif
