/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <time.h>
#include <openssl/x509v3.h>
#include "config/verdict.h"

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
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG,		KTLS_R_CERT_DEPTH },
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
	{ X509_V_ERR_UNABLE_TO_GET_CRL,			KTLS_R_CERT_NO_CRL },
	{ X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,		KTLS_R_CERT_CRL },
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,	KTLS_R_CERT_CRL },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE,		KTLS_R_CERT_CRL },
	{ X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,		KTLS_R_CERT_CRL },
	{ X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,	KTLS_R_CERT_CRL },
	{ X509_V_ERR_DIFFERENT_CRL_SCOPE,		KTLS_R_CERT_CRL },
	{ X509_V_ERR_CRL_PATH_VALIDATION_ERROR,		KTLS_R_CERT_CRL },
	{ X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD,	KTLS_R_CERT_CRL },
	{ X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD,	KTLS_R_CERT_CRL },
	{ X509_V_ERR_CRL_HAS_EXPIRED,			KTLS_R_CERT_CRL_EXPIRED },
	{ X509_V_ERR_CRL_NOT_YET_VALID,			KTLS_R_CERT_CRL_EXPIRED },
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

enum ktls_reason
verdict_reason(int verdict)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (verdicts[i].verdict == verdict)
			return verdicts[i].reason;
	return KTLS_R_CERT_OTHER;
}

/* The first DNS name, or the subject. The peer wrote it: nothing of it may move a terminal. */
void
verdict_name(X509 *cert, char *buf, size_t len)
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

	if (date != NULL && ASN1_TIME_to_tm(date, &tm))
		snprintf(why, why_len,
		    "the certificate of \"%s\" %s %04d-%02d-%02d %02d:%02d:%02d UTC", who, what,
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
say_revoked(const char *who, X509 *cert, X509_CRL *crl, char *why, size_t why_len)
{
	X509_REVOKED *entry = NULL;

	if (crl != NULL && X509_CRL_get0_by_cert(crl, &entry, cert) != 0 && entry != NULL)
		say_date(who, "was revoked on", X509_REVOKED_get0_revocationDate(entry), why,
		    why_len);
}

static void
say_list_date(const char *who, int verdict, const X509_CRL *crl, char *why, size_t why_len)
{
	bool expired = verdict == X509_V_ERR_CRL_HAS_EXPIRED;

	if (crl != NULL)
		say_date(who, expired ? "has an issuer whose revocation list expired on" :
		    "has an issuer whose revocation list is not valid before",
		    expired ? X509_CRL_get0_nextUpdate(crl) : X509_CRL_get0_lastUpdate(crl),
		    why, why_len);
}

void
verdict_say(X509_STORE_CTX *ctx, enum ktls_role peer_role, const char *name, char *why,
    size_t why_len)
{
	int verdict = X509_STORE_CTX_get_error(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	X509_CRL *crl = X509_STORE_CTX_get0_current_crl(ctx);
	char who[VERDICT_NAME] = "";

	if (cert == NULL)		/* a name is judged with no certificate at hand */
		cert = X509_STORE_CTX_get0_cert(ctx);
	verdict_name(cert, who, sizeof(who));
	snprintf(why, why_len, "the certificate of \"%s\": %s", who,
	    X509_verify_cert_error_string(verdict));
	switch (verdict_reason(verdict)) {
	case KTLS_R_CERT_NAME:
		snprintf(why, why_len, "the certificate of \"%s\" is not for \"%s\"", who, name);
		break;
	case KTLS_R_CERT_PURPOSE:
		snprintf(why, why_len, "the certificate of \"%s\": its purpose is not that of a "
		    "TLS %s", who, peer_role == KTLS_SERVER ? "server" : "client");
		break;
	case KTLS_R_CERT_EXPIRED:
		say_date(who, "expired on", X509_get0_notAfter(cert), why, why_len);
		break;
	case KTLS_R_CERT_NOT_YET_VALID:
		say_date(who, "is not valid before", X509_get0_notBefore(cert), why, why_len);
		break;
	case KTLS_R_CERT_REVOKED:
		say_revoked(who, cert, crl, why, why_len);
		break;
	case KTLS_R_CERT_NO_CRL:
		snprintf(why, why_len, "the certificate of \"%s\": there is no revocation list "
		    "of its issuer", who);
		break;
	case KTLS_R_CERT_CRL_EXPIRED:
		say_list_date(who, verdict, crl, why, why_len);
		break;
	default:
		break;
	}
}
