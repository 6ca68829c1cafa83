/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "bogo_shim/conn.h"
#include "bogo_shim/flags.h"
#include "bogo_shim/mutant.h"

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

static int
set_identity(struct conn *c)
{
	int err;

	if (!c->o->server)
		return 0;
	if ((err = ktls_config_identity(c->cfg, c->o->cert_file, c->o->key_file)) == 0)
		return 0;
	return err;
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

int
conn_config(struct conn *c)
{
	const struct shim_options *o = c->o;
	int err;

	if ((err = ktls_crypto_new(&c->crypto, NULL, NULL)) != 0 ||
	    (err = ktls_config_new_with(&c->cfg, c->crypto)) != 0 ||
	    (err = set_identity(c)) != 0 ||
	    (err = set_alpn(c->cfg, o)) != 0 ||
	    (err = ktls_config_verify(c->cfg, o->verify_fail && !mutant("verify"))) != 0)
		return err;
	if (o->group_count != 0 &&
	    (err = ktls_config_groups(c->cfg, o->groups, o->group_count)) != 0)
		return err;
	return o->export_traffic_secrets ? ktls_config_keylog(c->cfg, keylog, c) : 0;
}
