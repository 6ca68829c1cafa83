/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/safestack.h>
#include <openssl/x509_vfy.h>
#include "config/setter.h"

#define BUNDLE_MAX	(16u << 20)	/* bytes of a file of trusted certificates */

static void
free_string(OPENSSL_STRING s)
{
	OPENSSL_free(s);
}

void
trust_free(struct trust *trust)
{
	sk_X509_pop_free(trust->certs, X509_free);
	sk_X509_CRL_pop_free(trust->crls, X509_CRL_free);
	sk_OPENSSL_STRING_pop_free(trust->dirs, free_string);
	X509_STORE_free(atomic_load(&trust->store));
}

/* All certificates of the file, or a sentence. */
static int
read_bundle(struct ktls_config *cfg, const struct pem *pem, struct stack_st_X509 *certs)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509 *cert;
	int got = -ENOMEM, n;

	while (bio != NULL && (got = config_next_cert(cfg, bio, true, &cert)) > 0)
		if (sk_X509_push(certs, cert) == 0) {
			X509_free(cert);
			got = -ENOMEM;
			break;
		}
	BIO_free(bio);
	n = sk_X509_num(certs);
	if (got == -ENOMEM)
		return config_fail(cfg, got, "%s: out of memory", pem->name);
	if (got < 0)
		return config_fail(cfg, got, "%s: certificate %d can't be decoded", pem->name,
		    n + 1);
	if (n == 0)
		return config_fail(cfg, -EINVAL, "%s: holds no certificate in PEM", pem->name);
	return 0;
}

/* Moves all of more into *certs, or nothing: 0 or -ENOMEM. */
static int
append(struct stack_st_X509 **certs, struct stack_st_X509 *more)
{
	int n = sk_X509_num(more);

	if (*certs == NULL && (*certs = sk_X509_new_null()) == NULL)
		return -ENOMEM;
	if (!sk_X509_reserve(*certs, n))
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		sk_X509_push(*certs, sk_X509_value(more, i));	/* there is room: can't fail */
	sk_X509_zero(more);
	return 0;
}

int
ktls_config_trust_file(struct ktls_config *cfg, const char *pem_file)
{
	struct stack_st_X509 *certs = NULL;
	struct pem pem = {0};
	int err;

	if ((err = config_writable(cfg)) != 0 ||
	    (err = config_read(cfg, pem_file, BUNDLE_MAX, &pem)) != 0)
		return err;
	ERR_clear_error();			/* what others left is not ours to judge by */
	if ((certs = sk_X509_new_null()) == NULL)
		err = config_fail(cfg, -ENOMEM, "%s: out of memory", pem.name);
	else if ((err = read_bundle(cfg, &pem, certs)) == 0 &&
	    (err = append(&cfg->trust.certs, certs)) != 0)
		config_fail(cfg, err, "%s: out of memory", pem.name);
	sk_X509_pop_free(certs, X509_free);
	config_wipe(&pem);
	ERR_clear_error();
	return err;
}

static int
check_dir(struct ktls_config *cfg, const char *path)
{
	int err, fd;

	if (path == NULL)
		return config_fail(cfg, -EINVAL, "no directory was named");
	if (strchr(path, ':') != NULL)		/* libcrypto would take it for two */
		return config_fail(cfg, -EINVAL, "%s: can't be used, libcrypto separates "
		    "directories by ':'", config_path(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		return config_fail(cfg, err, "%s: can't be opened as a directory: %s",
		    config_path(path), ktls_strerror(err));
	}
	close(fd);
	return 0;
}

int
ktls_config_trust_dir(struct ktls_config *cfg, const char *hashed_dir)
{
	char *copy;
	int err;

	if ((err = config_writable(cfg)) != 0 || (err = check_dir(cfg, hashed_dir)) != 0)
		return err;
	if (cfg->trust.dirs == NULL)
		cfg->trust.dirs = sk_OPENSSL_STRING_new_null();
	copy = OPENSSL_strdup(hashed_dir);
	if (cfg->trust.dirs == NULL || copy == NULL ||
	    sk_OPENSSL_STRING_push(cfg->trust.dirs, copy) == 0) {
		OPENSSL_free(copy);
		ERR_clear_error();
		return config_fail(cfg, -ENOMEM, "%s: out of memory", config_path(hashed_dir));
	}
	return 0;
}

int
ktls_config_trust_system(struct ktls_config *cfg)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->trust.system = true;
	return 0;
}

/* sk_*_num(NULL) is -1. */
bool
trust_nothing(const struct trust *trust)
{
	return !trust->system && sk_X509_num(trust->certs) <= 0 &&
	    sk_OPENSSL_STRING_num(trust->dirs) <= 0;
}

bool
trust_system(const struct trust *trust)
{
	return trust->system || trust_nothing(trust);
}

/*
 * The system's: where libcrypto was built to look, or what SSL_CERT_FILE and
 * SSL_CERT_DIR say. One that doesn't exist is no error: it trusts nobody.
 */
static bool
fill(const struct ktls_config *cfg, X509_STORE *store)
{
	const struct trust *trust = &cfg->trust;

	for (int i = 0; i < sk_X509_num(trust->certs); i++)
		if (!X509_STORE_add_cert(store, sk_X509_value(trust->certs, i)))
			return false;
	for (int i = 0; i < sk_OPENSSL_STRING_num(trust->dirs); i++)
		if (!X509_STORE_load_path(store, sk_OPENSSL_STRING_value(trust->dirs, i)))
			return false;
	for (int i = 0; i < sk_X509_CRL_num(trust->crls); i++)
		if (!X509_STORE_add_crl(store, sk_X509_CRL_value(trust->crls, i)))
			return false;
	return !trust_system(trust) ||
	    X509_STORE_set_default_paths_ex(store, cfg->crypto->libctx, cfg->crypto->propq);
}

int
trust_store_new(const struct ktls_config *cfg, X509_STORE **out)
{
	X509_STORE *store = X509_STORE_new();
	bool filled = store != NULL && fill(cfg, store);
	int err = crypto_error();		/* a default file that is missing leaves one too */

	if (!filled) {
		X509_STORE_free(store);
		return store == NULL ? -ENOMEM : err;
	}
	*out = store;
	return 0;
}
