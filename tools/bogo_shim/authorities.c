/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "bogo_shim/authorities.h"

#define NAME_MAX_LEN	1024		/* bytes of DER */

/* The next name of the list, decoded; NULL behind the last, and where it is none. */
static const char *
next_name(const char *list, uint8_t *der, size_t *len)
{
	char hex[2 * NAME_MAX_LEN + 1];
	size_t n = strcspn(list, ",");

	if (n == 0 || n >= sizeof(hex) || *list == '<')
		return NULL;
	memcpy(hex, list, n);
	hex[n] = '\0';
	if (!OPENSSL_hexstr2buf_ex(der, NAME_MAX_LEN, len, hex, '\0'))
		return NULL;
	return list + n + (list[n] == ',');
}

static bool
names(const char *list, const uint8_t *der, size_t der_len)
{
	uint8_t name[NAME_MAX_LEN];
	size_t len;

	while ((list = next_name(list, name, &len)) != NULL)
		if (len == der_len && memcmp(name, der, len) == 0)
			return true;
	return false;
}

/* Whether the list has the subject of the file's first certificate. */
static bool
subject_named(const char *file, const char *list)
{
	BIO *bio = BIO_new_file(file, "r");
	X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	uint8_t *der = NULL;
	int len = cert != NULL ? i2d_X509_NAME(X509_get_subject_name(cert), &der) : 0;
	bool named = len > 0 && names(list, der, (size_t)len);

	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
	return named;
}

int
authorities_trust(struct ktls_config *cfg, const struct shim_options *o)
{
	static const char *const files[] = { "cert.pem", "rsa_1024_cert.pem" };
	const char *slash = strrchr(o->cert_file, '/');
	char path[1024];
	int err;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		(void)snprintf(path, sizeof(path), "%.*s/%s",
		    slash != NULL ? (int)(slash - o->cert_file) : 1,
		    slash != NULL ? o->cert_file : ".", files[i]);
		if (subject_named(path, o->client_ca_list) &&
		    (err = ktls_config_trust_file(cfg, path)) != 0)
			return err;
	}
	return 0;
}

bool
authorities_match(const char *list, const void *wire, size_t wire_len)
{
	const uint8_t *p = wire;
	uint8_t name[NAME_MAX_LEN];
	size_t len, at = 0;

	/* Each behind its length, in the order of the list: RFC 8446 4.2.4. */
	while ((list = next_name(list, name, &len)) != NULL) {
		if (wire_len - at < 2 + len || (size_t)(p[at] << 8 | p[at + 1]) != len ||
		    memcmp(p + at + 2, name, len) != 0)
			return false;
		at += 2 + len;
	}
	return at == wire_len;
}
