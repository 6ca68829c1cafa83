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

/*
 * The sentence of the setter that failed last, or why ktls_hs_new() refused the config;
 * "" if neither has. Valid until the next setter.
 */
KTLS_API const char *ktls_config_error(const struct ktls_config *cfg);

/*
 * Who we are, another time with each call, 64 at most: a PEM file with the certificate
 * and its chain, 10 at most, and a PEM file with the private key (the same file may
 * hold both). The chain is sent leaf first, each certificate before its issuer, in
 * whatever order the file has them. Keys: ECDSA on P-256, P-384 and P-521, Ed25519,
 * RSA of 2048 bits or more (RSASSA-PSS too), not encrypted: nobody is ever asked for
 * a passphrase. Checked against each other at once: a mismatch is -EINVAL and names
 * both files. Files over 1 MiB are refused.
 *
 * key_file NULL: the key is elsewhere, in an HSM say; KTLS_ASK_SIGNATURE
 * (handshake.h) must then be asked.
 *
 * A server shows the first identity that has the client's server_name and whose key
 * can make a signature that the client verifies: exact names before wildcards, in the
 * order of the calls; if no identity has the name, all of them are tried. A client
 * shows the first that suits what the server's CertificateRequest asks for.
 * Identities count from 0 in the order of the calls.
 */
KTLS_API KTLS_CHECKED int ktls_config_identity(struct ktls_config *cfg,
    const char *cert_file, const char *key_file);
/* The same from memory; key_len 0: the key is elsewhere. */
KTLS_API KTLS_CHECKED int ktls_config_identity_pem(struct ktls_config *cfg,
    const void *cert, size_t cert_len, const void *key, size_t key_len);

/*
 * Whom we trust: the authorities of a server's certificate, or, where a server asks
 * for one, of a client's. Without a call a client trusts the system's store, where libcrypto
 * was built to look or SSL_CERT_FILE and SSL_CERT_DIR say. With one: only what was
 * given; several calls add up; a server that asks for certificates must be given
 * something. A file may hold any certificate that is to be trusted: authorities, an
 * intermediate, a peer's own. hashed_dir is as `openssl rehash`
 * makes it, and read while a chain is judged; its path can't contain ':'.
 */
KTLS_API KTLS_CHECKED int ktls_config_trust_file(struct ktls_config *cfg, const char *pem_file);
KTLS_API KTLS_CHECKED int ktls_config_trust_dir(struct ktls_config *cfg, const char *hashed_dir);
KTLS_API KTLS_CHECKED int ktls_config_trust_system(struct ktls_config *cfg);

/* false: any certificate is taken (its signature is still checked). Default true. */
KTLS_API KTLS_CHECKED int ktls_config_verify(struct ktls_config *cfg, bool verify);
/* Authorities between a leaf and a trusted certificate, 0 .. 10. Default 10. */
KTLS_API KTLS_CHECKED int ktls_config_verify_depth(struct ktls_config *cfg, unsigned depth);
/*
 * A PEM file of certificate revocation lists. From the first call on, each certificate
 * of a peer's chain must be on none of its issuer's current lists, and there must be
 * such a list (RFC 5280 6.3).
 */
KTLS_API KTLS_CHECKED int ktls_config_crl_file(struct ktls_config *cfg, const char *pem_file);

/*
 * Whether a server asks for the client's certificate. REQUEST: a client without one
 * is let in (ktls_hs_peer_chain() has none); one that shows a wrong one is not.
 * REQUIRE: certificate_required, in TLS 1.2 handshake_failure. The names of the authorities
 * that were given are sent along (RFC 8446 4.2.4), where they fit into 16 KiB.
 */
enum ktls_client_auth { KTLS_CLIENT_AUTH_NONE, KTLS_CLIENT_AUTH_REQUEST, KTLS_CLIENT_AUTH_REQUIRE };
KTLS_API KTLS_CHECKED int ktls_config_client_auth(struct ktls_config *cfg,
    enum ktls_client_auth auth);

/* KTLS_TLS12 or KTLS_TLS13, min <= max. Default: both. */
KTLS_API KTLS_CHECKED int ktls_config_versions(struct ktls_config *cfg, uint16_t min,
    uint16_t max);

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
#define KTLS_GROUP_SECP384R1	24
#define KTLS_GROUP_SECP521R1	25
#define KTLS_GROUP_X25519	29
/*
 * Key exchange groups (IANA's numbers) in order of preference; a client sends a
 * share of the first. Default: X25519, P-256, P-384, P-521.
 */
KTLS_API KTLS_CHECKED int ktls_config_groups(struct ktls_config *cfg, const uint16_t *groups,
    size_t count);

/*
 * Signature schemes (IANA's numbers) in order of preference: those that we make with
 * our own keys, and those that we take from the peer. Default, both: all that
 * libktls knows, RSASSA-PKCS1-v1_5 last, no SHA-1 (RFC 9155).
 */
