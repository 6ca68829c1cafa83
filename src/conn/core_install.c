/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "conn/state.h"
#include "schedule/schedule12.h"

_Static_assert(sizeof(struct ktls_keys) <= SECRET_SLOT_LEN, "a slot holds a direction's keys");

static void
forget_keys(struct direction *d)
{
	secret_slot_free(d->keys);	/* wipes */
	d->keys = NULL;
}

/* Keys that may still go to the kernel lie where no core dump and no child finds them. */
int
core_install_keep(struct ktls_conn *c, enum ktls_dir dir, const struct ktls_keys *keys)
{
	struct direction *d = &c->dir[dir];
	uint8_t *slot;
	int err;

	if (d->keys == NULL && (err = secret_slot_new(&d->keys)) != 0)
		return err;
	if ((slot = secret_slot_bytes(d->keys)) == NULL)
		return -EOWNERDEAD;		/* a forked child */
	memcpy(slot, keys, sizeof(*keys));
	return 0;
}

/* The keys that were kept, as they are now; the caller wipes them. */
static int
kept(struct ktls_conn *c, enum ktls_dir dir, struct ktls_keys *keys)
{
	const struct direction *d = &c->dir[dir];
	const uint8_t *slot = d->keys != NULL ? secret_slot_bytes(d->keys) : NULL;

	if (slot == NULL)
		return -EOWNERDEAD;
	memcpy(keys, slot, sizeof(*keys));
	if (d->record == NULL)
		return 0;
	keys->seq = ktls_record_seq(d->record);
	/* No explicit nonce a second time: TLS 1.2's goes with the number (RFC 5288 3). */
	if (keys->version == KTLS_TLS12)
		keys12_set_seq(keys, keys->seq);
	return 0;
}

/* What our records keep to: RFC 8449 4 and RFC 8446 5.4. */
static void
restrict_tx(struct ktls_conn *c, struct ktls_record *record)
{
	if (c->tx.limit < KTLS_RECORD_PLAIN_MAX)
		ktls_record_set_limit(record, (uint16_t)(c->tx.limit + (c->version == KTLS_TLS13)));
	ktls_record_set_padding(record, core_policy_padding(c));
	c->tx.offset = ktls_record_offset(record);
}

int
core_install_record(struct ktls_conn *c, enum ktls_dir dir)
{
	struct direction *d = &c->dir[dir];
	struct ktls_keys keys;
	int err;

	if (d->record != NULL)
		return 0;
	if ((err = kept(c, dir, &keys)) != 0)
		return err;
	err = ktls_record_new(&d->record, c->cfg->crypto, dir, &keys);
	ktls_keys_wipe(&keys);
	if (err == 0 && dir == KTLS_TX)
		restrict_tx(c, d->record);
	else if (err == 0)
		ktls_record_set_limit(d->record, c->rx.limit);
	if (err == 0 && d->off == OFF_USER)
		forget_keys(d);
	return err;
}

static void
fill_op(struct ktls_conn *c, enum lane lane, enum ktls_dir dir, struct conn_op *op)
{
	op->kind = OP_INSTALL;
	op->dir = dir;
	op->crypto = &c->lane[lane].crypto;
	op->crypto_len = c->lane[lane].crypto_len;
}

/* keys into the lane's optval, where they stay until the result. */
static void
prepare(struct ktls_conn *c, enum lane lane, struct ktls_keys *keys)
{
	struct lane_state *l = &c->lane[lane];

	l->crypto_len = crypto_info_set(&l->crypto, keys);
	ktls_keys_wipe(keys);
}

enum step
core_install_op(struct ktls_conn *c, enum lane lane, enum ktls_dir dir, struct conn_op *op)
{
	struct ktls_keys keys;
	int err;

	if ((err = kept(c, dir, &keys)) != 0) {
		core_fail(c, err);
		return STEP_AGAIN;
	}
	prepare(c, lane, &keys);
	fill_op(c, lane, dir, op);
	return STEP_OP;
}

/* The next generation's keys are derived once: a second time would skip one. */
enum step
core_install_rekey_op(struct ktls_conn *c, enum lane lane, enum ktls_dir dir, struct conn_op *op)
{
	struct ktls_keys keys;
	int err;

	if (c->lane[lane].crypto_len == 0) {
		if ((err = ktls_post_rekey(c->post, dir, &keys)) != 0) {
			c->tx.dead = c->tx.dead || dir == KTLS_TX;
			core_fail(c, err);
			return STEP_AGAIN;
		}
		prepare(c, lane, &keys);
	}
	fill_op(c, lane, dir, op);
	return STEP_OP;
}

int
core_install_rekey_user(struct ktls_conn *c, enum ktls_dir dir)
{
	struct direction *d = &c->dir[dir];
	struct ktls_keys keys;
	int err;

	if ((err = ktls_post_rekey(c->post, dir, &keys)) != 0)
		return err;
	if ((err = ktls_record_rekey(d->record, &keys)) == 0 && d->keys != NULL)
		err = core_install_keep(c, dir, &keys);
	ktls_keys_wipe(&keys);
	return err;
}

static void
installed(struct ktls_conn *c, enum ktls_dir dir)
{
	struct direction *d = &c->dir[dir];
	int err;

	c->tx.records = dir == KTLS_TX && d->record != NULL ?
	    ktls_record_seq(d->record) : c->tx.records;
	d->off = OFF_KERNEL;
	d->why = WHY_KERNEL;
	forget_keys(d);
	ktls_record_free(d->record);
	d->record = NULL;
	if (dir == KTLS_TX)
		core_tx_kernel(c);
	if ((err = ktls_post_in_kernel(c->post, dir)) != 0)
		core_fail(c, err);
}

/* Nothing has changed on the socket: the same keys go on in userspace. */
static void
refused(struct ktls_conn *c, enum ktls_dir dir, int result)
{
	struct direction *d = &c->dir[dir];
	int err;

	core_policy_refused(c, dir, result);
	if ((err = core_install_record(c, dir)) != 0) {
		c->tx.dead = c->tx.dead || dir == KTLS_TX;
		core_fail(c, err);
		return;
	}
	forget_keys(d);
	core_policy_check(c, dir);
}

/* After KeyUpdate only these keys would do: no alert can be sent under the old ones. */
static void
rekeyed(struct ktls_conn *c, enum ktls_dir dir, ssize_t result)
{
	if (result < 0) {
		c->tx.dead = c->tx.dead || dir == KTLS_TX;
		core_fail(c, result == -EBUSY ? KTLS_REFUSED(KTLS_R_KERNEL_REKEY) : (int)result);
	} else if (dir == KTLS_TX) {
		c->tx.records = 0;
		core_control_sent(c);
	} else {
		c->rx.rekey = false;
	}
}

void
core_install_result(struct ktls_conn *c, enum ktls_dir dir, ssize_t result)
{
	if (core_in_kernel(c, dir))
		rekeyed(c, dir, result);
	else if (result < 0)
		refused(c, dir, (int)result);
	else
		installed(c, dir);
}
