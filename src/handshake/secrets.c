/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/machine.h"
#include "handshake/secrets.h"
#include "schedule/exporter.h"

/* Where there can't be a session (a chain too long), there is none: that ends no connection. */
static int
make_tickets(struct ktls_hs *hs, struct hs_tickets **tickets)
{
	uint8_t key[RESUMPTION_KEY_LEN];
	struct session session;
	int err;

	*tickets = NULL;
	if (hs->role != KTLS_CLIENT || hs->version != KTLS_TLS13 ||
	    !resumption_can(hs, KTLS_ASK_SESSION_PUT))
		return 0;
	resumption_describe(hs, SESSION_LIFETIME_MAX, &session);
	session.id_is_ticket = true;
	if ((err = resumption_key(hs, key)) == 0)
		err = hs_tickets_new(tickets, hs->cfg, &session,
		    (struct slice){ key, sizeof(key) });
	return err == -EMSGSIZE ? 0 : err;
}

/* Whether keying material may be exported, RFC 7627 5.4. */
static bool
may_export(const struct ktls_hs *hs)
{
	return hs->version == KTLS_TLS13 || hs->ems;
}

/* The secret that it is exported from, out's owner's to wipe. */
static int
exporter_secret(const struct ktls_hs *hs, uint8_t out[HASH_LEN_MAX])
{
	if (hs->version == KTLS_TLS13)
		return hs13_exporter_secret(hs, out);
	memcpy(out, hs->schedule12.master, sizeof(hs->schedule12.master));
	return 0;
}

int
hs_take_secrets(struct ktls_hs *hs, struct hs_secrets *secrets)
{
	const bool exports = hs->cfg->keep_exporter && may_export(hs);
	uint8_t exporter[HASH_LEN_MAX];
	struct hs_tickets *tickets;
	int err;

	if (!ktls_hs_ready(hs, KTLS_TX) || !ktls_hs_ready(hs, KTLS_RX))
		return -EAGAIN;
	if (hs->secrets_taken)
		return -EALREADY;
	if (exports && (err = exporter_secret(hs, exporter)) != 0)
		return err;
	if ((err = make_tickets(hs, &tickets)) != 0) {
		explicit_bzero(exporter, sizeof(exporter));
		return err;
	}

	/* Nothing below can fail. */
	*secrets = (struct hs_secrets){
		.crypto = ktls_crypto_ref(hs->crypto),
		.role = hs->role, .version = hs->version,
		.cipher = hs->suite->cipher, .hash = hs->suite->hash,
		.keylog = hs->cfg->keylog, .keylog_arg = hs->cfg->keylog_arg,
		.exports = exports,
		.tickets = tickets,
	};
	memcpy(secrets->client_random, hs->client_random, RANDOM_LEN);
	memcpy(secrets->server_random, hs->server_random, RANDOM_LEN);
	memcpy(secrets->traffic, hs->app_secret, sizeof(secrets->traffic));
	if (exports)
		memcpy(secrets->exporter, exporter, sizeof(secrets->exporter));
	if (tickets != NULL)
		memcpy(secrets->resumption, hs->resume.secret, sizeof(secrets->resumption));
	explicit_bzero(exporter, sizeof(exporter));
	explicit_bzero(hs->app_secret, sizeof(hs->app_secret));
	explicit_bzero(hs->resume.secret, sizeof(hs->resume.secret));
	hs->secrets_taken = true;
	return 0;
}

uint8_t *
hs_take_peer_chain(struct ktls_hs *hs, size_t *len)
{
	uint8_t *chain = hs->peer_chain;

	*len = hs->peer_chain_len;
	hs->peer_chain = NULL;
	hs->peer_chain_len = 0;
	return chain;
}

int
ktls_hs_export(const struct ktls_hs *hs, const char *label, const void *context,
    size_t context_len, void *out, size_t out_len)
{
	struct exporter e = { .crypto = hs->crypto, .version = hs->version,
	    .client_random = hs->client_random, .server_random = hs->server_random };
	uint8_t secret[HASH_LEN_MAX];
	int err;

	if (!ktls_hs_ready(hs, KTLS_TX))
		return -EAGAIN;
	if (!may_export(hs))
		return -EOPNOTSUPP;
	if ((err = exporter_secret(hs, secret)) != 0)
		return err;
	e.hash = hs->suite->hash;
	e.secret = secret;
	err = exporter_make(&e, label, context, context_len, out, out_len);
	explicit_bzero(secret, sizeof(secret));
	return err;
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
