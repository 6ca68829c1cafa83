/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

#define RECV(f)	(f), NULL
#define SEND(f)	NULL, (f)

/* RFC 8446 A.1, row by row. */
/* clang-format off */
static const struct hs_row client13[] = {
	/* in state          on message                by                                   then one of                                 and */
	{ ST_START,         MT_CLIENT_HELLO,         SEND(hs13_client_hello_send),         NEXT(ST_WAIT_SH),                           NULL },
	{ ST_WAIT_SH,       MT_HELLO_RETRY_REQUEST,  RECV(hs13_hello_retry_request_recv),  NEXT(ST_START),                             NULL },
	{ ST_WAIT_SH,       MT_SERVER_HELLO,         RECV(hs13_server_hello_recv),         NEXT(ST_WAIT_EE),                           hs13_keys_handshake },
	{ ST_WAIT_EE,       MT_ENCRYPTED_EXTENSIONS, RECV(hs13_encrypted_extensions_recv), NEXT(ST_WAIT_CERT_CR),                      NULL },
	{ ST_WAIT_CERT_CR,  MT_CERTIFICATE_REQUEST,  RECV(hs13_certificate_request_recv),  NEXT(ST_WAIT_CERT),                         NULL },
	{ ST_WAIT_CERT_CR,  MT_CERTIFICATE,          RECV(hs13_certificate_recv),          NEXT(ST_WAIT_VERIFIED),                     NULL },
	{ ST_WAIT_CERT,     MT_CERTIFICATE,          RECV(hs13_certificate_recv),          NEXT(ST_WAIT_VERIFIED),                     NULL },
	{ ST_WAIT_VERIFIED, MT_VERIFIED,             RECV(hs13_certificate_verified),      NEXT(ST_WAIT_CV),                           NULL },
	{ ST_WAIT_CV,       MT_CERTIFICATE_VERIFY,   RECV(hs13_certificate_verify_recv),   NEXT(ST_WAIT_FINISHED),                     NULL },
	{ ST_WAIT_FINISHED, MT_FINISHED,             RECV(hs13_finished_recv),             NEXT(ST_SEND_CERT) | NEXT(ST_SEND_FINISHED), hs13_keys_application },
	{ ST_SEND_CERT,     MT_CERTIFICATE,          SEND(hs13_certificate_send),          NEXT(ST_SEND_FINISHED),                     NULL },
	{ ST_SEND_FINISHED, MT_FINISHED,             SEND(hs13_finished_send),             NEXT(ST_CONNECTED),                         hs13_keys_done },
};

/* RFC 8446 A.2. */
static const struct hs_row server13[] = {
	{ ST_START,         MT_CLIENT_HELLO,         RECV(hs13_client_hello_recv),         NEXT(ST_RECVD_CH) | NEXT(ST_NEGOTIATED),    NULL },
	{ ST_RECVD_CH,      MT_HELLO_RETRY_REQUEST,  SEND(hs13_hello_retry_request_send),  NEXT(ST_START),                             flight_ccs },
	{ ST_NEGOTIATED,    MT_SERVER_HELLO,         SEND(hs13_server_hello_send),         NEXT(ST_SEND_EE),                           hs13_keys_handshake },
	{ ST_SEND_EE,       MT_ENCRYPTED_EXTENSIONS, SEND(hs13_encrypted_extensions_send), NEXT(ST_SEND_CERT),                         NULL },
	{ ST_SEND_CERT,     MT_CERTIFICATE,          SEND(hs13_certificate_send),          NEXT(ST_WAIT_SIGNED),                       NULL },
	{ ST_WAIT_SIGNED,   MT_SIGNED,               RECV(hs13_certificate_signed),        NEXT(ST_SEND_CV),                           NULL },
	{ ST_SEND_CV,       MT_CERTIFICATE_VERIFY,   SEND(hs13_certificate_verify_send),   NEXT(ST_SEND_FINISHED),                     NULL },
	{ ST_SEND_FINISHED, MT_FINISHED,             SEND(hs13_finished_send),             NEXT(ST_WAIT_FINISHED),                     hs13_keys_application },
	{ ST_WAIT_FINISHED, MT_FINISHED,             RECV(hs13_finished_recv),             NEXT(ST_CONNECTED),                         hs13_keys_done },
};

