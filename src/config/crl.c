/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include "config/setter.h"

#define LISTS_MAX	(16u << 20)	/* bytes of a file of revocation lists */

/* The next list of PEM: 1 and *crl, the caller's to free; 0 at the end; -ENOMEM, -EINVAL. */
static int
next_crl(struct ktls_config *cfg, BIO *bio, X509_CRL **out)
{
	X509_CRL *crl = X509_CRL_new_ex(cfg->crypto->libctx, cfg->crypto->propq);

	if (crl == NULL)
		return -ENOMEM;
	if (PEM_read_bio_X509_CRL(bio, &crl, config_never_ask, NULL) != NULL) {
		*out = crl;
		return 1;
	}
	X509_CRL_free(crl);
	return config_pem_end();
}

static int
read_lists(struct ktls_config *cfg, const struct pem *pem, struct stack_st_X509_CRL *crls)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509_CRL *crl = NULL;
	int got = -ENOMEM, n;

	while (bio != NULL && (got = next_crl(cfg, bio, &crl)) > 0)
		if (sk_X509_CRL_push(crls, crl) == 0) {
			X509_CRL_free(crl);
			got = -ENOMEM;
			break;
		}
	BIO_free(bio);
	n = sk_X509_CRL_num(crls);
	if (got == -ENOMEM)
		return config_fail(cfg, got, "%s: out of memory", pem->name);
	if (got < 0)
		return config_fail(cfg, got, "%s: revocation list %d can't be decoded", pem->name,
		    n + 1);
	if (n == 0)
		return config_fail(cfg, -EINVAL, "%s: holds no certificate revocation list in PEM",
		    pem->name);
	return 0;
}

/* Moves all of more into *crls, or nothing: 0 or -ENOMEM. */
static int
append(struct stack_st_X509_CRL **crls, struct stack_st_X509_CRL *more)
{
	int n = sk_X509_CRL_num(more);

	if (*crls == NULL && (*crls = sk_X509_CRL_new_null()) == NULL)
		return -ENOMEM;
	if (!sk_X509_CRL_reserve(*crls, n))
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		sk_X509_CRL_push(*crls, sk_X509_CRL_value(more, i));	/* there is room */
	sk_X509_CRL_zero(more);
	return 0;
}

int
ktls_config_crl_file(struct ktls_config *cfg, const char *pem_file)
{
	struct stack_st_X509_CRL *crls;
	struct pem pem = {0};
	int err;

	if ((err = config_writable(cfg)) != 0 ||
	    (err = config_read(cfg, pem_file, LISTS_MAX, &pem)) != 0)
		return err;
	ERR_clear_error();			/* what others left is not ours to judge by */
	if ((crls = sk_X509_CRL_new_null()) == NULL)
		err = config_fail(cfg, -ENOMEM, "%s: out of memory", pem.name);
	else if ((err = read_lists(cfg, &pem, crls)) == 0 &&
	    (err = append(&cfg->trust.crls, crls)) != 0)
		config_fail(cfg, err, "%s: out of memory", pem.name);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	config_wipe(&pem);
	ERR_clear_error();
	return err;
}
