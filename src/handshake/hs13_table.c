/* SPDX-License-Identifier: MIT */
#include "handshake/machine.h"

/* RFC 8446 appendix A, row by row. */
#define TABLE(name, role, rows)	{ name, role, rows, sizeof(rows) / sizeof(*(rows)) }

/* clang-format off */
/* A.1 */
static const struct hs_row client[] = {
	/* in state          on message                by                                   then one of                                     and */
	{ ST_START,         MT_SESSION_GOT,          RECV(client_session_got),             NEXT(ST_START),                                 NULL },
	{ ST_START,         MT_CLIENT_HELLO,         SEND(client_hello_send),              NEXT(ST_WAIT_SH),                               NULL },
	{ ST_WAIT_SH,       MT_HELLO_RETRY_REQUEST,  RECV(hs13_hello_retry_request_recv),  NEXT(ST_START),                                 NULL },
	{ ST_WAIT_SH,       MT_SERVER_HELLO,         RECV(hs13_server_hello_recv),         NEXT(ST_WAIT_EE),                               hs13_keys_handshake },
	{ ST_WAIT_EE,       MT_ENCRYPTED_EXTENSIONS, RECV(hs13_encrypted_extensions_recv), NEXT(ST_WAIT_CERT_CR) | NEXT(ST_WAIT_FINISHED), NULL },
	{ ST_WAIT_CERT_CR,  MT_CERTIFICATE_REQUEST,  RECV(hs13_certificate_request_recv),  NEXT(ST_WAIT_CERT),                             NULL },
	{ ST_WAIT_CERT_CR,  MT_CERTIFICATE,          RECV(hs13_certificate_recv),          NEXT(ST_WAIT_VERIFIED),                         NULL },
	{ ST_WAIT_CERT,     MT_CERTIFICATE,          RECV(hs13_certificate_recv),          NEXT(ST_WAIT_VERIFIED),                         NULL },
	{ ST_WAIT_VERIFIED, MT_VERIFIED,             RECV(hs13_certificate_verified),      NEXT(ST_WAIT_CV),                               NULL },
	{ ST_WAIT_CV,       MT_CERTIFICATE_VERIFY,   RECV(hs13_certificate_verify_recv),   NEXT(ST_WAIT_FINISHED),                         NULL },
	{ ST_WAIT_FINISHED, MT_FINISHED,             RECV(hs13_finished_recv),             NEXT(ST_WAIT_IDENTITY) | NEXT(ST_SEND_FINISHED), hs13_keys_application },
	{ ST_WAIT_IDENTITY, MT_IDENTITY,             RECV(hs13_client_identity),           NEXT(ST_SEND_CERT),                             NULL },
	{ ST_SEND_CERT,     MT_CERTIFICATE,          SEND(hs13_certificate_send),          NEXT(ST_WAIT_SIGNED) | NEXT(ST_SEND_FINISHED),  NULL },
	{ ST_WAIT_SIGNED,   MT_SIGNED,               RECV(hs13_certificate_signed),        NEXT(ST_SEND_CV),                               NULL },
	{ ST_SEND_CV,       MT_CERTIFICATE_VERIFY,   SEND(hs13_certificate_verify_send),   NEXT(ST_SEND_FINISHED),                         NULL },
	{ ST_SEND_FINISHED, MT_FINISHED,             SEND(hs13_finished_send),             NEXT(ST_CONNECTED),                             hs13_keys_resumption },
};

/* A.2 */
static const struct hs_row server[] = {
	{ ST_START,         MT_CLIENT_HELLO,         RECV(client_hello_recv),              NEXT(ST_RECVD_CH),                              NULL },
	{ ST_RECVD_CH,      MT_CONFIG,               RECV(client_hello_configured),        NEXT(ST_SEND_HRR) | NEXT(ST_WAIT_PSK) | NEXT(ST_WAIT_IDENTITY), NULL },
	{ ST_SEND_HRR,      MT_HELLO_RETRY_REQUEST,  SEND(hs13_hello_retry_request_send),  NEXT(ST_START),                                 flight_ccs },
	{ ST_WAIT_PSK,      MT_TICKET_OPENED,        RECV(hs13_ticket_opened),             NEXT(ST_WAIT_PSK) | NEXT(ST_WAIT_IDENTITY) | NEXT(ST_NEGOTIATED), NULL },
	{ ST_WAIT_IDENTITY, MT_IDENTITY,             RECV(hs13_server_identity),           NEXT(ST_NEGOTIATED),                            NULL },
	{ ST_NEGOTIATED,    MT_SERVER_HELLO,         SEND(hs13_server_hello_send),         NEXT(ST_SEND_EE),                               hs13_keys_handshake },
	{ ST_SEND_EE,       MT_ENCRYPTED_EXTENSIONS, SEND(hs13_encrypted_extensions_send), NEXT(ST_SEND_CR) | NEXT(ST_SEND_CERT) | NEXT(ST_SEND_FINISHED), NULL },
	{ ST_SEND_CR,       MT_CERTIFICATE_REQUEST,  SEND(hs13_certificate_request_send),  NEXT(ST_SEND_CERT),                             NULL },
	{ ST_SEND_CERT,     MT_CERTIFICATE,          SEND(hs13_certificate_send),          NEXT(ST_WAIT_SIGNED),                           NULL },
	{ ST_WAIT_SIGNED,   MT_SIGNED,               RECV(hs13_certificate_signed),        NEXT(ST_SEND_CV),                               NULL },
	{ ST_SEND_CV,       MT_CERTIFICATE_VERIFY,   SEND(hs13_certificate_verify_send),   NEXT(ST_SEND_FINISHED),                         NULL },
	{ ST_SEND_FINISHED, MT_FINISHED,             SEND(hs13_finished_send),             NEXT(ST_WAIT_CERT) | NEXT(ST_WAIT_FINISHED),    hs13_keys_application },
	{ ST_WAIT_CERT,     MT_CERTIFICATE,          RECV(hs13_certificate_recv),          NEXT(ST_WAIT_VERIFIED) | NEXT(ST_WAIT_FINISHED), NULL },
	{ ST_WAIT_VERIFIED, MT_VERIFIED,             RECV(hs13_certificate_verified),      NEXT(ST_WAIT_CV),                               NULL },
	{ ST_WAIT_CV,       MT_CERTIFICATE_VERIFY,   RECV(hs13_certificate_verify_recv),   NEXT(ST_WAIT_FINISHED),                         NULL },
	{ ST_WAIT_FINISHED, MT_FINISHED,             RECV(hs13_finished_recv),             NEXT(ST_WAIT_SEALED) | NEXT(ST_CONNECTED),      hs13_keys_resumption },
	{ ST_WAIT_SEALED,   MT_TICKET_SEALED,        RECV(hs13_ticket_sealed),             NEXT(ST_SEND_TICKET) | NEXT(ST_CONNECTED),      hs13_keys_ticket },
	{ ST_SEND_TICKET,   MT_NEW_SESSION_TICKET,   SEND(hs13_new_session_ticket_send),   NEXT(ST_WAIT_SEALED) | NEXT(ST_CONNECTED),      hs13_keys_ticket },
};
/* clang-format on */

const struct hs_table hs13_client_table = TABLE("client, TLS 1.3", KTLS_CLIENT, client);
const struct hs_table hs13_server_table = TABLE("server, TLS 1.3", KTLS_SERVER, server);
