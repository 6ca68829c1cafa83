/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/client_hello.h"
#include "handshake/machine.h"

/* clang-format off */
static const char *const state_names[ST_COUNT] = {
	[ST_START] = "START",
	[ST_WAIT_SH] = "WAIT_SH", [ST_WAIT_EE] = "WAIT_EE", [ST_WAIT_CERT_CR] = "WAIT_CERT_CR",
	[ST_RECVD_CH] = "RECVD_CH", [ST_SEND_HRR] = "SEND_HRR", [ST_NEGOTIATED] = "NEGOTIATED",
	[ST_SEND_EE] = "SEND_EE", [ST_SEND_CR] = "SEND_CR", [ST_WAIT_PSK] = "WAIT_PSK",
	[ST_WAIT_SEALED] = "WAIT_SEALED", [ST_SEND_TICKET] = "SEND_TICKET",
	[ST_WAIT_CERT] = "WAIT_CERT", [ST_WAIT_VERIFIED] = "WAIT_VERIFIED", [ST_WAIT_CV] = "WAIT_CV",
	[ST_WAIT_FINISHED] = "WAIT_FINISHED",
	[ST_WAIT_IDENTITY] = "WAIT_IDENTITY", [ST_SEND_CERT] = "SEND_CERT",
	[ST_WAIT_SIGNED] = "WAIT_SIGNED", [ST_SEND_CV] = "SEND_CV",
	[ST_SEND_FINISHED] = "SEND_FINISHED", [ST_CONNECTED] = "CONNECTED",
	[ST12_WAIT_SKE] = "1.2 WAIT_SKE", [ST12_WAIT_CR_SHD] = "1.2 WAIT_CR_SHD",
	[ST12_WAIT_SHD] = "1.2 WAIT_SHD", [ST12_SEND_CKE] = "1.2 SEND_CKE",
	[ST12_SEND_CKE_CV] = "1.2 SEND_CKE_CV", [ST12_WAIT_NST] = "1.2 WAIT_NST",
	[ST12_WAIT_LAST_NST] = "1.2 WAIT_LAST_NST", [ST12_WAIT_SESSION] = "1.2 WAIT_SESSION", [ST12_WAIT_SEALED] = "1.2 WAIT_SEALED",
	[ST12_WAIT_LAST_SEALED] = "1.2 WAIT_LAST_SEALED", [ST12_SEND_NST] = "1.2 SEND_NST",
	[ST12_SEND_LAST_NST] = "1.2 SEND_LAST_NST", [ST12_WAIT_KEPT] = "1.2 WAIT_KEPT",
	[ST12_SEND_SH] = "1.2 SEND_SH",
	[ST12_SEND_SKE] = "1.2 SEND_SKE", [ST12_SEND_CR] = "1.2 SEND_CR",
	[ST12_SEND_SHD] = "1.2 SEND_SHD", [ST12_SEND_SHD_CERT] = "1.2 SEND_SHD_CERT", [ST12_WAIT_CKE] = "1.2 WAIT_CKE",
	[ST12_WAIT_CKE_CV] = "1.2 WAIT_CKE_CV", [ST12_WAIT_IDENTITY] = "1.2 WAIT_IDENTITY",
	[ST12_WAIT_CERT] = "1.2 WAIT_CERT", [ST12_WAIT_VERIFIED] = "1.2 WAIT_VERIFIED",
	[ST12_SEND_CERT] = "1.2 SEND_CERT", [ST12_WAIT_SIGNED] = "1.2 WAIT_SIGNED",
	[ST12_SEND_CV] = "1.2 SEND_CV", [ST12_WAIT_CV] = "1.2 WAIT_CV",
	[ST12_SEND_CCS] = "1.2 SEND_CCS", [ST12_SEND_FINISHED] = "1.2 SEND_FINISHED",
	[ST12_WAIT_CCS] = "1.2 WAIT_CCS", [ST12_WAIT_FINISHED] = "1.2 WAIT_FINISHED",
	[ST12_SEND_LAST_CCS] = "1.2 SEND_LAST_CCS", [ST12_SEND_LAST_FINISHED] = "1.2 SEND_LAST_FINISHED",
	[ST12_WAIT_LAST_CCS] = "1.2 WAIT_LAST_CCS", [ST12_WAIT_LAST_FINISHED] = "1.2 WAIT_LAST_FINISHED",
};

