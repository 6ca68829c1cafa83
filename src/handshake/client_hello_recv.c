/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/negotiate.h"

/*
 * A ClientHello is received: what holds whatever its server is like, then, with the
 * config that is to serve it, the version. What a version makes of it is
 * hs13_negotiate.c's business.
 */

#define TLS_FALLBACK_SCSV	0x5600	/* RFC 7507 */

static int
check_hello(struct ktls_hs *hs, const struct client_hello *ch)
{
	if (ch->legacy_version <= 0x0300)
		return fail_refuse(hs, KTLS_R_CH_SSL3,
		    "legacy_version is %#06x (RFC 8446 D.5)", ch->legacy_version);
	if (client_hello_has(ch, EXT_SERVER_NAME) && !extension_name_valid(ch->server_name))
		return KTLS_REFUSED(KTLS_R_CH_SERVER_NAME);
	return 0;
}

/* START -> RECVD_CH, where another config may be found for it. */
int
client_hello_recv(struct ktls_hs *hs, struct slice body)
{
	struct kept_hello *kept;
	int err;

	if ((err = client_hello_keep(&kept, body)) != 0)
		return err;
	if ((err = check_hello(hs, &kept->ch)) != 0 ||
	    (err = hs->retried ? hs13_check_retry(hs, &kept->ch) : 0) != 0) {
		OPENSSL_free(kept);
		return err;
	}

	/* Nothing below can fail. */
	memcpy(hs->client_random, kept->ch.random.p, RANDOM_LEN);
	if (kept->ch.server_name.len != 0)
		memcpy(hs->server_name, kept->ch.server_name.p, kept->ch.server_name.len);
	hs->hello = kept;
	hs->questions.due = KTLS_ASK_CONFIG;
	hs->state = ST_RECVD_CH;
	return 0;
}

/* The newest version that the client offers, of those that have a name. */
static uint16_t
best_version(const struct client_hello *ch)
{
	struct reader r = rd_init(ch->versions);
	uint16_t best = 0x0301, version;

	if (!client_hello_has(ch, EXT_SUPPORTED_VERSIONS))
		return ch->legacy_version < KTLS_TLS12 ? ch->legacy_version : KTLS_TLS12;
	while (rd_more(&r))
		if ((version = rd_u16(&r)) > best && version <= KTLS_TLS13)
			best = version;
	return best;
}

static bool
offers(const struct client_hello *ch, uint16_t version)
{
	if (client_hello_has(ch, EXT_SUPPORTED_VERSIONS))
		return extension_list_has(ch->versions, version);
	return version == KTLS_TLS12 && ch->legacy_version >= KTLS_TLS12;
}

static int
choose_version(struct ktls_hs *hs, const struct client_hello *ch, uint16_t *version)
{
	const struct ktls_config *cfg = hs->cfg;

	for (*version = cfg->version_max; *version >= cfg->version_min; --*version)
		if (offers(ch, *version))
			break;
	/* RFC 7507 3 comes first: it may be a version that we don't speak. */
	if (*version < cfg->version_max && extension_list_has(ch->suites, TLS_FALLBACK_SCSV))
		return KTLS_REFUSED(KTLS_R_CH_FALLBACK);
	if (*version < cfg->version_min)
		return fail_refuse(hs, KTLS_R_CH_VERSION,
		    "the client offers TLS 1.%d at most, we speak 1.%d to 1.%d (RFC 8446 4.2.1)",
		    (best_version(ch) & 0xff) - 1, (cfg->version_min & 0xff) - 1,
		    (cfg->version_max & 0xff) - 1);
	return 0;
}

/* RECVD_CH -> as the version's own parameters lead. */
int
client_hello_configured(struct ktls_hs *hs, struct slice body)
{
	const struct client_hello *ch = &hs->hello->ch;
	uint16_t version;
	int err;

	(void)body;
	if (hs->retried)
		return hs13_negotiate(hs, ch);
	if ((err = choose_version(hs, ch, &version)) != 0)
		return err;
	return version == KTLS_TLS13 ? hs13_negotiate(hs, ch) : hs12_negotiate(hs, ch);
}

/* RFC 7301 3.2. Without a list of our own, the client's is ignored. */
int
negotiate_alpn(const struct ktls_hs *hs, const struct client_hello *ch, const char **alpn)
{
	*alpn = NULL;
	if (!client_hello_has(ch, EXT_ALPN) || hs->cfg->alpn_count == 0)
		return 0;
	for (size_t i = 0; i < hs->cfg->alpn_count; i++) {
		const char *ours = hs->cfg->alpn[i];
		struct reader r = rd_init(ch->alpn);

		while (rd_more(&r)) {
			struct slice name = rd_vec(&r, 1);

			if (name.len == strlen(ours) && memcmp(name.p, ours, name.len) == 0) {
				*alpn = ours;
				return 0;
			}
		}
	}
	return KTLS_REFUSED(KTLS_R_CH_NO_ALPN);
}

void
negotiate_limits(struct ktls_hs *hs, const struct client_hello *ch)
{
	hs->answer = 0;
	if (client_hello_has(ch, EXT_SERVER_NAME))
		hs->answer |= extension_bit(EXT_SERVER_NAME);
	if (client_hello_has(ch, EXT_RECORD_SIZE_LIMIT)) {
		hs->peer_limit = ch->record_size_limit;
		hs->our_limit = hs->cfg->record_size_limit;
		if (hs->our_limit != 0)
			hs->answer |= extension_bit(EXT_RECORD_SIZE_LIMIT);
	}
}

/* The identity that was answered, or our own choice; *scheme is what its key signs under. */
int
negotiate_identity(struct ktls_hs *hs, const struct identity_wanted *wanted, int *identity,
    uint16_t *scheme)
{
	const int answer = hs->questions.identity;

	if (answer == KTLS_IDENTITY_AUTO)
		*identity = config_choose_identity(hs->cfg, wanted, scheme);
	else if (answer >= 0 && (size_t)answer < hs->cfg->identity_count)
		*identity = config_identity_scheme(hs->cfg, answer, wanted, scheme) ? answer : -1;
	else
		*identity = -1;
	if (*identity < 0 && hs->role == KTLS_SERVER)
		return KTLS_REFUSED(KTLS_R_CH_NO_SCHEME);
	return 0;
}
