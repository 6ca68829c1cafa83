/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include "config/config.h"
#include "crypto/signature.h"

#define SECURITY_LEVEL	2	/* 112 bits: RSA 2048, P-224, SHA-224 and up */
#define NAME_SHOWN	72	/* bytes of a name of the peer's in a sentence */

/* libcrypto's verdicts; ktls/reasons.h has each reason's alert. What isn't here is CERT_OTHER. */
/* clang-format off */
static const struct {
	int verdict;
	enum ktls_reason reason;
} verdicts[] = {
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,		KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,	KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,	KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,	KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,		KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG,		KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_CERT_UNTRUSTED,			KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_CERT_REJECTED,			KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_SUBJECT_ISSUER_MISMATCH,		KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_AKID_SKID_MISMATCH,		KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH,	KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_PATH_LOOP,				KTLS_R_CERT_UNTRUSTED },
	{ X509_V_ERR_CERT_HAS_EXPIRED,			KTLS_R_CERT_EXPIRED },
	{ X509_V_ERR_CERT_NOT_YET_VALID,		KTLS_R_CERT_NOT_YET_VALID },
	{ X509_V_ERR_HOSTNAME_MISMATCH,			KTLS_R_CERT_NAME },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH,		KTLS_R_CERT_NAME },
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE,	KTLS_R_CERT_SIGNATURE },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE,		KTLS_R_CERT_SIGNATURE },
	{ X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH,	KTLS_R_CERT_SIGNATURE },
	{ X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY,	KTLS_R_CERT_SIGNATURE },
	{ X509_V_ERR_CERT_REVOKED,			KTLS_R_CERT_REVOKED },
	{ X509_V_ERR_INVALID_PURPOSE,			KTLS_R_CERT_PURPOSE },
	{ X509_V_ERR_EE_KEY_TOO_SMALL,			KTLS_R_CERT_WEAK },
	{ X509_V_ERR_CA_KEY_TOO_SMALL,			KTLS_R_CERT_WEAK },
	{ X509_V_ERR_CA_MD_TOO_WEAK,			KTLS_R_CERT_WEAK },
	{ X509_V_ERR_INVALID_CA,			KTLS_R_CERT_AUTHORITY },
	{ X509_V_ERR_INVALID_NON_CA,			KTLS_R_CERT_AUTHORITY },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN,		KTLS_R_CERT_AUTHORITY },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED,		KTLS_R_CERT_AUTHORITY },
	{ X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED,	KTLS_R_CERT_AUTHORITY },
	{ X509_V_ERR_PERMITTED_VIOLATION,		KTLS_R_CERT_AUTHORITY },
	{ X509_V_ERR_EXCLUDED_VIOLATION,		KTLS_R_CERT_AUTHORITY },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,	KTLS_R_CERT_EXTENSION },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,	KTLS_R_CERT_EXTENSION },
	{ X509_V_ERR_INVALID_EXTENSION,			KTLS_R_CERT_MALFORMED },
	{ X509_V_ERR_INVALID_POLICY_EXTENSION,		KTLS_R_CERT_MALFORMED },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,	KTLS_R_CERT_MALFORMED },
	{ X509_V_ERR_UNSUPPORTED_NAME_SYNTAX,		KTLS_R_CERT_MALFORMED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD,	KTLS_R_CERT_MALFORMED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,	KTLS_R_CERT_MALFORMED },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, KTLS_R_CERT_MALFORMED },
	{ X509_V_ERR_EC_KEY_EXPLICIT_PARAMS,		KTLS_R_CERT_KEY },
	{ X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM,	KTLS_R_CERT_KEY },
};
/* clang-format on */

static enum ktls_reason
reason_of(int verdict)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (verdicts[i].verdict == verdict)
			return verdicts[i].reason;
	return KTLS_R_CERT_OTHER;
}

