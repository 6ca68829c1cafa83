/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "conn/state.h"

/* Which record path a direction takes, and why: DESIGN.md, "Offload". */

static void
stay(struct direction *d, enum why why, int err)
{
	d->off = OFF_USER;
	d->why = why;
	d->why_err = err;
}

/* AUTO's direction: where the bulk is. */
static enum ktls_dir
bulk(const struct ktls_conn *c)
{
	return c->role == KTLS_SERVER ? KTLS_TX : KTLS_RX;
}

/* WHY_KERNEL where the configuration wants dir in the kernel, else why it doesn't. */
static enum why
wish(const struct ktls_conn *c, enum ktls_dir dir)
{
	if (c->cfg->require[dir])
		return WHY_KERNEL;
	switch (c->cfg->offload) {
	case KTLS_OFFLOAD_AUTO:
		return dir == bulk(c) ? WHY_KERNEL : WHY_ROLE;
	case KTLS_OFFLOAD_TX:
		return dir == KTLS_TX ? WHY_KERNEL : WHY_OTHER;
	case KTLS_OFFLOAD_RX:
		return dir == KTLS_RX ? WHY_KERNEL : WHY_OTHER;
	case KTLS_OFFLOAD_FULL:
		return WHY_KERNEL;
	default:
		return WHY_OFF;
	}
}

static bool
automatic(const struct ktls_conn *c, enum ktls_dir dir)
{
	return c->cfg->offload == KTLS_OFFLOAD_AUTO && !c->cfg->require[dir];
}

/* Whether the connection is, or may yet become, one of TLS 1.3. */
static bool
may_be_tls13(const struct ktls_conn *c)
{
	return c->version != 0 ? c->version == KTLS_TLS13 : c->cfg->version_max >= KTLS_TLS13;
}

unsigned
core_policy_padding(const struct ktls_conn *c)
{
	return may_be_tls13(c) ? c->cfg->padding : 0;
}

/*
 * What is known before the handshake. A KeyUpdate of the peer must not end a
 * connection that AUTO chose the path of.
 */
static enum why
before(const struct ktls_conn *c, enum ktls_dir dir)
{
	enum why why = wish(c, dir);

	if (why != WHY_KERNEL)
		return why;
	if (!c->tcp)
		return WHY_SOCKET;
	if (c->caps.ulp.cap == KTLS_CAP_NO)
		return WHY_CAPS;
	if (dir == KTLS_TX && core_policy_padding(c) != 0)
		return WHY_PADDING;
	if (dir == KTLS_RX && automatic(c, dir) && may_be_tls13(c) &&
	    c->caps.rekey[dir].cap != KTLS_CAP_YES)
		return WHY_REKEY;
	return WHY_KERNEL;
}

bool
core_policy_may(const struct ktls_conn *c, enum ktls_dir dir)
{
	return (c->attach || c->attached) && before(c, dir) == WHY_KERNEL;
}

/* The ULP can only be attached while the peer has not sent FIN: first of all (KERNEL-FACTS 6). */
void
core_policy_begin(struct ktls_conn *c)
{
	enum why why;

	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		if ((why = before(c, dir)) == WHY_KERNEL) {
			c->attach = true;
		} else {
			stay(&c->dir[dir], why, 0);
			core_policy_check(c, dir);
		}
	}
	ktls_hs_set_exact(c->hs, core_policy_may(c, KTLS_RX));
}

void
core_policy_attached(struct ktls_conn *c, ssize_t result)
{
	c->attach = false;
	c->attached = result >= 0 || result == -EEXIST;
	if (c->attached) {
		c->caps.ulp = (struct ktls_cap_answer){ KTLS_CAP_YES, 0 };
		return;
	}
	if (result == -ENOENT)		/* whatever the probe saw */
		c->caps = (struct ktls_caps){ .ulp = { KTLS_CAP_NO, -ENOENT } };
	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		if (wish(c, dir) != WHY_KERNEL)
			continue;
		stay(&c->dir[dir], result == -ENOENT ? WHY_CAPS : WHY_ATTACH, (int)result);
		core_policy_check(c, dir);
	}
	ktls_hs_set_exact(c->hs, false);
}

/* What the handshake has shown. */
static enum why
after(const struct ktls_conn *c, enum ktls_dir dir)
{
	if (ktls_caps_cipher(&c->caps, c->version, c->cipher, dir).cap == KTLS_CAP_NO)
		return WHY_CAPS;
	/* TLS_TX_MAX_PAYLOAD_LEN, Linux 6.19, would be the other way. */
	if (dir == KTLS_TX && c->tx.limit < KTLS_RECORD_PLAIN_MAX)
		return WHY_LIMIT;
	return WHY_KERNEL;
}

static void
decide(struct ktls_conn *c, enum ktls_dir dir)
{
	struct direction *d = &c->dir[dir];
	enum why why = before(c, dir);

	if (why == WHY_KERNEL && !c->attached)
		why = d->why;		/* as core_policy_attached() said */
	else if (why == WHY_KERNEL)
		why = after(c, dir);
	if (why != WHY_KERNEL) {
		stay(d, why, d->why_err);
	} else if (dir == KTLS_TX && automatic(c, dir)) {
		d->off = OFF_LAZY;
		d->why = WHY_SMALL;
	} else {
		d->off = OFF_WANTED;
		d->why = WHY_SOON;
	}
}

/* A direction that goes to the kernel at once never needs a record layer of its own here. */
void
core_policy_decide(struct ktls_conn *c)
{
	struct direction *d;
	int err;

	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		d = &c->dir[dir];
		decide(c, dir);
		if ((d->off != OFF_WANTED || (dir == KTLS_RX && buf_len(&c->rx.in) != 0)) &&
		    (err = core_install_record(c, dir)) != 0) {
			c->tx.dead = true;
			core_fail(c, err);
			return;
		}
	}
	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++)
		core_policy_check(c, dir);
}

void
core_policy_body(struct ktls_conn *c, size_t len)
{
	struct direction *d = &c->dir[KTLS_TX];

	if (d->off == OFF_LAZY && len > c->cfg->offload_after) {
		d->off = OFF_WANTED;
		d->why = WHY_SOON;
	}
}

void
core_policy_refused(struct ktls_conn *c, enum ktls_dir dir, int err)
{
	bool cipher = err == -ENOENT;

	if (cipher)
		c->caps.cipher[c->version == KTLS_TLS13][c->cipher][dir] =
		    (struct ktls_cap_answer){ KTLS_CAP_NO, -ENOENT };
	stay(&c->dir[dir], cipher ? WHY_CAPS : WHY_INSTALL, err);
}

void
core_policy_check(struct ktls_conn *c, enum ktls_dir dir)
{
	char why[CONN_WHY_MAX], text[CONN_WHY_MAX + 32];

	if (!c->cfg->require[dir] || c->dir[dir].off != OFF_USER)
		return;
	core_status_why(c, dir, why, sizeof(why));
	core_status_required(dir, why, text, sizeof(text));
	core_refuse(c, KTLS_R_OFFLOAD_REQUIRED, text);
}
