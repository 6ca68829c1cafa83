/* SPDX-License-Identifier: MIT */
#define OPENSSL_SUPPRESS_DEPRECATED	/* SHA256_Init() and its kin: the fastest there are */
#include <string.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include "bench_handshake/primitives.h"

#define HASH_LEN	32
#define BLOCK_LEN	64
#define TEXT_MAX	8192
#define SIG_MAX		512
#define TAG_LEN		16

static struct {
	EVP_PKEY_CTX *keygen;
	EVP_PKEY *key;
	unsigned char share[32], peer[32], secret[32];
	EVP_PKEY *leaf, *leaf_public, *root;
	EVP_PKEY_CTX *sign, *verify, *verify_chain;
	unsigned char digest[HASH_LEN], sig[SIG_MAX], chain_digest[HASH_LEN];
	size_t sig_len;
	X509 *cert;
	unsigned char text[TEXT_MAX], sealed[TEXT_MAX + TAG_LEN], opened[TEXT_MAX];
	SHA256_CTX inner, outer;
	EVP_CIPHER *gcm;
	EVP_CIPHER_CTX *seal, *open;
} p;

void
x25519_keygen(void)
{
	size_t len = sizeof(p.share);

	EVP_PKEY_free(p.key);
	p.key = NULL;
	NEED(EVP_PKEY_generate(p.keygen, &p.key) > 0);
	NEED(EVP_PKEY_get_raw_public_key(p.key, p.share, &len));
}

void
x25519_derive(void)
{
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, p.peer, 32);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, p.key, NULL);
	size_t len = sizeof(p.secret);

	NEED(peer != NULL && ctx != NULL && EVP_PKEY_derive_init(ctx) > 0);
	NEED(EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) > 0);
	NEED(EVP_PKEY_derive(ctx, p.secret, &len) > 0);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
}

void
sign(void)
{
	p.sig_len = sizeof(p.sig);
	NEED(EVP_PKEY_sign(p.sign, p.sig, &p.sig_len, p.digest, HASH_LEN) > 0);
}

void
verify(void)
{
	NEED(EVP_PKEY_verify(p.verify, p.sig, p.sig_len, p.digest, HASH_LEN) == 1);
}

void
verify_chain(void)
{
	const ASN1_BIT_STRING *sig;

	X509_get0_signature(&sig, NULL, p.cert);
	NEED(EVP_PKEY_verify(p.verify_chain, ASN1_STRING_get0_data(sig),
	    (size_t)ASN1_STRING_length(sig), p.chain_digest, HASH_LEN) == 1);
}

void
sha256(size_t len, unsigned hashes)
{
	unsigned char out[HASH_LEN];
	SHA256_CTX ctx, copy;

	SHA256_Init(&ctx);
	NEED(len <= sizeof(p.text));
	SHA256_Update(&ctx, p.text, len);
	while (hashes-- != 0) {
		copy = ctx;
		SHA256_Final(out, &copy);
	}
}

void
hmac_key(void)
{
	unsigned char pad[BLOCK_LEN];

	for (size_t i = 0; i < BLOCK_LEN; i++)
		pad[i] = (i < 32 ? p.secret[i] : 0) ^ 0x36;
	SHA256_Init(&p.inner);
	SHA256_Update(&p.inner, pad, BLOCK_LEN);
	for (size_t i = 0; i < BLOCK_LEN; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&p.outer);
	SHA256_Update(&p.outer, pad, BLOCK_LEN);
}

void
hmac(void)
{
	unsigned char out[HASH_LEN];
	SHA256_CTX ctx = p.inner;

	SHA256_Update(&ctx, p.text, 50);
	SHA256_Final(out, &ctx);
	ctx = p.outer;
	SHA256_Update(&ctx, out, HASH_LEN);
	SHA256_Final(out, &ctx);
}

/* Both contexts are initialized: only the key is new. */
void
gcm_key(void)
{
	NEED(EVP_CipherInit_ex2(p.seal, NULL, p.text, NULL, 1, NULL));
}

