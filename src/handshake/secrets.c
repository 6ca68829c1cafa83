/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/machine.h"
#include "handshake/secrets.h"
#include "schedule/exporter.h"

int
session_key(struct ktls_hs *hs, uint8_t key[SESSION_KEY_LEN])
{
	const char *server_name = hs->server_name, *verify_name = hs->verify_name;
	uint8_t bytes[SESSION_CONTEXT_LEN + 2 + 2 * (1 + SERVER_NAME_MAX)];
	struct writer w = wr_init(bytes, sizeof(bytes));

	wr_bytes(&w, hs->cfg->context[KTLS_CLIENT], SESSION_CONTEXT_LEN);
	wr_u16(&w, hs->port);
	wr_vec(&w, 1, (struct slice){ (const uint8_t *)server_name, strlen(server_name) });
	wr_vec(&w, 1, (struct slice){ (const uint8_t *)verify_name, strlen(verify_name) });
	return crypto_digest(hs->crypto, HASH_SHA256, wr_written(&w), key);
}

static struct slice
string(const char *s)
{
	return (struct slice){ (const uint8_t *)s, s != NULL ? strlen(s) : 0 };
}

/* What every ticket of this connection makes a session of: RFC 8446 4.6.1, and session.h. */
static struct session
describe_session(const struct ktls_hs *hs)
{
	struct session s = {
		.version = hs->version, .suite = hs->suite->id, .verified = hs->peer.verified,
		.secret_len = crypto_hash_len(hs->suite->hash),
		.authenticated = hs->authenticated,
		.server_name = string(hs->server_name), .alpn = string(hs->alpn),
		.chain = { hs->peer_chain, hs->peer_chain_len }, .id_is_ticket = true,
	};

	memcpy(s.context, hs->cfg->context[KTLS_CLIENT], sizeof(s.context));
	if (s.authenticated == 0)
		s.authenticated = config_now(hs->cfg) / 1000;
	s.expires = s.authenticated + SESSION_LIFETIME_MAX;
	if (s.expires > hs->peer.not_after)
		s.expires = hs->peer.not_after;
	return s;
}

/* Where there can't be a session (a chain too long), there is none: that ends no connection. */
static int
make_tickets(struct ktls_hs *hs, struct hs_tickets **tickets)
{
	const struct ktls_config *cfg = hs->cfg;
	uint8_t key[SESSION_KEY_LEN];
	struct session session;
	int err;

	*tickets = NULL;
	if (hs->role != KTLS_CLIENT || hs->version != KTLS_TLS13 ||
	    (cfg->sessions == NULL && cfg->ask[KTLS_ASK_SESSION_PUT].fn == NULL))
		return 0;
	session = describe_session(hs);
	if ((err = session_key(hs, key)) == 0)
		err = hs_tickets_new(tickets, hs->cfg, &session, (struct slice){ key,
		    sizeof(key) });
	return err == -EMSGSIZE ? 0 : err;
}

/* The secret that keying material is exported from; NULL: none may be (RFC 7627 5.4). */
static const uint8_t *
exporter_secret(const struct ktls_hs *hs)
{
	if (hs->version == KTLS_TLS13)
		return hs->exporter_secret;
	return hs->ems ? hs->schedule12.master : NULL;
}

int
hs_take_secrets(struct ktls_hs *hs, struct hs_secrets *secrets)
{
	struct hs_tickets *tickets;
	int err;

	if (!ktls_hs_ready(hs, KTLS_TX) || !ktls_hs_ready(hs, KTLS_RX))
		return -EAGAIN;
	if (hs->secrets_taken)
		return -EALREADY;
	if ((err = make_tickets(hs, &tickets)) != 0)
		return err;

	/* Nothing below can fail. */
	*secrets = (struct hs_secrets){
		.crypto = ktls_crypto_ref(hs->crypto),
		.role = hs->role, .version = hs->version,
		.cipher = hs->suite->cipher, .hash = hs->suite->hash,
		.keylog = hs->cfg->keylog, .keylog_arg = hs->cfg->keylog_arg,
		.exports = hs->cfg->keep_exporter && exporter_secret(hs) != NULL,
		.tickets = tickets,
	};
	memcpy(secrets->client_random, hs->client_random, RANDOM_LEN);
	memcpy(secrets->server_random, hs->server_random, RANDOM_LEN);
	memcpy(secrets->traffic, hs->app_secret, sizeof(secrets->traffic));
	if (secrets->exports)
		memcpy(secrets->exporter, exporter_secret(hs), sizeof(secrets->exporter));
	if (tickets != NULL)
		memcpy(secrets->resumption, hs->resumption_secret, sizeof(secrets->resumption));
	explicit_bzero(hs->app_secret, sizeof(hs->app_secret));
	explicit_bzero(hs->resumption_secret, sizeof(hs->resumption_secret));
	hs->secrets_taken = true;
	return 0;
}

int
ktls_hs_export(const struct ktls_hs *hs, const char *label, const void *context,
    size_t context_len, void *out, size_t out_len)
{
	struct exporter e = { .crypto = hs->crypto, .version = hs->version,
	    .client_random = hs->client_random, .server_random = hs->server_random };

	if (!ktls_hs_ready(hs, KTLS_TX))
		return -EAGAIN;
	if ((e.secret = exporter_secret(hs)) == NULL)
		return -EOPNOTSUPP;
	e.hash = hs->suite->hash;
	return exporter_make(&e, label, context, context_len, out, out_len);
}

int
hs_tickets_new(struct hs_tickets **out, struct ktls_config *cfg, const struct session *session,
    struct slice key)
{
	struct hs_tickets *tickets = OPENSSL_malloc(sizeof(*tickets) + key.len);
	int err;

	*out = NULL;
	if (tickets == NULL)
		return fail_memory();
	if ((err = session_encode(session, &tickets->session, &tickets->session_len)) != 0) {
		OPENSSL_free(tickets);
		return err;
	}
	tickets->cfg = ktls_config_ref(cfg);
	tickets->key_len = key.len;
	memcpy(tickets->key, key.p, key.len);
	*out = tickets;
	return 0;
}

void
hs_tickets_free(struct hs_tickets *tickets)
{
	if (tickets == NULL)
		return;
	ktls_config_unref(tickets->cfg);
	OPENSSL_clear_free(tickets->session, tickets->session_len);
	OPENSSL_free(tickets);
}

void
hs_secrets_wipe(struct hs_secrets *secrets)
{
	ktls_crypto_unref(secrets->crypto);
	hs_tickets_free(secrets->tickets);
	OPENSSL_cleanse(secrets, sizeof(*secrets));
}
