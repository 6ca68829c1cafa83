/* SPDX-License-Identifier: MIT */
#include <openssl/x509.h>
#include "config/setter.h"
#include "config/chains.h"

/* Until when a verdict holds: what it rests on has dates. */

/* s since 1970; false: out of memory, or no date. */
static bool
seconds(const ASN1_TIME *epoch, const ASN1_TIME *time, int64_t *at)
{
	int days, rest;

	if (!ASN1_TIME_diff(&days, &rest, epoch, time))
		return false;
	*at = (int64_t)days * 86400 + rest;
	return true;
}

/* A date before and after which the verdict may differ. */
static void
bound(struct judged *judged, int64_t now, int64_t at)
{
	if (at > now && judged->until > at)
		judged->until = at;
}

static bool
bound_certs(const struct stack_st_X509 *chain, const ASN1_TIME *epoch, int64_t now,
    struct judged *judged)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		const X509 *cert = sk_X509_value(chain, i);
		int64_t from, to;

		if (!seconds(epoch, X509_get0_notBefore(cert), &from) ||
		    !seconds(epoch, X509_get0_notAfter(cert), &to))
			return false;
		bound(judged, now, from);
		bound(judged, now, to);
		if (judged->not_after > to)
			judged->not_after = to;
	}
	return true;
}

/*
 * The lists are the config's and never change, and the cache's key has them: a
 * verdict differs only when one of them begins or ends to be current.
 */
static bool
bound_lists(const struct stack_st_X509_CRL *crls, const ASN1_TIME *epoch, int64_t now,
    struct judged *judged)
{
	for (int i = 0; i < sk_X509_CRL_num(crls); i++) {
		const X509_CRL *crl = sk_X509_CRL_value(crls, i);
		const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
		int64_t at;

		if (!seconds(epoch, X509_CRL_get0_lastUpdate(crl), &at))
			return false;
		bound(judged, now, at);
		if (next != NULL && !seconds(epoch, next, &at))
			return false;
		bound(judged, now, at);
	}
	return true;
}

int
validity_of(const struct ktls_config *cfg, const struct stack_st_X509 *chain, int64_t now,
    struct judged *judged)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	bool good;

	good = epoch != NULL && bound_certs(chain, epoch, now, judged) &&
	    bound_lists(cfg->trust.crls, epoch, now, judged);
	ASN1_TIME_free(epoch);
	return good ? 0 : crypto_error();
}