static const struct { unsigned msg; const char *name; } message_names[] = {
	{ MT_HELLO_REQUEST, "HelloRequest" },
	{ MT_CLIENT_HELLO, "ClientHello" }, { MT_SERVER_HELLO, "ServerHello" },
	{ MT_NEW_SESSION_TICKET, "NewSessionTicket" }, { MT_END_OF_EARLY_DATA, "EndOfEarlyData" },
	{ MT_ENCRYPTED_EXTENSIONS, "EncryptedExtensions" }, { MT_CERTIFICATE, "Certificate" },
	{ MT_SERVER_KEY_EXCHANGE, "ServerKeyExchange" },
	{ MT_CERTIFICATE_REQUEST, "CertificateRequest" },
	{ MT_SERVER_HELLO_DONE, "ServerHelloDone" }, { MT_CERTIFICATE_VERIFY, "CertificateVerify" },
	{ MT_CLIENT_KEY_EXCHANGE, "ClientKeyExchange" }, { MT_FINISHED, "Finished" },
	{ 22, "CertificateStatus" }, { 24, "KeyUpdate" },
	{ MT_HELLO_RETRY_REQUEST, "HelloRetryRequest" }, { MT_SERVER_HELLO_12, "ServerHello" },
	{ MT_CHANGE_CIPHER_SPEC, "change_cipher_spec" },
	/* an answer of our own is told of as what it answers */
	{ MT_CONFIG, "ClientHello" }, { MT_IDENTITY, "Certificate" },
	{ MT_SIGNED, "CertificateVerify" }, { MT_VERIFIED, "Certificate" },
	{ MT_TICKET_OPENED, "ClientHello" }, { MT_TICKET_SEALED, "NewSessionTicket" },
	{ MT_SESSION_GOT, "ClientHello" }, { MT_SESSION_PUT, "Finished" },
};
/* clang-format on */
#define COUNT(table)	(sizeof(table) / sizeof(*(table)))

