/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/client_hello.h"
#include "handshake/machine.h"

/* ClientHello, RFC 8446 4.1.2 and RFC 5246 7.4.1.2: a client's, for all versions that it speaks. */

/* What the parameters and the config say. */
static struct client_hello_params
params_of(const struct ktls_hs *hs)
{
	struct client_hello_params p = {
		.version_min = hs->cfg->version_min,
		.version_max = hs->cfg->version_max,
		.random = hs->client_random,
		.session_id = { hs->session_id, hs->session_id_len },
		.ciphers = hs->cfg->ciphers,
		.cipher_count = hs->cfg->cipher_count,
		.groups = hs->cfg->groups,
		.group_count = hs->cfg->group_count,
		.share_group = hs->group,
		.share = { hs->share, hs->share_len },
		.server_name = hs->server_name,
		.alpn = (const char *const *)hs->cfg->alpn,
		.alpn_count = hs->cfg->alpn_count,
		.record_size_limit = hs->cfg->record_size_limit,
		.cookie = { hs->cookie, hs->cookie_len },
		.schemes = hs->cfg->verify_schemes,
		.scheme_count = hs->cfg->verify_scheme_count,
	};

	return p;
}

/* A share of the first group; a HelloRetryRequest has named another, or none. */
static int
make_share(struct ktls_hs *hs)
{
	if (hs->share_key != NULL)
		return 0;
	return group_offer(hs->crypto, hs->group, &hs->share_key, hs->share, &hs->share_len);
}

/* RFC 8446 D.4: a session id makes a middlebox believe that TLS 1.3 resumes TLS 1.2. */
static int
make_random(struct ktls_hs *hs)
{
	int err;

	if ((err = crypto_random(hs->crypto, hs->client_random, RANDOM_LEN)) != 0)
		return err;
	if (hs->cfg->version_max < KTLS_TLS13)
		return 0;
	if ((err = crypto_random(hs->crypto, hs->session_id, SESSION_ID_MAX)) != 0)
		return err;
	hs->session_id_len = SESSION_ID_MAX;
	hs->compat = true;
	hs->group = hs->cfg->groups[0];
	return 0;
}

/* START -> WAIT_SH */
int
client_hello_send(struct ktls_hs *hs, struct writer *w)
{
	struct client_hello_params p;
	int err;

	if (!hs->retried && (err = make_random(hs)) != 0)
		return err;
	if (hs->retried && (err = flight_ccs(hs)) != 0)
		return err;
	if (hs->cfg->version_max >= KTLS_TLS13 && (err = make_share(hs)) != 0)
		return err;
	p = params_of(hs);
	hs->offered = client_hello_encode(w, &p);
	hs->in.cut.ccs = true;
	hs->window = true;		/* the server's whole flight, and data, may follow */
	hs->state = ST_WAIT_SH;
	return 0;
}
