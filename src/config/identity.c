/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "config/setter.h"
#include "crypto/signature.h"

#define PEM_MAX		(1u << 20)	/* bytes of a certificate or key file */
#define RSA_BITS_MIN	2048

/* What PEM held, before it is judged. */
struct found {
	X509 *cert[CONFIG_CHAIN_MAX];
	size_t count;
	EVP_PKEY *key;
};

static void
found_free(struct found *f)
{
	for (size_t i = 0; i < f->count; i++)
		X509_free(f->cert[i]);
	EVP_PKEY_free(f->key);
}

void
identity_free(struct identity *identity)
{
	if (identity == NULL)
		return;
	for (size_t i = 0; i < identity->cert_count; i++) {
		OPENSSL_free((void *)(uintptr_t)identity->cert[i].p);
		OPENSSL_free((void *)(uintptr_t)identity->issuer[i].p);
	}
	signer_free(&identity->signer);
	EVP_PKEY_free(identity->key);
	EVP_PKEY_free(identity->public_key);
	OPENSSL_free(identity->names);
	OPENSSL_free(identity);
}

static int
out_of_memory(struct ktls_config *cfg, const struct pem *pem)
{
	return config_fail(cfg, -ENOMEM, "%s: out of memory", pem->name);
}

/* DER is a SEQUENCE of more than 127 bytes: a frequent mistake, worth its own hint. */
static const char *
der_hint(const struct pem *pem)
{
	return pem->len > 2 && pem->data[0] == 0x30 && pem->data[1] > 0x80 ?
	    ": it looks like DER, convert it with openssl" : "";
}

static int
find_certs(struct ktls_config *cfg, BIO *bio, const struct pem *pem, struct found *f)
{
	X509 *cert;
	int got;

	while ((got = config_next_cert(cfg, bio, false, &cert)) > 0) {
		if (f->count == CONFIG_CHAIN_MAX) {
			X509_free(cert);
			return config_fail(cfg, -E2BIG, "%s: has more than %d certificates: only "
			    "one's own and its chain belong here", pem->name, CONFIG_CHAIN_MAX);
		}
		f->cert[f->count++] = cert;
	}
	if (got == -ENOMEM)
		return out_of_memory(cfg, pem);
	if (got < 0)
		return config_fail(cfg, got, "%s: certificate %zu can't be decoded",
		    pem->name, f->count + 1);
	if (f->count == 0)
		return config_fail(cfg, -EINVAL, "%s: holds no certificate in PEM%s",
		    pem->name, der_hint(pem));
	return 0;
}

/* Where libcrypto would ask for a passphrase on the terminal. */
static int
note_encrypted(char *buf, int size, int writing, void *encrypted)
{
	(void)buf, (void)size, (void)writing;
	*(bool *)encrypted = true;
	return -1;
}

static int
find_key(struct ktls_config *cfg, BIO *bio, const struct pem *pem, struct found *f)
{
	static const char label[] = "PRIVATE KEY-----";
	bool encrypted = false;

	if (memmem(pem->data, pem->len, label, sizeof(label) - 1) == NULL)
		return config_fail(cfg, -EINVAL, "%s: holds no private key in PEM%s",
		    pem->name, der_hint(pem));
	f->key = PEM_read_bio_PrivateKey_ex(bio, NULL, note_encrypted, &encrypted,
	    cfg->crypto->libctx, cfg->crypto->propq);
	if (f->key != NULL)
		return 0;
	if (crypto_error() == -ENOMEM)
		return out_of_memory(cfg, pem);
	if (encrypted)
		return config_fail(cfg, -EINVAL, "%s: the key is encrypted, and nobody is asked "
		    "for a passphrase: decrypt it with openssl pkey", pem->name);
	return config_fail(cfg, -EINVAL, "%s: the private key can't be decoded", pem->name);
}

static int
check_key(struct ktls_config *cfg, const struct pem *pem, const EVP_PKEY *key)
{
	const int bits = EVP_PKEY_get_bits(key), id = EVP_PKEY_get_id(key);
	const bool rsa = id == EVP_PKEY_RSA || id == EVP_PKEY_RSA_PSS;
	const char *type = EVP_PKEY_get0_type_name(key);
	uint32_t fits;

	if (signature_fitting(key, KTLS_TLS13, &fits) != 0)
		return out_of_memory(cfg, pem);
	if ((fits & cfg->crypto->schemes) != 0 && (!rsa || bits >= RSA_BITS_MIN))
		return 0;
	return config_fail(cfg, -ENOTSUP, "%s: the key (%s, %d bits) can't be used: it must be "
	    "ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits for SHA-256 "
	    "or longer", pem->name, type != NULL ? type : "?", bits);
}

static void
move_to(struct found *f, size_t from, size_t to)
{
	X509 *cert = f->cert[from];

	memmove(&f->cert[to + 1], &f->cert[to], (from - to) * sizeof(cert));
	f->cert[to] = cert;
}

/*
 * RFC 8446 4.4.2: the sender's own certificate first, each of the following
 * certifying the one before it. Files have them in every order, and peers that
 * insist would fail later with an error that nobody connects with the file: so put
 * it right here. What certifies none of them stays behind, as it stood.
 */
static void
put_in_order(struct found *f, size_t leaf)
{
	size_t next;

	move_to(f, leaf, 0);
	for (size_t i = 0; i + 1 < f->count; i++) {
		for (next = i + 1; next < f->count; next++)
			if (X509_check_issued(f->cert[next], f->cert[i]) == X509_V_OK)
				break;
		if (next == f->count)
			break;
		move_to(f, next, i + 1);
	}
}

