/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/client_hello.h"
#include "handshake/machine.h"

/* ClientHello, RFC 8446 4.1.2: a client's, and what a TLS 1.3 server makes of it. */

/* What the parameters and the config say. */
static struct client_hello_params
params_of(const struct ktls_hs *hs)
{
	struct client_hello_params p = {
		.random = hs->client_random,
		.session_id = { hs->session_id, hs->session_id_len },
		.ciphers = hs->cfg->ciphers,
		.cipher_count = hs->cfg->cipher_count,
		.groups = hs->cfg->groups,
		.group_count = hs->cfg->group_count,
		.schemes = hs->cfg->verify_schemes,
		.scheme_count = hs->cfg->verify_scheme_count,
		.share_group = hs->group,
		.share = { hs->share, hs->share_len },
		.server_name = hs->server_name,
		.alpn = (const char *const *)hs->cfg->alpn,
		.alpn_count = hs->cfg->alpn_count,
		.record_size_limit = hs->cfg->record_size_limit,
		.cookie = { hs->cookie, hs->cookie_len },
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

/* RFC 8446 D.4: a session id makes a middlebox believe that this resumes TLS 1.2. */
static int
make_random(struct ktls_hs *hs)
{
	int err;

	if ((err = crypto_random(hs->crypto, hs->client_random, RANDOM_LEN)) != 0 ||
	    (err = crypto_random(hs->crypto, hs->session_id, SESSION_ID_MAX)) != 0)
		return err;
	hs->session_id_len = SESSION_ID_MAX;
	hs->compat = true;
	hs->group = hs->cfg->groups[0];
	return 0;
}

/* START -> WAIT_SH */
int
hs13_client_hello_send(struct ktls_hs *hs, struct writer *w)
{
	struct client_hello_params p;
	int err;

	if (!hs->retried && (err = make_random(hs)) != 0)
		return err;
	if (hs->retried && (err = flight_ccs(hs)) != 0)
		return err;
	if ((err = make_share(hs)) != 0)
		return err;
	p = params_of(hs);
	hs->offered = client_hello_encode(w, &p);
	hs->in.cut.ccs = true;
	hs->window = true;		/* the server's whole flight, and data, may follow */
	hs->state = ST_WAIT_SH;
	return 0;
}

/* What we agree to, all of it computed before any of it holds. */
struct choice {
	const struct suite *suite;
	uint16_t group, scheme;
	struct slice share;		/* empty: a HelloRetryRequest is needed */
	const char *alpn;
	int identity;
	uint8_t digest[32];
};

static bool
saw(const struct client_hello *ch, uint16_t type)
{
	return (ch->seen & extension_bit(type)) != 0;
}

/* The newest version that the client offers, of those that have a name. */
static uint16_t
best_version(const struct client_hello *ch)
{
	struct reader r = rd_init(ch->versions);
	uint16_t best = 0x0301, version;

	if (!saw(ch, EXT_SUPPORTED_VERSIONS))
		return ch->legacy_version < KTLS_TLS12 ? ch->legacy_version : KTLS_TLS12;
	while (rd_more(&r))
		if ((version = rd_u16(&r)) > best && version <= KTLS_TLS12)
			best = version;
	return best;
}

static int
check_version(struct ktls_hs *hs, const struct client_hello *ch)
{
	if (ch->legacy_version <= 0x0300)
		return fail_refuse(hs, KTLS_R_CH_SSL3,
		    "legacy_version is %#06x (RFC 8446 D.5)", ch->legacy_version);
	if (saw(ch, EXT_SUPPORTED_VERSIONS) && extension_list_has(ch->versions, KTLS_TLS13))
		return 0;
	return fail_refuse(hs, KTLS_R_CH_VERSION,
	    "the client offers TLS 1.%d at most, we speak 1.3 (RFC 8446 4.2.1)",
	    (best_version(ch) & 0xff) - 1);
}

/* RFC 8446 9.2. We take no pre-shared keys, so none of the three can be spared. */
static int
check_required(struct ktls_hs *hs, const struct client_hello *ch)
{
	static const uint16_t required[] = {
		EXT_SUPPORTED_GROUPS, EXT_KEY_SHARE, EXT_SIGNATURE_ALGORITHMS,
	};

	if (ch->compression.len != 1 || ch->compression.p[0] != 0)
		return KTLS_REFUSED(KTLS_R_CH_COMPRESSION);
	for (size_t i = 0; i < sizeof(required) / sizeof(*required); i++)
		if (!saw(ch, required[i]))
			return fail_refuse(hs, KTLS_R_CH_MISSING, "%s is missing (RFC 8446 9.2)",
			    extension_name(required[i]));
	if (saw(ch, EXT_RECORD_SIZE_LIMIT) && ch->record_size_limit < RECORD_LIMIT_MIN)
		return KTLS_REFUSED(KTLS_R_RECORD_LIMIT);
	if (saw(ch, EXT_SERVER_NAME) && !extension_name_valid(ch->server_name))
		return KTLS_REFUSED(KTLS_R_CH_SERVER_NAME);
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

/* A set of 16-bit numbers: lists of thousands are then read once. */
struct set {
	uint8_t bits[65536 / 8];
};

static bool
set_has(const struct set *set, uint16_t n)
{
	return (set->bits[n >> 3] >> (n & 7) & 1) != 0;
}

static void
set_add(struct set *set, uint16_t n)
{
	set->bits[n >> 3] |= (uint8_t)(1u << (n & 7));
}

/* RFC 8446 4.2.8: one share a group, and only of groups that are supported. */
static int
check_shares(struct ktls_hs *hs, const struct client_hello *ch)
{
	struct reader r = rd_init(ch->groups), shares = rd_init(ch->shares);
	struct set supported = { 0 }, shared = { 0 };
	struct slice share;
	uint16_t group;

	while (rd_more(&r))
		set_add(&supported, rd_u16(&r));
	while (client_hello_share(&shares, &group, &share)) {
		if (!set_has(&supported, group))
			return fail_refuse(hs, KTLS_R_CH_SHARE_GROUP,
			    "a key share of group %u, not in supported_groups (RFC 8446 4.2.8)",
			    group);
		if (set_has(&shared, group))
			return fail_refuse(hs, KTLS_R_CH_SHARE_TWICE,
			    "two key shares of group %u (RFC 8446 4.2.8)", group);
		set_add(&shared, group);
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

/* Who we are for this client, and the scheme to sign under that it can verify. */
static int
choose_identity(const struct ktls_hs *hs, const struct client_hello *ch, struct choice *c)
{
	char name[SERVER_NAME_MAX + 1] = "";
	struct identity_wanted wanted = {
		.server_name = name,
		.version = KTLS_TLS13,
		.schemes = ch->schemes,
		.ecdsa_ok = true,
		.rsa_ok = true,
	};

	if (ch->server_name.len != 0)
		memcpy(name, ch->server_name.p, ch->server_name.len);
	c->identity = config_choose_identity(hs->cfg, &wanted, &c->scheme);
	return c->identity >= 0 ? 0 : KTLS_REFUSED(KTLS_R_CH_NO_SCHEME);
}

/* RFC 7301 3.2. Without a list of our own, the client's is ignored. */
static int
choose_alpn(const struct ktls_hs *hs, const struct client_hello *ch, struct choice *c)
{
	if (!saw(ch, EXT_ALPN) || hs->cfg->alpn_count == 0)
		return 0;
	for (size_t i = 0; i < hs->cfg->alpn_count; i++) {
		const char *ours = hs->cfg->alpn[i];
		struct reader r = rd_init(ch->alpn);

		while (rd_more(&r)) {
			struct slice name = rd_vec(&r, 1);

			if (name.len == strlen(ours) && memcmp(name.p, ours, name.len) == 0) {
				c->alpn = ours;
				return 0;
			}
		}
	}
	return KTLS_REFUSED(KTLS_R_CH_NO_ALPN);
}

/*
 * RFC 8446 4.1.2: the second ClientHello repeats the first, but for the share that
 * was asked for, early data, cookie, PSKs and padding.
 */
static int
check_retry(struct ktls_hs *hs, const struct client_hello *ch, const struct choice *c)
{
	struct slice name = { (const uint8_t *)hs->server_name, strlen(hs->server_name) };
	struct reader r = rd_init(ch->shares);
	struct slice share;
	uint16_t group;

	if (memcmp(c->digest, hs->hello_digest, sizeof(c->digest)) != 0 || c->suite != hs->suite ||
	    c->scheme != hs->scheme || c->alpn != hs->alpn ||
	    ch->server_name.len != name.len ||
	    (name.len != 0 && memcmp(ch->server_name.p, name.p, name.len) != 0))
		return KTLS_REFUSED(KTLS_R_CH_CHANGED);
	if (saw(ch, EXT_EARLY_DATA))
		return KTLS_REFUSED(KTLS_R_CH_EARLY_DATA);
	if (!client_hello_share(&r, &group, &share) || group != hs->group || rd_more(&r))
		return KTLS_REFUSED(KTLS_R_CH_RETRY_SHARE);
	return 0;
}

static int
choose(struct ktls_hs *hs, const struct client_hello *ch, struct choice *c)
{
	int err;

	if ((err = check_version(hs, ch)) != 0 ||
	    (err = check_required(hs, ch)) != 0 ||
	    (err = check_shares(hs, ch)) != 0 ||
	    (err = choose_suite(hs, ch, c)) != 0 ||
	    (err = choose_group(hs, ch, c)) != 0 ||
	    (err = choose_identity(hs, ch, c)) != 0 ||
	    (err = choose_alpn(hs, ch, c)) != 0 ||
	    (err = crypto_digest(hs->crypto, HASH_SHA256, ch->fixed, c->digest)) != 0)
		return err;
	return hs->retried ? check_retry(hs, ch, c) : 0;
}

/* The share must have the length that the group's have, else there is no room for it. */
static int
check_share_len(const struct choice *c)
{
	if (c->share.len != 0 && c->share.len != group_share_len(c->group))
		return KTLS_REFUSED(KTLS_R_SHARE_INVALID);
	return 0;
}

static void
commit_limits(struct ktls_hs *hs, const struct client_hello *ch)
{
	hs->answer = 0;
	if (saw(ch, EXT_SERVER_NAME))
		hs->answer |= extension_bit(EXT_SERVER_NAME);
	if (saw(ch, EXT_RECORD_SIZE_LIMIT)) {
		hs->peer_limit = ch->record_size_limit;
		hs->our_limit = hs->cfg->record_size_limit;
		if (hs->our_limit != 0)
			hs->answer |= extension_bit(EXT_RECORD_SIZE_LIMIT);
	}
}

/* START -> NEGOTIATED, or RECVD_CH, from which a HelloRetryRequest is sent. */
int
hs13_client_hello_recv(struct ktls_hs *hs, struct slice body)
{
	struct client_hello ch;
	struct choice c = { 0 };
	int err;

	if ((err = client_hello_decode(&ch, body)) != 0 ||
	    (err = choose(hs, &ch, &c)) != 0 ||
	    (err = check_share_len(&c)) != 0)
		return err;

	/* Nothing below can fail: the connection changes here or not at all. */
	memcpy(hs->client_random, ch.random.p, RANDOM_LEN);
	memcpy(hs->hello_digest, c.digest, sizeof(c.digest));
	if (ch.session_id.len != 0)
		memcpy(hs->session_id, ch.session_id.p, ch.session_id.len);
	hs->session_id_len = ch.session_id.len;
	hs->compat = ch.session_id.len != 0;
	if (ch.server_name.len != 0)
		memcpy(hs->server_name, ch.server_name.p, ch.server_name.len);
	hs->suite = c.suite;
	hs->group = c.group;
	hs->identity = c.identity;
	hs->scheme = c.scheme;
	hs->alpn = c.alpn;
	if (c.share.len != 0)
		memcpy(hs->share, c.share.p, c.share.len);
	hs->share_len = c.share.len;
	commit_limits(hs, &ch);
	hs->in.skip_early = saw(&ch, EXT_EARLY_DATA);
	hs->state = c.share.len != 0 ? ST_NEGOTIATED : ST_RECVD_CH;
	return 0;
}