/* The first DNS name, or the subject. The peer wrote it: nothing of it may move a terminal. */
static void
name_of(X509 *cert, char *buf, size_t len)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const ASN1_STRING *dns = NULL;
	int n;

	for (int i = 0; dns == NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			dns = name->d.dNSName;
	}
	if (dns != NULL) {
		n = ASN1_STRING_length(dns);
		snprintf(buf, len, "%.*s", n, (const char *)ASN1_STRING_get0_data(dns));
	} else if (X509_NAME_oneline(X509_get_subject_name(cert), buf, (int)len) == NULL) {
		buf[0] = '\0';
	}
	GENERAL_NAMES_free(names);
	for (char *c = buf; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void
say_date(const char *who, const char *what, const ASN1_TIME *date, char *why, size_t why_len)
{
	struct tm tm = {0};

	if (ASN1_TIME_to_tm(date, &tm))
		snprintf(why, why_len,
		    "the certificate of \"%s\" %s %04d-%02d-%02d %02d:%02d:%02d UTC", who, what,
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
say(X509_STORE_CTX *ctx, const char *name, char *why, size_t why_len)
{
	int verdict = X509_STORE_CTX_get_error(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	enum ktls_reason reason = reason_of(verdict);
	char who[NAME_SHOWN] = "";

	if (cert == NULL)		/* a name is judged with no certificate at hand */
		cert = X509_STORE_CTX_get0_cert(ctx);
	name_of(cert, who, sizeof(who));
	snprintf(why, why_len, "the certificate of \"%s\": %s", who,
	    X509_verify_cert_error_string(verdict));
	if (reason == KTLS_R_CERT_NAME)
		snprintf(why, why_len, "the certificate of \"%s\" is not for \"%s\"", who, name);
	else if (reason == KTLS_R_CERT_EXPIRED)
		say_date(who, "expired on", X509_get0_notAfter(cert), why, why_len);
	else if (reason == KTLS_R_CERT_NOT_YET_VALID)
		say_date(who, "is not valid before", X509_get0_notBefore(cert), why, why_len);
}

/* RFC 9525: subjectAltName alone counts, a wildcard is a whole leftmost label. */
static int
expect_name(X509_VERIFY_PARAM *param, const char *name)
{
	/* libcrypto takes an empty name for none, and one with a dot in front for all below it. */
	if (name == NULL || name[0] == '\0' || name[0] == '.')
		return -EINVAL;
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, name))
		return 0;
	if (crypto_error() == -ENOMEM)
		return -ENOMEM;
	return X509_VERIFY_PARAM_set1_host(param, name, 0) ? 0 : crypto_error();
}

static int
prepare(struct ktls_config *cfg, X509_STORE_CTX *ctx, const char *name)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	if (!X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER))
		return crypto_error();
	X509_VERIFY_PARAM_set_depth(param, CONFIG_CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	/* Who trusts an intermediate, or the server's own certificate, means just that. */
	if (!X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN))
		return crypto_error();
	if (cfg->clock != NULL)
		X509_VERIFY_PARAM_set_time(param, (time_t)(config_now(cfg) / 1000));
	return expect_name(param, name);
}

