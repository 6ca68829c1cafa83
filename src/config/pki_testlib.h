/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_PKI_TESTLIB_H
#define CONFIG_PKI_TESTLIB_H

#include <openssl/x509.h>
#include <ktls/config.h>

/*
 * For tests: an authority and what it certifies, made at run time, each when it is
 * first asked for. All strings and paths belong to the object and go with it. What
 * goes wrong in here ends the test program with a sentence.
 *
 *	struct test_pki *pki = test_pki_new();
 *	server = test_pki_server(pki, TEST_EC);		client = test_pki_client(pki);
 *
 * Names of every certificate that isn't said to differ: localhost, www.example.org,
 * 127.0.0.1, ::1. Valid from yesterday to in 30 days.
 */
struct test_pki;

enum test_cert {
	TEST_EC,		/* ECDSA P-256 */
	TEST_RSA,		/* RSA 2048 */
	TEST_CHAINED,		/* P-256, under TEST_INTERMEDIATE, which is in its file too */
	TEST_EXPIRED,		/* ended an hour ago */
	TEST_NOT_YET,		/* begins in an hour */
	TEST_OTHER_NAME,	/* other.example.org */
	TEST_WILDCARD,		/* *.example.org */
	TEST_UPPER,		/* WWW.Example.NET, *.Deep.Example.NET */
	TEST_PARTIAL_WILDCARD,	/* w*.example.org */
	TEST_IP,		/* 127.0.0.1 and ::1, no DNS name */
	TEST_CN_ONLY,		/* CN=localhost, no subjectAltName */
	TEST_CLIENT_ONLY,	/* extended key usage: clientAuth */
	TEST_NOT_SIGNING,	/* key usage: keyAgreement */
	TEST_SELF_SIGNED,
	TEST_UNDER_LEAF,	/* issued by TEST_EC, which is no authority */
	TEST_ESCAPE,		/* a DNS name that would colour a terminal */
	TEST_CONSTRAINED,	/* its authority may not name example.org; in its file too */
	TEST_P384,
	TEST_P521,
	TEST_P224,		/* a curve that TLS 1.3 doesn't have */
	TEST_RSA_PSS,		/* RSASSA-PSS 2048, without parameters */
	TEST_UNDER_RSA,		/* P-256, issued by TEST_RSA_CA */
	TEST_RSA_1024,
	TEST_ED25519,
	TEST_SERVER_ONLY,	/* extended key usage: serverAuth */
	TEST_SHA1,		/* signed under SHA-1 */
	TEST_DEEP,		/* under TEST_DEEPER, TEST_INTERMEDIATE; both in its file */
	TEST_DEEPER,		/* an authority */
	TEST_INTERMEDIATE,	/* an authority; ends in 20 days, before what it certifies */
	TEST_CA,		/* the root, P-256 */
	TEST_STRANGER,		/* another root */
	TEST_RSA_CA,		/* and one that signs by RSASSA-PKCS1-v1_5 with SHA-256 */
	TEST_CERTS
};

struct test_pki *test_pki_new(void);
void test_pki_free(struct test_pki *pki);

/* PEM. A certificate with those between it and the root, leaf first; a key as PKCS#8. */
const char *test_pki_cert(struct test_pki *pki, enum test_cert cert);
const char *test_pki_key(struct test_pki *pki, enum test_cert cert);

/* As libcrypto has them; the object's. */
X509 *test_pki_x509(struct test_pki *pki, enum test_cert cert);
EVP_PKEY *test_pki_pkey(struct test_pki *pki, enum test_cert cert);

/* The same as files, in a temporary directory which also takes what a test writes. */
const char *test_pki_cert_file(struct test_pki *pki, enum test_cert cert);
const char *test_pki_key_file(struct test_pki *pki, enum test_cert cert);
const char *test_pki_file(struct test_pki *pki, const char *name, const void *data, size_t len);
const char *test_pki_dir(struct test_pki *pki);

/* Configs ready for use: with this identity; and one that trusts TEST_CA alone. */
struct ktls_config *test_pki_server(struct test_pki *pki, enum test_cert cert);
struct ktls_config *test_pki_client(struct test_pki *pki);

#endif
