/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include "bogo_shim/authorities.h"
#include "bogo_shim/conn.h"
#include "bogo_shim/mutant.h"
#include "bogo_shim/sign.h"

/* The engine's questions, and what the test's hooks say to them. */

static void
refuse(struct conn *c, struct ktls_hs *hs, int err, const char *name)
{
	c->own_refusal = name;
	ktls_hs_answer(hs, err, NULL, 0);
}

/* The names as the runner gives them, each behind its length; ours have commas between. */
static bool
same_alpn(const char *list, const char *joined)
{
	while (*list != '\0') {
		size_t n = (uint8_t)*list++;

		if (joined == NULL || strncmp(joined, list, n) != 0 ||
		    (joined[n] != ',' && joined[n] != '\0'))
			return false;
		list += n;
		joined = joined[n] == ',' ? joined + n + 1 : NULL;
	}
	return joined == NULL;
}

static void
answer_config(struct conn *c, struct ktls_hs *hs, const struct ktls_question *q)
{
	const struct shim_options *o = c->o;

	if (o->expect_advertised_alpn != NULL && !same_alpn(o->expect_advertised_alpn, q->alpn))
		c->unmet = "the client's ALPN protocols are others";
	if (o->expect_server_name != NULL &&
	    (q->server_name == NULL || strcmp(o->expect_server_name, q->server_name) != 0))
		c->unmet = "the client's server_name is another";
	if (o->fail_early_callback)
		refuse(c, hs, KTLS_REFUSED(KTLS_R_CH_NO_CIPHER), ":CONNECTION_REJECTED:");
	else if (o->fail_ddos_callback)
		refuse(c, hs, -EACCES, ":CONNECTION_REJECTED:");
	else
		ktls_hs_answer_config(hs, NULL);
}

static bool
same_schemes(const struct shim_list *list, const uint8_t *wire, size_t len)
{
	if (len != 2 * list->count)
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (list->of[i] != (wire[2 * i] << 8 | wire[2 * i + 1]))
			return false;
	return true;
}

static void
answer_identity(struct conn *c, struct ktls_hs *hs, const struct ktls_question *q)
{
	const struct shim_options *o = c->o;

	if (o->expect_client_ca_list != NULL &&
	    !authorities_match(o->expect_client_ca_list, q->data, q->data_len))
		c->unmet = "the authorities are others";
	if (o->expect_peer_verify_prefs.count != 0 &&
	    !same_schemes(&o->expect_peer_verify_prefs, q->schemes, q->schemes_len))
		c->unmet = "the peer's signature schemes are others";
	if (o->fail_cert_callback)
		refuse(c, hs, -EACCES, ":CERT_CB_ERROR:");
	else if (o->use_old_client_cert_callback)
		ktls_hs_answer_identity(hs, o->cert_file != NULL ? 0 : -1);
	else
		ktls_hs_answer_identity(hs, KTLS_IDENTITY_AUTO);
}

static void
answer_signature(struct conn *c, struct ktls_hs *hs, const struct ktls_question *q)
{
	uint8_t signature[SIGN_MAX];
	size_t len;
	int err = sign(c->o->key_file, q->scheme, q->data, q->data_len, signature, &len);

	if (mutant("signature"))
		signature[0]++;
	ktls_hs_answer(hs, err, signature, err == 0 ? len : 0);
}

/* The runner's two kinds of hook have an alert each. */
static void
answer_verify(struct conn *c, struct ktls_hs *hs)
{
	const struct shim_options *o = c->o;

	if (!o->verify_fail || !o->verify_peer || mutant("verify"))
		ktls_hs_answer(hs, 0, NULL, 0);
	else
		refuse(c, hs, o->custom_verify ? KTLS_REFUSED(KTLS_R_CERT_OTHER) :
		    KTLS_REFUSED(KTLS_R_CH_NO_SCHEME), ":CERTIFICATE_VERIFY_FAILED:");
}

