/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "base/check_testlib.h"
#include "base/hex_testlib.h"
#include "crypto/signature.h"
#include "schedule/rfc8448_testlib.h"
#include "schedule/transcript.h"

static struct ktls_crypto *crypto;
enum { P256, P384, P521, ED25519, RSA1024, RSA2048, PSS, PSS_SHA256, PSS_SHA384, PSS_SALT, PSS_SHA1,
	P224, X25519, KEYS };
static EVP_PKEY *keys[KEYS];

#define VERSIONS	2
static const uint16_t versions[VERSIONS] = { KTLS_TLS12, KTLS_TLS13 };

/* One scheme a line, as we like them: the key that signs, and all that fit in each version. */
#define B(key)	(1u << (key))
#define EC	(B(P256) | B(P384) | B(P521))
#define RSAE	(B(RSA1024) | B(RSA2048))
static const struct {
	uint16_t scheme;
	unsigned key, fits[VERSIONS];
} schemes[] = {
	{ SIG_ECDSA_SECP256R1_SHA256, P256, { EC, B(P256) } },
	{ SIG_ED25519, ED25519, { B(ED25519), B(ED25519) } },
	{ SIG_RSA_PSS_RSAE_SHA256, RSA2048, { RSAE, RSAE } },
	{ SIG_ECDSA_SECP384R1_SHA384, P384, { EC, B(P384) } },
	{ SIG_ECDSA_SECP521R1_SHA512, P521, { EC, B(P521) } },
	{ SIG_RSA_PSS_RSAE_SHA384, RSA2048, { RSAE, RSAE } },
	/* RFC 8017 9.1.1: 128 < 2 * 64 + 2 */
	{ SIG_RSA_PSS_RSAE_SHA512, RSA2048, { B(RSA2048), B(RSA2048) } },
	{ SIG_RSA_PSS_PSS_SHA256, PSS_SHA256, { B(PSS) | B(PSS_SHA256), B(PSS) | B(PSS_SHA256) } },
	{ SIG_RSA_PSS_PSS_SHA384, PSS_SHA384, { B(PSS) | B(PSS_SHA384), B(PSS) | B(PSS_SHA384) } },
	{ SIG_RSA_PSS_PSS_SHA512, PSS, { B(PSS), B(PSS) } },
	{ SIG_RSA_PKCS1_SHA256, RSA2048, { RSAE, 0 } },
	{ SIG_RSA_PKCS1_SHA384, RSA2048, { RSAE, 0 } },
	{ SIG_RSA_PKCS1_SHA512, RSA2048, { RSAE, 0 } },
};
#define SCHEMES	(sizeof(schemes) / sizeof(*schemes))

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

/* A signature under schemes[i], of the least memory. */
static uint8_t *
make(size_t i, struct slice data, size_t *len)
{
	struct signer signer;
	uint8_t *sig = malloc(SIGNATURE_MAX);

	assert_non_null(sig);
	OK(signer_init(&signer, crypto, keys[schemes[i].key]));
	OK(signature_make(crypto, schemes[i].scheme, &signer, data, sig, len));
	assert_in_range(*len, 1, SIGNATURE_MAX);
	signer_free(&signer);
	sig = realloc(sig, *len);
	assert_non_null(sig);
	return sig;
}

static void
make_and_check(void **unused)
{
	static const uint8_t text[] = "what is signed", other[] = "what is Signed";
	const struct slice data = { text, sizeof(text) };

	(void)unused;
	for (size_t i = 0; i < SCHEMES; i++) {
		EVP_PKEY *key = keys[schemes[i].key];
		uint16_t scheme = schemes[i].scheme;
		size_t len = 0;
		uint8_t *sig = make(i, data, &len);

		if (signature_check(crypto, scheme, key, data, (struct slice){ sig, len }) != 0)
			fail_msg("scheme %#x", scheme);
		GIVES(-EBADMSG, signature_check(crypto, scheme, key, (struct slice){ other,
		    sizeof(other) }, (struct slice){ sig, len }));
		GIVES(-EBADMSG, signature_check(crypto, scheme, key, data,
		    (struct slice){ sig, len - 1 }));
		GIVES(-EBADMSG, signature_check(crypto, scheme, key, data,
		    (struct slice){ sig, 0 }));
		/* Under each other scheme it is no signature. */
		for (size_t j = 0; j < SCHEMES; j++)
			if (j != i && signature_fits(schemes[j].scheme, key, KTLS_TLS12))
				GIVES(-EBADMSG, signature_check(crypto, schemes[j].scheme, key,
				    data, (struct slice){ sig, len }));
		sig[len / 2] ^= 1;
		GIVES(-EBADMSG, signature_check(crypto, scheme, key, data,
		    (struct slice){ sig, len }));
		assert_int_equal(ERR_peek_error(), 0);
		free(sig);
	}
}

