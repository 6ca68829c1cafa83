/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/client_hello.h"
#include "handshake/machine.h"

/*
 * Each kind of question: how it is put to the user, what answers it here, and
 * what an answer of the user's means. All end in a message to the machine.
 */

static struct slice
answer_of(const struct ktls_hs *hs)
{
	return (struct slice){ hs->questions.answer, hs->questions.answer_len };
}

/* Room for what has to be made for the user to see. NULL: fail_memory(). */
static uint8_t *
make_data(struct questions *q, size_t len)
{
	q->data = OPENSSL_malloc(len);
	q->data_len = q->data != NULL ? len : 0;
	return q->data;
}

/* Of the ClientHello, what both questions about it tell. */
static void
put_client(struct ktls_hs *hs)
{
	struct ktls_question *q = &hs->questions.asked;

	if (hs->server_name[0] != '\0')
		q->server_name = hs->server_name;
	q->schemes = hs->hello->ch.schemes.p;
	q->schemes_len = hs->hello->ch.schemes.len;
}

/* KTLS_ASK_CONFIG */

static int
put_config(struct ktls_hs *hs)
{
	struct questions *q = &hs->questions;
	struct reader r = rd_init(hs->hello->ch.alpn);
	struct writer w;

	put_client(hs);
	if (hs->hello->ch.alpn.len == 0)
		return 0;
	/* a name's length byte becomes the comma, or the NUL, behind it */
	if (make_data(q, hs->hello->ch.alpn.len) == NULL)
		return fail_memory();
	w = wr_init(q->data, q->data_len);
	while (rd_more(&r)) {
		wr_slice(&w, rd_vec(&r, 1));
		wr_u8(&w, rd_more(&r) ? ',' : '\0');
	}
	q->asked.alpn = (const char *)q->data;
	return 0;
}

static int
take_config(struct ktls_hs *hs)
{
	struct ktls_config *cfg = hs->questions.cfg;
	int err;

	if (cfg == NULL)
		return 0;
	if ((err = machine_use_config(hs, cfg)) != 0)
		return err;
	hs->questions.cfg = NULL;
	return 0;
}

/* KTLS_ASK_IDENTITY: which one is negotiate_identity()'s business. */

static int
put_identity(struct ktls_hs *hs)
{
	struct ktls_question *q = &hs->questions.asked;

	if (hs->role == KTLS_SERVER) {
		put_client(hs);
		return 0;
	}
	q->data = hs->wanted.authorities.p;
	q->data_len = hs->wanted.authorities.len;
	q->schemes = hs->wanted.schemes.p;
	q->schemes_len = hs->wanted.schemes.len;
	return 0;
}

/* KTLS_ASK_SIGNATURE */

static int
put_signature(struct ktls_hs *hs)
{
	struct questions *q = &hs->questions;
	int err;

	if ((err = machine_signed_content(hs, &q->data, &q->data_len)) != 0)
		return err;
	q->asked.data = q->data;
	q->asked.data_len = q->data_len;
	q->asked.scheme = hs->scheme;
	q->asked.identity = hs->identity;
	return 0;
}

static int
self_signature(struct ktls_hs *hs)
{
	uint8_t *content, signature[SIGNATURE_MAX];
	size_t content_len, len;
	int err;

	hs->at = MT_CERTIFICATE_VERIFY;
	if ((err = machine_signed_content(hs, &content, &content_len)) != 0)
		return err;
	err = signature_make(hs->crypto, hs->scheme, &hs->cfg->identity[hs->identity]->signer,
	    (struct slice){ content, content_len }, signature, &len);
	OPENSSL_free(content);
	return err != 0 ? err : machine_dispatch(hs, MT_SIGNED, (struct slice){ signature, len });
}

/* KTLS_ASK_VERIFY */

static const char *
name_to_verify(const struct ktls_hs *hs)
{
	return hs->verify_name[0] != '\0' ? hs->verify_name : NULL;
}

