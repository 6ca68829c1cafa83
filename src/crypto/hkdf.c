/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "crypto/hkdf.h"
#include "crypto/hmac.h"

#define LABEL_MAX	(2 + 1 + 255 + 1 + 255)		/* struct HkdfLabel, RFC 8446 7.1 */

int
hkdf_extract(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice salt,
    struct slice ikm, uint8_t *out)
{
	/* HMAC pads its key with zeros: an empty one is the same as a hash's length of them. */
	return hmac_compute(crypto, hash, salt, ikm, out);
}

/* HKDF-Expand, RFC 5869 2.3. */
static int
hkdf_expand(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice prk,
    struct slice info, uint8_t *out, size_t out_len)
{
	size_t hash_len = crypto_hash_len(hash), n, t_len = 0;
	EVP_MAC_CTX *ctx = hmac_keyed(crypto, hash, prk);
	uint8_t t[HASH_LEN_MAX], i = 1;
	int err = 0;

	for (; ctx != NULL && out_len != 0; i++, out += n, out_len -= n) {
		/* T(i) = HMAC(PRK, T(i-1) | info | i) */
		if ((i != 1 && !hmac_begin(crypto, ctx, prk)) ||
		    !EVP_MAC_update(ctx, t, t_len) ||
		    !EVP_MAC_update(ctx, info.p, info.len) ||
		    !EVP_MAC_update(ctx, &i, 1) ||
		    !EVP_MAC_final(ctx, t, NULL, sizeof(t)))
			break;
		t_len = hash_len;
		n = out_len < hash_len ? out_len : hash_len;
		memcpy(out, t, n);
	}
	if (ctx == NULL || out_len != 0)
		err = crypto_error();
	explicit_bzero(t, sizeof(t));
	EVP_MAC_CTX_free(ctx);
	return err;
}

int
hkdf_expand_label(struct ktls_crypto *crypto, enum crypto_hash hash, const uint8_t *secret,
    const char *label, struct slice context, uint8_t *out, size_t out_len)
{
	struct slice prk = { secret, crypto_hash_len(hash) };
	uint8_t info[LABEL_MAX], *name;
	struct writer w = wr_init(info, sizeof(info));

	wr_uint(&w, 2, out_len);
	name = wr_open(&w, 1);
	wr_bytes(&w, "tls13 ", 6);
	wr_bytes(&w, label, strlen(label));
	wr_close(&w, name);
	wr_vec(&w, 1, context);
	if (!wr_done(&w) || out_len > 255 * prk.len)
		return -EINVAL;
	return hkdf_expand(crypto, hash, prk, wr_written(&w), out, out_len);
}
