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

/* Who we are: the chain as DER, leaf first, and the key. */
struct identity {
	struct slice cert[CONFIG_CHAIN_MAX];	/* each owned, by OPENSSL_free() */
	size_t cert_count;			/* 0: none was given */
	EVP_PKEY *key;
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
	struct identity identity;
	struct trust trust;
	bool verify;
	char *alpn[CONFIG_ALPN_MAX];
	size_t alpn_count;
	enum ktls_cipher ciphers[KTLS_CIPHERS];	/* those that crypto has, in order */
	size_t cipher_count;
	uint16_t groups[CONFIG_GROUPS_MAX];	/* likewise */
	size_t group_count;
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

/*
 * Judges a peer's chain (DER, leaf first) with X509_verify_cert: trust, dates,
 * purpose, and name, a DNS name or an IP address. Returns 0 and the leaf's public
 * key, the caller's to free; or KTLS_REFUSED(CERT_...) and one sentence in why
 * that names the certificate. A config that doesn't verify still decodes the leaf.
 */
KTLS_CHECKED int config_verify_chain(struct ktls_config *cfg, const struct slice *certs,
    size_t count, const char *name, EVP_PKEY **key, char *why, size_t why_len);

#endif
