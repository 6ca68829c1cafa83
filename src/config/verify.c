/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "config/chains.h"
#include "config/setter.h"
#include "config/verdict.h"
#include "crypto/signature.h"

#define SECURITY_LEVEL	2	/* 112 bits: RSA 2048, P-224, SHA-224 and up: no SHA-1, no MD5 */
/* RFC 9525: subjectAltName alone counts, a wildcard is a whole leftmost label. */
#define NAME_FLAGS	(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
/*
 * s. A verdict from the cache is never older: directories and the system's store are
 * read while a chain is judged, and what was taken out of them must lose its trust.
 */
#define VERDICT_AGE_MAX	3600

/* One chain, and what is asked about it. */
struct chain_asked {
	struct ktls_config *cfg;
	const struct slice *certs;
	size_t count;
	bool judge;			/* or only decode the leaf */
	enum ktls_role peer_role;
	const char *name;
	int64_t now;			/* s since 1970 */
	char *why;
	size_t why_len;
};

/* libcrypto takes an empty name for none, and one with a dot in front for all below it. */
static bool
name_usable(const char *name)
{
	return name != NULL && name[0] != '\0' && name[0] != '.';
}

static int
expect_name(X509_VERIFY_PARAM *param, const char *name)
{
	if (!name_usable(name))
		return -EINVAL;
	X509_VERIFY_PARAM_set_hostflags(param, NAME_FLAGS);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, name))
		return 0;
	if (crypto_error() == -ENOMEM)
		return -ENOMEM;
	return X509_VERIFY_PARAM_set1_host(param, name, 0) ? 0 : crypto_error();
}

/*
 * What is trusted needs no list: RFC 5280 6.3 asks for the certificates of the path,
 * and the anchor isn't one of them. libcrypto asks for its list too.
 */
static bool
excused(X509_STORE_CTX *ctx, enum ktls_reason reason)
{
	int last = sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;

	return X509_STORE_CTX_get_error_depth(ctx) == last && (reason == KTLS_R_CERT_NO_CRL ||
	    reason == KTLS_R_CERT_CRL_EXPIRED || reason == KTLS_R_CERT_CRL);
}

/* libcrypto's callback. Here, not afterwards: the list at hand is known only here. */
static int
complain(int ok, X509_STORE_CTX *ctx)
{
	const struct chain_asked *asked = X509_STORE_CTX_get_app_data(ctx);

	if (!ok && excused(ctx, verdict_reason(X509_STORE_CTX_get_error(ctx)))) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	if (!ok)
		verdict_say(ctx, asked->peer_role, asked->name, asked->why, asked->why_len);
	return ok;
}

static int
prepare(const struct chain_asked *asked, X509_STORE_CTX *ctx)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	/* Who trusts an intermediate, or the peer's own certificate, means just that. */
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	if (!X509_STORE_CTX_set_purpose(ctx, asked->peer_role == KTLS_SERVER ?
	    X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT))
		return crypto_error();
	if (sk_X509_CRL_num(asked->cfg->trust.crls) > 0)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	if (!X509_STORE_CTX_set_app_data(ctx, (void *)(uintptr_t)asked))
		return crypto_error();
	X509_STORE_CTX_set_verify_cb(ctx, complain);
	X509_VERIFY_PARAM_set_depth(param, (int)asked->cfg->verify_depth);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	if (!X509_VERIFY_PARAM_set_flags(param, flags))
		return crypto_error();
	X509_VERIFY_PARAM_set_time(param, (time_t)asked->now);
	return asked->peer_role == KTLS_SERVER ? expect_name(param, asked->name) : 0;
}

static int
run(const struct chain_asked *asked, X509_STORE_CTX *ctx, struct judged *judged)
{
	int err, verdict;

	if ((err = prepare(asked, ctx)) != 0)
		return err;
	if (X509_verify_cert(ctx) == 1)
		return validity_of(asked->cfg, X509_STORE_CTX_get0_chain(ctx), asked->now, judged);
	verdict = X509_STORE_CTX_get_error(ctx);
	if (verdict == X509_V_ERR_OUT_OF_MEM || verdict == X509_V_OK)
		return verdict == X509_V_OK ? -EIO : -ENOMEM;
	return KTLS_REFUSED(verdict_reason(verdict));
}

