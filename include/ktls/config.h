/* SPDX-License-Identifier: MIT */
#ifndef KTLS_CONFIG_H
#define KTLS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ktls/error.h>
#include <ktls/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ktls_caps;
struct ossl_lib_ctx_st;		/* libcrypto's OSSL_LIB_CTX */

/*
 * Where the cryptography comes from: a libcrypto context and a property query
 * ("fips=yes"), with every algorithm that TLS needs fetched once. Immutable,
 * reference counted, shared by threads.
 */
struct ktls_crypto;

/*
 * libctx NULL is the default context, propq NULL no query; libctx must outlive
 * the object. -ENOMEM, or -ENOTSUP where it lacks SHA-256, HMAC or AES-GCM; what
 * else it lacks (ChaCha20-Poly1305 under FIPS) is simply not offered.
 */
KTLS_API KTLS_CHECKED int ktls_crypto_new(struct ktls_crypto **crypto,
    struct ossl_lib_ctx_st *libctx, const char *propq);
KTLS_API struct ktls_crypto *ktls_crypto_ref(struct ktls_crypto *crypto);
KTLS_API void ktls_crypto_unref(struct ktls_crypto *crypto);	/* NULL is fine */

/*
 * The service: identities, trust, policy, callbacks. Filled in by one thread,
 * then used: from its first handshake on it can't be changed (every setter
 * returns -EBUSY) and any number of threads may use it at once.
 *
 * A setter that fails leaves the config as it was, returns -errno, and
 * ktls_config_error() has the sentence: what, where, what to do instead.
 */
struct ktls_config;

KTLS_API KTLS_CHECKED int ktls_config_new(struct ktls_config **cfg);
/* With a crypto of one's own; takes a reference on it. */
KTLS_API KTLS_CHECKED int ktls_config_new_with(struct ktls_config **cfg,
    struct ktls_crypto *crypto);
KTLS_API struct ktls_config *ktls_config_ref(struct ktls_config *cfg);
/* NULL is fine; the last one frees and wipes */
KTLS_API void ktls_config_unref(struct ktls_config *cfg);

/* The sentence of the setter that failed last, "" if none has. Valid until the next setter. */
KTLS_API const char *ktls_config_error(const struct ktls_config *cfg);

/*
 * Who we are: a PEM file with the certificate and its chain, 10 at most, and a PEM
 * file with the private key (the same file may hold both). The chain is sent leaf
 * first, each certificate before its issuer, in whatever order the file has them.
 * Keys: ECDSA on P-256, RSA of 2048 bits or more, not encrypted: nobody is ever
 * asked for a passphrase. Checked against each other at once: a mismatch is -EINVAL
 * and names both files. Files over 1 MiB are refused. A second call replaces all.
 */
KTLS_API KTLS_CHECKED int ktls_config_identity(struct ktls_config *cfg,
    const char *cert_file, const char *key_file);
/* The same from memory. */
KTLS_API KTLS_CHECKED int ktls_config_identity_pem(struct ktls_config *cfg,
    const void *cert, size_t cert_len, const void *key, size_t key_len);

/*
 * Whom we trust, for a client. Without a call: the system's store, where libcrypto
 * was built to look or SSL_CERT_FILE and SSL_CERT_DIR say. With one: only what was
 * given; several calls add up. A file may hold any certificate that is to be trusted:
 * authorities, an intermediate, a server's own. hashed_dir is as `openssl rehash`
 * makes it, and read while a chain is judged; its path can't contain ':'.
 */
KTLS_API KTLS_CHECKED int ktls_config_trust_file(struct ktls_config *cfg, const char *pem_file);
KTLS_API KTLS_CHECKED int ktls_config_trust_dir(struct ktls_config *cfg, const char *hashed_dir);
KTLS_API KTLS_CHECKED int ktls_config_trust_system(struct ktls_config *cfg);

