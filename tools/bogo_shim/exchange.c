/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include "bogo_shim/exchange.h"
#include "bogo_shim/mutant.h"

#define READ_SIZE	512		/* so that a record takes several reads */
#define EXPORT_MAX	1024
#define DECOMPRESSION_FAILURE	30

static const char hello[] = "hello";

static int
send_hello(struct conn *c)
{
	return conn_send(c, hello, strlen(hello));
}

/* A length, little endian, then the secret of what we read, and of what we write. */
static int
send_traffic_secrets(struct conn *c)
{
	static const enum ktls_dir order[] = { KTLS_RX, KTLS_TX };
	uint8_t out[2 + 2 * KTLS_SECRET_MAX];
	size_t len = 0, at = 2;
	int err;

	for (size_t i = 0; i < 2; i++) {
		const char *hex = c->secret[order[i]];

		if (!OPENSSL_hexstr2buf_ex(out + at, KTLS_SECRET_MAX, &len, hex, '\0'))
			return -EPROTO;		/* no key log line came */
		at += len;
	}
	out[0] = (uint8_t)len;
	out[1] = 0;
	err = conn_send(c, out, at);
	explicit_bzero(out, sizeof(out));
	return err;
}

static int
send_keying_material(struct conn *c)
{
	const struct shim_options *o = c->o;
	const char *label = o->export_label != NULL ? o->export_label : "";
	const char *context = o->use_export_context ? o->export_context : NULL;
	size_t context_len = context != NULL ? strlen(context) : 0;
	size_t len = (size_t)o->export_keying_material;
	uint8_t out[EXPORT_MAX];
	int err;

	if (len > sizeof(out))
		return -EMSGSIZE;
	/* There are two places to get it from. */
	err = o->async ? ktls_post_export(c->post, label, context, context_len, out, len) :
	    ktls_hs_export(c->hs, label, context, context_len, out, len);
	if (err != 0)
		return err;
	if (mutant("exporter"))
		out[0]++;
	return conn_send(c, out, len);
}

static int
send_sizes(struct conn *c)
{
	static const size_t sizes[] = {
		0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769,
	};
	static uint8_t data[32769];
	int err = 0;

	memset(data, 0x42, sizeof(data));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes) && err == 0; i++)
		err = conn_send(c, data, sizes[i]);
	return err;
}

static int
answer(struct conn *c, uint8_t *data, size_t len)
{
	int err;

	if (c->o->key_update && (err = conn_key_update(c)) != 0)
		return err;
	for (size_t i = 0; i < len; i++)
		data[i] ^= mutant("echo") ? 0xfe : 0xff;
	return conn_send(c, data, len);
}

/* What was seen by peeking is what is then received. */
static ssize_t
receive(struct conn *c, uint8_t *data, size_t size)
{
	static uint8_t seen[KTLS_RECORD_PLAIN_MAX];
	ssize_t peeked, n;

	if (!c->o->peek_then_read)
		return conn_recv(c, data, size);
	if ((peeked = conn_peek(c, seen, size)) < 0)
		return peeked;
	n = conn_recv(c, data, size);
	return n == peeked && memcmp(data, seen, (size_t)n) == 0 ? n : -EPROTO;
}

static int
echo(struct conn *c)
{
	static uint8_t data[KTLS_RECORD_PLAIN_MAX];
	size_t size = READ_SIZE;
	ssize_t n;
	int err;

	if (c->o->read_size > 0)
		size = (size_t)c->o->read_size;
	if (size > sizeof(data))
		size = sizeof(data);
	while ((n = receive(c, data, size)) > 0)
		if ((err = answer(c, data, (size_t)n)) != 0)
			return err;
	return (int)n;
}

static int
shut_down(struct conn *c)
{
	const struct shim_options *o = c->o;

	if (mutant("close"))
		return 0;
	return conn_close(c, o->check_close_notify);
}

static int
send_first(struct conn *c)
{
	const struct shim_options *o = c->o;
	int err;

	if (o->export_keying_material != 0 && (err = send_keying_material(c)) != 0)
		return err;
	if (o->export_traffic_secrets && (err = send_traffic_secrets(c)) != 0)
		return err;
	if (o->write_different_record_sizes)
		return send_sizes(c);
	if (o->read_with_unfinished_write)
		return conn_send_held(c, hello, strlen(hello));
	return o->shim_writes_first ? send_hello(c) : 0;
}

int
exchange(struct conn *c)
{
	static const uint8_t alert[] = { 2, DECOMPRESSION_FAILURE };
	const struct shim_options *o = c->o;
	int err;

	if (o->send_alert)
		return conn_send_record(c, KTLS_TYPE_ALERT, alert, sizeof(alert));
	if ((err = send_first(c)) != 0)
		return err;
	if (!o->shim_shuts_down && !o->write_different_record_sizes && (err = echo(c)) != 0)
		return err;
	return shut_down(c);
}
