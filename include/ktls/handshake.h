/* SPDX-License-Identifier: MIT */
#ifndef KTLS_HANDSHAKE_H
#define KTLS_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ktls/config.h>
#include <ktls/error.h>
#include <ktls/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A TLS 1.3 handshake that does no I/O. The whole use of it:
 *
 *	while ((want = ktls_hs_want(hs)) > 0) {
 *		if (want == KTLS_HS_SEND) {
 *			out = ktls_hs_send_buf(hs, &len);
 *			if ((n = send(fd, out, len, MSG_NOSIGNAL)) >= 0)
 *				ktls_hs_sent(hs, (size_t)n);
 *		} else if (want == KTLS_HS_RECV) {
 *			in = ktls_hs_recv_buf(hs, &len);
 *			if ((n = recv(fd, in, len, 0)) >= 0)
 *				ktls_hs_received(hs, (size_t)n);
 *		}
 *		if (n < 0 && errno != EINTR)
 *			return -errno;
 *	}
 *	return want;
 *
 * On a non-blocking socket, -EAGAIN leaves the loop, and the next want says
 * which event to wait for.
 *
 * An object belongs to one thread at a time; different objects, of one config
 * too, are independent.
 */
struct ktls_hs;

enum ktls_role { KTLS_CLIENT, KTLS_SERVER };

enum {
	KTLS_HS_SEND = 1,	/* write ktls_hs_send_buf(), report with ktls_hs_sent() */
	KTLS_HS_RECV,		/* read into ktls_hs_recv_buf(), report with ktls_hs_received() */
};

/* What one handshake adds to its config. The strings are copied. */
struct ktls_hs_params {
	/* client: SNI, a DNS name without a trailing dot; NULL: none is sent */
	const char *server_name;
	/* client: the DNS name or IP address that the certificate must have; NULL: server_name */
	const char *verify_name;
};

/*
 * Takes a reference on cfg; params is what this one handshake adds to it, NULL
 * for nothing. -ENOMEM, or -EINVAL where role, cfg and params don't fit: a server
 * without an identity, a verifying client without a name.
 */
KTLS_API KTLS_CHECKED int ktls_hs_new(struct ktls_hs **hs, struct ktls_config *cfg,
    enum ktls_role role, const struct ktls_hs_params *params);
KTLS_API void ktls_hs_free(struct ktls_hs *hs);		/* wipes; NULL is fine */

/*
 * What to do next: one of KTLS_HS_*; 0 when done; below 0 when it has failed.
 * A failure is told only after its alert has left through KTLS_HS_SEND, so the
 * loop above never loses one. It is final: from then on every want returns it.
 * Done means also that our own last flight was handed whole to TCP.
 */
KTLS_API KTLS_CHECKED int ktls_hs_want(struct ktls_hs *hs);

/*
 * The buffer to receive into, and the most it may take. With exact set (the
 * receiving direction may go to the kernel), that is a record's header, then its
 * body, from the point on where the peer may send under application keys: a
 * server's own Finished, a client's ServerHello. No byte behind the handshake is
 * then ever read, and the kernel finds the next record whole. Before that point,
 * and without exact, it is as large as pays.
 */
KTLS_API void ktls_hs_set_exact(struct ktls_hs *hs, bool exact);
/* NULL where memory is short: want says so. */
KTLS_API void *ktls_hs_recv_buf(struct ktls_hs *hs, size_t *len);
KTLS_API void ktls_hs_received(struct ktls_hs *hs, size_t n);	/* 0: the peer has closed */

/*
 * Instead: bytes read elsewhere, exact or not. Returns how many it took: all, but
 * what stands behind the end of the handshake.
 */
KTLS_API size_t ktls_hs_feed(struct ktls_hs *hs, const void *data, size_t len);

KTLS_API const void *ktls_hs_send_buf(const struct ktls_hs *hs, size_t *len);
KTLS_API void ktls_hs_sent(struct ktls_hs *hs, size_t n);

/*
 * Bytes received behind the handshake and not used: records under application
 * keys, still sealed, the last one perhaps in part; or, where it failed with
 * KTLS_R_PLAIN_HTTP, all that the peer has sent. Who takes the connection over
 * starts with them. Never any where exact was set. Valid until ktls_hs_free().
 */
KTLS_API const void *ktls_hs_rest(const struct ktls_hs *hs, size_t *len);

/* Whether a direction's application keys can be taken. The two become ready separately. */
KTLS_API bool ktls_hs_ready(const struct ktls_hs *hs, enum ktls_dir dir);

/*
 * Once for each direction; keys is then the caller's to wipe. -EAGAIN before it
 * is ready, -EALREADY the second time.
 */
KTLS_API KTLS_CHECKED int ktls_hs_take_keys(struct ktls_hs *hs, enum ktls_dir dir,
    struct ktls_keys *keys);

/* Facts about the peer; valid until ktls_hs_free(). */
KTLS_API const char *ktls_hs_alpn(const struct ktls_hs *hs);		/* or NULL */
KTLS_API const char *ktls_hs_server_name(const struct ktls_hs *hs);	/* or NULL */
KTLS_API uint16_t ktls_hs_version(const struct ktls_hs *hs);		/* 0 before it is agreed */
KTLS_API enum ktls_cipher ktls_hs_cipher(const struct ktls_hs *hs);
/* IANA's number, 0 before it is agreed */
KTLS_API uint16_t ktls_hs_group(const struct ktls_hs *hs);
/* of the server's CertificateVerify */
KTLS_API uint16_t ktls_hs_signature_scheme(const struct ktls_hs *hs);
/*
 * The most plaintext that one record to the peer may carry: 16384, or less
 * where it sent record_size_limit (RFC 8449; in TLS 1.3 the limit less the type's byte).
 */
KTLS_API uint16_t ktls_hs_tx_limit(const struct ktls_hs *hs);
/* The record_size_limit that binds the peer, for ktls_record_set_limit(); 0: none was agreed. */
KTLS_API uint16_t ktls_hs_rx_limit(const struct ktls_hs *hs);

/* Where and why it failed: for programs, and as one line: "EncryptedExtensions: ..." */
KTLS_API enum ktls_reason ktls_hs_reason(const struct ktls_hs *hs);
/* valid until ktls_hs_free() */
KTLS_API const char *ktls_hs_reason_text(const struct ktls_hs *hs);

#ifdef __cplusplus
}
#endif
#endif