/* The certificate that key is for; f->count: none. */
static size_t
find_leaf(const struct found *f)
{
	size_t leaf = 0;

	while (leaf < f->count && X509_check_private_key(f->cert[leaf], f->key) != 1)
		leaf++;
	return leaf;
}

/* With the key elsewhere nothing tells which one it is for: the first that is no authority's. */
static size_t
guess_leaf(const struct found *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (X509_check_ca(f->cert[i]) == 0)
			return i;
	return 0;
}

int
identity_prepare(struct identity *identity, struct ktls_crypto *crypto)
{
	const EVP_PKEY *key = identity->public_key;
	int err;

	if ((err = signature_fitting(key, KTLS_TLS12, &identity->fits12)) != 0 ||
	    (err = signature_fitting(key, KTLS_TLS13, &identity->fits13)) != 0)
		return err;
	if (identity->key == NULL)
		return 0;
	if ((err = signer_init(&identity->signer, crypto, identity->key)) != 0)
		return err;
	/* An RSASSA-PSS key's file may bind it to a hash where its certificate doesn't. */
	identity->fits12 &= identity->signer.fits;
	identity->fits13 &= identity->signer.fits;
	return 0;
}

static int
read_pem(struct ktls_config *cfg, const struct pem *pem, struct found *f,
    int (*find)(struct ktls_config *, BIO *, const struct pem *, struct found *))
{
	BIO *bio;
	int err;

	if (pem->len == 0)
		return config_fail(cfg, -EINVAL, "%s: is empty", pem->name);
	if (pem->len > PEM_MAX)
		return config_fail(cfg, -EFBIG, "%s: is larger than %u KiB, too much for PEM",
		    pem->name, PEM_MAX >> 10);
	if ((bio = BIO_new_mem_buf(pem->data, (int)pem->len)) == NULL)
		return out_of_memory(cfg, pem);
	err = find(cfg, bio, pem, f);
	BIO_free(bio);
	return err;
}

/* From PEM: the chain in order, and the key that is for its leaf, if there is one. */
static int
gather(struct ktls_config *cfg, const struct pem *cert, const struct pem *key, struct found *f)
{
	size_t leaf;
	int err;

	if ((err = read_pem(cfg, cert, f, find_certs)) != 0)
		return err;
	if (key == NULL) {
		put_in_order(f, guess_leaf(f));
		return 0;
	}
	if ((err = read_pem(cfg, key, f, find_key)) != 0)
		return err;
	if ((leaf = find_leaf(f)) == f->count)
		return config_fail(cfg, -EINVAL, "%s and %s don't belong together: no certificate "
		    "in the first is for the key in the second", cert->name, key->name);
	put_in_order(f, leaf);
	return 0;
}

/* All that is in it; takes f->key. */
static int
fill_in(struct ktls_config *cfg, const struct pem *cert, const struct pem *key, struct found *f,
    struct identity *identity)
{
	int err = 0;

	identity->key = f->key;
	f->key = NULL;
	for (size_t i = 0; err == 0 && i < f->count; i++)
		err = facts_add(identity, f->cert[i]);
	if (err == -ENOMEM)
		return out_of_memory(cfg, cert);
	if (err != 0)
		return config_fail(cfg, -EINVAL, "%s: the certificate's key can't be decoded",
		    cert->name);
	if ((err = check_key(cfg, key != NULL ? key : cert, identity->public_key)) != 0)
		return err;
	if ((err = identity_prepare(identity, cfg->crypto)) == -ENOMEM)
		return out_of_memory(cfg, cert);
	if (err != 0)
		return config_fail(cfg, err, "%s: this libcrypto can't sign with the key",
		    key != NULL ? key->name : cert->name);
	return 0;
}

/* key NULL: it is elsewhere. */
static int
add(struct ktls_config *cfg, const struct pem *cert, const struct pem *key)
{
	struct identity *identity;
	struct found f = {0};
	int err;

	if (cfg->identity_count == CONFIG_IDENTITIES_MAX)
		return config_fail(cfg, -E2BIG, "%s: a config has %d identities at most",
		    cert->name, CONFIG_IDENTITIES_MAX);
	if ((identity = OPENSSL_zalloc(sizeof(*identity))) == NULL)
		return out_of_memory(cfg, cert);
	ERR_clear_error();			/* what others left is not ours to judge by */
	if ((err = gather(cfg, cert, key, &f)) == 0 &&
	    (err = fill_in(cfg, cert, key, &f, identity)) == 0) {
		cfg->identity[cfg->identity_count++] = identity;
		identity = NULL;
	}
	ERR_clear_error();
	found_free(&f);
	identity_free(identity);
	return err;
}

int
ktls_config_identity_pem(struct ktls_config *cfg, const void *cert, size_t cert_len,
    const void *key, size_t key_len)
{
	struct pem cert_pem = { "the certificate in memory", cert, cert_len };
	struct pem key_pem = { "the key in memory", key, key_len };
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	return add(cfg, &cert_pem, key_len != 0 ? &key_pem : NULL);
}

int
ktls_config_identity(struct ktls_config *cfg, const char *cert_file, const char *key_file)
{
	struct pem cert = {0}, key = {0};
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if ((err = config_read(cfg, cert_file, PEM_MAX, &cert)) == 0 &&
	    (key_file == NULL || (err = config_read(cfg, key_file, PEM_MAX, &key)) == 0))
		err = add(cfg, &cert, key_file != NULL ? &key : NULL);
	config_wipe(&cert);		/* it may hold the key too */
	config_wipe(&key);
	return err;
}