static const char *const state_names[ST_COUNT] = {
	"START", "WAIT_SH", "WAIT_EE", "WAIT_CERT_CR", "WAIT_CERT", "WAIT_VERIFIED", "WAIT_CV",
	"RECVD_CH", "NEGOTIATED", "SEND_EE", "WAIT_SIGNED", "SEND_CV",
	"WAIT_FINISHED", "SEND_CERT", "SEND_FINISHED", "CONNECTED",
};

static const struct { unsigned msg; const char *name; } message_names[] = {
	{ MT_CLIENT_HELLO, "ClientHello" }, { MT_SERVER_HELLO, "ServerHello" },
	{ 4, "NewSessionTicket" }, { 5, "EndOfEarlyData" },
	{ MT_ENCRYPTED_EXTENSIONS, "EncryptedExtensions" }, { MT_CERTIFICATE, "Certificate" },
	{ 12, "ServerKeyExchange" }, { MT_CERTIFICATE_REQUEST, "CertificateRequest" },
	{ 14, "ServerHelloDone" }, { MT_CERTIFICATE_VERIFY, "CertificateVerify" },
	{ 16, "ClientKeyExchange" }, { MT_FINISHED, "Finished" }, { 24, "KeyUpdate" },
	{ MT_HELLO_RETRY_REQUEST, "HelloRetryRequest" },
	{ MT_VERIFIED, "Certificate" }, { MT_SIGNED, "CertificateVerify" },
};
/* clang-format on */
#define COUNT(table)	(sizeof(table) / sizeof(*(table)))

const struct hs_row *
machine_rows(enum ktls_role role, size_t *count)
{
	*count = role == KTLS_CLIENT ? COUNT(client13) : COUNT(server13);
	return role == KTLS_CLIENT ? client13 : server13;
}

const char *
machine_state_name(enum hs_state state)
{
	return (unsigned)state < ST_COUNT ? state_names[state] : "unknown state";
}

const char *
machine_message_name(unsigned msg)
{
	for (size_t i = 0; i < COUNT(message_names); i++)
		if (message_names[i].msg == msg)
			return message_names[i].name;
	return "unknown message";
}

/* Each of these is followed by new keys, or by a flight of the other side. */
bool
machine_ends_record(unsigned msg)
{
	return msg == MT_CLIENT_HELLO || msg == MT_SERVER_HELLO || msg == MT_HELLO_RETRY_REQUEST ||
	    msg == MT_FINISHED;
}

static const struct hs_row *
find_recv(const struct ktls_hs *hs, unsigned msg)
{
	size_t count;
	const struct hs_row *row = machine_rows(hs->role, &count), *end = row + count;

	for (; row < end; row++)
		if (row->state == hs->state && row->recv != NULL && row->msg == msg)
			return row;
	return NULL;
}

static const struct hs_row *
find_send(const struct ktls_hs *hs)
{
	size_t count;
	const struct hs_row *row = machine_rows(hs->role, &count), *end = row + count;

	for (; row < end; row++)
		if (row->state == hs->state && row->send != NULL)
			return row;
	return NULL;
}

/* "received in state WAIT_EE, where EncryptedExtensions is expected" */
static int
refuse_unexpected(struct ktls_hs *hs, unsigned msg)
{
	size_t count;
	const struct hs_row *rows = machine_rows(hs->role, &count);
	const char *expected[2] = { "nothing", NULL }, *second;

	for (size_t i = 0, n = 0; i < count && n < COUNT(expected); i++)
		if (rows[i].state == hs->state && rows[i].recv != NULL)
			expected[n++] = machine_message_name(rows[i].msg);
	second = expected[1] != NULL ? expected[1] : "";
	return fail_refuse(hs, KTLS_R_UNEXPECTED_MESSAGE,
	    "type %u received in state %s, where %s%s%s is expected", msg,
	    machine_state_name(hs->state), expected[0], *second != '\0' ? " or " : "", second);
}

