/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/machine.h"

bool
resumption_can(const struct ktls_hs *hs, enum ktls_question_kind kind)
{
	const struct ktls_config *cfg = hs->cfg;

	if (cfg->ask[kind].asked)
		return true;
	if (kind == KTLS_ASK_TICKET_OPEN || kind == KTLS_ASK_TICKET_SEAL)
		return cfg->tickets != NULL;
	return cfg->sessions != NULL;
}

static bool
bound_here(const struct ktls_hs *hs, const struct session *s, uint16_t version)
{
	return s->version == version && s->expires > config_now(hs->cfg) / 1000 &&
	    CRYPTO_memcmp(s->context, hs->cfg->context[hs->role], SESSION_CONTEXT_LEN) == 0;
}

bool
resumption_take(struct ktls_hs *hs, struct slice encoded, uint16_t version)
{
	struct resumption *r = &hs->resume;

	resumption_drop(hs);
	if (encoded.len == 0 || (r->data = OPENSSL_memdup(encoded.p, encoded.len)) == NULL)
		return false;		/* without memory: a full handshake */
	r->data_len = encoded.len;
	if (session_decode(&r->session, (struct slice){ r->data, r->data_len }) == 0 &&
	    bound_here(hs, &r->session, version != 0 ? version : r->session.version))
		return true;
	resumption_drop(hs);
	return false;
}

void
resumption_drop(struct ktls_hs *hs)
{
	struct resumption *r = &hs->resume;

	session_wipe(&r->session);
	r->session = (struct session){ 0 };
	OPENSSL_clear_free(r->data, r->data_len);
	r->data = NULL;
	r->data_len = 0;
}

int
resumption_accept(struct ktls_hs *hs)
{
	const struct session *s = &hs->resume.session;
	uint8_t *chain = NULL;

	if (s->chain.len != 0 && (chain = OPENSSL_memdup(s->chain.p, s->chain.len)) == NULL)
		return fail_memory();

	/* Nothing below can fail. */
	hs->peer_chain = chain;
	hs->peer_chain_len = s->chain.len;
	hs->peer.verified = s->verified;
	hs->peer.not_after = s->chain_end;
	hs->resume.resumed = true;
	return 0;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When the peer's chain ends; 0: there is none, or the user has judged it by its own rules. */
static int64_t
chain_end(const struct ktls_hs *hs)
{
	return hs->peer_chain_len != 0 && hs->peer.not_after != INT64_MAX ? hs->peer.not_after : 0;
}

/* 7 days after somebody has signed last, whatever was resumed since. */
static int64_t
expiry(const struct ktls_hs *hs, int64_t now, int64_t authenticated, uint32_t lifetime)
{
	int64_t end = least(authenticated + SESSION_LIFETIME_MAX, now + lifetime);

	return chain_end(hs) != 0 ? least(end, chain_end(hs)) : end;
}

static struct slice
text(const char *s)
{
	return (struct slice){ (const uint8_t *)s, s != NULL ? strlen(s) : 0 };
}

void
resumption_describe(const struct ktls_hs *hs, uint32_t lifetime, struct session *session)
{
	const int64_t now = config_now(hs->cfg);
	const int64_t authenticated =
	    hs->resume.resumed ? hs->resume.session.authenticated : now / 1000;

	*session = (struct session){
		.version = hs->version,
		.suite = hs->suite->id,
		.verified = hs->peer.verified,
		.secret_len = crypto_hash_len(hs->suite->hash),
		.issued = now,
		.authenticated = authenticated,
		.expires = expiry(hs, now / 1000, authenticated, lifetime),
		.chain_end = chain_end(hs),
		.server_name = text(hs->server_name),
		.alpn = text(hs->alpn),
		.chain = { hs->peer_chain, hs->peer_chain_len },
	};
	memcpy(session->context, hs->cfg->context[hs->role], SESSION_CONTEXT_LEN);
}

int
resumption_encode(struct ktls_hs *hs, const struct session *session)
{
	struct resumption *r = &hs->resume;

	OPENSSL_clear_free(r->encoded, r->encoded_len);
	r->encoded = NULL;
	r->encoded_len = 0;
	r->expires = session->expires;
	return session_encode(session, &r->encoded, &r->encoded_len);
}

int
resumption_sealed(struct ktls_hs *hs, struct slice body)
{
	struct resumption *r = &hs->resume;
	uint8_t *ticket = NULL;

	if (body.len > UINT16_MAX)
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	if (body.len != 0 && (ticket = OPENSSL_memdup(body.p, body.len)) == NULL)
		return fail_memory();

	/* Nothing below can fail. */
	OPENSSL_clear_free(r->encoded, r->encoded_len);
	r->encoded = ticket;
	r->encoded_len = body.len;
	return 0;
}

uint32_t
resumption_lifetime(const struct ktls_hs *hs)
{
	return hs->cfg->tickets != NULL ? ktls_tickets_lifetime(hs->cfg->tickets) :
	    KTLS_TICKETS_LIFETIME;
}

/* What the certificate must be for is in it too: one name may be asked for under another. */
int
resumption_key(struct ktls_hs *hs, uint8_t key[RESUMPTION_KEY_LEN])
{
	uint8_t bytes[SESSION_CONTEXT_LEN + 2 + 2 * (1 + SERVER_NAME_MAX)];
	struct writer w = wr_init(bytes, sizeof(bytes));

	wr_bytes(&w, hs->cfg->context[KTLS_CLIENT], SESSION_CONTEXT_LEN);
	wr_u16(&w, hs->port);
	wr_vec(&w, 1, text(hs->server_name));
	wr_vec(&w, 1, text(hs->verify_name));
	return crypto_digest(hs->crypto, HASH_SHA256, wr_written(&w), key);
}

void
resumption_free(struct resumption *r)
{
	session_wipe(&r->session);
	OPENSSL_clear_free(r->data, r->data_len);
	OPENSSL_clear_free(r->encoded, r->encoded_len);
	explicit_bzero(r->secret, sizeof(r->secret));
}
