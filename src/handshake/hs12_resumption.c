/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/hs12_resumption.h"

bool
hs12_session_offered(const struct ktls_hs *hs)
{
	return hs->resume.data != NULL && hs->resume.session.version == KTLS_TLS12;
}

/* RFC 5077 3.4: with a ticket, the session id says nothing. */
bool
hs12_session_ask(struct ktls_hs *hs, const struct client_hello *ch)
{
	if (ch->ticket.len != 0 && resumption_can(hs, KTLS_ASK_TICKET_OPEN)) {
		hs->resume.ticket = ch->ticket;
		hs->questions.due = KTLS_ASK_TICKET_OPEN;
	} else if (ch->ticket.len == 0 && ch->session_id.len != 0 &&
	    resumption_can(hs, KTLS_ASK_SESSION_GET)) {
		memcpy(hs->session_id, ch->session_id.p, ch->session_id.len);
		hs->session_id_len = ch->session_id.len;
		hs->questions.due = KTLS_ASK_SESSION_GET;
	} else {
		return false;
	}
	hs->state = ST12_WAIT_SESSION;
	return true;
}

static bool
same_name(const struct ktls_hs *hs, struct slice name)
{
	return name.len == strlen(hs->server_name) &&
	    (name.len == 0 || memcmp(name.p, hs->server_name, name.len) == 0);
}

/* The session's suite, where we still speak it and the client offers it; else NULL. */
static const struct suite *
session_suite(const struct ktls_hs *hs, const struct client_hello *ch)
{
	const struct suite *suite = suite_find(hs->resume.session.suite, KTLS_TLS12);

	for (size_t i = 0; suite != NULL && i < hs->cfg->cipher_count; i++)
		if (hs->cfg->ciphers[i] == suite->cipher)
			return extension_list_has(ch->suites, suite->id) ? suite : NULL;
	return NULL;
}

/* RFC 6066 3: only under the same name; RFC 7627 5.3: never one without EMS by one with it. */
static bool
fits(const struct ktls_hs *hs)
{
	const struct session *s = &hs->resume.session;

	return same_name(hs, s->server_name) && (s->ems || !hs->ems);
}

/* RFC 5077 3.3: a new ticket when the client's is past half of its life. */
static bool
ticket_is_old(const struct ktls_hs *hs, const struct client_hello *ch)
{
	const int64_t age = (config_now(hs->cfg) - hs->resume.session.issued) / 1000;

	return ch->ticket.len != 0 && resumption_can(hs, KTLS_ASK_TICKET_SEAL) &&
	    age > resumption_lifetime(hs) / 2;
}

/* WAIT_SESSION -> SEND_SH by it; without it, WAIT_IDENTITY. */
int
hs12_session_found(struct ktls_hs *hs, struct slice body)
{
	const struct client_hello *ch = &hs->hello->ch;
	const struct suite *suite;
	int err;

	if (!resumption_take(hs, body, KTLS_TLS12) || !fits(hs) ||
	    (suite = session_suite(hs, ch)) == NULL) {
		resumption_drop(hs);
		hs12_full_handshake(hs, ch);
		return 0;
	}
	if (hs->resume.session.ems && !hs->ems)
		return KTLS_REFUSED(KTLS_R_CH_RESUMED_NO_EMS);
	if ((err = resumption_accept(hs)) != 0)
		return err;

	/* Nothing below can fail. */
	if (ch->session_id.len != 0)
		memcpy(hs->session_id, ch->session_id.p, ch->session_id.len);
	hs->session_id_len = ch->session_id.len;
	hs->suite = suite;
	/* RFC 6066 3, and of no use without a key exchange */
	hs->answer &= ~(extension_bit(EXT_SERVER_NAME) | extension_bit(EXT_EC_POINT_FORMATS));
	hs->ticket_due = ticket_is_old(hs, ch);
	hs->state = ST12_SEND_SH;
	return 0;
}

int
hs12_session_make(struct ktls_hs *hs, struct slice id, bool is_ticket, uint32_t lifetime)
{
	struct session session;
	int err;

	resumption_describe(hs, lifetime, &session);
	memcpy(session.secret, hs->schedule12.master, MASTER_SECRET_LEN);
	session.secret_len = MASTER_SECRET_LEN;
	session.ems = hs->ems;
	session.id = id;
	session.id_is_ticket = is_ticket;
	err = resumption_encode(hs, &session);
	session_wipe(&session);
	return err == -EMSGSIZE ? 0 : err;
}

/* Whether this handshake has a session id under which it is to be found again. */
static bool
has_id(const struct ktls_hs *hs)
{
	return !hs->resume.resumed && hs->session_id_len != 0;
}

int
hs12_session_keep(struct ktls_hs *hs, enum hs_state *next)
{
	const struct slice id = { hs->session_id, hs->session_id_len }, none = { NULL, 0 };
	const bool client = hs->role == KTLS_CLIENT;
	/* What a client's NewSessionTicket has left; a server's is the client's to keep. */
	const bool ticket = client && hs->resume.encoded != NULL;
	int err;

	*next = ST_CONNECTED;
	if (!resumption_can(hs, KTLS_ASK_SESSION_PUT) || (!ticket && !has_id(hs)))
		return 0;
	if (!ticket && (err = hs12_session_make(hs, client ? id : none, false,
	    resumption_lifetime(hs))) != 0)
		return err;
	if (hs->resume.encoded == NULL)
		return 0;
	hs->questions.due = KTLS_ASK_SESSION_PUT;
	*next = ST12_WAIT_KEPT;
	return 0;
}

/* WAIT_KEPT -> CONNECTED */
int
hs12_session_kept(struct ktls_hs *hs, struct slice body)
{
	(void)body;
	hs->state = ST_CONNECTED;
	return 0;
}
