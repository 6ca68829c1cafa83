/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "crypto/hkdf.h"
#include "crypto/hmac.h"

/* struct HkdfLabel, RFC 8446 7.1 */
#define LABEL_MAX	(2 + 1 + 255 + 1 + 255)

int
hkdf_extract(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice salt,
    struct slice ikm, uint8_t *out)
{
	/* HMAC pads its key with zeros: an empty one is the same as a hash's length of them. */
	return hmac_compute(crypto, hash, salt, ikm, out);
}

/* HKDF-Expand, RFC 5869 2.3: T(i) = HMAC(PRK, T(i-1) | info | i). */
static int
hkdf_expand(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice prk,
    struct slice info, uint8_t *out, size_t out_len)
{
	uint8_t text[HASH_LEN_MAX + LABEL_MAX + 1], t[HASH_LEN_MAX];
	size_t n, hash_len = crypto_hash_len(hash);
	struct slice before = { t, 0 };
	int err = 0;

	for (uint8_t i = 1; err == 0 && out_len != 0; i++, out += n, out_len -= n) {
		struct writer w = wr_init(text, sizeof(text));

		wr_slice(&w, before);
		wr_slice(&w, info);
		wr_u8(&w, i);
		n = out_len < hash_len ? out_len : hash_len;
		if ((err = hmac_compute(crypto, hash, prk, wr_written(&w), t)) == 0)
			memcpy(out, t, n);
		before.len = hash_len;
	}
	explicit_bzero(text, sizeof(text));
	explicit_bzero(t, sizeof(t));
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