static int
put_verify(struct ktls_hs *hs)
{
	hs->questions.asked.data = hs->peer_chain;
	hs->questions.asked.data_len = hs->peer_chain_len;
	hs->questions.asked.server_name = name_to_verify(hs);
	return 0;
}

static int
judge(struct ktls_hs *hs, bool believe)
{
	struct slice chain[CONFIG_PEER_CHAIN_MAX];
	const size_t count = chain_split(hs, chain);
	const enum ktls_role peer = hs->role == KTLS_CLIENT ? KTLS_SERVER : KTLS_CLIENT;
	int err;

	if (believe)
		err = config_peer_key(hs->cfg, chain, count, &hs->peer, hs->why, sizeof(hs->why));
	else
		err = config_verify_chain(hs->cfg, chain, count, peer, name_to_verify(hs),
		    &hs->peer, hs->why, sizeof(hs->why));
	return err;
}

static int
self_verify(struct ktls_hs *hs)
{
	int err = judge(hs, false);

	return err != 0 ? err : machine_dispatch(hs, MT_VERIFIED, (struct slice){ NULL, 0 });
}

/* The user accepts it: what is left to do is to read the leaf's key. */
static int
take_verify(struct ktls_hs *hs)
{
	int err = judge(hs, true);

	hs->peer.verified = err == 0;
	return err;
}

/* KTLS_ASK_TICKET_OPEN */

static int
put_ticket_open(struct ktls_hs *hs)
{
	hs->questions.asked.data = hs->resume.ticket.p;
	hs->questions.asked.data_len = hs->resume.ticket.len;
	return 0;
}

/* What can't be opened was sealed by somebody else, or long ago. */
static int
self_ticket_open(struct ktls_hs *hs)
{
	const struct slice ticket = hs->resume.ticket;
	uint8_t *plain = OPENSSL_malloc(ticket.len);
	size_t len = 0;
	int err;

	if (plain == NULL)
		return fail_memory();
	err = ktls_tickets_open(hs->cfg->tickets, config_now(hs->cfg) / 1000, ticket.p,
	    ticket.len, plain, &len);
	if (err == 0 || err == -ENOENT)
		err = machine_dispatch(hs, MT_TICKET_OPENED,
		    (struct slice){ plain, err == 0 ? len : 0 });
	OPENSSL_clear_free(plain, ticket.len);
	return err;
}

/* KTLS_ASK_TICKET_SEAL */

static int
put_encoded(struct ktls_hs *hs)
{
	hs->questions.asked.data = hs->resume.encoded;
	hs->questions.asked.data_len = hs->resume.encoded_len;
	hs->questions.asked.expires = hs->resume.expires;
	return 0;
}

static int
self_ticket_seal(struct ktls_hs *hs)
{
	const size_t room = hs->resume.encoded_len + KTLS_TICKETS_OVERHEAD;
	uint8_t *ticket = OPENSSL_malloc(room);
	size_t len;
	int err;

	if (ticket == NULL)
		return fail_memory();
	err = ktls_tickets_seal(hs->cfg->tickets, config_now(hs->cfg) / 1000,
	    hs->resume.encoded, hs->resume.encoded_len, ticket, &len);
	if (err == 0)
		err = machine_dispatch(hs, MT_TICKET_SEALED, (struct slice){ ticket, len });
	OPENSSL_free(ticket);
	return err;
}

/* KTLS_ASK_SESSION_GET, KTLS_ASK_SESSION_PUT: a client's key, or a TLS 1.2 server's session id. */

static int
session_key(struct ktls_hs *hs, uint8_t key[RESUMPTION_KEY_LEN], size_t *len)
{
	_Static_assert(SESSION_ID_MAX <= RESUMPTION_KEY_LEN, "either fits");
	*len = RESUMPTION_KEY_LEN;
	if (hs->role == KTLS_CLIENT)
		return resumption_key(hs, key);
	*len = hs->session_id_len;
	memcpy(key, hs->session_id, *len);
	return 0;
}