static int
judge(const struct chain_asked *asked, struct stack_st_X509 *others, struct judged *judged)
{
	struct ktls_config *cfg = asked->cfg;
	X509_STORE *store = atomic_load(&cfg->trust.store);
	X509_STORE_CTX *ctx;
	int err;

	if (store == NULL)
		return -EINVAL;			/* without config_use() */
	ctx = X509_STORE_CTX_new_ex(cfg->crypto->libctx, cfg->crypto->propq);
	if (ctx == NULL)
		return -ENOMEM;
	err = X509_STORE_CTX_init(ctx, store, judged->leaf, others) ?
	    run(asked, ctx, judged) : crypto_error();
	X509_STORE_CTX_free(ctx);
	return err;
}

static int
decode(struct ktls_config *cfg, struct slice der, X509 **out)
{
	X509 *cert = X509_new_ex(cfg->crypto->libctx, cfg->crypto->propq);
	const uint8_t *p = der.p;

	if (cert == NULL)
		return -ENOMEM;
	if (d2i_X509(&cert, &p, (long)der.len) == NULL || p != der.p + der.len) {
		X509_free(cert);
		return crypto_error() == -ENOMEM ? -ENOMEM : KTLS_REFUSED(KTLS_R_CERT_MALFORMED);
	}
	*out = cert;
	return 0;
}

static int
decode_all(const struct chain_asked *asked, struct judged *judged, struct stack_st_X509 *others)
{
	size_t at = 0, count = asked->judge ? asked->count : 1;
	X509 *cert;
	int err;

	if (!sk_X509_reserve(others, (int)count))
		return -ENOMEM;
	if ((err = decode(asked->cfg, asked->certs[0], &judged->leaf)) == 0)
		for (at = 1; at < count; at++) {
			if ((err = decode(asked->cfg, asked->certs[at], &cert)) != 0)
				break;
			sk_X509_push(others, cert);		/* there is room: can't fail */
		}
	if (err == KTLS_REFUSED(KTLS_R_CERT_MALFORMED))
		snprintf(asked->why, asked->why_len, "certificate %zu of %zu can't be decoded",
		    at + 1, asked->count);
	return err;
}

static int
leaf_key(const struct chain_asked *asked, struct judged *judged)
{
	EVP_PKEY *key = X509_get_pubkey(judged->leaf);
	char who[VERDICT_NAME] = "";
	uint32_t fits = 0;
	int err;

	if (key == NULL && crypto_error() == -ENOMEM)
		return -ENOMEM;
	judged->public_key = key;
	/* What fits in TLS 1.3 fits in TLS 1.2 too. */
	if (key != NULL && (err = signature_fitting(key, KTLS_TLS12, &fits)) != 0)
		return err;
	if ((fits & asked->cfg->crypto->schemes) != 0)
		return 0;
	verdict_name(judged->leaf, who, sizeof(who));
	snprintf(asked->why, asked->why_len, "the certificate of \"%s\": its key is neither "
	    "ECDSA on a curve that we know nor Ed25519 nor RSA", who);
	return KTLS_REFUSED(KTLS_R_CERT_KEY);
}

/* RFC 8446 4.4.2.2: a key usage, where there is one, must allow signing. Trusted or not. */
static int
leaf_usage(const struct chain_asked *asked, X509 *leaf)
{
	char who[VERDICT_NAME] = "";

	if (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE)
		return 0;
	if (crypto_error() == -ENOMEM)
		return -ENOMEM;
	verdict_name(leaf, who, sizeof(who));
	snprintf(asked->why, asked->why_len, "the certificate of \"%s\": its key may not sign",
	    who);
	return KTLS_REFUSED(KTLS_R_CERT_KEY_USAGE);
}

static int
decode_and_judge(const struct chain_asked *asked, struct judged *judged)
{
	struct stack_st_X509 *others = sk_X509_new_null();
	int err;

	if (others == NULL)
		return -ENOMEM;
	if ((err = decode_all(asked, judged, others)) == 0 &&
	    (err = leaf_key(asked, judged)) == 0 && asked->judge)
		err = judge(asked, others, judged);
	if (err == 0)
		err = leaf_usage(asked, judged->leaf);
	sk_X509_pop_free(others, X509_free);
	return err;
}

/* The whole chain as it was sent, and all that a verdict on it depends on but name and time. */
static int
key_of(const struct chain_asked *asked, uint8_t key[FINGERPRINT_LEN])
{
	const struct ktls_crypto *crypto = asked->cfg->crypto;
	enum ktls_role role = asked->peer_role == KTLS_SERVER ? KTLS_CLIENT : KTLS_SERVER;
	struct fingerprint f = fingerprint_begin(asked->cfg->crypto);

	fingerprint_number(&f, asked->judge);
	/* The decoded key is of one libcrypto context, and serves no other. */
	fingerprint_number(&f, (uintptr_t)crypto->libctx);
	fingerprint_add(&f, crypto->propq, crypto->propq != NULL ? strlen(crypto->propq) : 0);
	if (asked->judge)
		fingerprint_add(&f, asked->cfg->policy[role], FINGERPRINT_LEN);
	for (size_t i = 0; i < asked->count; i++)
		fingerprint_add(&f, asked->certs[i].p, asked->certs[i].len);
	return fingerprint_end(&f, key);
}

