/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "conn/fake_testlib.h"
#include "schedule/schedule12.h"

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "fake_kernel_testlib: %s\n", what);
	exit(1);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The network */

void
fake_wire_put(struct fake_wire *wire, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (wire->at + wire->len + len > wire->cap) {
		wire->cap = 2 * (wire->at + wire->len + len);
		if ((wire->data = realloc(wire->data, wire->cap)) == NULL)
			give_up("no memory");
	}
	memcpy(wire->data + wire->at + wire->len, data, len);
	wire->len += len;
	wire->total += len;
}

static void
wire_take(struct fake_wire *wire, size_t len)
{
	wire->len -= len;
	wire->at = wire->len != 0 ? wire->at + len : 0;
}

size_t
fake_wire_room(const struct fake_wire *wire)
{
	if (wire->room == 0)
		return SIZE_MAX;
	return wire->len < wire->room ? wire->room - wire->len : 0;
}

ssize_t
fake_wire_recv(struct fake_wire *wire, void *buf, size_t len)
{
	if (wire->len == 0)
		return wire->reset ? -ECONNRESET : wire->fin ? 0 : -EAGAIN;
	len = least(len, wire->len);
	memcpy(buf, wire->data + wire->at, len);
	wire_take(wire, len);
	return (ssize_t)len;
}

/* The kernel's TLS */

void
fake_kernel_seal(struct fake_side *side, uint8_t type, const void *data, size_t len)
{
	size_t sealed = ktls_record_sealed_len(side->kernel.tx, len);
	uint8_t *out = malloc(sealed);

	if (out == NULL || ktls_record_seal(side->kernel.tx, type, data, len, out) != 0)
		give_up("the kernel can't seal");
	fake_wire_put(side->out, out, sealed);
	side->kernel.seals += type == KTLS_TYPE_APPLICATION_DATA;
	free(out);
}

void
fake_kernel_flush(struct fake_side *side)
{
	if (side->kernel.open_len != 0)
		fake_kernel_seal(side, KTLS_TYPE_APPLICATION_DATA, side->kernel.open,
		    side->kernel.open_len);
	side->kernel.open_len = 0;
}

void
fake_kernel_send(struct fake_side *side, const uint8_t *data, size_t len, bool more)
{
	struct fake_kernel *k = &side->kernel;
	size_t n;

	for (; len != 0; data += n, len -= n) {
		n = least(len, sizeof(k->open) - k->open_len);
		memcpy(k->open + k->open_len, data, n);
		k->open_len += n;
		if (k->open_len == sizeof(k->open))
			fake_kernel_flush(side);
	}
	if (!more)
		fake_kernel_flush(side);
}

ssize_t
fake_kernel_sendfile(struct fake_side *side, const struct conn_op *op, size_t len)
{
	uint8_t *data = malloc(len);
	ssize_t n;

	if (data == NULL)
		give_up("no memory");
	if ((n = pread(op->file, data, len, op->offset)) < 0)
		n = -errno;
	else if (n > 0)
		fake_kernel_send(side, data, (size_t)n, false);
	free(data);
	return n;
}

/* Takes the next whole record in. Its KeyUpdate stops everything, as from Linux 6.14 on. */
static ssize_t
kernel_next(struct fake_side *side)
{
	struct fake_kernel *k = &side->kernel;
	struct fake_wire *in = side->in;
	const uint8_t *data = in->len != 0 ? in->data + in->at : NULL;
	size_t len;
	void *plain;

	if (k->expired)
		return -EKEYEXPIRED;
	len = in->len < KTLS_RECORD_HEADER ?
	    0 : KTLS_RECORD_HEADER + (size_t)(data[3] << 8 | data[4]);
	if (len == 0 || len > in->len) {
		k->type = 0;
		return in->reset ? -ECONNRESET : in->fin ? 0 : -EAGAIN;
	}
	free(k->record);
	if ((k->record = malloc(len)) == NULL)
		give_up("no memory");
	memcpy(k->record, data, len);
	wire_take(in, len);
	if (ktls_record_open(k->rx, k->record, len, &k->type, &plain, &k->plain_len) != 0) {
		k->plain_len = 0;
		return -EBADMSG;
	}
	k->plain = plain;
	k->expired = !side->script.no_rekey && k->type == KTLS_TYPE_HANDSHAKE && k->plain[0] == 24;
	return 1;
}

