/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_MACHINE_H
#define HANDSHAKE_MACHINE_H

#include <ktls/handshake.h>
#include <ktls/record.h>
#include "config/config.h"
#include "crypto/group.h"
#include "crypto/signature.h"
#include "handshake/extension.h"
#include "handshake/flight.h"
#include "handshake/input.h"
#include "handshake/question.h"
#include "handshake/resumption.h"
#include "handshake/suite.h"
#include "schedule/schedule12.h"
#include "schedule/schedule13.h"
#include "schedule/transcript.h"

/*
 * RFC 8446 appendix A; ST12_*: RFC 5246 7.3 and RFC 5077 3.1. Where its drawing sends
 * several messages between two states, SEND_* names the places in between; what waits
 * for an answer of our own side (question.c) is named by the answer.
 */
enum hs_state {
	ST_START,
	/* client */
	ST_WAIT_SH, ST_WAIT_EE, ST_WAIT_CERT_CR,
	/* server */
	ST_RECVD_CH, ST_SEND_HRR, ST_WAIT_PSK, ST_NEGOTIATED, ST_SEND_EE, ST_SEND_CR,
	ST_WAIT_SEALED, ST_SEND_TICKET,
	/* both */
	ST_WAIT_CERT, ST_WAIT_VERIFIED, ST_WAIT_CV, ST_WAIT_FINISHED,
	ST_WAIT_IDENTITY, ST_SEND_CERT, ST_WAIT_SIGNED, ST_SEND_CV, ST_SEND_FINISHED,
	ST_CONNECTED,
	/* TLS 1.2, client */
	ST12_WAIT_SKE, ST12_WAIT_CR_SHD, ST12_WAIT_SHD, ST12_SEND_CKE, ST12_SEND_CKE_CV,
	ST12_WAIT_NST, ST12_WAIT_LAST_NST,
	/* TLS 1.2, server */
	ST12_WAIT_SESSION, ST12_SEND_SH, ST12_SEND_SKE, ST12_SEND_CR, ST12_SEND_SHD,
	ST12_SEND_SHD_CERT,
	ST12_WAIT_CKE, ST12_WAIT_CKE_CV, ST12_WAIT_SEALED, ST12_WAIT_LAST_SEALED, ST12_SEND_NST,
	ST12_SEND_LAST_NST,
	/* TLS 1.2, both; LAST_*: the other side's Finished has been there */
	ST12_WAIT_IDENTITY, ST12_WAIT_CERT, ST12_WAIT_VERIFIED, ST12_SEND_CERT, ST12_WAIT_SIGNED,
	ST12_SEND_CV, ST12_WAIT_CV,
	ST12_SEND_CCS, ST12_SEND_FINISHED, ST12_WAIT_CCS, ST12_WAIT_FINISHED,
	ST12_SEND_LAST_CCS, ST12_SEND_LAST_FINISHED, ST12_WAIT_LAST_CCS, ST12_WAIT_LAST_FINISHED,
	ST12_WAIT_KEPT,
	ST_COUNT,
};
#define NEXT(st)	(UINT64_C(1) << (st))
_Static_assert(ST_COUNT <= 64, "NEXT() has a bit for each state");

/*
 * RFC 8446 section 4 and RFC 5246 7.4. Above 0xff: what on the wire is a ServerHello
 * but means something else, a change_cipher_spec of TLS 1.2, and what the answers to
 * our own questions arrive as.
 */
enum {
	MT_HELLO_REQUEST = 0, MT_CLIENT_HELLO = 1, MT_SERVER_HELLO = 2,
	MT_NEW_SESSION_TICKET = 4, MT_END_OF_EARLY_DATA = 5, MT_ENCRYPTED_EXTENSIONS = 8,
	MT_CERTIFICATE = 11, MT_SERVER_KEY_EXCHANGE = 12, MT_CERTIFICATE_REQUEST = 13,
	MT_SERVER_HELLO_DONE = 14, MT_CERTIFICATE_VERIFY = 15, MT_CLIENT_KEY_EXCHANGE = 16,
	MT_FINISHED = 20,
	MT_HELLO_RETRY_REQUEST = 0x102, MT_SERVER_HELLO_12 = 0x103,
	MT_CHANGE_CIPHER_SPEC = 0x114,
	MT_CONFIG = 0x200, MT_IDENTITY, MT_SIGNED, MT_VERIFIED,
	MT_TICKET_OPENED, MT_TICKET_SEALED, MT_SESSION_GOT, MT_SESSION_PUT,
};
/* Whether it has a message header on the wire, and a place in the transcript. */
#define MT_ON_WIRE(msg)	\
	((msg) <= 0xff || (msg) == MT_HELLO_RETRY_REQUEST || (msg) == MT_SERVER_HELLO_12)