/*
 * RFC 8446 4.4.1. The hash is known once the suite is; a HelloRetryRequest
 * replaces the ClientHello before it by its hash. No handler does any of this.
 */
static int
add_to_transcript(struct ktls_hs *hs, unsigned msg, struct slice whole)
{
	struct transcript *t = &hs->transcript;
	int err;

	if (msg > 0xff && msg != MT_HELLO_RETRY_REQUEST)
		return 0;
	if (hs->suite != NULL && t->md == NULL &&
	    (err = transcript_choose(t, hs->suite->hash)) != 0)
		return err;
	if (msg == MT_HELLO_RETRY_REQUEST && (err = transcript_retry(t)) != 0)
		return err;
	return transcript_add(t, whole);
}

/* A row that went elsewhere is our own mistake, and not the process's end. */
static int
check_next(const struct ktls_hs *hs, const struct hs_row *row)
{
	return NEXT(hs->state) & row->next ? 0 : KTLS_REFUSED(KTLS_R_INTERNAL);
}

int
machine_dispatch(struct ktls_hs *hs, unsigned msg, struct slice whole)
{
	const struct hs_row *row = find_recv(hs, msg);
	struct slice body = whole;
	int err;

	hs->at = msg;
	hs->why[0] = '\0';
	if (row == NULL)
		return refuse_unexpected(hs, msg);
	if (msg <= 0xff || msg == MT_HELLO_RETRY_REQUEST)
		body = (struct slice){ whole.p + MESSAGE_HEADER, whole.len - MESSAGE_HEADER };
	if ((err = row->recv(hs, body)) != 0 ||
	    (err = check_next(hs, row)) != 0 ||
	    (err = add_to_transcript(hs, msg, whole)) != 0)
		return err;
	return row->after != NULL ? row->after(hs) : 0;
}

/* What a message of ours may need: only these grow with what the user or the peer gave. */
static size_t
message_room(const struct ktls_hs *hs, unsigned msg)
{
	const struct identity *who = hs->identity >= 0 ? hs->cfg->identity[hs->identity] : NULL;
	size_t room = 1024 + GROUP_SHARE_MAX + SIGNATURE_MAX;

	if (msg == MT_CLIENT_HELLO) {
		room += hs->cookie_len;
		for (size_t i = 0; i < hs->cfg->alpn_count; i++)
			room += 1 + strlen(hs->cfg->alpn[i]);
	}
	for (size_t i = 0; msg == MT_CERTIFICATE && who != NULL && i < who->cert_count; i++)
		room += 5 + who->cert[i].len;
	return room;
}

static int
send_message(struct ktls_hs *hs, const struct hs_row *row)
{
	unsigned msg = row->msg == MT_HELLO_RETRY_REQUEST ? MT_SERVER_HELLO : row->msg;
	struct writer w;
	uint8_t *len;
	int err;

	hs->at = row->msg;
	hs->why[0] = '\0';
	if ((err = flight_open(&hs->out, message_room(hs, row->msg), &w)) != 0)
		return err;
	wr_u8(&w, (uint8_t)msg);
	len = wr_open(&w, 3);
	if ((err = row->send(hs, &w)) != 0)
		return err;
	wr_close(&w, len);
	if (!wr_done(&w))
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	if ((err = check_next(hs, row)) != 0 ||
	    (err = add_to_transcript(hs, row->msg, wr_written(&w))) != 0)
		return err;
	flight_add(&hs->out, &w);
	/* First what was sent until now, under the keys until now. */
	if (row->after != NULL && (err = flight_flush(hs)) == 0)
		err = row->after(hs);
	return err;
}

int
machine_run(struct ktls_hs *hs)
{
	const struct hs_row *row;
	int err = 0;

	while (err == 0) {
		if (hs->ask != ASK_NOTHING)
			err = question_answer(hs);
		else if ((row = find_send(hs)) != NULL)
			err = send_message(hs, row);
		else
			return flight_flush(hs);
	}
	return err;
}
