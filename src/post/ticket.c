/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "config/config.h"
#include "handshake/extension.h"
#include "post/state.h"
#include "schedule/schedule13.h"

/* NewSessionTicket, RFC 8446 4.6.1. */
struct ticket {
	uint32_t lifetime, age_add;
	struct slice nonce, ticket;
};

static int
decode(struct slice body, struct ticket *t)
{
	struct reader r = rd_init(body);
	struct extensions x;
	uint16_t type;
	int err;

	t->lifetime = rd_uint(&r, 4);
	t->age_add = rd_uint(&r, 4);
	t->nonce = rd_vec(&r, 1);
	t->ticket = rd_vec(&r, 2);
	extensions_open(&x, &r, IN_NST, 0);
	while (extensions_next(&x, &type)) {
		if (type == EXT_EARLY_DATA)
			rd_bytes(&r, 4);	/* max_early_data_size: we send none */
		else
			extensions_skip(&x);
	}
	if ((err = extensions_close(&x)) != 0)
		return err;
	return rd_done(&r) && t->ticket.len != 0 ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

void
ticket_enough(struct ktls_post *post)
{
	uint8_t *kept;

	hs_tickets_free(post->tickets);
	post->tickets = NULL;
	post->tickets_wanted = 0;
	if (post->kept == NULL)
		return;
	if (!post->exports) {
		secret_slot_free(post->kept);
		post->kept = NULL;
	} else if (post->version == KTLS_TLS13 && (kept = secret_slot_bytes(post->kept)) != NULL) {
		OPENSSL_cleanse(kept + KEPT_RESUMPTION, HASH_LEN_MAX);
	}
}

/* To whoever keeps sessions. */
static int
put(const struct hs_tickets *tickets, const uint8_t *data, size_t len, int64_t expires)
{
	const struct ktls_config *cfg = tickets->cfg;
	const struct ask *ask = &cfg->ask[KTLS_ASK_SESSION_PUT];
	const struct ktls_question question = { .kind = KTLS_ASK_SESSION_PUT,
	    .data = data, .data_len = len, .key = tickets->key, .key_len = tickets->key_len,
	    .identity = -1, .expires = expires, .once = true };

	if (ask->fn == NULL)
		return ktls_sessions_put(cfg->sessions, tickets->key, tickets->key_len, data, len,
		    true, expires);
	ask->fn(ask->arg, NULL, &question);
	return 0;
}

/* What this ticket adds to what all have in common. */
static int
fill(struct ktls_post *post, const struct ticket *t, int64_t now_ms, struct session *s)
{
	const uint8_t *kept = secret_slot_bytes(post->kept);
	int64_t expires = now_ms / 1000 + t->lifetime;

	if (kept == NULL)
		return -EOWNERDEAD;		/* a forked child */
	s->id = t->ticket;
	s->id_is_ticket = true;
	s->issued = now_ms;
	s->age_add = t->age_add;
	if (s->expires > expires)
		s->expires = expires;
	s->secret_len = crypto_hash_len(post->hash);
	return resumption_psk(post->crypto, post->hash, kept + KEPT_RESUMPTION, t->nonce,
	    s->secret);
}

/*
 * Makes a session of it. Nothing that fails here ends the connection: the ticket is
 * dropped, as a lifetime of 0 asks for (RFC 8446 4.6.1).
 */
static void
remember(struct ktls_post *post, const struct ticket *t)
{
	const struct hs_tickets *tickets = post->tickets;
	int64_t now = config_now(tickets->cfg);
	struct session session;
	uint8_t *data;
	size_t len;

	if (session_decode(&session, (struct slice){ tickets->session, tickets->session_len }) != 0)
		return;
	if (fill(post, t, now, &session) == 0 && session.expires > now / 1000 &&
	    session_encode(&session, &data, &len) == 0) {
		if (put(tickets, data, len, session.expires) == 0)
			post->tickets_wanted--;
		OPENSSL_clear_free(data, len);
	}
	session_wipe(&session);
	if (post->tickets_wanted == 0)
		ticket_enough(post);
}

int
ticket_recv(struct ktls_post *post, struct slice body)
{
	struct ticket t;
	int err;

	if ((err = decode(body, &t)) != 0)
		return err;
	if (t.lifetime > SESSION_LIFETIME_MAX)
		return KTLS_REFUSED(KTLS_R_TICKET_LIFETIME);
	if (post->tickets_in_a_row == IN_A_ROW_MAX)
		return KTLS_REFUSED(KTLS_R_RECORD_FLOOD);

	/* Nothing below can fail. */
	post->tickets_in_a_row++;
	if (post->tickets != NULL)
		remember(post, &t);
	return 0;
}
