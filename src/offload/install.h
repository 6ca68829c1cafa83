/* SPDX-License-Identifier: MIT */
#ifndef OFFLOAD_INSTALL_H
#define OFFLOAD_INSTALL_H

#include <stdint.h>
#include <ktls/error.h>
#include <ktls/keys.h>
#include "offload/uapi.h"

/*
 * What setsockopt(SOL_TLS) wants, for every cipher. Holds keys: who fills it in
 * wipes it, once the call is done or the completion is here.
 */
union crypto_info {
	struct tls_crypto_info info;
	struct tls12_crypto_info_aes_gcm_128 gcm128;
	struct tls12_crypto_info_aes_gcm_256 gcm256;
	struct tls12_crypto_info_aes_ccm_128 ccm128;
	struct tls12_crypto_info_chacha20_poly1305 chacha;
};

/* The level is SOL_TLS; this is the optname, TLS_TX or TLS_RX. */
int crypto_info_optname(enum ktls_dir dir);

/* Fills ci in from keys, returns the optlen; 0 for a cipher out of the enum. No system call. */
KTLS_CHECKED socklen_t crypto_info_set(union crypto_info *ci, const struct ktls_keys *keys);

/* The optlen for the cipher that ci->info names; 0 for one that isn't ours. */
KTLS_CHECKED socklen_t crypto_info_len(const union crypto_info *ci);

/* The sequence number in ci, whose cipher is one of ours; 0 where it isn't. */
uint64_t crypto_info_seq(const union crypto_info *ci);

#endif