static int
put_key(struct ktls_hs *hs)
{
	struct questions *q = &hs->questions;
	size_t len;
	int err;

	if (make_data(q, RESUMPTION_KEY_LEN) == NULL)
		return fail_memory();
	if ((err = session_key(hs, q->data, &len)) != 0)
		return err;
	q->asked.key = q->data;
	q->asked.key_len = len;
	return 0;
}

static int
self_session_get(struct ktls_hs *hs)
{
	uint8_t key[RESUMPTION_KEY_LEN];
	size_t key_len, len = 0;
	void *data = NULL;
	int err;

	if ((err = session_key(hs, key, &key_len)) != 0)
		return err;
	err = ktls_sessions_get(hs->cfg->sessions, key, key_len, config_now(hs->cfg) / 1000,
	    &data, &len);
	if (err == 0 || err == -ENOENT)
		err = machine_dispatch(hs, MT_SESSION_GOT, (struct slice){ data, len });
	OPENSSL_clear_free(data, len);
	return err;
}

static int
put_session(struct ktls_hs *hs)
{
	int err = put_key(hs);

	return err != 0 ? err : put_encoded(hs);
}

/* Without memory the connection goes on, and nobody will resume it. */
static int
self_session_put(struct ktls_hs *hs)
{
	uint8_t key[RESUMPTION_KEY_LEN];
	size_t key_len;
	int err;

	if ((err = session_key(hs, key, &key_len)) != 0)
		return err;
	err = ktls_sessions_put(hs->cfg->sessions, key, key_len, hs->resume.encoded,
	    hs->resume.encoded_len, false, hs->resume.expires);
	if (err == 0 || err == -ENOMEM)
		err = machine_dispatch(hs, MT_SESSION_PUT, (struct slice){ NULL, 0 });
	return err;
}

/* What nobody answers here: the message says it all. */
static int
nothing(struct ktls_hs *hs)
{
	(void)hs;
	return 0;
}

static const struct kind {
	unsigned msg;			/* what the answer arrives as */
	int (*put)(struct ktls_hs *);	/* fills in `asked` */
	int (*self)(struct ktls_hs *);	/* answers here; NULL: an empty message does */
	int (*take)(struct ktls_hs *);	/* the user has answered without an error */
} kinds[KTLS_ASK_COUNT] = {
	[KTLS_ASK_CONFIG]	= { MT_CONFIG, put_config, NULL, take_config },
	[KTLS_ASK_IDENTITY]	= { MT_IDENTITY, put_identity, NULL, nothing },
	[KTLS_ASK_SIGNATURE]	= { MT_SIGNED, put_signature, self_signature, nothing },
	[KTLS_ASK_VERIFY]	= { MT_VERIFIED, put_verify, self_verify, take_verify },
	[KTLS_ASK_TICKET_OPEN]	= { MT_TICKET_OPENED, put_ticket_open, self_ticket_open, nothing },
	[KTLS_ASK_TICKET_SEAL]	= { MT_TICKET_SEALED, put_encoded, self_ticket_seal, nothing },
	[KTLS_ASK_SESSION_GET]	= { MT_SESSION_GOT, put_key, self_session_get, nothing },
	[KTLS_ASK_SESSION_PUT]	= { MT_SESSION_PUT, put_session, self_session_put, nothing },
};

/* What was asked is over. An answer stays until it has been taken. */
static void
close_question(struct questions *q)
{
	q->open = false;
	q->asked = (struct ktls_question){ 0 };
	OPENSSL_clear_free(q->data, q->data_len);
	q->data = NULL;
	q->data_len = 0;
}