static void
answer_ticket(struct conn *c, struct ktls_hs *hs, const struct ktls_question *q)
{
	const size_t room = q->data_len + KTLS_TICKETS_OVERHEAD;
	uint8_t *out = OPENSSL_malloc(room);
	int64_t now = c->shim->now / 1000;
	size_t len = 0;
	int err = -ENOMEM;

	if (out != NULL && q->kind == KTLS_ASK_TICKET_OPEN)
		err = ktls_tickets_open(c->shim->tickets, now, q->data, q->data_len, out, &len);
	else if (out != NULL)
		err = ktls_tickets_seal(c->shim->tickets, now, q->data, q->data_len, out, &len);
	if (mutant("ticket") && q->kind == KTLS_ASK_TICKET_OPEN)
		err = -ENOENT;
	ktls_hs_answer(hs, err == -ENOENT ? 0 : err, out, err == 0 ? len : 0);
	OPENSSL_clear_free(out, room);
}

static void
answer_session_get(struct conn *c, struct ktls_hs *hs, const struct ktls_question *q)
{
	void *data = NULL;
	size_t len = 0;
	int err = ktls_sessions_get(c->shim->sessions, q->key, q->key_len, c->shim->now / 1000,
	    &data, &len);

	ktls_hs_answer(hs, err == -ENOENT ? 0 : err, data, len);
	OPENSSL_clear_free(data, len);
}

static void
answer_session_put(struct conn *c, struct ktls_hs *hs, const struct ktls_question *q)
{
	int err = ktls_sessions_put(c->shim->sessions, q->key, q->key_len, q->data, q->data_len,
	    q->once, q->expires);

	/* With the handshake over nobody waits for an answer. */
	if (hs != NULL)
		ktls_hs_answer(hs, err, NULL, 0);
}

void
conn_answer(struct conn *c, struct ktls_hs *hs, const struct ktls_question *q)
{
	c->asked[q->kind]++;
	switch (q->kind) {
	case KTLS_ASK_CONFIG:		answer_config(c, hs, q); break;
	case KTLS_ASK_IDENTITY:		answer_identity(c, hs, q); break;
	case KTLS_ASK_SIGNATURE:	answer_signature(c, hs, q); break;
	case KTLS_ASK_VERIFY:		answer_verify(c, hs); break;
	case KTLS_ASK_TICKET_OPEN:
	case KTLS_ASK_TICKET_SEAL:	answer_ticket(c, hs, q); break;
	case KTLS_ASK_SESSION_GET:	answer_session_get(c, hs, q); break;
	case KTLS_ASK_SESSION_PUT:	answer_session_put(c, hs, q); break;
	}
}

static void
answer_at_once(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	conn_answer(arg, hs, q);
}

static void
answer_later(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	if (hs == NULL)
		conn_answer(arg, hs, q);
}

/* What the test needs an answer of its own for; the engine answers the rest. */
static bool
must_ask(const struct shim_options *o, enum ktls_question_kind kind)
{
	switch (kind) {
	case KTLS_ASK_CONFIG:
		return o->use_early_callback || o->fail_early_callback ||
		    o->install_ddos_callback || o->expect_advertised_alpn != NULL;
	case KTLS_ASK_IDENTITY:
		return o->fail_cert_callback || o->use_old_client_cert_callback ||
		    o->expect_client_ca_list != NULL || o->expect_peer_verify_prefs.count != 0;
	case KTLS_ASK_VERIFY:
		return true;
	case KTLS_ASK_SESSION_PUT:
		return !o->server;		/* so that it can be counted */
	case KTLS_ASK_TICKET_OPEN:
	case KTLS_ASK_TICKET_SEAL:
		return o->use_ticket_callback;
	default:
		return false;
	}
}

int
conn_ask(struct conn *c)
{
	const struct shim_options *o = c->o;
	bool tickets = o->server && !o->no_ticket;

	for (int kind = 0; kind < KTLS_ASK_COUNT; kind++) {
		bool ticket = kind == KTLS_ASK_TICKET_OPEN || kind == KTLS_ASK_TICKET_SEAL;
		int err;

		if (!(o->async || must_ask(o, (enum ktls_question_kind)kind)) ||
		    (ticket && !tickets))
			continue;
		if ((err = ktls_config_ask(c->cfg, kind, o->async ? answer_later :
		    answer_at_once, c)) != 0)
			return err;
	}
	return 0;
}
