/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdatomic.h>
#include <openssl/x509.h>
#include <ktls/config.h>
#include <ktls/handshake.h>
#include <ktls/offload.h>
#include <ktls/store.h>
#include "base/lock.h"
#include "base/wire.h"
#include "config/fingerprint.h"
#include "crypto/signature.h"
#include "session/session.h"

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
	struct signer signer;			/* made of key */
	EVP_PKEY *public_key;			/* the leaf's */
	uint32_t fits12, fits13;		/* signature_fitting() of that */
	uint16_t curve;				/* KTLS_GROUP_* of that, 0: it has none */
	/* the leaf's DNS names in lower case, wildcards with their "*.": length, name, ... */
	uint8_t *names;				/* owned */
	size_t names_len;
	struct slice issuer[CONFIG_CHAIN_MAX];	/* each certificate's, a DistinguishedName; owned */
	/* signature_bit()s that its own signature goes by, 0: self-signed, nobody checks it */
	uint32_t signatures[CONFIG_CHAIN_MAX];
};

/* Whom we trust. Nothing gathered means the system. */
struct trust {
	struct stack_st_X509 *certs;		/* of the files */
	struct stack_st_OPENSSL_STRING *dirs;
	bool system;
	struct stack_st_X509_CRL *crls;		/* NULL: revocation is nobody's concern */
	_Atomic(X509_STORE *) store;		/* by config_use(), for who verifies */
};

/* One of KTLS_ASK_*: whether the user answers it, and how it is told. */
struct ask {
	bool asked;
	ktls_question_fn *fn;			/* NULL: ktls_hs_want() tells */
	void *arg;
};

/* Filled in by the setters, immutable once `used`. Read directly by its neighbours. */
struct ktls_config {
	atomic_uint refs;
	atomic_bool used;
	/* of a setter in use, or of config_use(); or NULL */
	_Atomic(const char *) late_error;
	struct lock lock;			/* of config_use() */
	struct ktls_crypto *crypto;
	struct identity *identity[CONFIG_IDENTITIES_MAX];	/* each owned */
	size_t identity_count;
	struct trust trust;
	bool verify;
	unsigned verify_depth;
	enum ktls_client_auth client_auth;
	struct ktls_tickets *tickets;		/* each of these a reference, or NULL */
	struct ktls_tickets *retry_tickets;
	struct ktls_sessions *sessions;
	_Atomic(struct ktls_chains *) chains;	/* or a client's own, by config_use() */
	bool chains_given;			/* NULL too */
	unsigned ticket_count;
	struct ask ask[KTLS_ASK_COUNT];
	unsigned padding;			/* 0: none, else a multiple of 2 .. 16384 bytes */
	bool keep_exporter;
	bool grease;
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
	uint16_t send_limit;			/* bytes of plaintext in a record of ours */
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
	/* By config_use(), for the role used: what verdicts depend on and sessions are bound to; */
	atomic_bool ready[2];			/* these by enum ktls_role */
	uint8_t policy[2][FINGERPRINT_LEN], context[2][SESSION_CONTEXT_LEN];
	struct slice authorities;		/* DistinguishedName<1..2^16-1> each; owned */
	char error[384];
};

/* An identity by hand: the rest of one that has cert, key and public_key. */
KTLS_CHECKED int identity_prepare(struct identity *identity, struct ktls_crypto *crypto);

/*
 * From now on immutable. What a role needs is made here once: the store of trusted
 * certificates, the context, a client's cache of chains, the authorities that a server
 * names. Any number of threads at once. -EINVAL, and still free to be changed: a
 * server that asks for certificates and trusts nobody.
 */
KTLS_CHECKED int config_use(struct ktls_config *cfg, bool client);

/* Milliseconds since 1970, by the config's clock. */
int64_t config_now(const struct ktls_config *cfg);

/* The config's own string equal to name, or NULL. */
const char *config_alpn(const struct ktls_config *cfg, struct slice name);

/* What the peer has asked for, of whatever version. */
struct identity_wanted {
	const char *server_name;	/* NULL or "": none, a client's too */
	uint16_t version;
	struct slice schemes;		/* signature_algorithms: 2 bytes each */
	struct slice schemes_cert;	/* signature_algorithms_cert; empty: the same */
	struct slice authorities;	/* DistinguishedName<1..2^16-1> each */
	/* what the suite or the certificate_types of TLS 1.2 allow; Ed25519 counts as ECDSA */
	bool ecdsa_ok, rsa_ok;
	/* supported_groups of a TLS 1.2 ClientHello, 2 bytes each; empty: all. RFC 8422 5.1 */
	struct slice groups;
};

/*
 * Which of cfg's identities to show, and the scheme to sign under; -1: none fits.
 * The first whose key can make one of our sign_schemes that the peer lists: among
 * those with server_name as an exact name, then as a wildcard, then, if no identity has it,
 * among all. There, one whose chain was issued by one of the authorities comes before
 * one that wasn't, and then one whose chain is signed as schemes_cert lists: these
 * are wishes, RFC 8446 4.2.4 and 4.4.2.2, and an identity that meets none still serves.
 */
int config_choose_identity(const struct ktls_config *cfg, const struct identity_wanted *wanted,
    uint16_t *scheme);
/* Whether that one of them can sign for the peer, and the scheme. */
bool config_identity_scheme(const struct ktls_config *cfg, int identity,
    const struct identity_wanted *wanted, uint16_t *scheme);

/* What a peer's chain says about it. */
struct peer {
	EVP_PKEY *key;			/* of the leaf; EVP_PKEY_free() it */
	int64_t not_after;		/* s since 1970: the least of the chain that was built */
	bool verified;			/* judged, not merely decoded */
};

/*
 * Judges a peer's chain (DER, leaf first) with X509_verify_cert: trust, dates, purpose by
 * the peer's role, revocation, and of a server the name, a DNS name or an IP address; a
 * client's is NULL. Returns 0 and *peer; or KTLS_REFUSED(CERT_...) and one
 * sentence in why that names the certificate. A config that doesn't verify
 * decodes the leaf, as config_peer_key() does.
 */
KTLS_CHECKED int config_verify_chain(struct ktls_config *cfg, const struct slice *certs,
    size_t count, enum ktls_role peer_role, const char *name, struct peer *peer,
    char *why, size_t why_len);

/* Decodes the leaf and judges nothing but its key: somebody else does, or nobody. */
KTLS_CHECKED int config_peer_key(struct ktls_config *cfg, const struct slice *certs,
    size_t count, struct peer *peer, char *why, size_t why_len);

#endif
