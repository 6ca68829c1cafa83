/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "config/fingerprint.h"

struct fingerprint
fingerprint_begin(struct ktls_crypto *crypto)
{
	struct fingerprint f = { .ctx = EVP_MD_CTX_new() };

	f.bad = f.ctx == NULL || !EVP_DigestInit_ex(f.ctx, crypto->md[HASH_SHA256], NULL);
	return f;
}

void
fingerprint_add(struct fingerprint *f, const void *item, size_t len)
{
	uint8_t prefix[8];
	struct writer w = wr_init(prefix, sizeof(prefix));

	wr_uint(&w, sizeof(prefix), len);
	if (!f->bad)
		f->bad = !EVP_DigestUpdate(f->ctx, prefix, sizeof(prefix)) ||
		    !EVP_DigestUpdate(f->ctx, item, len);
}

void
fingerprint_number(struct fingerprint *f, uint64_t n)
{
	uint8_t bytes[8];
	struct writer w = wr_init(bytes, sizeof(bytes));

	wr_uint(&w, sizeof(bytes), n);
	fingerprint_add(f, bytes, sizeof(bytes));
}

int
fingerprint_end(struct fingerprint *f, uint8_t out[FINGERPRINT_LEN])
{
	int err = 0;

	if (f->bad || !EVP_DigestFinal_ex(f->ctx, out, NULL))
		err = f->ctx == NULL ? -ENOMEM : crypto_error();
	EVP_MD_CTX_free(f->ctx);
	return err;
}