const struct hs_table *const *
machine_tables(enum ktls_role role)
{
	static const struct hs_table *const tables[2][3] = {
		[KTLS_CLIENT] = { &hs13_client_table, &hs12_client_table, NULL },
		[KTLS_SERVER] = { &hs13_server_table, &hs12_server_table, NULL },
	};

	return tables[role];
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

/* Where a row stands in more than one table, the tables agree about it but for its next. */
static const struct hs_row *
find_recv(const struct ktls_hs *hs, unsigned msg)
{
	for (const struct hs_table *const *t = machine_tables(hs->role); *t != NULL; t++)
		for (size_t i = 0; i < (*t)->count; i++) {
			const struct hs_row *row = &(*t)->rows[i];

			if (row->state == hs->state && row->recv != NULL && row->msg == msg)
				return row;
		}
	return NULL;
}

static const struct hs_row *
find_send(const struct ktls_hs *hs)
{
	for (const struct hs_table *const *t = machine_tables(hs->role); *t != NULL; t++)
		for (size_t i = 0; i < (*t)->count; i++)
			if ((*t)->rows[i].state == hs->state && (*t)->rows[i].send != NULL)
				return &(*t)->rows[i];
	return NULL;
}

/*
 * A reason of its own for change_cipher_spec, wherever it stands or lacks: keys that
 * change elsewhere are an attack (CVE-2014-0224).
 */
static enum ktls_reason
unexpected_reason(const struct ktls_hs *hs, unsigned msg)
{
	if (msg == MT_CHANGE_CIPHER_SPEC)
		return KTLS_R_CCS_UNEXPECTED;
	if (hs->state == ST12_WAIT_CCS || hs->state == ST12_WAIT_LAST_CCS)
		return KTLS_R_CCS_MISSING;
	return KTLS_R_UNEXPECTED_MESSAGE;
}

/* "received in state WAIT_EE, where EncryptedExtensions is expected" */
static int
refuse_unexpected(struct ktls_hs *hs, unsigned msg)
{
	const char *expected[2] = { "nothing", "" }, *name;
	size_t n = 0;

	for (const struct hs_table *const *t = machine_tables(hs->role); *t != NULL; t++)
		for (size_t i = 0; i < (*t)->count && n < COUNT(expected); i++) {
			if ((*t)->rows[i].state != hs->state || (*t)->rows[i].recv == NULL)
				continue;
			name = machine_message_name((*t)->rows[i].msg);
			if (n == 0 || strcmp(name, expected[0]) != 0)
				expected[n++] = name;
		}
	return fail_refuse(hs, unexpected_reason(hs, msg),
	    "type %u received in state %s, where %s%s%s is expected", msg & 0xff,
	    machine_state_name(hs->state), expected[0], n > 1 ? " or " : "", expected[1]);
}

/*
 * RFC 8446 4.4.1. The hash is known once the suite is; a HelloRetryRequest
 * replaces the ClientHello before it by its hash. A server's ClientHello waits for its
 * answer: the binders in it are over what was before it. No handler does any of this.
 */
static int
add_to_transcript(struct ktls_hs *hs, unsigned msg, struct slice whole)
{
	struct transcript *t = &hs->transcript;
	struct kept_hello *hello = hs->hello;
	int err;

	if (!MT_ON_WIRE(msg) || (msg == MT_CLIENT_HELLO && hello != NULL))
		return 0;
	if (hs->suite != NULL && t->md == NULL &&
	    (err = transcript_choose(t, hs->suite->hash)) != 0)
		return err;
	if (hello != NULL) {
		if ((err = transcript_add(t, (struct slice){ hello->bytes, hello->len })) != 0)
			return err;
		OPENSSL_free(hello);
		hs->hello = NULL;
	}
	if (msg == MT_HELLO_RETRY_REQUEST && (err = transcript_retry(t)) != 0)
		return err;
	return transcript_add(t, whole);
}

/*
 * A row that went elsewhere is our own mistake, and not the process's end. Where two
 * tables have the row, each names its version's states.
 */
static int
check_next(const struct ktls_hs *hs, const struct hs_row *taken)
{
	uint64_t next = 0;

	for (const struct hs_table *const *t = machine_tables(hs->role); *t != NULL; t++)
		for (size_t i = 0; i < (*t)->count; i++) {
			const struct hs_row *row = &(*t)->rows[i];

			if (row->state == taken->state && row->msg == taken->msg)
				next |= row->next;
		}
	return NEXT(hs->state) & next ? 0 : KTLS_REFUSED(KTLS_R_INTERNAL);
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
	if (MT_ON_WIRE(msg))
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
	size_t room = 1024 + GROUP_SHARE_MAX + SIGNATURE_MAX;

	if (msg == MT_CLIENT_HELLO) {
		room += hs->cookie_len;
		for (size_t i = 0; i < hs->cfg->alpn_count; i++)
			room += 1 + strlen(hs->cfg->alpn[i]);
	}
	if (msg == MT_CERTIFICATE && hs->identity >= 0) {
		const struct identity *who = hs->cfg->identity[hs->identity];

		for (size_t i = 0; i < who->cert_count; i++)
			room += 5 + who->cert[i].len;
	}
	if (msg == MT_CLIENT_HELLO)
		room += hs->resume.session.id.len;
	if (msg == MT_CERTIFICATE_REQUEST)
		room += hs->cfg->authorities.len;
	if (msg == MT_NEW_SESSION_TICKET)
		room += hs->resume.encoded_len;
	return room;
}

static uint8_t
wire_type(unsigned msg)
{
	bool hello = msg == MT_HELLO_RETRY_REQUEST || msg == MT_SERVER_HELLO_12;

	return (uint8_t)(hello ? MT_SERVER_HELLO : msg);
}

static int
send_message(struct ktls_hs *hs, const struct hs_row *row)
{
	struct writer w;
	uint8_t *len;
	int err;

	if ((err = flight_open(&hs->out, message_room(hs, row->msg), &w)) != 0)
		return err;
	wr_u8(&w, wire_type(row->msg));
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
	return 0;
}

/* A record of its own, behind what was sent until now; its handler writes nothing. */
static int
send_change_cipher_spec(struct ktls_hs *hs, const struct hs_row *row)
{
	struct writer none = wr_init(NULL, 0);
	int err;

	if ((err = flight_flush(hs)) != 0 || (err = row->send(hs, &none)) != 0 ||
	    (err = check_next(hs, row)) != 0)
		return err;
	return flight_change_cipher_spec(hs);
}

static int
send_row(struct ktls_hs *hs, const struct hs_row *row)
{
	int err;

	hs->at = row->msg;
	hs->why[0] = '\0';
	err = row->msg == MT_CHANGE_CIPHER_SPEC ? send_change_cipher_spec(hs, row) :
	    send_message(hs, row);
	if (err != 0 || row->after == NULL)
		return err;
	/* First what was sent until now, under the keys until now; tickets share a record. */
	if (hs->state != ST_WAIT_SEALED && (err = flight_flush(hs)) != 0)
		return err;
	return row->after(hs);
}

int
machine_run(struct ktls_hs *hs)
{
	const struct hs_row *row;
	int err = 0;

	while (err == 0 && !hs->questions.open) {
		if (hs->questions.due != ASK_NOTHING)
			err = question_ask(hs);
		else if ((row = find_send(hs)) != NULL)
			err = send_row(hs, row);
		else
			return flight_flush(hs);
	}
	return err;
}
