/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/wipe.h"
#include "handshake/machine.h"
#include "handshake/server_hello.h"

/* What a peer sends first, mostly: a ClientHello; a server's flight with its chain. */
#define FIRST_FROM_CLIENT	4096
#define FIRST_FROM_SERVER	8192

/* A message that lacks its last byte, and one more record. */
#define JOINED_MAX	(MESSAGE_HEADER + MESSAGE_MAX + KTLS_RECORD_PLAIN_MAX)

void
input_free(struct input *in)
{
	wipe_free(in->buf, in->room);
	wipe_free(in->joined, in->joined_room);
	*in = (struct input){ 0 };
}

struct slice
input_rest(const struct ktls_hs *hs)
{
	const struct input *in = &hs->in;

	return (struct slice){ in->buf != NULL ? in->buf + in->off : NULL, in->len - in->off };
}

/* While early data is skipped before there are keys, its records are protected ones. */
static int
record_len(struct ktls_hs *hs)
{
	struct slice rest = input_rest(hs);
	struct reader r = rd_init(rest);
	size_t len;

	if (hs->in.cut.rec == NULL && hs->in.skip_early &&
	    rd_u8(&r) == KTLS_TYPE_APPLICATION_DATA) {
		(void)rd_u16(&r);
		len = rd_u16(&r);
		if (!r.bad)
			return len <= KTLS_RECORD_CIPHER_MAX ? (int)(KTLS_RECORD_HEADER + len) :
			    KTLS_REFUSED(KTLS_R_RECORD_OVERFLOW);
	}
	return cut_len(&hs->in.cut, rest);
}

/* The unused bytes move to the front of a buffer of at least `wanted` bytes. */
static int
make_room(struct input *in, size_t wanted)
{
	size_t have = in->len - in->off;
	uint8_t *buf = in->buf;

	if (wanted > in->room && (buf = OPENSSL_malloc(wanted)) == NULL)
		return fail_memory();
	if (have != 0 && (buf != in->buf || in->off != 0))
		memmove(buf, in->buf + in->off, have);
	if (buf != in->buf) {
		wipe_free(in->buf, in->room);
		in->buf = buf;
		in->room = wanted;
	}
	in->off = 0;
	in->len = have;
	return 0;
}

/* All the space there is. The record that has begun always fits. */
static uint8_t *
free_space(struct ktls_hs *hs, size_t *len)
{
	struct input *in = &hs->in;
	size_t have = in->len - in->off, wanted;
	int record = record_len(hs);

	*len = 0;
	wanted = hs->role == KTLS_SERVER ? FIRST_FROM_CLIENT : FIRST_FROM_SERVER;
	if (record > 0 && (size_t)record > wanted)
		wanted = (size_t)record;
	if (have >= wanted)		/* whole records, of which the user has yet to be told */
		wanted = KTLS_RECORD_MAX;
	if (make_room(in, wanted) != 0)
		return NULL;
	*len = in->room - have;
	return in->buf + have;
}

/* The header, then the body, so that no byte behind the handshake is ever taken. */
uint8_t *
input_record_space(struct ktls_hs *hs, size_t *len)
{
	uint8_t *space = free_space(hs, len);
	size_t have = hs->in.len;
	int record;

	if (space != NULL) {
		record = record_len(hs);
		*len = record > 0 ? (size_t)record - have : KTLS_RECORD_HEADER - have;
	}
	return space;
}

uint8_t *
input_space(struct ktls_hs *hs, size_t *len)
{
	return hs->exact && hs->window ? input_record_space(hs, len) : free_space(hs, len);
}

size_t
input_keep(struct ktls_hs *hs, const uint8_t *data, size_t len)
{
	struct input *in = &hs->in;

	if (len == 0 || make_room(in, KTLS_RECORD_MAX) != 0)
		return 0;
	if (len > in->room - in->len)
		len = in->room - in->len;
	memcpy(in->buf + in->len, data, len);
	in->len += len;
	return len;
}

/* A record that is dropped is allowed a few times. */
static int
useless(struct ktls_hs *hs)
{
	return ++hs->in.useless > USELESS_MAX ? KTLS_REFUSED(KTLS_R_RECORD_FLOOD) : 0;
}

/* The whole message that s begins with, its header included: its length; 0: more must come. */
static int
message_len(struct slice s, size_t *len)
{
	struct reader r = rd_init(s);
	uint8_t type = rd_u8(&r);
	uint32_t body = rd_u24(&r);

	*len = 0;
	if (r.bad)
		return 0;
	if (body > (type == MT_SERVER_HELLO ? SERVER_HELLO_MAX : MESSAGE_MAX))
		return KTLS_REFUSED(KTLS_R_MESSAGE_LONG);
	if (body <= s.len - MESSAGE_HEADER)
		*len = MESSAGE_HEADER + body;
	return 0;
}