/* RFC 8032 7.1, test 2: Ed25519 signs the message itself, without a hash or a context before it. */
static void
ed25519_of_the_rfc(void **unused)
{
	uint8_t secret[32], want[64], sig[SIGNATURE_MAX];
	const struct slice data = { (const uint8_t *)"\x72", 1 };
	struct signer signer;
	EVP_PKEY *key;
	size_t len;

	(void)unused;
	(void)hex_decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    secret, sizeof(secret));
	(void)hex_decode("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00", want, sizeof(want));
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof(secret));
	assert_non_null(key);
	OK(signer_init(&signer, crypto, key));
	OK(signature_make(crypto, SIG_ED25519, &signer, data, sig, &len));
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(sig, want, len);
	signer_free(&signer);
	EVP_PKEY_free(key);
}

/* Read by libcrypto's own verifier: the salt is as long as the hash (RFC 8446 4.2.3). */
static void
salt_is_the_hash_s_length(void **unused)
{
	const struct slice data = { (const uint8_t *)"x", 1 };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct signer signer;
	EVP_PKEY_CTX *pctx;
	uint8_t sig[SIGNATURE_MAX];
	size_t len;

	(void)unused;
	OK(signer_init(&signer, crypto, keys[RSA2048]));
	OK(signature_make(crypto, SIG_RSA_PSS_RSAE_SHA384, &signer, data, sig, &len));
	signer_free(&signer);
	assert_int_equal(EVP_DigestVerifyInit(ctx, &pctx, EVP_sha384(), NULL, keys[RSA2048]), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 48), 1);
	assert_int_equal(EVP_DigestVerify(ctx, sig, len, data.p, data.len), 1);
	EVP_MD_CTX_free(ctx);
}

/* RFC 8446 4.2.3; RFC 4055 1.2 for what a key's own parameters leave. */
static void
which_key_fits(void **unused)
{
	(void)unused;
	for (unsigned k = 0; k < KEYS; k++)
		for (size_t v = 0; v < VERSIONS; v++) {
			uint32_t all = 0, found;

			for (size_t i = 0; i < SCHEMES; i++) {
				bool want = (schemes[i].fits[v] & B(k)) != 0;

				if (signature_fits(schemes[i].scheme, keys[k], versions[v]) != want)
					fail_msg("scheme %#x, key %u, version %#x",
					    schemes[i].scheme, k, versions[v]);
				all |= want ? signature_bit(schemes[i].scheme) : 0;
			}
			OK(signature_fitting(keys[k], versions[v], &found));
			assert_int_equal(found, all);
			assert_false(signature_fits(0, keys[k], versions[v]));
			assert_false(signature_fits(0x0203, keys[k], versions[v]));
		}
	assert_int_equal(ERR_peek_error(), 0);
}

/* What doesn't fit is neither made nor believed. */
static void
what_does_not_fit(void **unused)
{
	const struct slice data = { (const uint8_t *)"x", 1 };
	uint8_t sig[SIGNATURE_MAX];
	size_t len;

	(void)unused;
	for (unsigned k = 0; k < KEYS; k++) {
		struct signer signer;

		OK(signer_init(&signer, crypto, keys[k]));
		for (size_t i = 0; i < SCHEMES; i++)
			if (!(schemes[i].fits[0] & B(k)))
				GIVES(-EINVAL, signature_make(crypto, schemes[i].scheme, &signer,
				    data, sig, &len));
		GIVES(-EINVAL, signature_make(crypto, 0x0203, &signer, data, sig, &len));
		signer_free(&signer);
		assert_null(signer.key);
	}
	GIVES(-EBADMSG, signature_check(crypto, SIG_ED25519, keys[P256], data, data));
	GIVES(-EBADMSG, signature_check(crypto, 0x0203, keys[P256], data, data));
}

