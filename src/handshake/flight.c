/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "base/wipe.h"
#include "handshake/machine.h"

#define ALERT_WARNING	1
#define ALERT_FATAL	2

void
flight_free(struct flight *f)
{
	wipe_free(f->plain, f->plain_room);
	wipe_free(f->out, f->out_room);
	*f = (struct flight){ 0 };
}

/* Messages may stay behind, while our own side owes an answer in the middle of a flight. */
void
flight_sent(struct flight *f, size_t n)
{
	f->out_sent += n < f->out_len - f->out_sent ? n : f->out_len - f->out_sent;
	if (f->out_sent < f->out_len)
		return;
	if (f->plain_len == 0) {
		flight_free(f);
		return;
	}
	wipe_free(f->out, f->out_room);
	f->out = NULL;
	f->out_len = f->out_sent = f->out_room = 0;
}

/*
 * Room for n more bytes behind len. What moves leaves nothing behind; so that it moves
 * seldom, there is twice as much each time.
 */
static int
grow(uint8_t **buf, size_t *room, size_t len, size_t n)
{
	size_t wanted = len + n > 2 * *room ? len + n : 2 * *room;
	uint8_t *bigger;

	if (n <= *room - len)
		return 0;
	if ((bigger = OPENSSL_malloc(wanted)) == NULL)
		return fail_memory();
	if (len != 0)
		memcpy(bigger, *buf, len);
	wipe_free(*buf, *room);
	*buf = bigger;
	*room = wanted;
	return 0;
}

int
flight_open(struct flight *f, size_t room, struct writer *w)
{
	int err;

	if ((err = grow(&f->plain, &f->plain_room, f->plain_len, room)) != 0)
		return err;
	*w = wr_init(f->plain + f->plain_len, room);
	return 0;
}

void
flight_add(struct flight *f, const struct writer *w)
{
	f->plain_len += wr_len(w);
}

/*
 * RFC 8446 5.1: the first ClientHello may say 0x0301, and there are servers and
 * middleboxes that want it.
 */
static uint16_t
record_version(const struct ktls_hs *hs)
{
	return hs->role == KTLS_CLIENT && hs->version == 0 && !hs->retried ? 0x0301 : 0x0303;
}

static int
append_plain(struct ktls_hs *hs, uint8_t type, struct slice body)
{
	struct flight *f = &hs->out;
	size_t len = KTLS_RECORD_HEADER + body.len;
	struct writer w;
	int err;

	if ((err = grow(&f->out, &f->out_room, f->out_len, len)) != 0)
		return err;
	w = wr_init(f->out + f->out_len, len);
	wr_u8(&w, type);
	wr_u16(&w, record_version(hs));
	wr_vec(&w, 2, body);
	if (!wr_done(&w))
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	f->out_len += len;
	return 0;
}

/*
 * RFC 8446 D.4: our change_cipher_spec stands right before our first protected
 * record, if no HelloRetryRequest has brought it earlier.
 */
static int
append_sealed(struct ktls_hs *hs, uint8_t type, struct slice body)
{
	struct ktls_record *rec = hs->rec[KTLS_TX];
	struct flight *f = &hs->out;
	size_t len = ktls_record_sealed_len(rec, body.len);
	int err;

	if ((err = flight_ccs(hs)) != 0 ||
	    (err = grow(&f->out, &f->out_room, f->out_len, len)) != 0 ||
	    (err = ktls_record_seal(rec, type, body.p, body.len, f->out + f->out_len)) != 0)
		return err;
	f->out_len += len;
	return 0;
}

static int
append(struct ktls_hs *hs, uint8_t type, struct slice body)
{
	if (hs->rec[KTLS_TX] != NULL)
		return append_sealed(hs, type, body);
	return append_plain(hs, type, body);
}

int
flight_change_cipher_spec(struct ktls_hs *hs)
{
	static const uint8_t one[] = { 1 };

	return append_plain(hs, KTLS_TYPE_CHANGE_CIPHER_SPEC, (struct slice){ one, 1 });
}

int
flight_ccs(struct ktls_hs *hs)
{
	if (!hs->compat || hs->ccs_sent)
		return 0;
	hs->ccs_sent = true;
	return flight_change_cipher_spec(hs);
}

/* RFC 8449 4: the peer's limit binds protected records only. */
int
flight_flush(struct ktls_hs *hs)
{
	struct slice rest = { hs->out.plain, hs->out.plain_len };
	size_t max = hs->rec[KTLS_TX] != NULL ? ktls_hs_tx_limit(hs) : hs->cfg->send_limit;
	int err;

	while (rest.len != 0) {
		size_t n = rest.len < max ? rest.len : max;

		if ((err = append(hs, KTLS_TYPE_HANDSHAKE, (struct slice){ rest.p, n })) != 0)
			return err;
		rest.p += n;
		rest.len -= n;
	}
	hs->out.plain_len = 0;
	return 0;
}

int
flight_alert(struct ktls_hs *hs, uint8_t alert)
{
	uint8_t body[2] = { ALERT_FATAL, alert };

	if (alert == KTLS_ALERT_close_notify || alert == KTLS_ALERT_user_canceled)
		body[0] = ALERT_WARNING;
	hs->out.plain_len = 0;
	return append(hs, KTLS_TYPE_ALERT, (struct slice){ body, sizeof(body) });
}
