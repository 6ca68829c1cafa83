/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/x509v3.h>
#include "config/setter.h"

/* What a handshake asks about an identity, read from its certificates once. */

#define NAME_MAX_LEN	255		/* RFC 1035 2.3.4 */
#define UNKNOWN_BIT	(UINT32_C(1) << 31)	/* a signature that no scheme is for */
_Static_assert(SIGNATURE_SCHEMES < 31, "UNKNOWN_BIT is no scheme's");

/* What a certificate's signature algorithm is as a SignatureScheme, RFC 8446 4.2.3. */
/* clang-format off */
static const struct {
	int key, digest;		/* as X509_get_signature_info() calls them */
	uint16_t schemes[2];		/* the issuer's key, perhaps not at hand, decides */
} algorithms[] = {
	{ NID_X9_62_id_ecPublicKey, NID_sha256, { SIG_ECDSA_SECP256R1_SHA256 } },
	{ NID_X9_62_id_ecPublicKey, NID_sha384, { SIG_ECDSA_SECP384R1_SHA384 } },
	{ NID_X9_62_id_ecPublicKey, NID_sha512, { SIG_ECDSA_SECP521R1_SHA512 } },
	{ NID_ED25519,              NID_undef,  { SIG_ED25519 } },
	{ NID_rsaEncryption,        NID_sha256, { SIG_RSA_PKCS1_SHA256 } },
	{ NID_rsaEncryption,        NID_sha384, { SIG_RSA_PKCS1_SHA384 } },
	{ NID_rsaEncryption,        NID_sha512, { SIG_RSA_PKCS1_SHA512 } },
	{ NID_rsassaPss,            NID_sha256, { SIG_RSA_PSS_RSAE_SHA256, SIG_RSA_PSS_PSS_SHA256 } },
	{ NID_rsassaPss,            NID_sha384, { SIG_RSA_PSS_RSAE_SHA384, SIG_RSA_PSS_PSS_SHA384 } },
	{ NID_rsassaPss,            NID_sha512, { SIG_RSA_PSS_RSAE_SHA512, SIG_RSA_PSS_PSS_SHA512 } },
};
/* clang-format on */

static uint32_t
signatures_of(X509 *cert)
{
	int key, digest;

	if (X509_get_extension_flags(cert) & EXFLAG_SS)
		return 0;
	if (!X509_get_signature_info(cert, &digest, &key, NULL, NULL))
		return UNKNOWN_BIT;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (algorithms[i].key == key && algorithms[i].digest == digest)
			return signature_bit(algorithms[i].schemes[0]) |
			    signature_bit(algorithms[i].schemes[1]);
	return UNKNOWN_BIT;
}

/* A name that a server_name can be, or a wildcard of a whole leftmost label. */
static bool
is_name(const ASN1_STRING *string)
{
	const uint8_t *p = ASN1_STRING_get0_data(string);
	const int len = ASN1_STRING_length(string);
	const int first = len > 2 && p[0] == '*' && p[1] == '.' ? 2 : 0;

	for (int i = first; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~' || p[i] == '*')
			return false;
	return len > 0 && len <= NAME_MAX_LEN;
}

static void
write_names(struct writer *w, const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const uint8_t *p;
		int len;

		if (name->type != GEN_DNS || !is_name(name->d.dNSName))
			continue;
		p = ASN1_STRING_get0_data(name->d.dNSName);
		len = ASN1_STRING_length(name->d.dNSName);
		wr_u8(w, (uint8_t)len);
		for (int j = 0; j < len; j++)
			wr_u8(w, p[j] >= 'A' && p[j] <= 'Z' ? p[j] | 0x20 : p[j]);
	}
}

static size_t
names_room(const GENERAL_NAMES *names)
{
	size_t room = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS && is_name(name->d.dNSName))
			room += 1 + (size_t)ASN1_STRING_length(name->d.dNSName);
	}
	return room;
}

/* RFC 9525: subjectAltName alone, the common name is none. What can't be read has no names. */
static int
add_names(struct identity *identity, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const size_t room = names_room(names);
	struct writer w;
	int err = 0;

	if (names == NULL && crypto_error() == -ENOMEM)
		return -ENOMEM;
	if (room != 0) {
		identity->names = OPENSSL_malloc(room);
		w = wr_init(identity->names, identity->names != NULL ? room : 0);
		write_names(&w, names);
		identity->names_len = wr_len(&w);
		err = wr_done(&w) ? 0 : -ENOMEM;
	}
	GENERAL_NAMES_free(names);
	return err;
}

static uint16_t
curve_of(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_id(key) == EVP_PKEY_EC ? EVP_PKEY_get_bits(key) : 0) {
	case 256:	return KTLS_GROUP_SECP256R1;
	case 384:	return KTLS_GROUP_SECP384R1;
	case 521:	return KTLS_GROUP_SECP521R1;
	default:	return 0;
	}
}

static int
add_leaf(struct identity *identity, X509 *cert)
{
	if ((identity->public_key = X509_get_pubkey(cert)) == NULL)
		return crypto_error();
	identity->curve = curve_of(identity->public_key);
	return add_names(identity, cert);
}

int
facts_add(struct identity *identity, X509 *cert)
{
	const size_t i = identity->cert_count;
	uint8_t *der = NULL, *issuer = NULL;
	int len;

	if ((len = i2d_X509(cert, &der)) <= 0)
		return crypto_error();
	identity->cert[i] = (struct slice){ der, (size_t)len };
	identity->cert_count++;
	if ((len = i2d_X509_NAME(X509_get_issuer_name(cert), &issuer)) <= 0)
		return crypto_error();
	identity->issuer[i] = (struct slice){ issuer, (size_t)len };
	identity->signatures[i] = signatures_of(cert);
	return i == 0 ? add_leaf(identity, cert) : 0;
}