void
gcm_seal(size_t len)
{
	int n;

	NEED(len + TAG_LEN <= sizeof(p.sealed));
	NEED(EVP_CipherInit_ex2(p.seal, NULL, NULL, p.text, -1, NULL));
	NEED(EVP_CipherUpdate(p.seal, NULL, &n, p.text, 5));
	NEED(EVP_CipherUpdate(p.seal, p.sealed, &n, p.text, (int)len));
	NEED(EVP_CipherFinal_ex(p.seal, p.sealed + len, &n));
	NEED(EVP_CIPHER_CTX_ctrl(p.seal, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, p.sealed + len));
}

/* What it opens is nobody's: the tag is wrong, and found so at the same cost. */
void
gcm_open(size_t len)
{
	int n;

	NEED(EVP_CIPHER_CTX_ctrl(p.open, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, p.text));
	NEED(EVP_CipherInit_ex2(p.open, NULL, NULL, p.text, -1, NULL));
	NEED(EVP_CipherUpdate(p.open, NULL, &n, p.text, 5));
	NEED(EVP_CipherUpdate(p.open, p.opened, &n, p.text, (int)len));
	(void)EVP_CipherFinal_ex(p.open, p.opened + len, &n);
}

static EVP_CIPHER_CTX *
gcm_ctx(int seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	NEED(ctx != NULL && EVP_CipherInit_ex2(ctx, p.gcm, p.text, p.text, seal, NULL));
	return ctx;
}

static EVP_PKEY_CTX *
prepared(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *), bool pss)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	NEED(ctx != NULL && init(ctx) > 0);
	NEED(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0);
	if (EVP_PKEY_is_a(key, "RSA") && pss) {
		NEED(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0);
		NEED(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0);
	}
	return ctx;
}

static X509 *
read_cert(enum pki_kind kind, enum pki_file file)
{
	FILE *f = fopen(pki_path(kind, file), "r");
	X509 *cert;

	NEED(f != NULL);
	NEED((cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL);
	fclose(f);
	return cert;
}

/* A certificate's signature is over its tbsCertificate. */
static void
digest_cert(void)
{
	unsigned char *tbs = NULL;
	int len = i2d_re_X509_tbs(p.cert, &tbs);

	NEED(len > 0);
	SHA256(tbs, (size_t)len, p.chain_digest);
	OPENSSL_free(tbs);
}

static void
open_keys(enum pki_kind kind)
{
	FILE *f = fopen(pki_path(kind, PKI_KEY), "r");
	X509 *root = read_cert(kind, PKI_ROOT);

	p.cert = read_cert(kind, PKI_CERT);
	NEED(f != NULL && (p.leaf = PEM_read_PrivateKey(f, NULL, NULL, NULL)) != NULL);
	fclose(f);
	NEED((p.leaf_public = X509_get_pubkey(p.cert)) != NULL);
	NEED((p.root = X509_get_pubkey(root)) != NULL);
	X509_free(root);
	digest_cert();
	p.sign = prepared(p.leaf, EVP_PKEY_sign_init, true);
	p.verify = prepared(p.leaf_public, EVP_PKEY_verify_init, true);
	p.verify_chain = prepared(p.root, EVP_PKEY_verify_init, false);
}

void
primitives_open(enum pki_kind kind)
{
	size_t len = sizeof(p.peer);
	EVP_PKEY *peer;

	p.keygen = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
	NEED(p.keygen != NULL && EVP_PKEY_keygen_init(p.keygen) > 0);
	NEED((peer = EVP_PKEY_Q_keygen(NULL, NULL, "X25519")) != NULL);
	NEED(EVP_PKEY_get_raw_public_key(peer, p.peer, &len));
	EVP_PKEY_free(peer);
	open_keys(kind);
	NEED((p.gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL)) != NULL);
	p.seal = gcm_ctx(1);
	p.open = gcm_ctx(0);
	x25519_keygen();
	hmac_key();
	sign();
}

void
primitives_close(void)
{
	EVP_PKEY_CTX_free(p.keygen);
	EVP_PKEY_CTX_free(p.sign);
	EVP_PKEY_CTX_free(p.verify);
	EVP_PKEY_CTX_free(p.verify_chain);
	EVP_PKEY_free(p.key);
	EVP_PKEY_free(p.leaf);
	EVP_PKEY_free(p.leaf_public);
	EVP_PKEY_free(p.root);
	X509_free(p.cert);
	EVP_CIPHER_CTX_free(p.seal);
	EVP_CIPHER_CTX_free(p.open);
	EVP_CIPHER_free(p.gcm);
	memset(&p, 0, sizeof(p));
}
