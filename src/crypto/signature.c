/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include "crypto/signature.h"

/* In the order in which we like them; RFC 8446 4.2.3. */
static const uint16_t accepted[] = {
	SIG_ECDSA_SECP256R1_SHA256,
	SIG_RSA_PSS_RSAE_SHA256, SIG_RSA_PSS_RSAE_SHA384, SIG_RSA_PSS_RSAE_SHA512,
	/* in certificates only, never in a CertificateVerify: */
	SIG_RSA_PKCS1_SHA256, SIG_RSA_PKCS1_SHA384, SIG_RSA_PKCS1_SHA512,
};

/* One row a scheme that a CertificateVerify of TLS 1.3 may use. */
/* clang-format off */
static const struct row {
	uint16_t scheme;
	const char *type;	/* of the key */
	const char *curve;	/* libcrypto's name, or NULL */
	const char *digest;
	size_t pss_hash_len;	/* and the salt's; 0: no PSS */
} rows[] = {
	{ SIG_ECDSA_SECP256R1_SHA256, "EC",  "prime256v1", "SHA256", 0 },
	{ SIG_RSA_PSS_RSAE_SHA256,    "RSA", NULL,         "SHA256", 32 },
	{ SIG_RSA_PSS_RSAE_SHA384,    "RSA", NULL,         "SHA384", 48 },
	{ SIG_RSA_PSS_RSAE_SHA512,    "RSA", NULL,         "SHA512", 64 },
};
/* clang-format on */

const uint16_t *
signature_schemes(size_t *count)
{
	*count = sizeof(accepted) / sizeof(*accepted);
	return accepted;
}

static const struct row *
find(uint16_t scheme)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].scheme == scheme)
			return &rows[i];
	return NULL;
}

bool
signature_fits(uint16_t scheme, const EVP_PKEY *key, uint16_t version)
{
	const struct row *row = find(scheme);
	int size = EVP_PKEY_get_size(key);
	char curve[32];
	size_t len;

	if (row == NULL || !EVP_PKEY_is_a(key, row->type) || size <= 0 || size > SIGNATURE_MAX ||
	    version != KTLS_TLS13)
		return false;
	if (row->curve != NULL)
		return EVP_PKEY_get_group_name(key, curve, sizeof(curve), &len) &&
		    strcmp(curve, row->curve) == 0;
	/* RFC 8017 9.1.1: a small key has no room for a long hash and its salt. */
	return (size_t)size >= 2 * row->pss_hash_len + 2;
}

typedef int digest_sign_init(EVP_MD_CTX *, EVP_PKEY_CTX **, const char *, OSSL_LIB_CTX *,
    const char *, EVP_PKEY *, const OSSL_PARAM *);

/* NULL: libcrypto's queue says why. */
static EVP_MD_CTX *
begin(struct ktls_crypto *crypto, const struct row *row, EVP_PKEY *key, digest_sign_init *init)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;

	if (ctx != NULL &&
	    init(ctx, &pctx, row->digest, crypto->libctx, crypto->propq, key, NULL) > 0 &&
	    (row->pss_hash_len == 0 ||
	    (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0)))
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

int
signature_make(struct ktls_crypto *crypto, uint16_t scheme, EVP_PKEY *key,
    struct slice data, uint8_t *sig, size_t *sig_len)
{
	size_t len = SIGNATURE_MAX;
	EVP_MD_CTX *ctx;
	int err = 0;

	if (!signature_fits(scheme, key, KTLS_TLS13))
		return -EINVAL;
	ctx = begin(crypto, find(scheme), key, EVP_DigestSignInit_ex);
	if (ctx == NULL || EVP_DigestSign(ctx, sig, &len, data.p, data.len) <= 0)
		err = crypto_error();
	else
		*sig_len = len;
	EVP_MD_CTX_free(ctx);
	return err;
}

int
signature_check(struct ktls_crypto *crypto, uint16_t scheme, EVP_PKEY *key,
    struct slice data, struct slice sig)
{
	EVP_MD_CTX *ctx;
	int err = 0;

	if (!signature_fits(scheme, key, KTLS_TLS13))
		return -EBADMSG;
	if ((ctx = begin(crypto, find(scheme), key, EVP_DigestVerifyInit_ex)) == NULL)
		return crypto_error();
	if (EVP_DigestVerify(ctx, sig.p, sig.len, data.p, data.len) != 1)
		err = crypto_error() == -ENOMEM ? -ENOMEM : -EBADMSG;
	EVP_MD_CTX_free(ctx);
	return err;
}
