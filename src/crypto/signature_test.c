/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "base/check_testlib.h"
#include "crypto/signature.h"
#include "schedule/rfc8448_testlib.h"
#include "schedule/transcript.h"

static struct ktls_crypto *crypto;
static EVP_PKEY *p256, *p384, *rsa1024, *rsa2048;

#define SCHEMES 4
static const uint16_t schemes[SCHEMES] = {
	SIG_ECDSA_SECP256R1_SHA256, SIG_RSA_PSS_RSAE_SHA256, SIG_RSA_PSS_RSAE_SHA384,
	SIG_RSA_PSS_RSAE_SHA512,
};

/* The key of the first certificate in a Certificate message of TLS 1.3. */
static EVP_PKEY *
certificate_key(struct slice message)
{
	struct reader r = rd_init(message);
	struct slice der;
	const uint8_t *p;
	EVP_PKEY *key;
	X509 *cert;

	(void)rd_bytes(&r, 4);
	(void)rd_vec(&r, 1);			/* certificate_request_context */
	(void)rd_open(&r, 3);
	der = rd_vec(&r, 3);
	assert_false(r.bad);
	p = der.p;
	cert = d2i_X509(NULL, &p, (long)der.len);
	assert_non_null(cert);
	key = X509_get_pubkey(cert);
	X509_free(cert);
	return key;
}

/* What a CertificateVerify signs, RFC 8446 4.4.3. */
static size_t
content(struct transcript *t, bool client, uint8_t out[256])
{
	struct writer w = wr_init(out, 256);
	uint8_t hash[HASH_LEN_MAX];
	const char *context = client ? "TLS 1.3, client CertificateVerify" :
	    "TLS 1.3, server CertificateVerify";

	OK(transcript_hash(t, hash));
	memset(wr_room(&w, 64), ' ', 64);
	wr_bytes(&w, context, strlen(context) + 1);
	wr_bytes(&w, hash, 32);
	return wr_len(&w);
}

static void
expect_verify(struct transcript *t, int section, bool client)
{
	const char *certificate = client ? "client Certificate" : "Certificate";
	const char *verify = client ? "client CertificateVerify" : "CertificateVerify";
	struct reader r = rd_init(rfc8448(section, verify));
	EVP_PKEY *key = certificate_key(rfc8448(section, certificate));
	uint8_t signed_bytes[256];
	struct slice data = { signed_bytes, content(t, client, signed_bytes) }, sig;
	uint16_t scheme;

	(void)rd_bytes(&r, 4);
	scheme = rd_u16(&r);
	sig = rd_vec(&r, 2);
	assert_true(rd_done(&r));
	assert_true(signature_fits(scheme, key, KTLS_TLS13));
	if (signature_check(crypto, scheme, key, data, sig) != 0)
		fail_msg("section %d, client %d: scheme %#x", section, client, scheme);
	signed_bytes[100] ^= 1;
	GIVES(-EBADMSG, signature_check(crypto, scheme, key, data, sig));
	EVP_PKEY_free(key);
}

/* RSA-PSS in sections 3, 5, 7 and of the client in 6; ECDSA of the server in 6. */
static void
rfc8448_verifies(void **unused)
{
	static const int sections[] = { 3, 5, 6, 7 };
	static const char *const before[] = {
		"ClientHello", "HelloRetryRequest", "ClientHello2", "ServerHello",
		"EncryptedExtensions", "CertificateRequest", "Certificate",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		int section = sections[i];
		struct transcript t;

		transcript_init(&t, crypto);
		if (section == 5)
			OK(transcript_add(&t, rfc8448(5, "ClientHello1")));
		OK(transcript_choose(&t, HASH_SHA256));
		if (section == 5)
			OK(transcript_retry(&t));
		for (size_t j = 0; j < sizeof(before) / sizeof(*before); j++)
			if (rfc8448_has(section, before[j]))
				OK(transcript_add(&t, rfc8448(section, before[j])));
		expect_verify(&t, section, false);
		if (section == 6) {
			OK(transcript_add(&t, rfc8448(6, "CertificateVerify")));
			OK(transcript_add(&t, rfc8448(6, "Finished")));
			OK(transcript_add(&t, rfc8448(6, "client Certificate")));
			expect_verify(&t, section, true);
		}
		transcript_free(&t);
	}
}

static EVP_PKEY *
key_of(uint16_t scheme)
{
	return scheme == SIG_ECDSA_SECP256R1_SHA256 ? p256 : rsa2048;
}

