/* SPDX-License-Identifier: MIT */
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include "config/pki_testlib.h"

#define HOUR	3600L
#define DAY	(24 * HOUR)
#define NAMES	"DNS:localhost,DNS:www.example.org,IP:127.0.0.1,IP:::1"
#define SERVER	"serverAuth,clientAuth"
#define FILES_MAX	64

/* One certificate a line. */
/* clang-format off */
static const struct spec {
	const char *name, *algorithm, *param;
	enum test_cert issuer;		/* its own number: self-signed */
	bool ca, chain;			/* chain: the issuer's certificate belongs into the file */
	long from, to;
	const char *common_name, *names, *usage, *constraints;
} specs[TEST_CERTS] = {
	[TEST_EC] =		{ "ec", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "ec", NAMES, SERVER, NULL },
	[TEST_RSA] =		{ "rsa", "RSA", "2048", TEST_CA, false, false, -DAY, 30 * DAY, "rsa", NAMES, SERVER, NULL },
	[TEST_CHAINED] =	{ "chained", "EC", "P-256", TEST_INTERMEDIATE, false, true, -DAY, 30 * DAY, "chained", NAMES, SERVER, NULL },
	[TEST_EXPIRED] =	{ "expired", "EC", "P-256", TEST_CA, false, false, -DAY, -HOUR, "expired", NAMES, SERVER, NULL },
	[TEST_NOT_YET] =	{ "not-yet", "EC", "P-256", TEST_CA, false, false, HOUR, 30 * DAY, "not-yet", NAMES, SERVER, NULL },
	[TEST_OTHER_NAME] =	{ "other", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "other", "DNS:other.example.org", SERVER, NULL },
	[TEST_WILDCARD] =	{ "wildcard", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "wildcard", "DNS:*.example.org", SERVER, NULL },
	[TEST_UPPER] =		{ "upper", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "upper", "DNS:WWW.Example.NET,DNS:*.Deep.Example.NET", SERVER, NULL },
	[TEST_PARTIAL_WILDCARD] = { "partial", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "partial", "DNS:w*.example.org", SERVER, NULL },
	[TEST_IP] =		{ "ip", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "ip", "IP:127.0.0.1,IP:::1", SERVER, NULL },
	[TEST_CN_ONLY] =	{ "cn-only", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "localhost", NULL, SERVER, NULL },
	[TEST_CLIENT_ONLY] =	{ "client-only", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "client-only", NAMES, "clientAuth", NULL },
	[TEST_NOT_SIGNING] =	{ "not-signing", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "not-signing", NAMES, SERVER, NULL },
	[TEST_SELF_SIGNED] =	{ "self-signed", "EC", "P-256", TEST_SELF_SIGNED, false, false, -DAY, 30 * DAY, "self-signed", NAMES, SERVER, NULL },
	[TEST_UNDER_LEAF] =	{ "under-leaf", "EC", "P-256", TEST_EC, false, true, -DAY, 30 * DAY, "under-leaf", NAMES, SERVER, NULL },
	[TEST_ESCAPE] =		{ "escape", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "escape", "DNS:\x1b[31mred", SERVER, NULL },
	[TEST_CONSTRAINED] =	{ "constrained", "EC", "P-256", TEST_CERTS, false, true, -DAY, 30 * DAY, "constrained", NAMES, SERVER, NULL },
	[TEST_P384] =		{ "p384", "EC", "P-384", TEST_CA, false, false, -DAY, 30 * DAY, "p384", NAMES, SERVER, NULL },
	[TEST_P521] =		{ "p521", "EC", "P-521", TEST_CA, false, false, -DAY, 30 * DAY, "p521", NAMES, SERVER, NULL },
	[TEST_P224] =		{ "p224", "EC", "P-224", TEST_CA, false, false, -DAY, 30 * DAY, "p224", NAMES, SERVER, NULL },
	[TEST_RSA_PSS] =	{ "rsa-pss", "RSA-PSS", "2048", TEST_CA, false, false, -DAY, 30 * DAY, "rsa-pss", NAMES, SERVER, NULL },
	[TEST_UNDER_RSA] =	{ "under-rsa", "EC", "P-256", TEST_RSA_CA, false, false, -DAY, 30 * DAY, "under-rsa", NAMES, SERVER, NULL },
	[TEST_RSA_CA] =		{ "rsa-ca", "RSA", "2048", TEST_RSA_CA, true, false, -DAY, 30 * DAY, "Test RSA Root", NULL, NULL, NULL },
	[TEST_RSA_1024] =	{ "rsa1024", "RSA", "1024", TEST_CA, false, false, -DAY, 30 * DAY, "rsa1024", NAMES, SERVER, NULL },
	[TEST_ED25519] =	{ "ed25519", "ED25519", NULL, TEST_CA, false, false, -DAY, 30 * DAY, "ed25519", NAMES, SERVER, NULL },
	[TEST_SERVER_ONLY] =	{ "server-only", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "server-only", NAMES, "serverAuth", NULL },
	[TEST_SHA1] =		{ "sha1", "EC", "P-256", TEST_CA, false, false, -DAY, 30 * DAY, "sha1", NAMES, SERVER, NULL },
	[TEST_DEEP] =		{ "deep", "EC", "P-256", TEST_DEEPER, false, true, -DAY, 30 * DAY, "deep", NAMES, SERVER, NULL },
	[TEST_DEEPER] =		{ "deeper", "EC", "P-256", TEST_INTERMEDIATE, true, true, -DAY, 30 * DAY, "Test Deeper", NULL, NULL, NULL },
	[TEST_INTERMEDIATE] =	{ "intermediate", "EC", "P-256", TEST_CA, true, false, -DAY, 20 * DAY, "Test Intermediate", NULL, NULL, NULL },
	[TEST_CA] =		{ "ca", "EC", "P-256", TEST_CA, true, false, -DAY, 30 * DAY, "Test Root", NULL, NULL, NULL },
	[TEST_STRANGER] =	{ "stranger", "EC", "P-256", TEST_STRANGER, true, false, -DAY, 30 * DAY, "Test Stranger", NULL, NULL, NULL },
}, narrow =			{ "narrow", "EC", "P-256", TEST_CA, true, false, -DAY, 30 * DAY, "Test Narrow", NULL, NULL, "excluded;DNS:example.org" };
/* clang-format on */

