/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include "crypto/signature.h"

/*
 * RFC 8446 4.2.3, one row a scheme, in the order in which we like them. No SHA-1 and no MD5, in
 * either version (RFC 9155).
 */
enum padding { NO_RSA, PSS, PKCS1 };

/* clang-format off */
static const struct row {
	uint16_t scheme;
	int key;		/* EVP_PKEY_get_id(): EVP_PKEY_is_a() allocates */
	const char *type;	/* libcrypto's name of that, */
	const char *algorithm;	/* and of the signature */
	enum crypto_hash hash;
	const char *curve;	/* NULL: no curve */
	enum padding padding;
	bool no_digest;		/* RFC 8032: the message is signed as it is */
} rows[SIGNATURE_SCHEMES] = {
	{ SIG_ECDSA_SECP256R1_SHA256, EVP_PKEY_EC,      "EC",      "ECDSA",   HASH_SHA256, "prime256v1", NO_RSA, false },
	{ SIG_ED25519,                EVP_PKEY_ED25519, "ED25519", "ED25519", HASH_SHA512, NULL,         NO_RSA, true },
	{ SIG_RSA_PSS_RSAE_SHA256,    EVP_PKEY_RSA,     "RSA",     "RSA",     HASH_SHA256, NULL,         PSS,    false },
	{ SIG_ECDSA_SECP384R1_SHA384, EVP_PKEY_EC,      "EC",      "ECDSA",   HASH_SHA384, "secp384r1",  NO_RSA, false },
	{ SIG_ECDSA_SECP521R1_SHA512, EVP_PKEY_EC,      "EC",      "ECDSA",   HASH_SHA512, "secp521r1",  NO_RSA, false },
	{ SIG_RSA_PSS_RSAE_SHA384,    EVP_PKEY_RSA,     "RSA",     "RSA",     HASH_SHA384, NULL,         PSS,    false },
	{ SIG_RSA_PSS_RSAE_SHA512,    EVP_PKEY_RSA,     "RSA",     "RSA",     HASH_SHA512, NULL,         PSS,    false },
	{ SIG_RSA_PSS_PSS_SHA256,     EVP_PKEY_RSA_PSS, "RSA-PSS", "RSA",     HASH_SHA256, NULL,         PSS,    false },
	{ SIG_RSA_PSS_PSS_SHA384,     EVP_PKEY_RSA_PSS, "RSA-PSS", "RSA",     HASH_SHA384, NULL,         PSS,    false },
	{ SIG_RSA_PSS_PSS_SHA512,     EVP_PKEY_RSA_PSS, "RSA-PSS", "RSA",     HASH_SHA512, NULL,         PSS,    false },
	{ SIG_RSA_PKCS1_SHA256,       EVP_PKEY_RSA,     "RSA",     "RSA",     HASH_SHA256, NULL,         PKCS1,  false },
	{ SIG_RSA_PKCS1_SHA384,       EVP_PKEY_RSA,     "RSA",     "RSA",     HASH_SHA384, NULL,         PKCS1,  false },
	{ SIG_RSA_PKCS1_SHA512,       EVP_PKEY_RSA,     "RSA",     "RSA",     HASH_SHA512, NULL,         PKCS1,  false },
};
/* clang-format on */

static const struct row *
find(uint16_t scheme)
{
	for (size_t i = 0; i < SIGNATURE_SCHEMES; i++)
		if (rows[i].scheme == scheme)
			return &rows[i];
	return NULL;
}

uint32_t
signature_bit(uint16_t scheme)
{
	const struct row *row = find(scheme);

	return row != NULL ? UINT32_C(1) << (row - rows) : 0;
}

uint32_t
signature_rsa_bits(void)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < SIGNATURE_SCHEMES; i++)
		if (rows[i].padding != NO_RSA)
			bits |= UINT32_C(1) << i;
	return bits;
}

uint32_t
signature_find(struct ktls_crypto *crypto)
{
	uint32_t found = 0;

	for (size_t i = 0; i < SIGNATURE_SCHEMES; i++) {
		const struct row *row = &rows[i];
		EVP_KEYMGMT *type = EVP_KEYMGMT_fetch(crypto->libctx, row->type, crypto->propq);
		EVP_SIGNATURE *algorithm = EVP_SIGNATURE_fetch(crypto->libctx, row->algorithm,
		    crypto->propq);

		if (type != NULL && algorithm != NULL && crypto->md[row->hash] != NULL)
			found |= UINT32_C(1) << i;
		EVP_KEYMGMT_free(type);
		EVP_SIGNATURE_free(algorithm);
	}
	return found;
}

bool
signature_named(uint16_t scheme)
{
	return find(scheme) != NULL;
}

bool
signature_known(struct ktls_crypto *crypto, uint16_t scheme)
{
	return (crypto->schemes & signature_bit(scheme)) != 0;
}