static bool
name_fits(const struct chain_asked *asked, X509 *leaf)
{
	int got;

	if (asked->peer_role == KTLS_CLIENT)
		return true;
	if (!name_usable(asked->name))
		return false;
	if ((got = X509_check_ip_asc(leaf, asked->name, 0)) == -2)	/* no address */
		got = X509_check_host(leaf, asked->name, 0, NAME_FLAGS, NULL);
	return got == 1;
}

/* Whether a verdict of the past is that of now. If not, the long way finds out, and says why. */
static bool
holds(const struct chain_asked *asked, const struct judged *judged)
{
	if (!asked->judge)
		return true;
	return asked->now >= judged->made && asked->now < judged->until &&
	    asked->now - judged->made < VERDICT_AGE_MAX &&
	    name_fits(asked, judged->leaf);
}

static void
give(const struct chain_asked *asked, struct judged *judged, struct peer *peer)
{
	EVP_PKEY_up_ref(judged->public_key);	/* can't fail */
	*peer = (struct peer){
		.key = judged->public_key,
		.not_after = judged->not_after,
		.verified = asked->judge,
	};
	snprintf(asked->why, asked->why_len, "%s", "");
}

static int
judged_new(const uint8_t key[FINGERPRINT_LEN], int64_t now, struct judged **out)
{
	struct judged *judged = OPENSSL_zalloc(sizeof(*judged));

	if (judged == NULL)
		return -ENOMEM;
	atomic_init(&judged->refs, 1);
	memcpy(judged->key, key, FINGERPRINT_LEN);
	judged->until = judged->not_after = INT64_MAX;
	judged->made = now;
	*out = judged;
	return 0;
}

static int
recall_or_judge(const struct chain_asked *asked, struct peer *peer)
{
	struct ktls_chains *chains = atomic_load(&asked->cfg->chains);
	uint8_t key[FINGERPRINT_LEN] = {0};
	struct judged *judged = NULL;
	int err;

	if (chains != NULL && (err = key_of(asked, key)) != 0)
		return err;
	if (chains != NULL && (judged = chains_get(chains, key)) != NULL && holds(asked, judged)) {
		give(asked, judged, peer);
		judged_unref(judged);
		return 0;
	}
	judged_unref(judged);
	if ((err = judged_new(key, asked->now, &judged)) != 0)
		return err;
	if ((err = decode_and_judge(asked, judged)) == 0)
		give(asked, judged, peer);
	if (err == 0 && chains != NULL)
		chains_put(chains, judged);
	else
		judged_unref(judged);
	return err;
}

static int
answer(struct chain_asked asked, struct peer *peer)
{
	int err;

	ERR_clear_error();			/* what others left is not ours to judge by */
	snprintf(asked.why, asked.why_len, "%s", "");
	if (asked.count == 0 || asked.count > CONFIG_PEER_CHAIN_MAX)
		err = KTLS_REFUSED(asked.count == 0 ? KTLS_R_CERTIFICATE_NONE :
		    KTLS_R_CERTIFICATE_CHAIN_LONG);
	else
		err = recall_or_judge(&asked, peer);
	if (err != 0 && (asked.why_len == 0 || asked.why[0] == '\0'))
		snprintf(asked.why, asked.why_len, "%s", ktls_strerror(err));
	ERR_clear_error();
	return err;
}

int
config_verify_chain(struct ktls_config *cfg, const struct slice *certs, size_t count,
    enum ktls_role peer_role, const char *name, struct peer *peer, char *why, size_t why_len)
{
	struct chain_asked asked = {
		.cfg = cfg, .certs = certs, .count = count, .judge = cfg->verify,
		.peer_role = peer_role, .name = name, .now = config_now(cfg) / 1000,
		.why = why, .why_len = why_len,
	};

	return answer(asked, peer);
}

int
config_peer_key(struct ktls_config *cfg, const struct slice *certs, size_t count,
    struct peer *peer, char *why, size_t why_len)
{
	struct chain_asked asked = {
		.cfg = cfg, .certs = certs, .count = count, .why = why, .why_len = why_len,
	};

	return answer(asked, peer);
}
