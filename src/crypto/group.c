/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include "crypto/group.h"

/*
 * One row a group. All of them are Diffie-Hellman today. Looking up a curve by its name
 * costs as much as a P-256 key, and EVP_PKEY_CTX_new_from_name() what an HMAC costs: so
 * keys are made from parameters that ktls_crypto_new() has looked up.
 */
struct row {
	uint16_t id;
	const char *type, *exchange;	/* libcrypto's key type and key exchange */
	const char *name;		/* of the curve, NULL where the type says it all */
	size_t share_len, secret_len;
	/* RFC 8446 4.2.8.2: uncompressed points only; 0: any byte */
	uint8_t first;
};

/* clang-format off */
static const struct row rows[] = {
	{ KTLS_GROUP_X25519,    "X25519", "X25519", NULL,    32,  32, 0 },
	{ KTLS_GROUP_SECP256R1, "EC",     "ECDH",   "P-256", 65,  32, 0x04 },
	{ KTLS_GROUP_SECP384R1, "EC",     "ECDH",   "P-384", 97,  48, 0x04 },
	{ KTLS_GROUP_SECP521R1, "EC",     "ECDH",   "P-521", 133, 66, 0x04 },
};
/* clang-format on */
#define ROWS	(sizeof(rows) / sizeof(*rows))

_Static_assert(ROWS <= CRYPTO_GROUPS, "ktls_crypto has room for each row");

static const struct row *
find(uint16_t id)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].id == id)
			return &rows[i];
	return NULL;
}

static bool
has(struct ktls_crypto *crypto, const struct row *row)
{
	EVP_KEYMGMT *keymgmt = EVP_KEYMGMT_fetch(crypto->libctx, row->type, crypto->propq);
	EVP_KEYEXCH *exchange = EVP_KEYEXCH_fetch(crypto->libctx, row->exchange, crypto->propq);
	bool both = keymgmt != NULL && exchange != NULL;

	EVP_KEYMGMT_free(keymgmt);
	EVP_KEYEXCH_free(exchange);
	return both;
}