/* Grows with what has come, not with what a header announces. */
static int
join(struct input *in, struct slice s)
{
	size_t room = in->joined_room != 0 ? in->joined_room : 1024;
	uint8_t *bigger;

	while (room < in->joined_len + s.len)
		room *= 2;
	if (room > JOINED_MAX)
		room = JOINED_MAX;
	if (room != in->joined_room) {
		bigger = OPENSSL_clear_realloc(in->joined, in->joined_room, room);
		if (bigger == NULL)
			return fail_memory();
		in->joined = bigger;
		in->joined_room = room;
	}
	memcpy(in->joined + in->joined_len, s.p, s.len);
	in->joined_len += s.len;
	return 0;
}

/* What on the wire is a ServerHello. */
static unsigned
server_hello_kind(const struct ktls_hs *hs, struct slice body)
{
	if (hs13_is_hello_retry_request(body))
		return MT_HELLO_RETRY_REQUEST;
	/* A HelloRetryRequest has said TLS 1.3: the next one is judged by that. */
	return hs->cfg->version_min <= KTLS_TLS12 && !hs->retried && server_hello_is_older(body) ?
	    MT_SERVER_HELLO_12 : MT_SERVER_HELLO;
}

/* One whole message. last: it ends its record. */
static int
take_message(struct ktls_hs *hs, struct slice whole, bool last)
{
	const struct slice body = { whole.p + MESSAGE_HEADER, whole.len - MESSAGE_HEADER };
	unsigned msg = whole.p[0];
	int err;

	if (msg == MT_SERVER_HELLO)
		msg = server_hello_kind(hs, body);
	/* Judged first: what follows would be read under keys that it wasn't sent with. */
	if (!last && machine_ends_record(msg)) {
		hs->at = msg;
		return KTLS_REFUSED(KTLS_R_KEY_BOUNDARY);
	}
	hs->in.cut.ccs = true;
	if ((err = machine_dispatch(hs, msg, whole)) != 0)
		return err;
	return machine_run(hs);
}

/* The messages that s begins with, a record's plaintext or several joined; *used of its bytes. */
static int
take_messages(struct ktls_hs *hs, struct slice s, size_t *used)
{
	size_t len;
	int err;

	for (*used = 0; *used < s.len && !hs->questions.open; *used += len) {
		struct slice rest = { s.p + *used, s.len - *used };

		if ((err = message_len(rest, &len)) != 0)
			return err;
		if (len == 0)
			return 0;
		if ((err = take_message(hs, (struct slice){ rest.p, len }, rest.len == len)) != 0)
			return err;
	}
	return 0;
}

/* What `used` bytes of joined messages leave behind. */
static void
shorten(struct input *in, size_t used)
{
	memmove(in->joined, in->joined + used, in->joined_len - used);
	in->joined_len -= used;
	if (in->joined_len == 0) {
		wipe_free(in->joined, in->joined_room);
		in->joined = NULL;
		in->joined_room = 0;
	}
}

/*
 * A handshake record: messages are read where they lie, unless one began in an
 * earlier record.
 */
static int
take_handshake(struct ktls_hs *hs, struct slice body)
{
	struct input *in = &hs->in;
	struct slice s = body;
	size_t used;
	int err;

	if (in->joined_len != 0) {
		if ((err = join(in, body)) != 0)
			return err;
		s = (struct slice){ in->joined, in->joined_len };
	}
	if ((err = take_messages(hs, s, &used)) != 0)
		return err;
	if (in->joined_len == 0)
		return used < s.len ? join(in, (struct slice){ s.p + used, s.len - used }) : 0;
	shorten(in, used);
	return 0;
}

static int
take_content(struct ktls_hs *hs, uint8_t type, struct slice body)
{
	int err;

	if (type == KTLS_TYPE_ALERT) {
		if ((err = fail_peer_alert(hs, body)) != 0)
			return err;
		return useless(hs);
	}
	if (type != KTLS_TYPE_HANDSHAKE)
		return KTLS_REFUSED(KTLS_R_APPLICATION_DATA);
	return take_handshake(hs, body);
}

/*
 * Records of early data that we refused, RFC 8446 4.2.10: after a
 * HelloRetryRequest all protected ones before the second ClientHello; else those
 * that our keys don't open, until one does.
 */
