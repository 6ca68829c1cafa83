/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <time.h>
#include "config/setter.h"

/* Setters that keep a value and the rule for it. */

#define TICKET_COUNT_MAX	8
#define PADDING_MAX		16384	/* RFC 8446 5.1: bytes of a record's content */

int
ktls_config_verify(struct ktls_config *cfg, bool verify)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->verify = verify;
	return 0;
}

int
ktls_config_verify_depth(struct ktls_config *cfg, unsigned depth)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (depth > CONFIG_CHAIN_MAX)
		return config_fail(cfg, -EINVAL, "verify depth %u: 0 to %d are possible", depth,
		    CONFIG_CHAIN_MAX);
	cfg->verify_depth = depth;
	return 0;
}

int
ktls_config_client_auth(struct ktls_config *cfg, enum ktls_client_auth auth)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if ((unsigned)auth > KTLS_CLIENT_AUTH_REQUIRE)
		return config_fail(cfg, -EINVAL,
		    "there is no setting %u in enum ktls_client_auth", (unsigned)auth);
	cfg->client_auth = auth;
	return 0;
}

int
ktls_config_clock(struct ktls_config *cfg, ktls_clock_fn *clock, void *arg)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->clock = clock;
	cfg->clock_arg = arg;
	return 0;
}

int64_t
config_now(const struct ktls_config *cfg)
{
	struct timespec now;

	if (cfg->clock != NULL)
		return cfg->clock(cfg->clock_arg);
	(void)clock_gettime(CLOCK_REALTIME, &now);	/* can't fail: every kernel has it */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
ktls_config_ticket_count(struct ktls_config *cfg, unsigned count)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (count > TICKET_COUNT_MAX)
		return config_fail(cfg, -EINVAL, "%u tickets: 0 to %d are possible", count,
		    TICKET_COUNT_MAX);
	cfg->ticket_count = count;
	return 0;
}

int
ktls_config_ask(struct ktls_config *cfg, int kind, ktls_question_fn *fn, void *arg)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (kind < 0 || kind >= KTLS_ASK_COUNT)
		return config_fail(cfg, -EINVAL, "there is no question %d", kind);
	cfg->ask[kind] = (struct ask){ .asked = true, .fn = fn, .arg = arg };
	return 0;
}

int
ktls_config_padding(struct ktls_config *cfg, unsigned multiple)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (multiple > PADDING_MAX)
		return config_fail(cfg, -EINVAL, "padding to a multiple of %u: at most %d bytes "
		    "are possible", multiple, PADDING_MAX);
	cfg->padding = multiple > 1 ? multiple : 0;
	return 0;
}

int
ktls_config_exporter(struct ktls_config *cfg, bool keep)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->keep_exporter = keep;
	return 0;
}

int
ktls_config_grease(struct ktls_config *cfg, bool grease)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->grease = grease;
	return 0;
}
