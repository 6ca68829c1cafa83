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
 * A TLS 1.2 or 1.3 handshake that does no I/O. The whole use of it:
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
	KTLS_HS_WAIT,		/* answer ktls_hs_question(); only where the config asks */
};

/* What one handshake adds to its config. The strings are copied. */
struct ktls_hs_params {
	/* client: SNI, a DNS name without a trailing dot; NULL: none is sent */
	const char *server_name;
	/* client: the DNS name or IP address that the certificate must have; NULL: server_name */
	const char *verify_name;
	/* client: the server's port; a session is offered to the name and port that gave it */
	uint16_t port;
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
 * Under which the peer has signed this time, a client that showed a certificate too; 0: it hasn't.
 */
KTLS_API uint16_t ktls_hs_peer_signature_scheme(const struct ktls_hs *hs);
/*
 * The most plaintext that one record to the peer may carry: 16384, or less
 * where it sent record_size_limit (RFC 8449; in TLS 1.3 the limit less the type's byte).
 */
KTLS_API uint16_t ktls_hs_tx_limit(const struct ktls_hs *hs);
/* The record_size_limit that binds the peer, for ktls_record_set_limit(); 0: none was agreed. */
KTLS_API uint16_t ktls_hs_rx_limit(const struct ktls_hs *hs);

/* Whether it resumed an earlier session: nobody has signed anything this time. */
KTLS_API bool ktls_hs_resumed(const struct ktls_hs *hs);
/*
 * The peer's chain as it sent it, DER, leaf first: certificate `index` of it, NULL behind
 * the last; a resumed session's too. Valid until ktls_hs_free().
 */
KTLS_API const void *ktls_hs_peer_chain(const struct ktls_hs *hs, size_t index, size_t *len);
/* Which of the config's identities we have shown; -1: none. */
KTLS_API int ktls_hs_identity(const struct ktls_hs *hs);

/*
 * Keying material for the application, once the handshake is done (RFC 8446 7.5; RFC
 * 5705 in TLS 1.2, where it needs the extended master secret: -EOPNOTSUPP without). In
 * TLS 1.2 context NULL differs from an empty one. out_len up to 8160, 255 hashes of SHA-256.
 * -EAGAIN before it is done; -EINVAL: a label that TLS 1.2 uses itself, or something too long.
 */
KTLS_API KTLS_CHECKED int ktls_hs_export(const struct ktls_hs *hs, const char *label,
    const void *context, size_t context_len, void *out, size_t out_len);

/*
 * The channel binding tls-unique of TLS 1.2 (RFC 5929 3), 12 bytes, valid until
 * ktls_hs_free(). NULL before the handshake is done, and where a session was resumed without
 * the extended master secret: it is not unique then (RFC 7627 1). In TLS 1.3
 * export "EXPORTER-Channel-Binding" (RFC 9266).
 */
KTLS_API const void *ktls_hs_tls_unique(const struct ktls_hs *hs, size_t *len);

/*
 * The one open question. Those that the config doesn't ask (ktls_config_ask()) never
 * are: the engine answers them itself.
 */
enum ktls_question_kind {
	/* The ClientHello was read: another config may serve it. ktls_hs_answer_config(). */
	KTLS_ASK_CONFIG,
	/*
	 * Which identity to show: ktls_hs_answer_identity(). A client is asked when it is
	 * requested one; `data` then has the names of the server's authorities, each a
	 * DistinguishedName behind its length in 2 bytes (RFC 8446 4.2.4), or nothing.
	 */
	KTLS_ASK_IDENTITY,
	/* Sign `data` under `scheme` with `identity`'s key: the answer is the signature. */
	KTLS_ASK_SIGNATURE,
	/* Judge the peer's chain, and its name: the answer is an error, 0 to accept it. */
	KTLS_ASK_VERIFY,
	/* Open the ticket `data`: the answer is what was sealed; none of it: not one of ours. */
	KTLS_ASK_TICKET_OPEN,
	/* Seal `data`: the answer is the ticket, 65,535 bytes at most; none: no ticket is given. */
	KTLS_ASK_TICKET_SEAL,
	/*
	 * The session kept under `key`; a client is to be given each TLS 1.3 one once. None: none.
	 */
	KTLS_ASK_SESSION_GET,
	/*
	 * Keep the session `data` under `key`, until `expires`. Any answer will do. A TLS 1.3
	 * client's tickets come after the handshake: hs is NULL then, and
	 * nothing is answered; without
	 * a function there is nobody to tell.
	 */
	KTLS_ASK_SESSION_PUT,
};
#define KTLS_ASK_COUNT	8

/* All pointers are valid until the answer. */
struct ktls_question {
	enum ktls_question_kind kind;
	const void *data;
	size_t data_len;
	const void *key;
	size_t key_len;
	uint16_t scheme;
	int identity;
	int64_t expires;		/* seconds since 1970 */
	bool once;			/* SESSION_PUT: to be given once, a TLS 1.3 ticket */
	/* CONFIG, IDENTITY: the client's, or NULL; VERIFY: the name, or NULL */
	const char *server_name;
	/* CONFIG, IDENTITY: the peer's, 2 bytes each (RFC 8446 4.2.3) */
	const uint8_t *schemes;
	size_t schemes_len;
	/* CONFIG: what the client offers, names joined by ','; or NULL */
	const char *alpn;
};

/* NULL where none is open. */
KTLS_API const struct ktls_question *ktls_hs_question(const struct ktls_hs *hs);

/*
 * The answer, from within the callback or later, by the thread that holds hs: err below 0
 * ends the handshake with it (KTLS_REFUSED() or -errno); data is copied. What doesn't
 * answer an open question of its kind is ignored. Freeing hs cancels the question.
 */
KTLS_API void ktls_hs_answer(struct ktls_hs *hs, int err, const void *data, size_t len);
/* cfg NULL: the one it has. Takes a reference. Callbacks of both may be asked afterwards. */
KTLS_API void ktls_hs_answer_config(struct ktls_hs *hs, struct ktls_config *cfg);
/*
 * -1: none; a client then shows none, a server refuses the client.
 * KTLS_IDENTITY_AUTO: the engine's choice.
 */
#define KTLS_IDENTITY_AUTO	(-2)
KTLS_API void ktls_hs_answer_identity(struct ktls_hs *hs, int identity);

/* Where and why it failed: for programs, and as one line: "EncryptedExtensions: ..." */
KTLS_API enum ktls_reason ktls_hs_reason(const struct ktls_hs *hs);
/* valid until ktls_hs_free() */
KTLS_API const char *ktls_hs_reason_text(const struct ktls_hs *hs);

#ifdef __cplusplus
}
#endif
#endif