static void
forget_answer(struct questions *q)
{
	OPENSSL_clear_free(q->answer, q->answer_len);
	q->answer = NULL;
	q->answer_len = 0;
	q->err = 0;
	ktls_config_unref(q->cfg);
	q->cfg = NULL;
	q->identity = KTLS_IDENTITY_AUTO;
}

void
question_free(struct questions *q)
{
	close_question(q);
	forget_answer(q);
}

/* The user has answered: what it says becomes a message. */
static int
take_answer(struct ktls_hs *hs, enum ktls_question_kind kind)
{
	int err = hs->questions.err;

	if (err == 0 && (err = kinds[kind].take(hs)) == 0)
		err = machine_dispatch(hs, kinds[kind].msg, answer_of(hs));
	forget_answer(&hs->questions);
	return err;
}

static int
self_answer(struct ktls_hs *hs, enum ktls_question_kind kind)
{
	hs->questions.identity = KTLS_IDENTITY_AUTO;
	if (kinds[kind].self != NULL)
		return kinds[kind].self(hs);
	return machine_dispatch(hs, kinds[kind].msg, (struct slice){ NULL, 0 });
}

int
question_ask(struct ktls_hs *hs)
{
	struct questions *q = &hs->questions;
	const enum ktls_question_kind kind = (enum ktls_question_kind)q->due;
	ktls_question_fn *fn = hs->cfg->ask[kind].fn;
	void *arg = hs->cfg->ask[kind].arg;
	int err;

	q->due = ASK_NOTHING;
	/* The first ClientHello has been asked about already. */
	if (!hs->cfg->ask[kind].asked || (kind == KTLS_ASK_CONFIG && hs->retried))
		return self_answer(hs, kind);
	q->asked = (struct ktls_question){ .kind = kind, .identity = -1 };
	if ((err = kinds[kind].put(hs)) != 0) {
		close_question(q);
		return err;
	}
	q->open = true;
	if (fn != NULL) {
		q->calling = true;
		fn(arg, hs, &q->asked);
		q->calling = false;
	}
	return q->open ? 0 : take_answer(hs, kind);
}

const struct ktls_question *
ktls_hs_question(const struct ktls_hs *hs)
{
	return hs->questions.open ? &hs->questions.asked : NULL;
}

/* From within the callback question_ask() goes on; later it is us. */
static void
answered(struct ktls_hs *hs)
{
	const enum ktls_question_kind kind = hs->questions.asked.kind;
	int err;

	close_question(&hs->questions);
	if (hs->questions.calling)
		return;
	if ((err = take_answer(hs, kind)) != 0 || (err = machine_run(hs)) != 0 ||
	    (err = input_go_on(hs)) != 0)
		fail_with(hs, err);
}

static bool
is_open(const struct ktls_hs *hs, enum ktls_question_kind kind)
{
	return hs != NULL && hs->questions.open && hs->questions.asked.kind == kind;
}

void
ktls_hs_answer(struct ktls_hs *hs, int err, const void *data, size_t len)
{
	struct questions *q;

	if (hs == NULL || !hs->questions.open)
		return;			/* hs NULL: src/post/ticket.c asked */
	q = &hs->questions;
	q->err = err <= 0 ? err : -EINVAL;
	if (err == 0 && len != 0) {
		if ((q->answer = OPENSSL_memdup(data, len)) != NULL)
			q->answer_len = len;
		else
			q->err = fail_memory();
	}
	answered(hs);
}

void
ktls_hs_answer_config(struct ktls_hs *hs, struct ktls_config *cfg)
{
	if (!is_open(hs, KTLS_ASK_CONFIG))
		return;
	hs->questions.cfg = cfg != NULL ? ktls_config_ref(cfg) : NULL;
	answered(hs);
}

void
ktls_hs_answer_identity(struct ktls_hs *hs, int identity)
{
	if (!is_open(hs, KTLS_ASK_IDENTITY))
		return;
	hs->questions.identity = identity;
	answered(hs);
}
