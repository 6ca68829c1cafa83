/* SPDX-License-Identifier: MIT */
#include "handshake/machine.h"

/* RFC 5246 7.3, row by row. What stands before the version is known is hs13_table.c's too. */
#define TABLE(name, role, rows)	{ name, role, rows, sizeof(rows) / sizeof(*(rows)) }

/* clang-format off */
static const struct hs_row client[] = {
	/* in state                on message              by                                   then one of                                                                                and */
	{ ST_START,                MT_CLIENT_HELLO,        SEND(client_hello_send),             NEXT(ST_WAIT_SH),                                                                          NULL },
	{ ST_WAIT_SH,              MT_SERVER_HELLO_12,     RECV(hs12_server_hello_recv),        NEXT(ST12_WAIT_CERT) | NEXT(ST12_WAIT_NST) | NEXT(ST12_WAIT_CCS),                          hs12_keys_resume },
	{ ST12_WAIT_CERT,          MT_CERTIFICATE,         RECV(hs12_certificate_recv),         NEXT(ST12_WAIT_VERIFIED),                                                                  NULL },
	{ ST12_WAIT_VERIFIED,      MT_VERIFIED,            RECV(hs12_certificate_verified),     NEXT(ST12_WAIT_SKE),                                                                       NULL },
	{ ST12_WAIT_SKE,           MT_SERVER_KEY_EXCHANGE, RECV(hs12_server_key_exchange_recv), NEXT(ST12_WAIT_CR_SHD),                                                                    NULL },
	{ ST12_WAIT_CR_SHD,        MT_CERTIFICATE_REQUEST, RECV(hs12_certificate_request_recv), NEXT(ST12_WAIT_SHD),                                                                       NULL },
	{ ST12_WAIT_CR_SHD,        MT_SERVER_HELLO_DONE,   RECV(hs12_server_hello_done_recv),   NEXT(ST12_SEND_CKE),                                                                       NULL },
	{ ST12_WAIT_SHD,           MT_SERVER_HELLO_DONE,   RECV(hs12_server_hello_done_recv),   NEXT(ST12_WAIT_IDENTITY),                                                                  NULL },
	{ ST12_WAIT_IDENTITY,      MT_IDENTITY,            RECV(hs12_client_identity),          NEXT(ST12_SEND_CERT),                                                                      NULL },
	{ ST12_SEND_CERT,          MT_CERTIFICATE,         SEND(hs12_certificate_send),         NEXT(ST12_SEND_CKE) | NEXT(ST12_SEND_CKE_CV),                                              NULL },
	{ ST12_SEND_CKE,           MT_CLIENT_KEY_EXCHANGE, SEND(hs12_client_key_exchange_send), NEXT(ST12_SEND_CCS),                                                                       hs12_keys_master },
	{ ST12_SEND_CKE_CV,        MT_CLIENT_KEY_EXCHANGE, SEND(hs12_client_key_exchange_send), NEXT(ST12_WAIT_SIGNED),                                                                    hs12_keys_master },
	{ ST12_WAIT_SIGNED,        MT_SIGNED,              RECV(hs12_signed),                   NEXT(ST12_SEND_CV),                                                                        NULL },
	{ ST12_SEND_CV,            MT_CERTIFICATE_VERIFY,  SEND(hs12_certificate_verify_send),  NEXT(ST12_SEND_CCS),                                                                       NULL },
	{ ST12_SEND_CCS,           MT_CHANGE_CIPHER_SPEC,  SEND(hs12_change_cipher_spec_send),  NEXT(ST12_SEND_FINISHED),                                                                  hs12_keys_write },
	{ ST12_SEND_FINISHED,      MT_FINISHED,            SEND(hs12_finished_send),            NEXT(ST12_WAIT_LAST_NST) | NEXT(ST12_WAIT_LAST_CCS),                                       hs12_keys_finished },
	{ ST12_WAIT_LAST_NST,      MT_NEW_SESSION_TICKET,  RECV(hs12_new_session_ticket_recv),  NEXT(ST12_WAIT_LAST_CCS),                                                                  NULL },
	{ ST12_WAIT_LAST_CCS,      MT_CHANGE_CIPHER_SPEC,  RECV(hs12_change_cipher_spec_recv),  NEXT(ST12_WAIT_LAST_FINISHED),                                                             hs12_keys_read },
	{ ST12_WAIT_LAST_FINISHED, MT_FINISHED,            RECV(hs12_finished_recv),            NEXT(ST12_WAIT_KEPT) | NEXT(ST_CONNECTED),                                                 hs12_keys_finished },
	{ ST12_WAIT_NST,           MT_NEW_SESSION_TICKET,  RECV(hs12_new_session_ticket_recv),  NEXT(ST12_WAIT_CCS),                                                                       NULL },
	{ ST12_WAIT_CCS,           MT_CHANGE_CIPHER_SPEC,  RECV(hs12_change_cipher_spec_recv),  NEXT(ST12_WAIT_FINISHED),                                                                  hs12_keys_read },
	{ ST12_WAIT_FINISHED,      MT_FINISHED,            RECV(hs12_finished_recv),            NEXT(ST12_SEND_LAST_CCS),                                                                  hs12_keys_finished },
	{ ST12_SEND_LAST_CCS,      MT_CHANGE_CIPHER_SPEC,  SEND(hs12_change_cipher_spec_send),  NEXT(ST12_SEND_LAST_FINISHED),                                                             hs12_keys_write },
	{ ST12_SEND_LAST_FINISHED, MT_FINISHED,            SEND(hs12_finished_send),            NEXT(ST12_WAIT_KEPT) | NEXT(ST_CONNECTED),                                                 hs12_keys_finished },
	{ ST12_WAIT_KEPT,          MT_SESSION_PUT,         RECV(hs12_session_kept),             NEXT(ST_CONNECTED),                                                                        hs12_keys_finished },
};

