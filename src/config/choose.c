/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>
#include "config/config.h"

static uint32_t
bits_of(struct slice schemes)
{
	struct reader r = rd_init(schemes);
	uint32_t bits = 0;

	while (rd_more(&r))
		bits |= signature_bit(rd_u16(&r));
	return bits;
}

static bool
has_group(struct slice groups, uint16_t group)
{
	struct reader r = rd_init(groups);

	while (rd_more(&r))
		if (rd_u16(&r) == group)
			return true;
	return false;
}

/* What who's key may sign under. */
static uint32_t
usable(const struct identity *who, const struct identity_wanted *wanted)
{
	const uint32_t rsa = signature_rsa_bits();
	uint32_t bits = wanted->version == KTLS_TLS13 ? who->fits13 : who->fits12;

	if (!wanted->ecdsa_ok)
		bits &= rsa;
	if (!wanted->rsa_ok)
		bits &= ~rsa;
	if (wanted->version == KTLS_TLS12 && wanted->groups.len != 0 && who->curve != 0 &&
	    !has_group(wanted->groups, who->curve))
		return 0;
	return bits & bits_of(wanted->schemes);
}

/* Our order decides. */
static bool
choose_scheme(const struct ktls_config *cfg, uint32_t bits, uint16_t *scheme)
{
	for (size_t i = 0; i < cfg->sign_scheme_count; i++)
		if ((bits & signature_bit(cfg->sign_schemes[i])) != 0) {
			*scheme = cfg->sign_schemes[i];
			return true;
		}
	return false;
}

/* RFC 9525 6.3: a wildcard is the whole leftmost label, and stands for exactly one. */
static bool
wildcard_matches(struct slice name, const char *wanted)
{
	const char *rest = strchr(wanted, '.');

	return name.len > 2 && name.p[0] == '*' && rest != NULL && rest != wanted &&
	    strlen(rest) == name.len - 1 &&
	    strncasecmp(rest, (const char *)name.p + 1, name.len - 1) == 0;
}

/* In order of preference. */
enum named { NOT_NAMED, BY_WILDCARD, BY_NAME, NAMED_COUNT };

static enum named
named(const struct identity *who, const char *wanted)
{
	struct reader r = rd_init((struct slice){ who->names, who->names_len });
	enum named best = NOT_NAMED;

	if (wanted == NULL || *wanted == '\0')
		return NOT_NAMED;
	while (rd_more(&r)) {
		struct slice name = rd_vec(&r, 1);

		if (strlen(wanted) == name.len &&
		    strncasecmp(wanted, (const char *)name.p, name.len) == 0)
			return BY_NAME;
		if (wildcard_matches(name, wanted))
			best = BY_WILDCARD;
	}
	return best;
}

static bool
issued_by(const struct identity *who, struct slice authorities)
{
	struct reader r = rd_init(authorities);

	while (rd_more(&r)) {
		struct slice name = rd_vec(&r, 2);

		for (size_t i = 0; i < who->cert_count; i++)
			if (name.len != 0 && name.len == who->issuer[i].len &&
			    memcmp(name.p, who->issuer[i].p, name.len) == 0)
				return true;
	}
	return false;
}

/* RFC 8446 4.2.3: signature_algorithms speaks for both where there is no list for certificates. */
static bool
signed_by(const struct identity *who, const struct identity_wanted *wanted)
{
	const uint32_t bits = bits_of(wanted->schemes_cert.len != 0 ? wanted->schemes_cert :
	    wanted->schemes);

	for (size_t i = 0; i < who->cert_count; i++)
		if (who->signatures[i] != 0 && (who->signatures[i] & bits) == 0)
			return false;
	return true;
}

/* 0: who can't serve; else the more, the better its chain is as wished. */
static int
rank(const struct ktls_config *cfg, const struct identity *who,
    const struct identity_wanted *wanted)
{
	uint16_t scheme;

	if (!choose_scheme(cfg, usable(who, wanted), &scheme))
		return 0;
	return 1 + 2 * (wanted->authorities.len == 0 || issued_by(who, wanted->authorities)) +
	    signed_by(who, wanted);
}

int
config_choose_identity(const struct ktls_config *cfg, const struct identity_wanted *wanted,
    uint16_t *scheme)
{
	int best[NAMED_COUNT] = { -1, -1, -1 }, best_rank[NAMED_COUNT] = { 0 }, chosen;
	bool any_named = false;

	for (size_t i = 0; i < cfg->identity_count; i++) {
		const struct identity *who = cfg->identity[i];
		const enum named how = named(who, wanted->server_name);
		const int its_rank = rank(cfg, who, wanted);

		any_named |= how != NOT_NAMED;
		if (its_rank > best_rank[how]) {
			best[how] = (int)i;
			best_rank[how] = its_rank;
		}
	}
	chosen = best[BY_NAME] >= 0 ? best[BY_NAME] : best[BY_WILDCARD];
	if (!any_named)
		chosen = best[NOT_NAMED];
	if (chosen >= 0 && !config_identity_scheme(cfg, chosen, wanted, scheme))
		return -1;
	return chosen;
}

bool
config_identity_scheme(const struct ktls_config *cfg, int identity,
    const struct identity_wanted *wanted, uint16_t *scheme)
{
	return choose_scheme(cfg, usable(cfg->identity[identity], wanted), scheme);
}