#define MESSAGE_HEADER		4
#define MESSAGE_MAX		65536	/* bytes of a message's body */
#define SERVER_HELLO_MAX	32768	/* its cookie is then held three times */
#define SESSION_ID_MAX		32
#define SERVER_NAME_MAX		255	/* RFC 1035 2.3.4 */
#define RECORD_LIMIT_MIN	64			/* RFC 8449 section 4 */

/* One handshake: milliseconds of life, one allocation and what hangs on it, all of it wiped. */
struct ktls_hs {
	struct ktls_config *cfg;	/* a reference */
	struct ktls_crypto *crypto;	/* cfg's */
	enum ktls_role role;
	enum hs_state state;

	/* Bytes in, bytes out. */
	struct input in;
	struct flight out;
	struct ktls_record *rec[KTLS_DIRS];	/* NULL: plaintext */
	bool exact;			/* the user's wish */
	bool window;			/* the peer may send under application keys */
	bool compat;			/* middlebox compatibility mode, RFC 8446 D.4 */
	bool ccs_sent;

	/* The hellos. */
	struct kept_hello *hello;	/* server: the ClientHello, until it is answered */
	uint8_t client_random[RANDOM_LEN], server_random[RANDOM_LEN];
	uint8_t session_id[SESSION_ID_MAX];	/* legacy_session_id, echoed */
	size_t session_id_len;
	uint32_t offered;		/* EXT_BIT() of our ClientHello */
	uint32_t answer;		/* EXT_BIT() of the ClientHello, to be answered */
	uint16_t grease[5];		/* client: GREASE_COUNT values, the same in both hellos */
	bool ems;			/* TLS 1.2: extended_master_secret was agreed */
	bool finished;			/* TLS 1.2: there was a Finished, and this is it */
	uint8_t first_finished[VERIFY_DATA_LEN];
	bool ticket_due;		/* TLS 1.2: a NewSessionTicket was promised */
	bool retried;			/* a HelloRetryRequest was sent or received */
	uint8_t *cookie;		/* of a HelloRetryRequest, to be echoed */
	size_t cookie_len;
	uint16_t retry_group;		/* server: whose share it asks for; 0: none */
	uint8_t hello_digest[32];	/* of what a second ClientHello must repeat */
	const struct suite *suite;	/* NULL until chosen */
	uint16_t group, version;
	uint16_t scheme, peer_scheme;	/* the one that we sign under; the peer's */
	EVP_PKEY *share_key;		/* client: of the share that we sent */
	/* client: what we sent; server: what the client sent; TLS 1.2: what the server sent */
	uint8_t share[GROUP_SHARE_MAX];
	size_t share_len;
	char server_name[SERVER_NAME_MAX + 1];	/* "": none */
	char verify_name[SERVER_NAME_MAX + 1];
	uint16_t port;			/* client: the server's */
	const char *alpn;		/* one of cfg's, or NULL */
	/* RFC 8449: of what we send, with the type; 0: the peer has set none */
	uint16_t peer_limit;		/* RFC 8449: of what we send, with the type; 0: none */
	uint16_t our_limit;		/* of what we receive; 0: none was agreed */

	/* Authentication. */
	struct questions questions;
	int identity;			/* of ours, that is shown; -1: none */
	/* the peer's, each certificate behind its length in 3 bytes */
	uint8_t *peer_chain;
	size_t peer_chain_len;
	struct peer peer;		/* its leaf's key, and how it was judged */
	uint8_t signature[SIGNATURE_MAX];	/* our own */
	size_t signature_len;
	bool certificate_requested;	/* by the server, of the client */
	struct identity_wanted wanted;	/* client: what the CertificateRequest asks for */
	uint8_t *wanted_data;		/* in which its slices lie */

	/* Resumption. */
	struct resumption resume;
	bool takes_tickets;		/* server: the client does */

	/* Secrets. */
	struct transcript transcript;
	struct schedule13 schedule;
	struct schedule12 schedule12;	/* until the end: what is exported comes of it */
	/* of the key exchange; until the handshake keys are made */
	uint8_t shared[GROUP_SECRET_MAX];
	size_t shared_len;
	/* handshake traffic secrets; until both Finished */
	uint8_t hs_secret[KTLS_DIRS][HASH_LEN_MAX];
	/* application traffic secrets; until taken */
	uint8_t app_secret[KTLS_DIRS][HASH_LEN_MAX];
	struct ktls_keys app_keys[KTLS_DIRS];	/* of those, or of the key block; until taken */
	/* up to the server's Finished: exporters are of it */
	uint8_t finished_hash[HASH_LEN_MAX];
	bool derived, keys_taken[KTLS_DIRS], secrets_taken;