/* false: a client takes any certificate (its signature is still checked). Default true. */
KTLS_API KTLS_CHECKED int ktls_config_verify(struct ktls_config *cfg, bool verify);

/* ALPN protocols in order of preference, copied. The server's order decides (RFC 7301). */
KTLS_API KTLS_CHECKED int ktls_config_alpn(struct ktls_config *cfg, const char *const *names,
    size_t count);

/*
 * AEADs in order of preference. Default: AES-128-GCM, AES-256-GCM,
 * CHACHA20-POLY1305. The server's order decides.
 */
KTLS_API KTLS_CHECKED int ktls_config_ciphers(struct ktls_config *cfg,
    const enum ktls_cipher *ciphers, size_t count);

#define KTLS_GROUP_SECP256R1	23
#define KTLS_GROUP_X25519	29
/*
 * Key exchange groups (IANA's numbers) in order of preference; a client sends a
 * share of the first. Default: X25519, P-256.
 */
KTLS_API KTLS_CHECKED int ktls_config_groups(struct ktls_config *cfg, const uint16_t *groups,
    size_t count);

/*
 * The largest record we want to receive, 64 .. 16385 bytes of TLSInnerPlaintext
 * (RFC 8449), offered or answered to the peer. 0, the default: none is sent.
 */
KTLS_API KTLS_CHECKED int ktls_config_record_size_limit(struct ktls_config *cfg, uint16_t limit);

/*
 * Called with each line of NSS's key log format, without a newline, valid during
 * the call; from the thread that drives the handshake. Whoever reads it can
 * decrypt the traffic. NULL, the default: no secret is ever shown.
 */
typedef void ktls_keylog_fn(void *arg, const char *line);
KTLS_API KTLS_CHECKED int ktls_config_keylog(struct ktls_config *cfg, ktls_keylog_fn *keylog,
    void *arg);

/* Seconds since 1970, for the validity of certificates. NULL: libcrypto's own clock. */
typedef int64_t ktls_clock_fn(void *arg);
KTLS_API KTLS_CHECKED int ktls_config_clock(struct ktls_config *cfg, ktls_clock_fn *clock,
    void *arg);

/*
 * Which record path a connection's directions take (conn.h).
 *
 *   AUTO  a server sends through the kernel from the first body on that is
 *         larger than offload_after, and receives in userspace; a client the reverse:
 *         it receives through the kernel. Less what the kernel can't do.
 *   NONE  userspace both ways
 *   TX, RX, FULL  these directions go to the kernel as soon as the handshake is done
 *
 * Where the kernel refuses, the direction stays in userspace and the reason is
 * kept; unless the direction is required: then the handshake fails.
 */
enum ktls_offload {
	KTLS_OFFLOAD_AUTO, KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_TX, KTLS_OFFLOAD_RX, KTLS_OFFLOAD_FULL,
};
#define KTLS_OFFLOAD_AFTER	65536	/* bytes */

KTLS_API KTLS_CHECKED int ktls_config_offload(struct ktls_config *cfg, enum ktls_offload wanted);
KTLS_API KTLS_CHECKED int ktls_config_offload_require(struct ktls_config *cfg, bool tx, bool rx);
KTLS_API KTLS_CHECKED int ktls_config_offload_after(struct ktls_config *cfg, uint64_t bytes);
/*
 * What the kernel can do, from ktls_offload_probe(); copied. Without it the
 * first connection probes, once a process.
 */
KTLS_API KTLS_CHECKED int ktls_config_caps(struct ktls_config *cfg, const struct ktls_caps *caps);

/*
 * Milliseconds that a handshake may take in all; 0 for ever. Default 10,000.
 * Enforced by the drivers of conn.h and uring.h.
 */
KTLS_API KTLS_CHECKED int ktls_config_handshake_timeout(struct ktls_config *cfg,
    unsigned milliseconds);

#ifdef __cplusplus
}
#endif
#endif