size_t
signature_schemes(struct ktls_crypto *crypto, uint16_t schemes[SIGNATURE_SCHEMES])
{
	size_t count = 0;

	for (size_t i = 0; i < SIGNATURE_SCHEMES; i++)
		if (signature_known(crypto, rows[i].scheme))
			schemes[count++] = rows[i].scheme;
	return count;
}

/*
 * RFC 8446 4.2.3: the scheme names the curve too. In TLS 1.2 it doesn't: any curve, of those
 * that we know, goes with any hash (RFC 8422 5.1.1).
 */
static bool
curve_fits(const struct row *row, const EVP_PKEY *key, uint16_t version)
{
	char curve[32];
	size_t len;

	if (!EVP_PKEY_get_group_name(key, curve, sizeof(curve), &len))
		return false;
	for (size_t i = 0; i < SIGNATURE_SCHEMES; i++)
		if (rows[i].curve != NULL && strcmp(curve, rows[i].curve) == 0)
			return version == KTLS_TLS12 || strcmp(curve, row->curve) == 0;
	return false;
}

static bool
names_hash(const EVP_PKEY *key, const char *param, enum crypto_hash hash)
{
	static const char *const names[HASH_ALL] = {
		[HASH_SHA256] = OSSL_DIGEST_NAME_SHA2_256,
		[HASH_SHA384] = OSSL_DIGEST_NAME_SHA2_384,
		[HASH_SHA512] = OSSL_DIGEST_NAME_SHA2_512,
	};
	char name[32];
	size_t len;

	return EVP_PKEY_get_utf8_string_param(key, param, name, sizeof(name), &len) &&
	    strcmp(name, names[hash]) == 0;
}

/*
 * RFC 4055 1.2: a key that has parameters is for these alone, where a hash that isn't
 * named is SHA-1. Ours (RFC 8446 4.2.3): one hash for both, and a salt of its length.
 */
static bool
pss_parameters_fit(const struct row *row, const EVP_PKEY *key)
{
	int salt;

	if (!EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &salt))
		return true;			/* it has none */
	return names_hash(key, OSSL_PKEY_PARAM_RSA_DIGEST, row->hash) &&
	    names_hash(key, OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, row->hash) &&
	    salt >= 0 && (size_t)salt <= crypto_hash_len(row->hash);
}

static bool
rsa_fits(const struct row *row, const EVP_PKEY *key, uint16_t version)
{
	if (row->padding == PKCS1)
		return version == KTLS_TLS12;		/* RFC 8446 4.4.3 */
	/* RFC 8017 9.1.1: a small key has no room for a long hash and its salt. */
	if ((size_t)EVP_PKEY_get_size(key) < 2 * crypto_hash_len(row->hash) + 2)
		return false;
	return row->key != EVP_PKEY_RSA_PSS || pss_parameters_fit(row, key);
}

static bool
fits(const struct row *row, const EVP_PKEY *key, uint16_t version)
{
	int size = EVP_PKEY_get_size(key);

	if (EVP_PKEY_get_id(key) != row->key || size <= 0 || size > SIGNATURE_MAX)
		return false;
	if (row->curve != NULL)
		return curve_fits(row, key, version);
	return row->padding == NO_RSA || rsa_fits(row, key, version);
}

bool
signature_fits(uint16_t scheme, const EVP_PKEY *key, uint16_t version)
{
	const struct row *row = find(scheme);
	bool yes;

	(void)ERR_set_mark();			/* what a key hasn't is no error */
	yes = row != NULL && fits(row, key, version);
	(void)ERR_pop_to_mark();
	return yes;
}

int
signature_fitting(const EVP_PKEY *key, uint16_t version, uint32_t *bits)
{
	uint32_t found = 0;

	ERR_clear_error();
	for (size_t i = 0; i < SIGNATURE_SCHEMES; i++)
		if (fits(&rows[i], key, version))
			found |= UINT32_C(1) << i;
	if (crypto_error() == -ENOMEM)
		return -ENOMEM;
	*bits = found;
	return 0;
}

/* All at once: with each that comes later, libcrypto looks the hash up once more. */
static void
rsa_params(const struct row *row, OSSL_PARAM params[4])
{
	static char hashes[HASH_ALL][8] = { "SHA256", "SHA384", "SHA512" };
	static char pss[] = OSSL_PKEY_RSA_PAD_MODE_PSS, pkcs1[] = OSSL_PKEY_RSA_PAD_MODE_PKCSV15;
	static char salt[] = OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST;
	OSSL_PARAM *p = params;

	if (row->padding != NO_RSA) {
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST,
		    hashes[row->hash], 0);
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE,
		    row->padding == PSS ? pss : pkcs1, 0);
	}
	if (row->padding == PSS)
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt, 0);
	*p = OSSL_PARAM_construct_end();
}

typedef int init_fn(EVP_PKEY_CTX *, const OSSL_PARAM[]);

/* NULL: libcrypto's queue says why. */
static EVP_PKEY_CTX *
begin(struct ktls_crypto *crypto, const struct row *row, EVP_PKEY *key, init_fn *init)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto->libctx, key, crypto->propq);
	OSSL_PARAM params[4];

	rsa_params(row, params);
	if (ctx != NULL && init(ctx, params) > 0)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

