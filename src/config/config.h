/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdatomic.h>
#include <openssl/x509.h>
#include <ktls/config.h>
#include <ktls/offload.h>
#include "base/wire.h"
#include "crypto/crypto.h"

/* certificates of our own chain, or between a leaf and its root */
#define CONFIG_CHAIN_MAX	10
/* What a peer may send: be prepared for extraneous certificates, says RFC 8446 4.4.2. */
#define CONFIG_PEER_CHAIN_MAX	64
#define CONFIG_ALPN_MAX		16
#define CONFIG_GROUPS_MAX	8
#define CONFIG_SCHEMES_MAX	16
#define CONFIG_IDENTITIES_MAX	64

/* Who we are: the chain as DER, leaf first, and the key. */
struct identity {
	struct slice cert[CONFIG_CHAIN_MAX];	/* each owned, by OPENSSL_free() */
	size_t cert_count;			/* 1 at least */
	EVP_PKEY *key;				/* NULL: it is elsewhere */
	EVP_PKEY *public_key;			/* the leaf's */
	/* the leaf's DNS names in lower case, wildcards with their "*.": length, name, ... */
	uint8_t *names;				/* owned */
	size_t names_len;
};

/* Whom we trust. Nothing gathered means the system. */
struct trust {
	struct stack_st_X509 *certs;		/* of the files */
	struct stack_st_OPENSSL_STRING *dirs;
	bool system;
	_Atomic(X509_STORE *) store;		/* by config_use(), for a client that verifies */
};

/* Filled in by the setters, immutable once `used`. Read directly by its neighbours. */
struct ktls_config {
	atomic_uint refs;
	atomic_bool used;
	atomic_bool refused;			/* a setter came too late */
	struct ktls_crypto *crypto;
	struct identity *identity[CONFIG_IDENTITIES_MAX];	/* each owned */
	size_t identity_count;
	struct trust trust;
	bool verify;
	char *alpn[CONFIG_ALPN_MAX];
	size_t alpn_count;
	enum ktls_cipher ciphers[KTLS_CIPHERS];	/* those that crypto has, in order */
	size_t cipher_count;
	uint16_t groups[CONFIG_GROUPS_MAX];	/* likewise */
	size_t group_count;
	uint16_t version_min, version_max;
	uint16_t sign_schemes[CONFIG_SCHEMES_MAX];	/* likewise: of our signatures, */
	size_t sign_scheme_count;
	uint16_t verify_schemes[CONFIG_SCHEMES_MAX];	/* and of the peer's */
	size_t verify_scheme_count;
	uint16_t record_size_limit;		/* 0: not sent */
	ktls_keylog_fn *keylog;
	void *keylog_arg;
	ktls_clock_fn *clock;
	void *clock_arg;
	enum ktls_offload offload;
	bool require[KTLS_DIRS];
	uint64_t offload_after;
	struct ktls_caps caps;
	bool caps_given;
	unsigned handshake_timeout;		/* ms */
	char error[384];
};

/*
 * From now on immutable. What a role needs is made here once: a client that
 * verifies gets its store of trusted certificates. Any number of threads at once.
 */
KTLS_CHECKED int config_use(struct ktls_config *cfg, bool client);

/* The config's own string equal to name, or NULL. */
const char *config_alpn(const struct ktls_config *cfg, struct slice name);

/* What the peer has asked for, of whatever version. */
struct identity_wanted {
	const char *server_name;	/* NULL or "": none */
	uint16_t version;
	struct slice schemes;		/* signature_algorithms: 2 bytes each */
	struct slice schemes_cert;	/* signature_algorithms_cert; empty: the same */
	struct slice authorities;	/* DistinguishedName<1..2^16-1> each */
	/* what the suite or the certificate_types of TLS 1.2 allow; Ed25519 counts as ECDSA */
	bool ecdsa_ok, rsa_ok;
};

/*
 * Which of cfg's identities to show, and the scheme to sign under; -1: none fits.
 * The first whose key can make one of our sign_schemes that the peer lists: among
 * those with server_name as an exact name, then as a wildcard, then, if no identity has it,
 * among all. One whose chain the peer's schemes_cert and authorities suit comes
 * before one that it doesn't: they are wishes, RFC 8446 4.2.4 and 4.4.2.2.
 */
int config_choose_identity(const struct ktls_config *cfg, const struct identity_wanted *wanted,
    uint16_t *scheme);

/*
 * Judges a peer's chain (DER, leaf first) with X509_verify_cert: trust, dates,
 * purpose, and name, a DNS name or an IP address. Returns 0 and the leaf's public
 * key, the caller's to free; or KTLS_REFUSED(CERT_...) and one sentence in why
 * that names the certificate. A config that doesn't verify still decodes the leaf.
 */
KTLS_CHECKED int config_verify_chain(struct ktls_config *cfg, const struct slice *certs,
    size_t count, const char *name, EVP_PKEY **key, char *why, size_t why_len);

#endif