static int
judge(struct ktls_config *cfg, X509 *leaf, struct stack_st_X509 *others, const char *name,
    char *why, size_t why_len)
{
	X509_STORE *store = atomic_load(&cfg->trust.store);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(cfg->crypto->libctx, cfg->crypto->propq);
	int err = -ENOMEM, verdict;

	if (ctx == NULL || store == NULL) {
		err = ctx == NULL ? -ENOMEM : -EINVAL;		/* without config_use() */
		goto out;
	}
	if (!X509_STORE_CTX_init(ctx, store, leaf, others)) {
		err = crypto_error();
		goto out;
	}
	if ((err = prepare(cfg, ctx, name)) != 0 || X509_verify_cert(ctx) == 1)
		goto out;
	verdict = X509_STORE_CTX_get_error(ctx);
	if (verdict == X509_V_ERR_OUT_OF_MEM || verdict == X509_V_OK) {
		err = verdict == X509_V_OK ? -EIO : -ENOMEM;
		goto out;
	}
	err = KTLS_REFUSED(reason_of(verdict));
	say(ctx, name, why, why_len);
out:
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

/* The leaf's key, if a CertificateVerify that we accept can be made with it. */
static int
leaf_key(X509 *leaf, EVP_PKEY **key, char *why, size_t why_len)
{
	EVP_PKEY *found = X509_get_pubkey(leaf);
	char who[NAME_SHOWN] = "";

	if (found == NULL && crypto_error() == -ENOMEM)
		return -ENOMEM;
	if (found != NULL && (signature_fits(SIG_ECDSA_SECP256R1_SHA256, found, KTLS_TLS13) ||
	    signature_fits(SIG_RSA_PSS_RSAE_SHA256, found, KTLS_TLS13))) {
		*key = found;
		return 0;
	}
	name_of(leaf, who, sizeof(who));
	snprintf(why, why_len,
	    "the certificate of \"%s\": its key is neither ECDSA on P-256 nor RSA", who);
	EVP_PKEY_free(found);
	return KTLS_REFUSED(KTLS_R_CERT_KEY);
}

/* RFC 8446 4.4.2.2: a key usage, where there is one, must allow signing. Trusted or not. */
static int
leaf_usage(X509 *leaf, char *why, size_t why_len)
{
	char who[NAME_SHOWN] = "";

	if (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE)
		return 0;
	if (crypto_error() == -ENOMEM)
		return -ENOMEM;
	name_of(leaf, who, sizeof(who));
	snprintf(why, why_len, "the certificate of \"%s\": its key may not sign", who);
	return KTLS_REFUSED(KTLS_R_CERT_KEY_USAGE);
}

static int
decode_others(struct ktls_config *cfg, const struct slice *certs, size_t count,
    struct stack_st_X509 *others, size_t *at)
{
	X509 *cert;
	int err;

	if (!sk_X509_reserve(others, (int)count))
		return -ENOMEM;
	for (*at = 1; *at < count; ++*at) {
		if ((err = decode(cfg, certs[*at], &cert)) != 0)
			return err;
		sk_X509_push(others, cert);		/* there is room: can't fail */
	}
	return 0;
}

static int
decode_and_judge(struct ktls_config *cfg, const struct slice *certs, size_t count,
    bool judged, const char *name, struct peer *peer, char *why, size_t why_len)
{
	struct stack_st_X509 *others = sk_X509_new_null();
	EVP_PKEY *found = NULL;
	X509 *leaf = NULL;
	size_t at = 0;
	int err;

	ERR_clear_error();			/* what others left is not ours to judge by */
	if (count == 0 || count > CONFIG_PEER_CHAIN_MAX)
		err = KTLS_REFUSED(count == 0 ? KTLS_R_CERTIFICATE_NONE :
		    KTLS_R_CERTIFICATE_CHAIN_LONG);
	else if (others == NULL)
		err = -ENOMEM;
	else if ((err = decode(cfg, certs[0], &leaf)) == 0 && judged)
		err = decode_others(cfg, certs, count, others, &at);
	snprintf(why, why_len, "%s", ktls_strerror(err));
	if (err == KTLS_REFUSED(KTLS_R_CERT_MALFORMED))
		snprintf(why, why_len, "certificate %zu of %zu can't be decoded", at + 1, count);
	if (err == 0 && (err = leaf_key(leaf, &found, why, why_len)) == 0 && judged)
		err = judge(cfg, leaf, others, name, why, why_len);
	if (err == 0 && (err = leaf_usage(leaf, why, why_len)) == 0) {
		*peer = (struct peer){ .key = found, .not_after = INT64_MAX, .verified = judged };
		found = NULL;
		snprintf(why, why_len, "%s", "");
	}
	EVP_PKEY_free(found);
	X509_free(leaf);
	sk_X509_pop_free(others, X509_free);
	ERR_clear_error();
	return err;
}

int
config_verify_chain(struct ktls_config *cfg, const struct slice *certs, size_t count,
    enum ktls_role peer_role, const char *name, struct peer *peer, char *why, size_t why_len)
{
	(void)peer_role;
	return decode_and_judge(cfg, certs, count, cfg->verify, name, peer, why, why_len);
}

int
config_peer_key(struct ktls_config *cfg, const struct slice *certs, size_t count,
    struct peer *peer, char *why, size_t why_len)
{
	return decode_and_judge(cfg, certs, count, false, NULL, peer, why, why_len);
}
