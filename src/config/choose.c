/* SPDX-License-Identifier: MIT */
#include "config/config.h"

static bool
has_scheme(struct slice list, uint16_t scheme)
{
	struct reader r = rd_init(list);

	while (rd_more(&r))
		if (rd_u16(&r) == scheme)
			return true;
	return false;
}

/* Our order decides. */
static bool
choose_scheme(const struct ktls_config *cfg, const struct identity *who,
    const struct identity_wanted *wanted, uint16_t *scheme)
{
	const uint32_t fits = wanted->version == KTLS_TLS13 ? who->fits13 : who->fits12;

	for (size_t i = 0; i < cfg->sign_scheme_count; i++)
		if ((fits & signature_bit(cfg->sign_schemes[i])) != 0 &&
		    has_scheme(wanted->schemes, cfg->sign_schemes[i])) {
			*scheme = cfg->sign_schemes[i];
			return true;
		}
	return false;
}

int
config_choose_identity(const struct ktls_config *cfg, const struct identity_wanted *wanted,
    uint16_t *scheme)
{
	for (size_t i = 0; i < cfg->identity_count; i++)
		if (choose_scheme(cfg, cfg->identity[i], wanted, scheme))
			return (int)i;
	return -1;
}

bool
config_identity_scheme(const struct ktls_config *cfg, int identity,
    const struct identity_wanted *wanted, uint16_t *scheme)
{
	return choose_scheme(cfg, cfg->identity[identity], wanted, scheme);
}