	/* The end. */
	int err;			/* the first failure */
	unsigned at;			/* the message under work, 0: a record */
	char why[200];			/* what a handler has to say about it, or "" */
	char reason[280];
};

/*
 * A row: in this state, this message is received or sent by this function, which
 * leaves one of these states; when the transcript has it, `after` changes the keys.
 * An optional message is a second row.
 */
typedef int hs_recv_fn(struct ktls_hs *hs, struct slice body);
typedef int hs_send_fn(struct ktls_hs *hs, struct writer *w);
typedef int hs_after_fn(struct ktls_hs *hs);

struct hs_row {
	enum hs_state state;
	unsigned msg;
	hs_recv_fn *recv;
	hs_send_fn *send;
	uint64_t next;		/* NEXT() of every state that may be left behind */
	hs_after_fn *after;	/* or NULL */
};
#define RECV(f)	(f), NULL
#define SEND(f)	NULL, (f)

/*
 * The rows of a role and version (hs13_table.c, hs12_table.c). What stands before the
 * version is known stands in both.
 */
struct hs_table {
	const char *name;	/* "client, TLS 1.3" */
	enum ktls_role role;
	const struct hs_row *rows;
	size_t count;
};
extern const struct hs_table hs13_client_table, hs13_server_table;
extern const struct hs_table hs12_client_table, hs12_server_table;

/* Those of a role, ended by NULL. */
const struct hs_table *const *machine_tables(enum ktls_role role);
const char *machine_state_name(enum hs_state state);
const char *machine_message_name(unsigned msg);

/*
 * A message has arrived: whole has its header where it came from the wire; the
 * answer to a question of ours has none. Only the transcript outlives whole.
 */
KTLS_CHECKED int machine_dispatch(struct ktls_hs *hs, unsigned msg, struct slice whole);

/* Asks, sends, until the peer's turn or an open question; what was sent then stands in records. */
KTLS_CHECKED int machine_run(struct ktls_hs *hs);

/* Whether the message must be the last of its record, RFC 8446 5.1. */
bool machine_ends_record(unsigned msg);

/* Another config serves from now on: takes the caller's reference where it returns 0 (engine.c). */
KTLS_CHECKED int machine_use_config(struct ktls_hs *hs, struct ktls_config *cfg);

/* What is to be signed at this place, OPENSSL_free() it (hs13_certificate_verify.c). */
KTLS_CHECKED int machine_signed_content(struct ktls_hs *hs, uint8_t **content, size_t *len);

/* What a CertificateVerify signs, RFC 8446 4.4.3: by the role that signs. */
#define SIGNED_CONTENT_MAX	(64 + 33 + 1 + HASH_LEN_MAX)
KTLS_CHECKED int hs13_signed_content(struct ktls_hs *hs, enum ktls_role signer,
    uint8_t content[SIGNED_CONTENT_MAX], size_t *len);

/* TLS 1.2: a server signs its share, a client all messages; OPENSSL_free() the content. */
KTLS_CHECKED int hs12_signed_params(struct ktls_hs *hs, uint8_t **content, size_t *len);
KTLS_CHECKED int hs12_signed_messages(struct ktls_hs *hs, uint8_t **content, size_t *len);

/* Whether we have told the peer that we take signatures under it (chain.c). */
bool scheme_offered(const struct ktls_hs *hs, uint16_t scheme);
/* Our own signature, kept (chain.c). */
KTLS_CHECKED int signature_keep(struct ktls_hs *hs, struct slice signature);
/* The peer's chain, kept: each certificate behind its length in 3 bytes (chain.c). */
KTLS_CHECKED int chain_keep(struct ktls_hs *hs, const struct slice *certs, size_t count);
/* The certificates of it, CONFIG_PEER_CHAIN_MAX at most; returns how many. */
size_t chain_split(const struct ktls_hs *hs, struct slice certs[CONFIG_PEER_CHAIN_MAX]);
/* A client keeps what the CertificateRequest asks for, until it shows who it is. */
KTLS_CHECKED int certificate_wanted_keep(struct ktls_hs *hs, struct slice schemes,
    struct slice schemes_cert, struct slice authorities);

/* Ends the handshake with err, unless it has failed before: alert, reason (fail.c). */
void fail_with(struct ktls_hs *hs, int err);
/* The peer's alert record: 0 for what may be ignored. */
KTLS_CHECKED int fail_peer_alert(struct ktls_hs *hs, struct slice body);
/* -ENOMEM, for an OPENSSL_malloc() that gave NULL; what it left in libcrypto's queue is dropped. */
int fail_memory(void);
/* KTLS_REFUSED(reason), with a sentence of its own. */
#define PRINTF_LIKE(fmt, args)	__attribute__((format(printf, fmt, args)))
PRINTF_LIKE(3, 4)
int fail_refuse(struct ktls_hs *hs, enum ktls_reason reason, const char *fmt, ...);

