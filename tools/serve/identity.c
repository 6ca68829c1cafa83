/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "serve/identity.h"

#define VALID_DAYS	397

static bool
complain(const char *what, const char *path, const char *why)
{
	fprintf(stderr, "ktls serve: %s %s: %s\n", what, path, why);
	return false;
}

/* mkdir -p, each 0700: the last holds a key. */
static bool
make_dirs(char *path)
{
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = '/';
	}
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return complain("can't make", path, strerror(errno));
	return true;
}

static bool
state_dir(char dir[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (state != NULL && state[0] == '/')
		n = snprintf(dir, PATH_MAX, "%s/libktls", state);
	else if (home != NULL && home[0] == '/')
		n = snprintf(dir, PATH_MAX, "%s/.local/state/libktls", home);
	else
		return complain("no place to keep a certificate:", "HOME",
		    "not set; set it, or give --cert and --key");
	if (n < 0 || n > PATH_MAX - 32)
		return complain("the state directory", dir, "too long a name");
	return make_dirs(dir);
}

static bool
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool ok = extension != NULL && X509_add_ext(cert, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return ok;
}

/* A host name that a certificate can't carry is left out, not an error. */
static void
subject_names(char *out, size_t len)
{
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	if (host[0] == '\0' || strspn(host,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != strlen(host))
		(void)snprintf(out, len, "DNS:localhost,IP:127.0.0.1,IP:::1");
	else
		(void)snprintf(out, len, "DNS:localhost,DNS:%s,IP:127.0.0.1,IP:::1", host);
}

static X509 *
make_certificate(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = cert != NULL ? X509_get_subject_name(cert) : NULL;
	BIGNUM *serial = BN_new();
	char names[512];

	subject_names(names, sizeof(names));
	if (cert != NULL && serial != NULL && X509_set_version(cert, X509_VERSION_3) == 1 &&
	    BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
	    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(cert), VALID_DAYS, 0, NULL) != NULL &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0) == 1 &&
	    X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1 &&
	    add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	    add_extension(cert, NID_subject_alt_name, names) && X509_sign(cert, key,
	    EVP_sha256()) > 0) {
		BN_free(serial);
		return cert;
	}
	BN_free(serial);
	X509_free(cert);
	return NULL;
}

/* Whole or not at all: written beside, then renamed. */
static bool
write_pem(const char *path, X509 *cert, EVP_PKEY *key)
{
	char beside[PATH_MAX + 16];
	int fd, ok;
	FILE *f;

	(void)snprintf(beside, sizeof(beside), "%s.%ld", path, (long)getpid());
	(void)unlink(beside);		/* of one who had this pid and was killed right here */
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    key != NULL ? 0600 : 0644);
	if (fd < 0 || (f = fdopen(fd, "w")) == NULL)
		return complain("can't write", beside, strerror(errno));
	ok = key != NULL ? PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) :
	    PEM_write_X509(f, cert);
	if (fclose(f) == 0 && ok == 1 && rename(beside, path) == 0)
		return true;
	complain("can't write", path, strerror(errno));
	(void)unlink(beside);
	return false;
}

static bool
make(const struct serve_identity *identity)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *cert = key != NULL ? make_certificate(key) : NULL;
	bool ok = cert != NULL ? write_pem(identity->key, NULL, key) &&
	    write_pem(identity->cert, cert, NULL) :
	    complain("can't make", identity->cert, "libcrypto refused");

	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

static X509 *
read_certificate(const char *path)
{
	FILE *f = fopen(path, "re");
	X509 *cert = f != NULL ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (f != NULL)
		fclose(f);
	return cert;
}

/* Nobody is asked for one. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static EVP_PKEY *
read_key(const char *path)
{
	FILE *f = fopen(path, "re");
	EVP_PKEY *key = f != NULL ? PEM_read_PrivateKey(f, NULL, no_passphrase, NULL) : NULL;

	if (f != NULL)
		fclose(f);
	return key;
}

/* A pair, and still good tomorrow? */
static bool
usable(const struct serve_identity *identity)
{
	X509 *cert = read_certificate(identity->cert);
	EVP_PKEY *key = read_key(identity->key);
	time_t tomorrow = time(NULL) + 86400;
	bool ok = cert != NULL && key != NULL && X509_check_private_key(cert, key) == 1 &&
	    X509_cmp_time(X509_get0_notAfter(cert), &tomorrow) > 0;

	EVP_PKEY_free(key);
	X509_free(cert);
	return ok;
}

/* Two that start at once: the second waits, then finds what the first made. */
static bool
find_or_make(const struct serve_identity *identity, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		complain("can't lock", dir, strerror(errno));
		ok = false;
	} else {
		ok = usable(identity) || make(identity);
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Left empty where the file can't be read: the config's own sentence then says why. */
static void
fingerprint(struct serve_identity *identity)
{
	X509 *cert = read_certificate(identity->cert);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (cert != NULL && X509_digest(cert, EVP_sha256(), digest, &len) == 1)
		for (unsigned i = 0; i < len; i++)
			(void)snprintf(identity->fingerprint + 3 * i, 4, "%02X%s", digest[i],
			    i + 1 < len ? ":" : "");
	X509_free(cert);
}

bool
serve_identity_find(struct serve_identity *identity, const char *cert, const char *key)
{
	char dir[PATH_MAX];

	memset(identity, 0, sizeof(*identity));
	if (cert != NULL) {
		(void)snprintf(identity->cert, sizeof(identity->cert), "%s", cert);
		(void)snprintf(identity->key, sizeof(identity->key), "%s", key);
	} else {
		if (!state_dir(dir))
			return false;
		identity->made = true;
		if (snprintf(identity->cert, PATH_MAX, "%s/localhost.pem", dir) >= PATH_MAX ||
		    snprintf(identity->key, PATH_MAX, "%s/localhost.key", dir) >= PATH_MAX)
			return complain("the state directory", dir, "too long a name");
		if (!find_or_make(identity, dir))
			return false;
	}
	fingerprint(identity);
	return true;
}
