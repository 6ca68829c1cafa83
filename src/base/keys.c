/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <ktls/keys.h>

void
ktls_keys_wipe(struct ktls_keys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}

const char *
ktls_cipher_name(enum ktls_cipher cipher)
{
	static const char *const names[KTLS_CIPHERS] = {
		[KTLS_AES_128_GCM] = "AES-128-GCM",
		[KTLS_AES_256_GCM] = "AES-256-GCM",
		[KTLS_AES_128_CCM] = "AES-128-CCM",
		[KTLS_CHACHA20_POLY1305] = "CHACHA20-POLY1305",
	};

	return (unsigned)cipher < KTLS_CIPHERS ? names[cipher] : "unknown cipher";
}
