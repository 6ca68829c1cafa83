/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/client_hello.h"
#include "handshake/hs12_resumption.h"
#include "handshake/hs13_psk.h"
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
		.retry = hs->retried,
		.takes_tickets = resumption_can(hs, KTLS_ASK_SESSION_PUT),
		.grease = hs->cfg->grease ? hs->grease : NULL,
	};
	struct psk_offer psk;

	if (hs12_session_offered(hs) && hs->resume.session.id_is_ticket) {
		p.takes_tickets = true;
		p.ticket = hs->resume.session.id;
	}
	if (hs13_psk_offer(hs, &psk)) {
		p.psk = psk.ticket;
		p.psk_age = psk.age;
		p.binder_len = psk.binder_len;
	}
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

/*
 * A TLS 1.2 session's; or one at random: RFC 8446 D.4, to make a middlebox believe that
 * TLS 1.3 resumes TLS 1.2, and RFC 5077 3.4, to see by its echo that a ticket was taken.
 */
static void
choose_session_id(struct ktls_hs *hs, const uint8_t random[SESSION_ID_MAX])
{
	const struct session *s = &hs->resume.session;
	const bool offered = hs12_session_offered(hs);

	if (offered && !s->id_is_ticket) {
		memcpy(hs->session_id, s->id.p, s->id.len);
		hs->session_id_len = s->id.len;
	} else if (offered || hs->cfg->version_max >= KTLS_TLS13) {
		memcpy(hs->session_id, random, SESSION_ID_MAX);
		hs->session_id_len = SESSION_ID_MAX;
	}
}

static int
make_random(struct ktls_hs *hs)
{
	struct {
		uint8_t client[RANDOM_LEN], session_id[SESSION_ID_MAX], grease[GREASE_COUNT];
	} r;
	int err;

	if ((err = crypto_random(hs->crypto, &r, sizeof(r))) != 0)
		return err;
	memcpy(hs->client_random, r.client, RANDOM_LEN);
	client_hello_grease(r.grease, hs->grease);
	choose_session_id(hs, r.session_id);
	hs->compat = hs->cfg->version_max >= KTLS_TLS13;
	hs->group = hs->cfg->groups[0];
	return 0;
}

/* The binder, over all before it: the last bytes of what w holds. */
static int
bind_psk(struct ktls_hs *hs, struct writer *w, size_t binder_len)
{
	const struct slice all = wr_written(w);
	const size_t body = all.len - MESSAGE_HEADER;
	uint8_t *start = w->start, binder[HASH_LEN_MAX], open[3];
	int err;

	if (w->bad)
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	/* The message's length is filled in when it is closed, and is part of it now. */
	memcpy(open, start + 1, sizeof(open));
	start[1] = (uint8_t)(body >> 16);
	start[2] = (uint8_t)(body >> 8);
	start[3] = (uint8_t)body;
	err = hs13_psk_bind(hs, (struct slice){ all.p, all.len - 3 - binder_len }, binder);
	memcpy(start + 1, open, sizeof(open));
	if (err == 0)
		memcpy(start + all.len - binder_len, binder, binder_len);
	return err;
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
	if (p.psk.len != 0 && (err = bind_psk(hs, w, p.binder_len)) != 0)
		return err;
	hs->in.cut.ccs = true;
	hs->window = true;		/* the server's whole flight, and data, may follow */
	hs->state = ST_WAIT_SH;
	return 0;
}
