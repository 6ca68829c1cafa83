/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>
#include "offload/install.h"

/* Where the kernel wants each field: one row a cipher, no code a cipher. */
#define SIZE(m)		sizeof(((union crypto_info *)0)->m)
#define FIELD(m, f)	offsetof(union crypto_info, m.f), SIZE(m.f)
#define CIPHER(id, m)	{ id, SIZE(m), \
	FIELD(m, key), FIELD(m, salt), FIELD(m, iv), FIELD(m, rec_seq) }

static const struct layout {
	uint16_t id;
	socklen_t size;
	size_t key, key_len, salt, salt_len, iv, iv_len, seq, seq_len;
} layouts[KTLS_CIPHERS] = {
	[KTLS_AES_128_GCM] = CIPHER(TLS_CIPHER_AES_GCM_128, gcm128),
	[KTLS_AES_256_GCM] = CIPHER(TLS_CIPHER_AES_GCM_256, gcm256),
	[KTLS_AES_128_CCM] = CIPHER(TLS_CIPHER_AES_CCM_128, ccm128),
	[KTLS_CHACHA20_POLY1305] = CIPHER(TLS_CIPHER_CHACHA20_POLY1305, chacha),
};

static const struct layout *
layout_of(const union crypto_info *ci)
{
	for (size_t i = 0; i < KTLS_CIPHERS; i++)
		if (layouts[i].id == ci->info.cipher_type)
			return &layouts[i];
	return NULL;
}

int
crypto_info_optname(enum ktls_dir dir)
{
	return dir == KTLS_TX ? TLS_TX : TLS_RX;
}

socklen_t
crypto_info_set(union crypto_info *ci, const struct ktls_keys *keys)
{
	const struct layout *l;
	uint8_t *to = (uint8_t *)ci;

	if ((unsigned)keys->cipher >= KTLS_CIPHERS)
		return 0;
	l = &layouts[keys->cipher];
	ci->info.version = keys->version;
	ci->info.cipher_type = l->id;
	memcpy(to + l->key, keys->key, l->key_len);
	memcpy(to + l->salt, keys->iv, l->salt_len);	/* ChaCha20 has none */
	memcpy(to + l->iv, keys->iv + l->salt_len, l->iv_len);
	for (size_t i = 0; i < l->seq_len; i++)
		to[l->seq + i] = (uint8_t)(keys->seq >> 8 * (l->seq_len - 1 - i));
	return l->size;
}

socklen_t
crypto_info_len(const union crypto_info *ci)
{
	const struct layout *l = layout_of(ci);

	return l == NULL ? 0 : l->size;
}

uint64_t
crypto_info_seq(const union crypto_info *ci)
{
	const struct layout *l = layout_of(ci);
	const uint8_t *from = (const uint8_t *)ci;
	uint64_t seq = 0;

	for (size_t i = 0; l != NULL && i < l->seq_len; i++)
		seq = seq << 8 | from[l->seq + i];
	return seq;
}
