/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "bench_handshake/bench.h"

/*
 * A root and a leaf that it has signed, with keys of one kind: a server sends the leaf
 * alone, so that a client verifies one signature of the chain and one of the handshake.
 */

#define PATH_MAX_	256
#define DAYS		365

static const char *const kinds[] = { "ecdsa", "rsa" };
static char paths[2][3][PATH_MAX_];

const char *
pki_path(enum pki_kind kind, enum pki_file file)
{
	return paths[kind][file];
}

enum pki_kind
pki_of(enum row row)
{
	return row == ROW_13_RSA ? PKI_RSA : PKI_ECDSA;
}

static void
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	NEED((ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) != NULL);
	NEED(X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}

/* issuer NULL: it signs itself. */
static X509 *
make(const char *name, long serial, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *cert = X509_new();
	X509_NAME *subject;

	NEED(cert != NULL && X509_set_version(cert, X509_VERSION_3));
	NEED(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial));
	NEED(X509_gmtime_adj(X509_getm_notBefore(cert), -86400) != NULL);
	NEED(X509_gmtime_adj(X509_getm_notAfter(cert), DAYS * 86400L) != NULL);
	subject = X509_get_subject_name(cert);
	NEED(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0));
	NEED(X509_set_pubkey(cert, key));
	if (issuer == NULL)
		issuer = cert;
	NEED(X509_set_issuer_name(cert, X509_get_subject_name(issuer)));
	add_extension(cert, issuer, NID_basic_constraints,
	    issuer == cert ? "critical,CA:TRUE" : "critical,CA:FALSE");
	add_extension(cert, issuer, NID_key_usage,
	    issuer == cert ? "critical,keyCertSign" : "critical,digitalSignature");
	add_extension(cert, issuer, NID_subject_key_identifier, "hash");
	if (issuer != cert) {
		add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
		add_extension(cert, issuer, NID_ext_key_usage, "serverAuth");
		add_extension(cert, issuer, NID_subject_alt_name, "DNS:" HOST);
	}
	NEED(X509_sign(cert, issuer_key, EVP_sha256()) > 0);
	return cert;
}

static FILE *
create(enum pki_kind kind, enum pki_file file)
{
	FILE *f = fopen(paths[kind][file], "w");

	if (f == NULL)
		die("%s can't be written", paths[kind][file]);
	return f;
}

static void
write_cert(enum pki_kind kind, enum pki_file file, X509 *cert)
{
	FILE *f = create(kind, file);

	NEED(PEM_write_X509(f, cert));
	NEED(fclose(f) == 0);
}

static void
generate(enum pki_kind kind)
{
	EVP_PKEY *root_key, *key;
	X509 *root, *leaf;
	FILE *f;

	for (int i = 0; i < 2; i++)
		NEED((*(i ? &key : &root_key) = kind == PKI_RSA ? EVP_RSA_gen(2048) :
		    EVP_EC_gen("P-256")) != NULL);
	root = make("bench-handshake root", 1, root_key, NULL, root_key);
	leaf = make(HOST, 2, key, root, root_key);
	write_cert(kind, PKI_ROOT, root);
	write_cert(kind, PKI_CERT, leaf);
	f = create(kind, PKI_KEY);
	NEED(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
	NEED(fclose(f) == 0);
	X509_free(root);
	X509_free(leaf);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(key);
}

void
pki_prepare(const char *dir)
{
	static const char *const suffix[] = { ".pem", ".key", "-root.pem" };
	struct stat st;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		die("%s can't be made", dir);
	for (enum pki_kind kind = PKI_ECDSA; kind <= PKI_RSA; kind++) {
		for (size_t i = 0; i < 3; i++)
			if (snprintf(paths[kind][i], PATH_MAX_, "%s/%s%s", dir, kinds[kind],
			    suffix[i]) >= PATH_MAX_)
				die("%s: too long", dir);
		/* The key is written last. */
		if (stat(paths[kind][PKI_KEY], &st) != 0 || st.st_size == 0)
			generate(kind);
	}
}