KTLS_API KTLS_CHECKED int ktls_config_sign_schemes(struct ktls_config *cfg,
    const uint16_t *schemes, size_t count);
KTLS_API KTLS_CHECKED int ktls_config_verify_schemes(struct ktls_config *cfg,
    const uint16_t *schemes, size_t count);

/*
 * The largest record we want to receive, 64 .. 16385 bytes of TLSInnerPlaintext
 * (RFC 8449), offered or answered to the peer. 0, the default: none is sent.
 */
KTLS_API KTLS_CHECKED int ktls_config_record_size_limit(struct ktls_config *cfg, uint16_t limit);

/*
 * The most plaintext that we put into one record, 64 .. 16384: the peer can use a small
 * one sooner. Less where the peer's record_size_limit says so. Default 16384; with less
 * what we send stays in userspace.
 */
KTLS_API KTLS_CHECKED int ktls_config_send_limit(struct ktls_config *cfg, uint16_t limit);

/*
 * Called with each line of NSS's key log format, without a newline, valid during
 * the call; from the thread that drives the handshake. Whoever reads it can
 * decrypt the traffic. NULL, the default: no secret is ever shown.
 */
typedef void ktls_keylog_fn(void *arg, const char *line);
KTLS_API KTLS_CHECKED int ktls_config_keylog(struct ktls_config *cfg, ktls_keylog_fn *keylog,
    void *arg);

/*
 * Milliseconds since 1970, for the validity of certificates and the age of sessions.
 * NULL, the default: the system's clock.
 */
typedef int64_t ktls_clock_fn(void *arg);
KTLS_API KTLS_CHECKED int ktls_config_clock(struct ktls_config *cfg, ktls_clock_fn *clock,
    void *arg);

/*
 * Resumption (store.h). Each takes a reference; NULL, the default: none.
 *
 * A server gives tickets sealed by `tickets`; one that has `sessions` too remembers
 * TLS 1.2 sessions for clients that take no tickets. A client keeps in `sessions` what
 * it was given, and offers it to the same name and port under the same policy.
 *
 * A session is bound to its version, hash or suite, extended master secret, and to
 * this config: its identities, whom it trusts and whether it asks for certificates.
 * It expires with the least of 7 days, the store's lifetime and the peer's chain.
 */
struct ktls_tickets;
struct ktls_sessions;
KTLS_API KTLS_CHECKED int ktls_config_tickets(struct ktls_config *cfg,
    struct ktls_tickets *tickets);
KTLS_API KTLS_CHECKED int ktls_config_sessions(struct ktls_config *cfg,
    struct ktls_sessions *sessions);
/*
 * How many tickets a TLS 1.3 server gives after a handshake, 0 .. 8; default 2,
 * 1 after a resumed one.
 */
KTLS_API KTLS_CHECKED int ktls_config_ticket_count(struct ktls_config *cfg, unsigned count);
/*
 * Decoded and verified chains of peers (store.h). NULL: none are kept. Default for a
 * client: 64 of the config's own.
 */
struct ktls_chains;
KTLS_API KTLS_CHECKED int ktls_config_chains(struct ktls_config *cfg, struct ktls_chains *chains);

/*
 * What the engine asks its user instead of answering itself (handshake.h): kind is a
 * KTLS_ASK_*, fn is called when the question arises, and may answer at once or leave it
 * open; NULL: ktls_hs_want() tells of it.
 */
struct ktls_hs;
struct ktls_question;
typedef void ktls_question_fn(void *arg, struct ktls_hs *hs,
    const struct ktls_question *question);
KTLS_API KTLS_CHECKED int ktls_config_ask(struct ktls_config *cfg, int kind,
    ktls_question_fn *fn, void *arg);

/*
 * A TLS 1.3 server answers every ClientHello that has no cookie by a HelloRetryRequest
 * with one, sealed by `tickets`, from which any engine that has these keys goes on: the
 * first one need not be kept (RFC 8446 4.2.2). NULL, the default: only a client
 * that sent no share of a group of ours gets one, without a cookie.
 */
KTLS_API KTLS_CHECKED int ktls_config_stateless_retry(struct ktls_config *cfg,
    struct ktls_tickets *tickets);

/*
 * TLS 1.3 records are padded to a multiple of this many bytes of TLSInnerPlaintext, 1
 * .. 16384 (RFC 8446 5.4). 0 and 1: no padding, the default. The kernel doesn't
 * pad: what we send then stays in userspace.
 */
KTLS_API KTLS_CHECKED int ktls_config_padding(struct ktls_config *cfg, unsigned multiple);

/*
 * Whether the exporter secret is kept after the handshake, for ktls_post_export(). Default false.
 */
KTLS_API KTLS_CHECKED int ktls_config_exporter(struct ktls_config *cfg, bool keep);

/*
 * Whether a client sends reserved values, so that servers stay tolerant (RFC 8701). Default true.
 */
KTLS_API KTLS_CHECKED int ktls_config_grease(struct ktls_config *cfg, bool grease);

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