int
signer_init(struct signer *signer, struct ktls_crypto *crypto, EVP_PKEY *key)
{
	struct signer made = {0};
	uint32_t bits;
	int err;

	/* What fits in TLS 1.3 fits in TLS 1.2. */
	if ((err = signature_fitting(key, KTLS_TLS12, &bits)) != 0)
		return err;
	made.fits = bits & crypto->schemes;
	for (size_t i = 0; i < SIGNATURE_SCHEMES; i++) {
		if (rows[i].no_digest || !(made.fits >> i & 1))
			continue;
		made.ctx[i] = begin(crypto, &rows[i], key, EVP_PKEY_sign_init_ex);
		if (made.ctx[i] == NULL) {
			signer_free(&made);
			return crypto_error();
		}
	}
	if (!EVP_PKEY_up_ref(key)) {
		signer_free(&made);
		return crypto_error();
	}
	made.key = key;
	*signer = made;
	return 0;
}

void
signer_free(struct signer *signer)
{
	for (size_t i = 0; i < SIGNATURE_SCHEMES; i++)
		EVP_PKEY_CTX_free(signer->ctx[i]);
	EVP_PKEY_free(signer->key);
	*signer = (struct signer){0};
}

/*
 * Ed25519 signs twice over the whole message: libcrypto does that in one call, and not by context.
 */
static bool
sign_whole(struct ktls_crypto *crypto, EVP_PKEY *key, struct slice data, uint8_t *sig, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL &&
	    EVP_DigestSignInit_ex(ctx, NULL, NULL, crypto->libctx, crypto->propq, key, NULL) > 0 &&
	    EVP_DigestSign(ctx, sig, len, data.p, data.len) > 0;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool
sign_digest(struct ktls_crypto *crypto, const struct row *row, const EVP_PKEY_CTX *ready,
    struct slice data, uint8_t *sig, size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(ready);
	uint8_t digest[DIGEST_LEN_MAX];
	bool ok = ctx != NULL && crypto_digest(crypto, row->hash, data, digest) == 0 &&
	    EVP_PKEY_sign(ctx, sig, len, digest, crypto_hash_len(row->hash)) > 0;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

int
signature_make(struct ktls_crypto *crypto, uint16_t scheme, const struct signer *signer,
    struct slice data, uint8_t *sig, size_t *sig_len)
{
	const struct row *row = find(scheme);
	const EVP_PKEY_CTX *ready = row != NULL ? signer->ctx[row - rows] : NULL;
	size_t len = SIGNATURE_MAX;
	bool ok;

	if (ready != NULL)
		ok = sign_digest(crypto, row, ready, data, sig, &len);
	else if (row != NULL && row->no_digest && (signer->fits & signature_bit(scheme)) != 0)
		ok = sign_whole(crypto, signer->key, data, sig, &len);
	else
		return -EINVAL;
	if (!ok)
		return crypto_error();
	*sig_len = len;
	return 0;
}

/* Of a verification that has begun: libcrypto says no, or why it can't tell. */
static int
verdict(int result)
{
	if (result == 1)
		return 0;
	return crypto_error() == -ENOMEM ? -ENOMEM : -EBADMSG;
}

static int
check_whole(struct ktls_crypto *crypto, EVP_PKEY *key, struct slice data, struct slice sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int err;

	if (ctx == NULL || EVP_DigestVerifyInit_ex(ctx, NULL, NULL, crypto->libctx, crypto->propq,
	    key, NULL) <= 0)
		err = crypto_error();
	else
		err = verdict(EVP_DigestVerify(ctx, sig.p, sig.len, data.p, data.len));
	EVP_MD_CTX_free(ctx);
	return err;
}

static int
check_digest(struct ktls_crypto *crypto, const struct row *row, EVP_PKEY *key, struct slice data,
    struct slice sig)
{
	uint8_t digest[DIGEST_LEN_MAX];
	EVP_PKEY_CTX *ctx;
	int err;

	if ((err = crypto_digest(crypto, row->hash, data, digest)) != 0)
		return err;
	if ((ctx = begin(crypto, row, key, EVP_PKEY_verify_init_ex)) == NULL)
		return crypto_error();
	err = verdict(EVP_PKEY_verify(ctx, sig.p, sig.len, digest, crypto_hash_len(row->hash)));
	EVP_PKEY_CTX_free(ctx);
	return err;
}

int
signature_check(struct ktls_crypto *crypto, uint16_t scheme, EVP_PKEY *key,
    struct slice data, struct slice sig)
{
	const struct row *row = find(scheme);

	if (!signature_known(crypto, scheme) || EVP_PKEY_get_id(key) != row->key)
		return -EBADMSG;
	return row->no_digest ? check_whole(crypto, key, data, sig) :
	    check_digest(crypto, row, key, data, sig);
}
