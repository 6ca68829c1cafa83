/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include "config/crl_testlib.h"

static void
revoke(X509_CRL *crl, X509 *cert, const ASN1_TIME *when)
{
	X509_REVOKED *entry = X509_REVOKED_new();

	assert_non_null(entry);
	assert_int_equal(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert)), 1);
	assert_int_equal(X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)when), 1);
	assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
}

static X509_CRL *
make(struct test_pki *pki, const struct test_crl *list)
{
	X509 *issuer = test_pki_x509(pki, list->issuer);
	ASN1_TIME *from = X509_gmtime_adj(NULL, list->from);
	ASN1_TIME *to = X509_gmtime_adj(NULL, list->to);
	X509_CRL *crl = X509_CRL_new();

	assert_non_null(crl);
	assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
	assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)), 1);
	assert_int_equal(X509_CRL_set1_lastUpdate(crl, from), 1);
	assert_int_equal(X509_CRL_set1_nextUpdate(crl, to), 1);
	if (list->revoked != TEST_CERTS)
		revoke(crl, test_pki_x509(pki, list->revoked), from);
	assert_int_equal(X509_CRL_sort(crl), 1);
	assert_true(X509_CRL_sign(crl, test_pki_pkey(pki, list->signer), EVP_sha256()) > 0);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return crl;
}

const char *
test_crl_file(struct test_pki *pki, const char *name, const struct test_crl *lists, size_t count)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *path;
	char *data;
	long len;

	for (size_t i = 0; i < count; i++) {
		X509_CRL *crl = make(pki, &lists[i]);

		assert_int_equal(PEM_write_bio_X509_CRL(bio, crl), 1);
		X509_CRL_free(crl);
	}
	len = BIO_get_mem_data(bio, &data);
	path = test_pki_file(pki, name, data, (size_t)len);
	BIO_free(bio);
	return path;
}