ssize_t
fake_kernel_recvmsg(struct fake_side *side, struct conn_op *op, size_t len)
{
	struct fake_kernel *k = &side->kernel;
	ssize_t n;

	if (k->plain_len == 0) {
		if ((n = kernel_next(side)) <= 0) {
			op->type = 0;
			return n;
		}
	}
	len = least(len, k->plain_len);
	memcpy(op->buf, k->plain, len);
	k->plain += len;
	k->plain_len -= len;
	op->type = k->type;
	op->eor = k->plain_len == 0;
	return (ssize_t)len;
}

static void
keys_of(const union crypto_info *ci, struct ktls_keys *keys)
{
	*keys = (struct ktls_keys){ .version = ci->info.version, .seq = crypto_info_seq(ci) };
	switch (ci->info.cipher_type) {
	case TLS_CIPHER_AES_GCM_128:
		keys->cipher = KTLS_AES_128_GCM;
		memcpy(keys->key, ci->gcm128.key, 16);
		memcpy(keys->iv, ci->gcm128.salt, 4);
		memcpy(keys->iv + 4, ci->gcm128.iv, 8);
		break;
	case TLS_CIPHER_AES_GCM_256:
		keys->cipher = KTLS_AES_256_GCM;
		memcpy(keys->key, ci->gcm256.key, 32);
		memcpy(keys->iv, ci->gcm256.salt, 4);
		memcpy(keys->iv + 4, ci->gcm256.iv, 8);
		break;
	case TLS_CIPHER_CHACHA20_POLY1305:
		keys->cipher = KTLS_CHACHA20_POLY1305;
		memcpy(keys->key, ci->chacha.key, 32);
		memcpy(keys->iv, ci->chacha.iv, 12);
		break;
	default:
		give_up("a cipher that this kernel doesn't know");
	}
}

/* RFC 5288 3: the explicit nonce is the number, so none comes twice. */
static void
check_nonce(const struct ktls_keys *keys)
{
	struct ktls_keys same = *keys;

	if (keys->version == KTLS_TLS12)
		keys12_set_seq(&same, keys->seq);
	if (memcmp(&same, keys, sizeof(same)) != 0)
		give_up("an explicit nonce that isn't the number of its record");
}

ssize_t
fake_kernel_install(struct fake_side *side, const struct conn_op *op)
{
	struct fake_kernel *k = &side->kernel;
	struct ktls_record **record = op->dir == KTLS_TX ? &k->tx : &k->rx;
	struct ktls_keys keys;
	int err;

	if (!k->ulp)
		return -ENOPROTOOPT;
	if (side->script.install_err[op->dir] != 0)
		return side->script.install_err[op->dir];
	if (*record != NULL && side->script.no_rekey)
		return -EBUSY;
	if (*record != NULL && op->dir == KTLS_TX && k->open_len != 0)
		give_up("a record is open under the old key while the new one is installed");
	keys_of(op->crypto, &keys);
	check_nonce(&keys);
	if (*record != NULL)
		err = ktls_record_rekey(*record, &keys);
	else
		err = ktls_record_new(record, side->conn->cfg->crypto, op->dir, &keys);
	ktls_keys_wipe(&keys);
	if (err != 0)
		return -ENOMEM;		/* which the kernel has too */
	if (op->dir == KTLS_RX)
		k->expired = false;
	k->installs[op->dir]++;
	return 0;
}
