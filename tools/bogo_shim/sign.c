/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include "bogo_shim/sign.h"

/* RFC 8446 4.2.3 */
static const struct { uint16_t scheme; const char *hash; bool pss; } schemes[] = {
	{ 0x0401, "SHA256", false }, { 0x0501, "SHA384", false }, { 0x0601, "SHA512", false },
	{ 0x0403, "SHA256", false }, { 0x0503, "SHA384", false }, { 0x0603, "SHA512", false },
	{ 0x0804, "SHA256", true }, { 0x0805, "SHA384", true }, { 0x0806, "SHA512", true },
	{ 0x0809, "SHA256", true }, { 0x080a, "SHA384", true }, { 0x080b, "SHA512", true },
	{ 0x0807, NULL, false },
};

static bool
make(EVP_PKEY *key, size_t i, const void *data, size_t len, uint8_t *out, size_t *out_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params = NULL;
	bool made;

	*out_len = SIGN_MAX;
	made = ctx != NULL &&
	    EVP_DigestSignInit_ex(ctx, &params, schemes[i].hash, NULL, NULL, key, NULL) == 1 &&
	    (!schemes[i].pss ||
	    (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
	    EVP_DigestSign(ctx, out, out_len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return made;
}

int
sign(const char *key_file, uint16_t scheme, const void *data, size_t len, uint8_t *out,
    size_t *out_len)
{
	BIO *bio = BIO_new_file(key_file, "r");
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	bool made = false;

	for (size_t i = 0; key != NULL && i < sizeof(schemes) / sizeof(*schemes); i++)
		if (schemes[i].scheme == scheme)
			made = make(key, i, data, len, out, out_len);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return made ? 0 : -EINVAL;
}
