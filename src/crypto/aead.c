/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <openssl/err.h>
#include "crypto/aead.h"

size_t
aead_key_len(enum ktls_cipher cipher)
{
	return cipher == KTLS_AES_128_GCM || cipher == KTLS_AES_128_CCM ? 16 : 32;
}

/* It must know the lengths of nonce and tag before it takes a key. */
static bool
init_ccm(EVP_CIPHER_CTX *ctx, EVP_CIPHER *evp, const uint8_t *key, int seal)
{
	return EVP_CipherInit_ex2(ctx, evp, NULL, NULL, seal, NULL) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, AEAD_NONCE_LEN, NULL) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, NULL) &&
	    EVP_CipherInit_ex2(ctx, NULL, key, NULL, seal, NULL);
}

int
aead_init(struct aead *aead, struct ktls_crypto *crypto, enum ktls_cipher cipher,
    enum ktls_dir dir, const uint8_t *key)
{
	EVP_CIPHER *evp = crypto->aead[cipher];
	int seal = dir == KTLS_TX;

	*aead = (struct aead){ .ccm = cipher == KTLS_AES_128_CCM };
	if (evp == NULL)
		return -ENOTSUP;
	/* The others' nonces have 12 bytes unless they are told otherwise. */
	if ((aead->ctx = EVP_CIPHER_CTX_new()) != NULL &&
	    (aead->ccm ? init_ccm(aead->ctx, evp, key, seal) :
	    EVP_CipherInit_ex2(aead->ctx, evp, key, NULL, seal, NULL)))
		return 0;
	aead_free(aead);
	return crypto_error();
}

void
aead_free(struct aead *aead)
{
	EVP_CIPHER_CTX_free(aead->ctx);		/* libcrypto wipes its key schedule */
	*aead = (struct aead){0};
}

/* The nonce, for CCM the length too, and what is authenticated only. */
static bool
begin(struct aead *aead, const uint8_t *nonce, struct slice aad, size_t len)
{
	int n;

	return EVP_CipherInit_ex2(aead->ctx, NULL, NULL, nonce, -1, NULL) &&
	    (!aead->ccm || EVP_CipherUpdate(aead->ctx, NULL, &n, NULL, (int)len)) &&
	    (aad.len == 0 || EVP_CipherUpdate(aead->ctx, NULL, &n, aad.p, (int)aad.len));
}

static bool
update(struct aead *aead, uint8_t *out, const uint8_t *in, size_t len)
{
	int n = 0;

	/* CCM takes its whole text at once, also where there is none of it. */
	if (len == 0 && !aead->ccm)
		return true;
	return EVP_CipherUpdate(aead->ctx, out, &n, in, (int)len) && (size_t)n == len;
}

static bool
seal_text(struct aead *aead, struct slice in, int type, uint8_t *out)
{
	uint8_t byte = (uint8_t)type;

	if (type < 0)
		return update(aead, out, in.len != 0 ? in.p : out, in.len);
	if (!aead->ccm)
		return update(aead, out, in.p, in.len) && update(aead, out + in.len, &byte, 1);
	if (in.len != 0 && in.p != out)
		memcpy(out, in.p, in.len);
	out[in.len] = byte;
	return update(aead, out, out, in.len + 1);
}

int
aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct slice aad,
    struct slice in, int type, uint8_t *out)
{
	size_t len = in.len + (type >= 0);
	int n = 0;

	if (in.len >= INT_MAX)
		return -EMSGSIZE;
	if (!begin(aead, nonce, aad, len) || !seal_text(aead, in, type, out) ||
	    !EVP_CipherFinal_ex(aead->ctx, out + len, &n) || n != 0 ||
	    !EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, out + len))
		return crypto_error();
	return 0;
}

int
aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct slice aad,
    uint8_t *data, size_t len)
{
	int n = 0;

	if (len > INT_MAX)
		return -EMSGSIZE;
	if (len < AEAD_TAG_LEN)
		return -EBADMSG;
	len -= AEAD_TAG_LEN;
	if (!EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, data + len) ||
	    !begin(aead, nonce, aad, len))
		return crypto_error();
	/* CCM finds a wrong tag here, the others at the end. */
	if (!update(aead, data, data, len) ||
	    (!aead->ccm && !EVP_CipherFinal_ex(aead->ctx, data + len, &n))) {
		ERR_clear_error();
		return -EBADMSG;
	}
	return 0;
}
