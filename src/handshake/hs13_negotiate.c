/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/hs13_cookie.h"
#include "handshake/hs13_psk.h"
#include "handshake/negotiate.h"

/* What a TLS 1.3 server makes of a ClientHello, RFC 8446 4.1.1. */

/* What we agree to, all of it computed before any of it holds. */
struct choice {
	const struct suite *suite;
	uint16_t group;
	struct slice share;		/* empty: a HelloRetryRequest is needed */
	const char *alpn;
	uint8_t digest[32];
};

/* RFC 8446 9.2: without (EC)DHE we do nothing, so neither can be spared. */
static int
check_required(struct ktls_hs *hs, const struct client_hello *ch)
{
	static const uint16_t required[] = { EXT_SUPPORTED_GROUPS, EXT_KEY_SHARE };

	if (ch->compression.len != 1 || ch->compression.p[0] != 0)
		return KTLS_REFUSED(KTLS_R_CH_COMPRESSION);
	for (size_t i = 0; i < sizeof(required) / sizeof(*required); i++)
		if (!client_hello_has(ch, required[i]))
			return fail_refuse(hs, KTLS_R_CH_MISSING, "%s is missing (RFC 8446 9.2)",
			    extension_name(required[i]));
	if (client_hello_has(ch, EXT_RECORD_SIZE_LIMIT) &&
	    ch->record_size_limit < RECORD_LIMIT_MIN)
		return KTLS_REFUSED(KTLS_R_RECORD_LIMIT);
	return 0;
}

/* Our order decides. */
static int
choose_suite(const struct ktls_hs *hs, const struct client_hello *ch, struct choice *c)
{
	for (size_t i = 0; i < hs->cfg->cipher_count && c->suite == NULL; i++) {
		const struct suite *suite = suite_of(hs->cfg->ciphers[i]);

		if (extension_list_has(ch->suites, suite->id))
			c->suite = suite;
	}
	return c->suite != NULL ? 0 : KTLS_REFUSED(KTLS_R_CH_NO_CIPHER);
}

static int
refuse_share(struct ktls_hs *hs, const struct client_hello *ch, uint16_t group)
{
	if (extension_list_has(ch->groups, group))
		return fail_refuse(hs, KTLS_R_CH_SHARE_TWICE,
		    "two key shares of group %u (RFC 8446 4.2.8)", group);
	return fail_refuse(hs, KTLS_R_CH_SHARE_GROUP,
	    "a key share of group %u, not in supported_groups (RFC 8446 4.2.8)", group);
}

/*
 * RFC 8446 4.2.8: one share a group, and only of groups that are supported. By a bit for
 * each number, so that lists of thousands are read once.
 */
static int
check_shares(struct ktls_hs *hs, const struct client_hello *ch)
{
	struct reader r = rd_init(ch->groups), shares = rd_init(ch->shares);
	uint8_t may_share[65536 / 8] = { 0 };
	struct slice share;
	uint16_t group;

	while (rd_more(&r)) {
		group = rd_u16(&r);
		may_share[group >> 3] |= (uint8_t)(1u << (group & 7));
	}
	while (client_hello_share(&shares, &group, &share)) {
		uint8_t bit = (uint8_t)(1u << (group & 7));

		if (!(may_share[group >> 3] & bit))
			return refuse_share(hs, ch, group);
		may_share[group >> 3] &= (uint8_t)~bit;
	}
	return 0;
}

static struct slice
find_share(const struct client_hello *ch, uint16_t wanted)
{
	struct reader r = rd_init(ch->shares);
	struct slice share;
	uint16_t group;

	while (client_hello_share(&r, &group, &share))
		if (group == wanted)
			return share;
	return (struct slice){ NULL, 0 };
}

/* The first group of ours of which there is a share; else the first in common, and a retry. */
static int
choose_group(const struct ktls_hs *hs, const struct client_hello *ch, struct choice *c)
{
	for (size_t i = 0; i < hs->cfg->group_count; i++) {
		uint16_t group = hs->cfg->groups[i];
		struct slice share = find_share(ch, group);

		if (!extension_list_has(ch->groups, group))
			continue;
		if (c->group == 0 || share.len != 0)
			c->group = group;
		if (share.len != 0) {
			c->share = share;
			return 0;
		}
	}
	return c->group != 0 ? 0 : KTLS_REFUSED(KTLS_R_CH_NO_GROUP);
}

/* What a second ClientHello must repeat. Extensions that nobody answers may differ. */
static int
digest(struct ktls_hs *hs, const struct client_hello *ch, uint8_t out[32])
{
	const struct slice parts[] = {
		ch->fixed, ch->server_name, ch->alpn, ch->groups, ch->schemes, ch->versions,
	};
	uint8_t each[sizeof(parts) / sizeof(*parts)][32];
	int err;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if ((err = crypto_digest(hs->crypto, HASH_SHA256, parts[i], each[i])) != 0)
			return err;
	return crypto_digest(hs->crypto, HASH_SHA256,
	    (struct slice){ each[0], sizeof(each) }, out);
}

/*
 * RFC 8446 4.1.2: the second ClientHello repeats the first, but for the share that
 * was asked for, early data, cookie, PSKs and padding.
 */