/* RFC 9155: neither SHA-1 nor MD5; and what libcrypto lacks, a FIPS provider say, isn't offered. */
static void
what_we_offer(void **unused)
{
	static const uint16_t sha1_and_md5[] = { 0x0101, 0x0201, 0x0202, 0x0203 };
	uint16_t list[SIGNATURE_SCHEMES];
	struct ktls_crypto without = *crypto;

	(void)unused;
	assert_int_equal(SCHEMES, SIGNATURE_SCHEMES);
	assert_int_equal(signature_schemes(crypto, list), SCHEMES);
	for (size_t i = 0; i < SCHEMES; i++) {
		assert_int_equal(list[i], schemes[i].scheme);
		assert_true(signature_named(list[i]));
		assert_true(signature_known(crypto, list[i]));
	}
	for (size_t i = 0; i < sizeof(sha1_and_md5) / sizeof(*sha1_and_md5); i++)
		assert_false(signature_named(sha1_and_md5[i]));

	without.schemes &= ~signature_bit(SIG_ED25519);
	assert_int_equal(signature_schemes(&without, list), SCHEMES - 1);
	assert_int_equal(list[1], SIG_RSA_PSS_RSAE_SHA256);
	assert_false(signature_known(&without, SIG_ED25519));
	assert_true(signature_named(SIG_ED25519));
}

struct thread {
	const struct signer *signer;
	uint16_t scheme;
	bool good;
};

static void *
sign_often(void *arg)
{
	struct thread *t = arg;

	t->good = true;
	for (uint8_t i = 0; i < 50; i++) {
		uint8_t sig[SIGNATURE_MAX];
		size_t len;
		struct slice data = { &i, 1 };

		if (signature_make(crypto, t->scheme, t->signer, data, sig, &len) != 0 ||
		    signature_check(crypto, t->scheme, t->signer->key, data,
		    (struct slice){ sig, len }) != 0)
			t->good = false;
	}
	return NULL;
}

/* A config is used by many threads at once, and with it its keys. */
static void
threads_share_a_signer(void **unused)
{
	static const unsigned of[] = { P256, ED25519, RSA2048 };

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		struct thread threads[4];
		struct signer signer;
		pthread_t ids[4];

		OK(signer_init(&signer, crypto, keys[of[i]]));
		for (int j = 0; j < 4; j++) {
			threads[j] = (struct thread){ &signer, schemes[i].scheme, false };
			OK(pthread_create(&ids[j], NULL, sign_often, &threads[j]));
		}
		for (int j = 0; j < 4; j++) {
			OK(pthread_join(ids[j], NULL));
			assert_true(threads[j].good);
		}
		signer_free(&signer);
	}
}

/* An RSASSA-PSS key of 2048 bits; md NULL: without parameters; salt < 0: of its default length. */
static EVP_PKEY *
pss_key(const EVP_MD *md, const EVP_MD *mgf1, int salt)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA_PSS, NULL);
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) > 0 &&
	    (md == NULL || (EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, md) > 0 &&
	    EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx, mgf1) > 0 &&
	    EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, salt) > 0)))
		(void)EVP_PKEY_generate(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int
setup(void **unused)
{
	(void)unused;
	keys[P256] = EVP_EC_gen("P-256");
	keys[P384] = EVP_EC_gen("P-384");
	keys[P521] = EVP_EC_gen("P-521");
	keys[P224] = EVP_EC_gen("P-224");
	keys[ED25519] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	keys[X25519] = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	keys[RSA1024] = rfc8448_rsa_key();
	keys[RSA2048] = EVP_RSA_gen(2048);
	keys[PSS] = pss_key(NULL, NULL, 0);
	keys[PSS_SHA256] = pss_key(EVP_sha256(), EVP_sha256(), 32);
	keys[PSS_SHA384] = pss_key(EVP_sha384(), EVP_sha384(), 0);
	keys[PSS_SALT] = pss_key(EVP_sha256(), EVP_sha256(), 33);
	keys[PSS_SHA1] = pss_key(EVP_sha256(), EVP_sha1(), 20);
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i] == NULL)
			return -1;
	return ktls_crypto_new(&crypto, NULL, NULL);
}

static int
teardown(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < KEYS; i++)
		EVP_PKEY_free(keys[i]);
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8448_verifies),
		cmocka_unit_test(make_and_check),
		cmocka_unit_test(ed25519_of_the_rfc),
		cmocka_unit_test(salt_is_the_hash_s_length),
		cmocka_unit_test(which_key_fits),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(what_we_offer),
		cmocka_unit_test(threads_share_a_signer),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
