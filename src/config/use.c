/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/err.h>
#include "config/setter.h"

#define OWN_CHAINS	64	/* of a client that was given no cache */

/* What a role needs that is made once, before it is the config's. */
struct made {
	X509_STORE *store;
	struct ktls_chains *chains;
	struct slice authorities;
	uint8_t policy[FINGERPRINT_LEN], context[SESSION_CONTEXT_LEN];
};

static void
free_slice(struct slice s)
{
	OPENSSL_free((void *)(uintptr_t)s.p);
}

static void
made_free(struct made *made)
{
	X509_STORE_free(made->store);
	ktls_chains_unref(made->chains);
	free_slice(made->authorities);
}

void
use_free(struct ktls_config *cfg)
{
	free_slice(cfg->authorities);
	lock_free(&cfg->lock);
}

/* A client is always shown a certificate; a server where it asks for one. */
static bool
judges(const struct ktls_config *cfg, enum ktls_role role)
{
	return cfg->verify && !cfg->ask[KTLS_ASK_VERIFY].asked && (role == KTLS_CLIENT ||
	    cfg->client_auth != KTLS_CLIENT_AUTH_NONE);
}

static int
make(struct ktls_config *cfg, enum ktls_role role, struct made *made)
{
	int err;

	if ((err = context_policy(cfg, role, made->policy)) != 0 ||
	    (err = context_of(cfg, made->policy, made->context)) != 0)
		return err;
	if (judges(cfg, role) && (err = trust_store_new(cfg, &made->store)) != 0)
		return err;
	if (role == KTLS_SERVER && cfg->client_auth != KTLS_CLIENT_AUTH_NONE)
		return authorities_make(cfg, &made->authorities);
	if (role == KTLS_CLIENT && !cfg->chains_given)
		return ktls_chains_new(&made->chains, OWN_CHAINS);
	return 0;
}

/* What another thread, or the other role, has made is kept: it may be in use. */
static void
commit(struct ktls_config *cfg, enum ktls_role role, struct made *made)
{
	if (atomic_load(&cfg->ready[role]))
		return;
	if (atomic_load(&cfg->trust.store) == NULL) {
		atomic_store(&cfg->trust.store, made->store);
		made->store = NULL;
	}
	if (made->chains != NULL) {
		atomic_store(&cfg->chains, made->chains);
		made->chains = NULL;
	}
	if (role == KTLS_SERVER) {
		cfg->authorities = made->authorities;
		made->authorities = (struct slice){0};
	}
	memcpy(cfg->policy[role], made->policy, sizeof(made->policy));
	memcpy(cfg->context[role], made->context, sizeof(made->context));
	atomic_store(&cfg->ready[role], true);		/* last: who sees it may read the others */
}

int
config_use(struct ktls_config *cfg, bool client)
{
	enum ktls_role role = client ? KTLS_CLIENT : KTLS_SERVER;
	struct made made = {0};
	int err;

	if (atomic_load_explicit(&cfg->ready[role], memory_order_acquire))
		return 0;
	if (role == KTLS_SERVER && judges(cfg, role) && trust_nothing(&cfg->trust)) {
		atomic_store(&cfg->late_error, "a server that asks for certificates must be told "
		    "whom to trust: call ktls_config_trust_file()");
		return -EINVAL;
	}
	atomic_store(&cfg->used, true);
	ERR_clear_error();			/* what others left is not ours to judge by */
	if ((err = make(cfg, role, &made)) == 0) {
		lock_enter(&cfg->lock);
		commit(cfg, role, &made);
		lock_leave(&cfg->lock);
	}
	made_free(&made);
	ERR_clear_error();
	return err;
}