int
hs13_check_retry(struct ktls_hs *hs, const struct client_hello *ch)
{
	struct reader r = rd_init(ch->shares);
	uint8_t again[32];
	struct slice share;
	uint16_t group;
	int err;

	if ((err = digest(hs, ch, again)) != 0)
		return err;
	if (memcmp(again, hs->hello_digest, sizeof(again)) != 0)
		return KTLS_REFUSED(KTLS_R_CH_CHANGED);
	if (client_hello_has(ch, EXT_EARLY_DATA))
		return KTLS_REFUSED(KTLS_R_CH_EARLY_DATA);
	if (hs->retry_group != 0 && (!client_hello_share(&r, &group, &share) ||
	    group != hs->retry_group || rd_more(&r)))
		return KTLS_REFUSED(KTLS_R_CH_RETRY_SHARE);
	return 0;
}

/* The share must have the length that the group's have, else there is no room for it. */
static int
check_share_len(const struct choice *c)
{
	if (c->share.len != 0 && c->share.len != group_share_len(c->group))
		return KTLS_REFUSED(KTLS_R_SHARE_INVALID);
	return 0;
}

/* RFC 8446 9.2: without a PSK somebody must sign. */
static int
check_signatures(struct ktls_hs *hs, const struct client_hello *ch)
{
	if (client_hello_has(ch, EXT_SIGNATURE_ALGORITHMS))
		return 0;
	return fail_refuse(hs, KTLS_R_CH_MISSING, "%s is missing (RFC 8446 9.2)",
	    extension_name(EXT_SIGNATURE_ALGORITHMS));
}

static void
ask_identity(struct ktls_hs *hs)
{
	hs->questions.due = KTLS_ASK_IDENTITY;
	hs->state = ST_WAIT_IDENTITY;
}

/* RECVD_CH -> SEND_HRR, WAIT_PSK or WAIT_IDENTITY. */
int
hs13_negotiate(struct ktls_hs *hs, const struct client_hello *ch)
{
	const bool stateless = hs->cfg->retry_tickets != NULL && !hs->retried;
	struct choice c = { 0 };
	bool retry;
	int err;

	if (stateless && client_hello_has(ch, EXT_COOKIE) && (err = hs13_cookie_take(hs, ch)) != 0)
		return err;
	if ((err = check_required(hs, ch)) != 0 ||
	    (!hs13_psk_offered(hs, ch) && (err = check_signatures(hs, ch)) != 0) ||
	    (err = check_shares(hs, ch)) != 0 ||
	    (err = choose_suite(hs, ch, &c)) != 0 ||
	    (err = choose_group(hs, ch, &c)) != 0 ||
	    (err = check_share_len(&c)) != 0 ||
	    (err = negotiate_alpn(hs, ch, &c.alpn)) != 0)
		return err;
	if (hs->retried && c.suite != hs->suite)	/* another config, perhaps */
		return KTLS_REFUSED(KTLS_R_CH_CHANGED);
	retry = !hs->retried && (stateless || c.share.len == 0);
	if (retry && (err = digest(hs, ch, c.digest)) != 0)
		return err;
	if (!retry && c.share.len == 0)
		return KTLS_REFUSED(KTLS_R_CH_RETRY_SHARE);

	/* Nothing below can fail: the connection changes here or not at all. */
	if (retry) {
		memcpy(hs->hello_digest, c.digest, sizeof(c.digest));
		hs->retry_group = c.share.len == 0 ? c.group : 0;
	}
	if (ch->session_id.len != 0)
		memcpy(hs->session_id, ch->session_id.p, ch->session_id.len);
	hs->session_id_len = ch->session_id.len;
	hs->compat = ch->session_id.len != 0;
	hs->suite = c.suite;
	hs->group = c.group;
	hs->alpn = c.alpn;
	if (c.share.len != 0)
		memcpy(hs->share, c.share.p, c.share.len);
	hs->share_len = c.share.len;
	negotiate_limits(hs, ch);
	hs->in.skip_early = client_hello_has(ch, EXT_EARLY_DATA);
	hs->takes_tickets = ch->psk_modes.len != 0 &&
	    memchr(ch->psk_modes.p, PSK_DHE_KE, ch->psk_modes.len) != NULL;
	if (retry)
		hs->state = ST_SEND_HRR;
	else if (hs13_psk_offered(hs, ch))
		hs13_psk_ask(hs, 0);
	else
		ask_identity(hs);
	return 0;
}

int
hs13_full_handshake(struct ktls_hs *hs, const struct client_hello *ch)
{
	int err;

	if ((err = check_signatures(hs, ch)) != 0)
		return err;
	ask_identity(hs);
	return 0;
}

/* WAIT_IDENTITY -> NEGOTIATED */
int
hs13_server_identity(struct ktls_hs *hs, struct slice body)
{
	const struct client_hello *ch = &hs->hello->ch;
	const struct identity_wanted wanted = {
		.server_name = hs->server_name, .version = KTLS_TLS13,
		.schemes = ch->schemes, .schemes_cert = ch->schemes_cert,
		.ecdsa_ok = true, .rsa_ok = true,
	};
	uint16_t scheme;
	int err, identity;

	(void)body;
	if ((err = negotiate_identity(hs, &wanted, &identity, &scheme)) != 0)
		return err;

	/* Nothing below can fail. */
	hs->identity = identity;
	hs->scheme = scheme;
	hs->state = ST_NEGOTIATED;
	return 0;
}