struct pair {
	X509 *cert;
	EVP_PKEY *key;
	char *cert_pem, *key_pem;
};

struct test_pki {
	struct pair pair[TEST_CERTS + 1];	/* the last: narrow */
	char dir[32];
	char *file[FILES_MAX];
};

static void
need(bool is_so, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "pki_testlib: %s failed\n", what);
	abort();
}

static EVP_PKEY *
make_rsa(const struct spec *s)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, s->algorithm, NULL);
	EVP_PKEY *key = NULL;

	need(ctx != NULL && EVP_PKEY_keygen_init(ctx) > 0 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)strtol(s->param, NULL, 10)) > 0 &&
	    EVP_PKEY_generate(ctx, &key) > 0, "making a key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
make_key(const struct spec *s)
{
	EVP_PKEY *key;

	if (strcmp(s->algorithm, "EC") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", s->param);
	else if (strncmp(s->algorithm, "RSA", 3) == 0)
		key = make_rsa(s);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, s->algorithm);
	need(key != NULL, "making a key");
	return key;
}

static void
add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	if (value == NULL)
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	need(ext != NULL && X509_add_ext(cert, ext, -1) == 1, value);
	X509_EXTENSION_free(ext);
}

static void
fill_in(X509 *cert, const struct spec *s, EVP_PKEY *key, X509 *issuer)
{
	static long serial;
	X509_NAME *name = X509_get_subject_name(cert);
	const uint8_t *cn = (const uint8_t *)s->common_name;

	need(X509_set_version(cert, X509_VERSION_3) == 1, "version");
	need(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial) == 1, "serial number");
	need(X509_gmtime_adj(X509_getm_notBefore(cert), s->from) != NULL, "notBefore");
	need(X509_gmtime_adj(X509_getm_notAfter(cert), s->to) != NULL, "notAfter");
	need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, cn, -1, -1, 0) == 1, "subject");
	need(X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1, "issuer");
	need(X509_set_pubkey(cert, key) == 1, "public key");
	add_ext(cert, issuer, NID_basic_constraints,
	    s->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	add_ext(cert, issuer, NID_key_usage, s->ca ? "critical,keyCertSign,cRLSign" :
	    s == &specs[TEST_NOT_SIGNING] ? "critical,keyAgreement" : "critical,digitalSignature");
	add_ext(cert, issuer, NID_subject_alt_name, s->names);
	add_ext(cert, issuer, NID_ext_key_usage, s->usage);
	add_ext(cert, issuer, NID_name_constraints, s->constraints);
	add_ext(cert, issuer, NID_subject_key_identifier, "hash");
	add_ext(cert, issuer, NID_authority_key_identifier, "keyid:always");
}

static struct pair *
pair(struct test_pki *pki, enum test_cert n)
{
	const struct spec *s = n == TEST_CERTS ? &narrow : &specs[n];
	struct pair *p = &pki->pair[n], *issuer = s->issuer == n ? p : NULL;
	const EVP_MD *md = NULL;

	if (p->cert != NULL)
		return p;
	if (issuer == NULL)
		issuer = pair(pki, s->issuer);
	p->key = make_key(s);
	p->cert = X509_new();
	need(p->cert != NULL, "X509_new");
	fill_in(p->cert, s, p->key, issuer->cert);
	if (!EVP_PKEY_is_a(issuer->key, "ED25519"))
		md = n == TEST_SHA1 ? EVP_sha1() : EVP_sha256();
	need(X509_sign(p->cert, issuer->key, md) > 0, "signing");
	return p;
}

