/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "bogo_shim/authorities.h"
#include "bogo_shim/conn.h"
#include "bogo_shim/flags.h"
#include "bogo_shim/mutant.h"
#include "bogo_shim/policy.h"

/* The names of the list that the runner gives as it is on the wire. */
static int
advertise(struct ktls_config *cfg, const char *list)
{
	char text[1024];
	const char *names[CONN_ALPN_MAX];
	size_t len = strlen(list), count = 0;

	if (len >= sizeof(text))
		return -E2BIG;
	/* Each length becomes the end of the name before it. */
	for (size_t i = 0; i < len && count < CONN_ALPN_MAX; count++) {
		size_t n = (uint8_t)list[i];

		if (n > len - i - 1)
			return -EINVAL;
		memcpy(text + i, list + i + 1, n);
		text[i + n] = '\0';
		names[count] = text + i;
		i += n + 1;
	}
	return ktls_config_alpn(cfg, names, count);
}

static int
set_alpn(struct ktls_config *cfg, const struct shim_options *o)
{
	const char *name = o->select_alpn;

	if (!o->server)
		return o->advertise_alpn != NULL ? advertise(cfg, o->advertise_alpn) : 0;
	if (o->reject_alpn)
		name = "a protocol that no client offers";
	if (name != NULL && mutant("alpn"))
		name = "bar";
	return name != NULL ? ktls_config_alpn(cfg, &name, 1) : 0;
}

/* A key that is elsewhere signs through a question: see conn_ask(). */
static int
set_identity(struct ktls_config *cfg, const struct shim_options *o)
{
	if (o->cert_file == NULL)
		return 0;
	return ktls_config_identity(cfg, o->cert_file, o->async ? NULL : o->key_file);
}

static int
set_client_auth(struct ktls_config *cfg, const struct shim_options *o)
{
	enum ktls_client_auth auth = o->require_client_certificate ? KTLS_CLIENT_AUTH_REQUIRE :
	    KTLS_CLIENT_AUTH_REQUEST;
	int err;

	if (!o->server || (!o->verify_peer && !o->require_client_certificate))
		return 0;
	if ((err = ktls_config_client_auth(cfg, auth)) != 0)
		return err;
	return o->client_ca_list != NULL ? authorities_trust(cfg, o) : 0;
}

/* CLIENT_TRAFFIC_SECRET_0 <client random> <secret>; a later generation has its number. */
static void
keylog(void *arg, const char *line)
{
	static const char *const labels[] = { "CLIENT_TRAFFIC_SECRET_", "SERVER_TRAFFIC_SECRET_" };
	struct conn *c = arg;
	const char *secret = strrchr(line, ' ');

	for (size_t i = 0; i < 2 && secret != NULL; i++)
		if (strncmp(line, labels[i], strlen(labels[i])) == 0)
			(void)snprintf(c->secret[(i == 1) == c->o->server ? KTLS_TX : KTLS_RX],
			    sizeof(c->secret[0]), "%s", secret + 1);
}

static int64_t
clock_of(void *arg)
{
	struct shim *shim = arg;

	return shim->now;
}

static int
set_resumption(struct conn *c)
{
	int err;

	if ((err = ktls_config_clock(c->cfg, clock_of, c->shim)) != 0 ||
	    (err = ktls_config_sessions(c->cfg, c->shim->sessions)) != 0)
		return err;
	return c->o->server && !c->o->no_ticket ?
	    ktls_config_tickets(c->cfg, c->shim->tickets) : 0;
}

static int
set_policy(struct ktls_config *cfg, const struct shim_options *o)
{
	uint16_t min, max;
	int err;

	/* Where there is no version at all, the setter is to say so. */
	(void)shim_options_versions(o, &min, &max);
	if ((err = ktls_config_versions(cfg, min, max)) != 0 ||
	    (err = ktls_config_grease(cfg, o->grease)) != 0 ||
	    (err = policy_set(cfg, o)) != 0)
		return err;
	if (o->max_send_fragment != 0 &&
	    (err = ktls_config_send_limit(cfg, (uint16_t)o->max_send_fragment)) != 0)
		return err;
	if (o->groups.count != 0 &&
	    (err = ktls_config_groups(cfg, o->groups.of, o->groups.count)) != 0)
		return err;
	if (o->sign_schemes.count != 0 && (err = ktls_config_sign_schemes(cfg,
	    o->sign_schemes.of, o->sign_schemes.count)) != 0)
		return err;
	return o->verify_schemes.count == 0 ? 0 :
	    ktls_config_verify_schemes(cfg, o->verify_schemes.of, o->verify_schemes.count);
}

int
conn_config(struct conn *c)
{
	const struct shim_options *o = c->o;
	int err;

	if ((err = ktls_config_new_with(&c->cfg, c->shim->crypto)) != 0 ||
	    (err = set_identity(c->cfg, o)) != 0 ||
	    (err = set_client_auth(c->cfg, o)) != 0 ||
	    (err = set_alpn(c->cfg, o)) != 0 ||
	    (err = set_policy(c->cfg, o)) != 0 ||
	    (err = set_resumption(c)) != 0 ||
	    (err = conn_ask(c)) != 0 ||
	    (err = ktls_config_exporter(c->cfg, o->export_keying_material != 0)) != 0)
		return err;
	return o->export_traffic_secrets ? ktls_config_keylog(c->cfg, keylog, c) : 0;
}