static void
make_and_check(void **unused)
{
	static const uint8_t text[] = "what is signed", other[] = "what is Signed";
	const struct slice data = { text, sizeof(text) };

	(void)unused;
	for (size_t i = 0; i < SCHEMES; i++) {
		EVP_PKEY *key = key_of(schemes[i]);
		uint8_t *sig = malloc(SIGNATURE_MAX);
		size_t len = 0;

		assert_non_null(sig);
		OK(signature_make(crypto, schemes[i], key, data, sig, &len));
		assert_in_range(len, 1, SIGNATURE_MAX);
		OK(signature_check(crypto, schemes[i], key, data, (struct slice){ sig, len }));
		GIVES(-EBADMSG, signature_check(crypto, schemes[i], key, (struct slice){ other,
		    sizeof(other) }, (struct slice){ sig, len }));
		GIVES(-EBADMSG, signature_check(crypto, schemes[i], key, data,
		    (struct slice){ sig, len - 1 }));
		GIVES(-EBADMSG, signature_check(crypto, schemes[i], key, data,
		    (struct slice){ sig, 0 }));
		/* Under each other scheme it is no signature. */
		for (size_t j = 0; j < SCHEMES; j++)
			if (j != i)
				GIVES(-EBADMSG, signature_check(crypto, schemes[j], key, data,
				    (struct slice){ sig, len }));
		sig[len / 2] ^= 1;
		GIVES(-EBADMSG, signature_check(crypto, schemes[i], key, data,
		    (struct slice){ sig, len }));
		assert_int_equal(ERR_peek_error(), 0);
		free(sig);
	}
}

/* Read by libcrypto's own verifier: the salt is as long as the hash (RFC 8446 4.2.3). */
static void
salt_is_the_hash_s_length(void **unused)
{
	const struct slice data = { (const uint8_t *)"x", 1 };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	uint8_t sig[SIGNATURE_MAX];
	size_t len;

	(void)unused;
	OK(signature_make(crypto, SIG_RSA_PSS_RSAE_SHA384, rsa2048, data, sig, &len));
	assert_int_equal(EVP_DigestVerifyInit(ctx, &pctx, EVP_sha384(), NULL, rsa2048), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 48), 1);
	assert_int_equal(EVP_DigestVerify(ctx, sig, len, data.p, data.len), 1);
	EVP_MD_CTX_free(ctx);
}

static void
which_key_fits(void **unused)
{
	static const struct {
		uint16_t scheme;
		bool p256, p384, rsa1024, rsa2048;
	} cases[] = {
		{ SIG_ECDSA_SECP256R1_SHA256, true, false, false, false },
		{ SIG_RSA_PSS_RSAE_SHA256, false, false, true, true },
		{ SIG_RSA_PSS_RSAE_SHA384, false, false, true, true },
		{ SIG_RSA_PSS_RSAE_SHA512, false, false, false, true },	/* 128 < 2 * 64 + 2 */
		/* RFC 8446 4.4.3: no PKCS1 in a CertificateVerify; and what we don't know. */
		{ SIG_RSA_PKCS1_SHA256, false, false, false, false },
		{ SIG_RSA_PKCS1_SHA512, false, false, false, false },
		{ 0x0503, false, false, false, false },
		{ 0, false, false, false, false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint16_t scheme = cases[i].scheme;
		uint8_t sig[SIGNATURE_MAX];
		size_t len;

		if (signature_fits(scheme, p256, KTLS_TLS13) != cases[i].p256 ||
		    signature_fits(scheme, p384, KTLS_TLS13) != cases[i].p384 ||
		    signature_fits(scheme, rsa1024, KTLS_TLS13) != cases[i].rsa1024 ||
		    signature_fits(scheme, rsa2048, KTLS_TLS13) != cases[i].rsa2048)
			fail_msg("scheme %#x", scheme);
		GIVES(-EINVAL, signature_make(crypto, scheme, p384, (struct slice){ NULL, 0 },
		    sig, &len));
	}
}

static void
what_we_accept(void **unused)
{
	size_t count = 0;
	const uint16_t *list = signature_schemes(&count);

	(void)unused;
	assert_in_range(count, SCHEMES, 32);
	assert_memory_equal(list, schemes, sizeof(schemes));	/* what we like best, first */
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(list[i], list[j]);
}

static int
setup(void **unused)
{
	(void)unused;
	p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	rsa1024 = rfc8448_rsa_key();
	rsa2048 = EVP_RSA_gen(2048);
	return p256 == NULL || p384 == NULL || rsa1024 == NULL || rsa2048 == NULL ||
	    ktls_crypto_new(&crypto, NULL, NULL) != 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa1024);
	EVP_PKEY_free(rsa2048);
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8448_verifies),
		cmocka_unit_test(make_and_check),
		cmocka_unit_test(salt_is_the_hash_s_length),
		cmocka_unit_test(which_key_fits),
		cmocka_unit_test(what_we_accept),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