/* What was written to bio, as a string; takes bio. */
static char *
text(BIO *bio)
{
	char *data, *copy;
	long len = BIO_get_mem_data(bio, &data);

	need(len > 0, "writing PEM");
	copy = strndup(data, (size_t)len);
	need(copy != NULL, "strndup");
	BIO_free(bio);
	return copy;
}

const char *
test_pki_cert(struct test_pki *pki, enum test_cert n)
{
	struct pair *p = pair(pki, n);
	const struct spec *s = &specs[n];
	BIO *bio;

	if (p->cert_pem != NULL)
		return p->cert_pem;
	bio = BIO_new(BIO_s_mem());
	need(bio != NULL && PEM_write_bio_X509(bio, p->cert) == 1, "writing PEM");
	for (; s->chain; s = &specs[s->issuer < TEST_CERTS ? s->issuer : TEST_CA])
		need(PEM_write_bio_X509(bio, pair(pki, s->issuer)->cert) == 1, "writing PEM");
	return p->cert_pem = text(bio);
}

X509 *
test_pki_x509(struct test_pki *pki, enum test_cert n)
{
	return pair(pki, n)->cert;
}

EVP_PKEY *
test_pki_pkey(struct test_pki *pki, enum test_cert n)
{
	return pair(pki, n)->key;
}

const char *
test_pki_key(struct test_pki *pki, enum test_cert n)
{
	struct pair *p = pair(pki, n);
	BIO *bio;

	if (p->key_pem != NULL)
		return p->key_pem;
	bio = BIO_new(BIO_s_mem());
	need(bio != NULL, "BIO_new");
	need(PEM_write_bio_PrivateKey(bio, p->key, NULL, NULL, 0, NULL, NULL) == 1, "writing PEM");
	return p->key_pem = text(bio);
}

const char *
test_pki_file(struct test_pki *pki, const char *name, const void *data, size_t len)
{
	size_t i = 0;
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", pki->dir, name);
	f = fopen(path, "w");
	need(f != NULL && fwrite(data, 1, len, f) == len && fclose(f) == 0, path);
	while (i < FILES_MAX && pki->file[i] != NULL && strcmp(pki->file[i], path) != 0)
		i++;
	need(i < FILES_MAX, "FILES_MAX");
	if (pki->file[i] == NULL)
		pki->file[i] = strdup(path);
	need(pki->file[i] != NULL, "strdup");
	return pki->file[i];
}

const char *
test_pki_cert_file(struct test_pki *pki, enum test_cert n)
{
	const char *pem = test_pki_cert(pki, n);
	char name[64];

	snprintf(name, sizeof(name), "%s.pem", specs[n].name);
	return test_pki_file(pki, name, pem, strlen(pem));
}

const char *
test_pki_key_file(struct test_pki *pki, enum test_cert n)
{
	const char *pem = test_pki_key(pki, n);
	char name[64];

	snprintf(name, sizeof(name), "%s-key.pem", specs[n].name);
	return test_pki_file(pki, name, pem, strlen(pem));
}

const char *
test_pki_dir(struct test_pki *pki)
{
	return pki->dir;
}

struct test_pki *
test_pki_new(void)
{
	struct test_pki *pki = calloc(1, sizeof(*pki));

	need(pki != NULL, "calloc");
	strcpy(pki->dir, "/tmp/ktls-pki-XXXXXX");
	need(mkdtemp(pki->dir) != NULL, "mkdtemp");
	return pki;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void
test_pki_free(struct test_pki *pki)
{
	if (pki == NULL)
		return;
	for (size_t i = 0; i <= TEST_CERTS; i++) {
		X509_free(pki->pair[i].cert);
		EVP_PKEY_free(pki->pair[i].key);
		free(pki->pair[i].cert_pem);
		free(pki->pair[i].key_pem);
	}
	for (size_t i = 0; i < FILES_MAX; i++)
		free(pki->file[i]);
	nftw(pki->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(pki);
}

struct ktls_config *
test_pki_server(struct test_pki *pki, enum test_cert n)
{
	const char *cert = test_pki_cert(pki, n), *key = test_pki_key(pki, n);
	struct ktls_config *cfg;

	need(ktls_config_new(&cfg) == 0, "ktls_config_new");
	need(ktls_config_identity_pem(cfg, cert, strlen(cert), key, strlen(key)) == 0,
	    ktls_config_error(cfg));
	return cfg;
}

struct ktls_config *
test_pki_client(struct test_pki *pki)
{
	struct ktls_config *cfg;

	need(ktls_config_new(&cfg) == 0, "ktls_config_new");
	need(ktls_config_trust_file(cfg, test_pki_cert_file(pki, TEST_CA)) == 0,
	    ktls_config_error(cfg));
	return cfg;
}