/* A key type without parameters has no key without a value: any point will do, it is replaced. */
static EVP_PKEY *
make_params(struct ktls_crypto *crypto, const struct row *row)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(crypto->libctx, row->type, crypto->propq);
	static const uint8_t point[32] = { 9 };
	OSSL_PARAM params[2];
	EVP_PKEY *key = NULL;
	int part = row->name != NULL ? EVP_PKEY_KEY_PARAMETERS : EVP_PKEY_PUBLIC_KEY;

	if (row->name != NULL)
		params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    (char *)(uintptr_t)row->name, 0);
	else
		params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
		    (uint8_t *)(uintptr_t)point, row->share_len);
	params[1] = OSSL_PARAM_construct_end();
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) > 0)
		(void)EVP_PKEY_fromdata(ctx, &key, part, params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

int
group_find(struct ktls_crypto *crypto)
{
	for (size_t i = 0; i < ROWS; i++) {
		EVP_PKEY_CTX *ctx = NULL;
		EVP_PKEY *params = NULL;

		if (has(crypto, &rows[i]) && (params = make_params(crypto, &rows[i])) != NULL)
			ctx = EVP_PKEY_CTX_new_from_pkey(crypto->libctx, params, crypto->propq);
		crypto->group[i].params = params;
		crypto->group[i].ctx = ctx;
		if (ctx == NULL && crypto_error() == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

bool
group_known(struct ktls_crypto *crypto, uint16_t id)
{
	const struct row *row = find(id);

	return row != NULL && crypto->group[row - rows].ctx != NULL;
}

size_t
group_share_len(uint16_t id)
{
	const struct row *row = find(id);

	return row != NULL ? row->share_len : 0;
}

/* libcrypto has refused what the peer sent; unless it had no memory. */
static int
share_error(void)
{
	return crypto_error() == -ENOMEM ? -ENOMEM : KTLS_REFUSED(KTLS_R_SHARE_INVALID);
}

/* NULL: libcrypto's queue says why. */
static EVP_PKEY *
generate(struct ktls_crypto *crypto, const struct row *row)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(crypto->group[row - rows].ctx);
	EVP_PKEY *key = NULL;

	if (ctx != NULL && EVP_PKEY_keygen_init(ctx) > 0)
		(void)EVP_PKEY_generate(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* The peer's share as a key; for a curve, libcrypto checks that the point is on it. */
static int
import(struct ktls_crypto *crypto, const struct row *row, struct slice share, EVP_PKEY **out)
{
	EVP_PKEY *key;

	if (share.len != row->share_len || (row->first != 0 && share.p[0] != row->first))
		return KTLS_REFUSED(KTLS_R_SHARE_INVALID);
	if ((key = EVP_PKEY_dup(crypto->group[row - rows].params)) == NULL)
		return crypto_error();
	if (EVP_PKEY_set1_encoded_public_key(key, share.p, share.len) <= 0) {
		EVP_PKEY_free(key);
		return share_error();
	}
	*out = key;
	return 0;
}

/*
 * RFC 8446 7.4.2: the X coordinate, or X25519's result; never all zeros. The peer's point
 * is on its curve, and a curve of NIST's has no other subgroup: libcrypto's validation
 * would multiply it by the order, which costs as much again as the key exchange.
 */
static int
derive(struct ktls_crypto *crypto, const struct row *row, EVP_PKEY *key, EVP_PKEY *peer,
    uint8_t *secret, size_t *secret_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto->libctx, key, crypto->propq);
	static const uint8_t zeros[GROUP_SECRET_MAX];
	size_t len = row->secret_len;
	int err = 0;

	if (ctx == NULL || EVP_PKEY_derive_init(ctx) <= 0)
		err = crypto_error();
	else if (EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) <= 0 ||
	    EVP_PKEY_derive(ctx, secret, &len) <= 0)
		err = share_error();
	else if (len != row->secret_len || CRYPTO_memcmp(secret, zeros, len) == 0)
		err = KTLS_REFUSED(KTLS_R_SHARE_INVALID);
	EVP_PKEY_CTX_free(ctx);
	if (err != 0)
		explicit_bzero(secret, row->secret_len);
	else
		*secret_len = len;
	return err;
}

static int
offer(struct ktls_crypto *crypto, const struct row *row, EVP_PKEY **out, uint8_t *share,
    size_t *share_len)
{
	EVP_PKEY *key = generate(crypto, row);
	size_t len = 0;

	if (key == NULL || !EVP_PKEY_get_octet_string_param(key,
	    OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, share, GROUP_SHARE_MAX, &len)) {
		EVP_PKEY_free(key);
		return crypto_error();
	}
	*out = key;
	*share_len = len;
	return 0;
}

int
group_offer(struct ktls_crypto *crypto, uint16_t id, EVP_PKEY **key,
    uint8_t share[GROUP_SHARE_MAX], size_t *share_len)
{
	return group_known(crypto, id) ? offer(crypto, find(id), key, share, share_len) : -ENOTSUP;
}

int
group_accept(struct ktls_crypto *crypto, uint16_t id, EVP_PKEY *key, struct slice peer,
    uint8_t secret[GROUP_SECRET_MAX], size_t *secret_len)
{
	const struct row *row = find(id);
	EVP_PKEY *peer_key = NULL;
	int err;

	if (!group_known(crypto, id))
		return -ENOTSUP;
	if ((err = import(crypto, row, peer, &peer_key)) == 0)
		err = derive(crypto, row, key, peer_key, secret, secret_len);
	EVP_PKEY_free(peer_key);
	return err;
}

int
group_answer(struct ktls_crypto *crypto, uint16_t id, struct slice peer,
    uint8_t share[GROUP_SHARE_MAX], size_t *share_len,
    uint8_t secret[GROUP_SECRET_MAX], size_t *secret_len)
{
	const struct row *row = find(id);
	EVP_PKEY *key = NULL, *peer_key = NULL;
	int err;

	if (!group_known(crypto, id))
		return -ENOTSUP;
	/* First what is cheap: a peer that sends nonsense gets no key made for it. */
	if ((err = import(crypto, row, peer, &peer_key)) == 0 &&
	    (err = offer(crypto, row, &key, share, share_len)) == 0)
		err = derive(crypto, row, key, peer_key, secret, secret_len);
	EVP_PKEY_free(peer_key);
	EVP_PKEY_free(key);
	return err;
}
