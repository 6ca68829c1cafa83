/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/x509v3.h>
#include "config/setter.h"

#define AUTHORITIES_MAX	16384	/* bytes: a few kilobytes are usual, and each client gets them */

/* Whom the certificate of a client that we would accept names as its issuer. */
static const X509_NAME *
authority(X509 *cert)
{
	/* A peer's own certificate may be trusted, too. */
	return X509_check_ca(cert) ? X509_get_subject_name(cert) : X509_get_issuer_name(cert);
}

static bool
named_before(const struct stack_st_X509 *certs, int n, const X509_NAME *name)
{
	for (int i = 0; i < n; i++)
		if (X509_NAME_cmp(authority(sk_X509_value(certs, i)), name) == 0)
			return true;
	return false;
}

/* DistinguishedName<1..2^16-1>, RFC 8446 4.2.4; what has no room is left out. */
static int
add(struct writer *w, const X509_NAME *name)
{
	uint8_t *der = NULL;
	int len = i2d_X509_NAME(name, &der);

	if (len <= 0)
		return crypto_error();
	if (2 + (size_t)len <= (size_t)(w->end - w->p))
		wr_vec(w, 2, (struct slice){ der, (size_t)len });
	OPENSSL_free(der);
	return 0;
}

int
authorities_make(const struct ktls_config *cfg, struct slice *out)
{
	const struct stack_st_X509 *certs = cfg->trust.certs;
	uint8_t *buf = OPENSSL_malloc(AUTHORITIES_MAX);
	struct writer w = wr_init(buf, buf != NULL ? AUTHORITIES_MAX : 0);
	int err = buf != NULL ? 0 : -ENOMEM;

	for (int i = 0; err == 0 && i < sk_X509_num(certs); i++) {
		const X509_NAME *name = authority(sk_X509_value(certs, i));

		if (X509_NAME_entry_count(name) > 0 && !named_before(certs, i, name))
			err = add(&w, name);
	}
	if (err == 0 && wr_len(&w) != 0) {
		*out = (struct slice){ OPENSSL_memdup(buf, wr_len(&w)), wr_len(&w) };
		err = out->p != NULL ? 0 : -ENOMEM;
	}
	OPENSSL_free(buf);
	return err;
}