static const struct hs_row server[] = {
	{ ST_START,                MT_CLIENT_HELLO,        RECV(client_hello_recv),             NEXT(ST_RECVD_CH),                                                                         NULL },
	{ ST_RECVD_CH,             MT_CONFIG,              RECV(client_hello_configured),       NEXT(ST12_WAIT_SESSION) | NEXT(ST12_WAIT_IDENTITY),                                        NULL },
	{ ST12_WAIT_SESSION,       MT_TICKET_OPENED,       RECV(hs12_session_found),            NEXT(ST12_SEND_SH) | NEXT(ST12_WAIT_IDENTITY),                                             NULL },
	{ ST12_WAIT_SESSION,       MT_SESSION_GOT,         RECV(hs12_session_found),            NEXT(ST12_SEND_SH) | NEXT(ST12_WAIT_IDENTITY),                                             NULL },
	{ ST12_WAIT_IDENTITY,      MT_IDENTITY,            RECV(hs12_server_identity),          NEXT(ST12_SEND_SH),                                                                        NULL },
	{ ST12_SEND_SH,            MT_SERVER_HELLO_12,     SEND(hs12_server_hello_send),        NEXT(ST12_SEND_CERT) | NEXT(ST12_WAIT_SEALED) | NEXT(ST12_SEND_NST) | NEXT(ST12_SEND_CCS), NULL },
	{ ST12_SEND_CERT,          MT_CERTIFICATE,         SEND(hs12_certificate_send),         NEXT(ST12_WAIT_SIGNED),                                                                    NULL },
	{ ST12_WAIT_SIGNED,        MT_SIGNED,              RECV(hs12_signed),                   NEXT(ST12_SEND_SKE),                                                                       NULL },
	{ ST12_SEND_SKE,           MT_SERVER_KEY_EXCHANGE, SEND(hs12_server_key_exchange_send), NEXT(ST12_SEND_CR) | NEXT(ST12_SEND_SHD),                                                  NULL },
	{ ST12_SEND_CR,            MT_CERTIFICATE_REQUEST, SEND(hs12_certificate_request_send), NEXT(ST12_SEND_SHD_CERT),                                                                  NULL },
	{ ST12_SEND_SHD,           MT_SERVER_HELLO_DONE,   SEND(hs12_server_hello_done_send),   NEXT(ST12_WAIT_CKE),                                                                       NULL },
	{ ST12_SEND_SHD_CERT,      MT_SERVER_HELLO_DONE,   SEND(hs12_server_hello_done_send),   NEXT(ST12_WAIT_CERT),                                                                      NULL },
	{ ST12_WAIT_CERT,          MT_CERTIFICATE,         RECV(hs12_certificate_recv),         NEXT(ST12_WAIT_VERIFIED) | NEXT(ST12_WAIT_CKE),                                            NULL },
	{ ST12_WAIT_VERIFIED,      MT_VERIFIED,            RECV(hs12_certificate_verified),     NEXT(ST12_WAIT_CKE_CV),                                                                    NULL },
	{ ST12_WAIT_CKE,           MT_CLIENT_KEY_EXCHANGE, RECV(hs12_client_key_exchange_recv), NEXT(ST12_WAIT_CCS),                                                                       hs12_keys_master },
	{ ST12_WAIT_CKE_CV,        MT_CLIENT_KEY_EXCHANGE, RECV(hs12_client_key_exchange_recv), NEXT(ST12_WAIT_CV),                                                                        hs12_keys_master },
	{ ST12_WAIT_CV,            MT_CERTIFICATE_VERIFY,  RECV(hs12_certificate_verify_recv),  NEXT(ST12_WAIT_CCS),                                                                       NULL },
	{ ST12_WAIT_CCS,           MT_CHANGE_CIPHER_SPEC,  RECV(hs12_change_cipher_spec_recv),  NEXT(ST12_WAIT_FINISHED),                                                                  hs12_keys_read },
	{ ST12_WAIT_FINISHED,      MT_FINISHED,            RECV(hs12_finished_recv),            NEXT(ST12_WAIT_LAST_SEALED) | NEXT(ST12_SEND_LAST_NST) | NEXT(ST12_SEND_LAST_CCS),         hs12_keys_finished },
	{ ST12_WAIT_LAST_SEALED,   MT_TICKET_SEALED,       RECV(hs12_ticket_sealed),            NEXT(ST12_SEND_LAST_NST),                                                                  NULL },
	{ ST12_SEND_LAST_NST,      MT_NEW_SESSION_TICKET,  SEND(hs12_new_session_ticket_send),  NEXT(ST12_SEND_LAST_CCS),                                                                  NULL },
	{ ST12_SEND_LAST_CCS,      MT_CHANGE_CIPHER_SPEC,  SEND(hs12_change_cipher_spec_send),  NEXT(ST12_SEND_LAST_FINISHED),                                                             hs12_keys_write },
	{ ST12_SEND_LAST_FINISHED, MT_FINISHED,            SEND(hs12_finished_send),            NEXT(ST12_WAIT_KEPT) | NEXT(ST_CONNECTED),                                                 hs12_keys_finished },
	{ ST12_WAIT_KEPT,          MT_SESSION_PUT,         RECV(hs12_session_kept),             NEXT(ST_CONNECTED),                                                                        hs12_keys_finished },
	{ ST12_WAIT_SEALED,        MT_TICKET_SEALED,       RECV(hs12_ticket_sealed),            NEXT(ST12_SEND_NST),                                                                       NULL },
	{ ST12_SEND_NST,           MT_NEW_SESSION_TICKET,  SEND(hs12_new_session_ticket_send),  NEXT(ST12_SEND_CCS),                                                                       NULL },
	{ ST12_SEND_CCS,           MT_CHANGE_CIPHER_SPEC,  SEND(hs12_change_cipher_spec_send),  NEXT(ST12_SEND_FINISHED),                                                                  hs12_keys_write },
	{ ST12_SEND_FINISHED,      MT_FINISHED,            SEND(hs12_finished_send),            NEXT(ST12_WAIT_LAST_CCS),                                                                  hs12_keys_finished },
	{ ST12_WAIT_LAST_CCS,      MT_CHANGE_CIPHER_SPEC,  RECV(hs12_change_cipher_spec_recv),  NEXT(ST12_WAIT_LAST_FINISHED),                                                             hs12_keys_read },
	{ ST12_WAIT_LAST_FINISHED, MT_FINISHED,            RECV(hs12_finished_recv),            NEXT(ST_CONNECTED),                                                                        hs12_keys_finished },
};
/* clang-format on */

const struct hs_table hs12_client_table = TABLE("client, TLS 1.2", KTLS_CLIENT, client);
const struct hs_table hs12_server_table = TABLE("server, TLS 1.2", KTLS_SERVER, server);
