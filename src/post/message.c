/* SPDX-License-Identifier: MIT */
#include "post/state.h"

/* Handshake messages after the handshake, RFC 8446 section 4.6. */
enum {
	MT_HELLO_REQUEST = 0, MT_CLIENT_HELLO = 1, MT_NEW_SESSION_TICKET = 4,
	MT_CERTIFICATE_REQUEST = 13, MT_KEY_UPDATE = 24,
};

/* 4.6.1. Read for its form; keeping it is for a later day. */
static int
new_session_ticket(struct ktls_post *post, struct slice body)
{
	struct reader r = rd_init(body);
	struct slice ticket;
	const uint8_t *extensions;

	if (post->role != KTLS_CLIENT)
		return KTLS_REFUSED(KTLS_R_UNEXPECTED_MESSAGE);
	(void)rd_uint(&r, 4);		/* ticket_lifetime */
	(void)rd_uint(&r, 4);		/* ticket_age_add */
	(void)rd_vec(&r, 1);			/* ticket_nonce */
	ticket = rd_vec(&r, 2);
	extensions = rd_open(&r, 2);
	while (rd_more(&r)) {
		(void)rd_u16(&r);
		(void)rd_vec(&r, 2);
	}
	rd_close(&r, extensions);
	if (!rd_done(&r) || ticket.len == 0)
		return KTLS_REFUSED(KTLS_R_MALFORMED);
	return ++post->in_a_row > UPDATES_MAX ? KTLS_REFUSED(KTLS_R_RECORD_FLOOD) : 0;
}

/* 4.6.3. Whatever follows under the old key would be read with the new one: nothing may follow in its record. */
static int
key_update(struct ktls_post *post, struct slice body, bool last)
{
	if (body.len != 1)
		return KTLS_REFUSED(KTLS_R_MALFORMED);
	if (body.p[0] > 1)
		return KTLS_REFUSED(KTLS_R_KEY_UPDATE_REQUEST);
	if (!last)
		return KTLS_REFUSED(KTLS_R_KEY_BOUNDARY);
	if (++post->in_a_row > UPDATES_MAX)
		return KTLS_REFUSED(KTLS_R_KEY_UPDATE_FLOOD);

	post->due |= DUE_REKEY_RX;
	if (body.p[0] == 1 && !post->closing)
		post->due |= DUE_UPDATE | DUE_REKEY_TX;	/* several requests, one answer */
	return 0;
}

static int
message(struct ktls_post *post, uint8_t type, struct slice body, bool last)
{
	switch (type) {
	case MT_NEW_SESSION_TICKET:
		return new_session_ticket(post, body);
	case MT_KEY_UPDATE:
		return key_update(post, body, last);
	case MT_HELLO_REQUEST:
	case MT_CLIENT_HELLO:
		return KTLS_REFUSED(KTLS_R_RENEGOTIATION);
	case MT_CERTIFICATE_REQUEST:
		return KTLS_REFUSED(post->role == KTLS_CLIENT ?
		    KTLS_R_POST_HANDSHAKE_AUTH : KTLS_R_UNEXPECTED_MESSAGE);
	default:
		return KTLS_REFUSED(KTLS_R_UNEXPECTED_MESSAGE);
	}
}

int
post_messages(struct ktls_post *post, struct slice data, size_t *used)
{
	size_t at = 0, len;
	int err;

	while (data.len - at >= 4) {
		len = (size_t)data.p[at + 1] << 16 | (size_t)data.p[at + 2] << 8 | data.p[at + 3];
		if (len > MESSAGE_MAX)
			return KTLS_REFUSED(KTLS_R_MESSAGE_LONG);
		if (data.len - at - 4 < len)
			break;
		if ((err = message(post, data.p[at], (struct slice){ data.p + at + 4, len },
		    at + 4 + len == data.len)) != 0)
			return err;
		at += 4 + len;
	}
	*used = at;
	return 0;
}