static bool
skip(struct ktls_hs *hs, const uint8_t *record, size_t len)
{
	struct input *in = &hs->in;

	/* In the middle of a ClientHello they are nobody's: RFC 8446 5.1. */
	if (!in->skip_early || record[0] != KTLS_TYPE_APPLICATION_DATA || in->joined_len != 0)
		return false;
	in->skipped += len - KTLS_RECORD_HEADER;
	return true;
}

static int
skip_bound(const struct input *in)
{
	return in->skipped > EARLY_DATA_SKIP_MAX ? KTLS_REFUSED(KTLS_R_EARLY_DATA_LONG) : 0;
}

/* RFC 8446 D.4 drops it; in TLS 1.2 it is a message to the machine, which has one place for it. */
static int
take_change_cipher_spec(struct ktls_hs *hs, struct slice body)
{
	const struct slice none = { NULL, 0 };
	int err;

	if (hs->in.joined_len != 0)
		return KTLS_REFUSED(KTLS_R_INTERLEAVED);
	if ((err = cut_ccs(body)) != 0)
		return err;
	if (hs->version != KTLS_TLS12) {
		hs->in.ccs_dropped = true;
		return useless(hs);
	}
	if ((err = machine_dispatch(hs, MT_CHANGE_CIPHER_SPEC, none)) != 0)
		return err;
	return machine_run(hs);
}

static int
take_record(struct ktls_hs *hs, uint8_t *record, size_t len)
{
	struct input *in = &hs->in;
	struct slice body = { record + KTLS_RECORD_HEADER, len - KTLS_RECORD_HEADER };
	uint8_t type = record[0];
	void *plain;
	int err;

	if (type == KTLS_TYPE_CHANGE_CIPHER_SPEC)
		return take_change_cipher_spec(hs, body);
	if (in->cut.rec == NULL && skip(hs, record, len))
		return skip_bound(in);
	if (in->cut.rec != NULL && !(type == KTLS_TYPE_ALERT && in->cut.plain_alert)) {
		err = ktls_record_open(hs->rec[KTLS_RX], record, len, &type, &plain, &body.len);
		if (err == KTLS_REFUSED(KTLS_R_BAD_RECORD_MAC) && skip(hs, record, len))
			return skip_bound(in);
		if (err != 0)
			return err;
		body.p = plain;
		in->cut.plain_alert = false;
		if (in->skip_early)
			ktls_record_set_limit(hs->rec[KTLS_RX], hs->our_limit);
		in->skip_early = false;
	}
	if (type != KTLS_TYPE_HANDSHAKE && type != KTLS_TYPE_ALERT && in->joined_len != 0)
		return KTLS_REFUSED(KTLS_R_INTERLEAVED);
	return take_content(hs, type, body);
}

/*
 * What the first bytes of a server's peer are, where they are no record. SSL 2.0:
 * two bytes of length, then ClientHello (1) and a version.
 */
static int
judge_first(struct ktls_hs *hs, int err)
{
	struct slice in = input_rest(hs);

	if (hs->role != KTLS_SERVER || hs->in.any)
		return err;
	if (cut_is_http(in))
		return KTLS_REFUSED(KTLS_R_PLAIN_HTTP);
	if (in.len >= 3 && (in.p[0] & 0x80) && in.p[2] == MT_CLIENT_HELLO)
		return KTLS_REFUSED(KTLS_R_SSLV2_HELLO);
	return err;
}

/* Records, until one is incomplete, the handshake is done, or a question is open. */
static int
take_records(struct ktls_hs *hs)
{
	struct input *in = &hs->in;
	int len, err;

	while (hs->state != ST_CONNECTED && in->off < in->len && !hs->questions.open) {
		hs->at = 0;
		if ((len = record_len(hs)) < 0)
			return judge_first(hs, len);
		if (len == 0 || (size_t)len > in->len - in->off)
			return 0;
		in->any = true;
		err = take_record(hs, in->buf + in->off, (size_t)len);
		in->off += (size_t)len;
		if (err != 0)
			return err;
	}
	return 0;
}

int
input_filled(struct ktls_hs *hs, size_t n)
{
	hs->in.len += n;
	return take_records(hs);
}

/* First the messages that came in the record of the one which asked. */
int
input_go_on(struct ktls_hs *hs)
{
	struct input *in = &hs->in;
	size_t used;
	int err;

	if (hs->state != ST_CONNECTED && in->joined_len != 0 && !hs->questions.open) {
		err = take_messages(hs, (struct slice){ in->joined, in->joined_len }, &used);
		if (err != 0)
			return err;
		shorten(in, used);
	}
	return take_records(hs);
}