/*
 * How many tickets a TLS 1.3 server gives; the next one to be sealed (hs13_new_session_ticket.c).
 */
unsigned hs13_tickets_due(const struct ktls_hs *hs);
KTLS_CHECKED int hs13_ticket_make(struct ktls_hs *hs);

/* One line of the NSS key log, where one was asked for (keylog.c); TLS 1.2: CLIENT_RANDOM. */
void keylog_secret(struct ktls_hs *hs, const char *label, const uint8_t *secret);
void keylog_master(struct ktls_hs *hs);

/* Key changes (hs13_keys.c), named as appendix A's margin. */
hs_after_fn hs13_keys_handshake;
hs_after_fn hs13_keys_application;
hs_after_fn hs13_keys_done;
hs_after_fn hs13_keys_resumption;
hs_after_fn hs13_keys_ticket;
/* exporter_secret, once the application keys are made. */
KTLS_CHECKED int hs13_exporter_secret(const struct ktls_hs *hs, uint8_t out[HASH_LEN_MAX]);

/*
 * And hs12_keys.c: behind ClientKeyExchange or a ServerHello that resumes, each
 * change_cipher_spec, each Finished.
 */
hs_after_fn hs12_keys_master;
hs_after_fn hs12_keys_resume;
hs_after_fn hs12_keys_write;
hs_after_fn hs12_keys_read;
hs_after_fn hs12_keys_finished;

/* One a message, each in the file of its name. */
hs_send_fn client_hello_send;
hs_recv_fn client_hello_recv;
hs_recv_fn client_hello_configured;
hs_recv_fn hs13_server_identity;
hs_recv_fn hs13_client_identity;
hs_send_fn hs13_hello_retry_request_send;
hs_recv_fn hs13_hello_retry_request_recv;
hs_send_fn hs13_server_hello_send;
hs_recv_fn hs13_server_hello_recv;
hs_send_fn hs13_encrypted_extensions_send;
hs_recv_fn hs13_encrypted_extensions_recv;
hs_send_fn hs13_certificate_request_send;
hs_recv_fn hs13_certificate_request_recv;
hs_send_fn hs13_certificate_send;
hs_recv_fn hs13_certificate_recv;
hs_recv_fn hs13_certificate_verified;
hs_recv_fn hs13_certificate_signed;
hs_send_fn hs13_certificate_verify_send;
hs_recv_fn hs13_certificate_verify_recv;
hs_send_fn hs13_finished_send;
hs_recv_fn hs13_finished_recv;
hs_recv_fn client_session_got;
hs_recv_fn hs13_ticket_opened;
hs_recv_fn hs13_ticket_sealed;
hs_send_fn hs13_new_session_ticket_send;

hs_recv_fn hs12_server_identity;
hs_recv_fn hs12_client_identity;
hs_send_fn hs12_server_hello_send;
hs_recv_fn hs12_server_hello_recv;
hs_send_fn hs12_certificate_send;
hs_recv_fn hs12_certificate_recv;
hs_recv_fn hs12_certificate_verified;
hs_recv_fn hs12_signed;
hs_send_fn hs12_server_key_exchange_send;
hs_recv_fn hs12_server_key_exchange_recv;
hs_send_fn hs12_certificate_request_send;
hs_recv_fn hs12_certificate_request_recv;
hs_send_fn hs12_server_hello_done_send;
hs_recv_fn hs12_server_hello_done_recv;
hs_send_fn hs12_client_key_exchange_send;
hs_recv_fn hs12_client_key_exchange_recv;
hs_send_fn hs12_certificate_verify_send;
hs_recv_fn hs12_certificate_verify_recv;
hs_recv_fn hs12_session_found;
hs_recv_fn hs12_session_kept;
hs_recv_fn hs12_ticket_sealed;
hs_send_fn hs12_new_session_ticket_send;
hs_recv_fn hs12_new_session_ticket_recv;
hs_send_fn hs12_change_cipher_spec_send;
hs_recv_fn hs12_change_cipher_spec_recv;
hs_send_fn hs12_finished_send;
hs_recv_fn hs12_finished_recv;

/* The same ServerHello, if its random says so (hs13_hello_retry_request.c). */
bool hs13_is_hello_retry_request(struct slice body);
extern const uint8_t hs13_retry_random[RANDOM_LEN];

#endif
