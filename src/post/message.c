/* SPDX-License-Identifier: MIT */
#include "post/state.h"

/* Handshake messages after the handshake, RFC 8446 4.6; in TLS 1.2 there are none that we take. */
enum {
	MT_HELLO_REQUEST = 0, MT_CLIENT_HELLO = 1, MT_NEW_SESSION_TICKET = 4,
	MT_CERTIFICATE_REQUEST = 13, MT_KEY_UPDATE = 24,
};

static int
new_session_ticket_recv(struct ktls_post *post, struct slice body, bool last)
{
	(void)last;
	return ticket_recv(post, body);
}

/* RFC 8446 4.6.3. */
static int
key_update_recv(struct ktls_post *post, struct slice body, bool last)
{
	if (body.p[0] > 1)
		return KTLS_REFUSED(KTLS_R_KEY_UPDATE_REQUEST);
	if (!last)		/* what is behind it would be of the old key and the new epoch */
		return KTLS_REFUSED(KTLS_R_KEY_BOUNDARY);
	if (post->in_a_row == IN_A_ROW_MAX)
		return KTLS_REFUSED(KTLS_R_KEY_UPDATE_FLOOD);

	/* Nothing below can fail. */
	post->in_a_row++;
	post->due |= DUE_REKEY_RX;
	if (body.p[0] == 1 && !post->closing)
		post->due |= DUE_UPDATE;	/* several requests, or one of ours: one answer */
	return 0;
}

#define RECEIVER(role)	(1u << (role))

/* clang-format off */
static const struct row {
	uint8_t type;
	unsigned receivers;
	size_t min, max;	/* of the body */
	int (*recv)(struct ktls_post *post, struct slice body, bool last);
} rows[] = {
	{ MT_NEW_SESSION_TICKET, RECEIVER(KTLS_CLIENT), 14, MESSAGE_MAX, new_session_ticket_recv },
	{ MT_KEY_UPDATE, RECEIVER(KTLS_CLIENT) | RECEIVER(KTLS_SERVER), 1, 1, key_update_recv },
};
/* clang-format on */

static const struct row *
find(const struct ktls_post *post, uint8_t type)
{
	if (post->version != KTLS_TLS13)
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].type == type && (rows[i].receivers & RECEIVER(post->role)))
			return &rows[i];
	return NULL;
}

/*
 * What we refuse by design has a reason of its own. A HelloRequest of TLS 1.2 could be
 * ignored too (RFC 5246 7.4.1.1): a server that sends one won't go on without.
 */
static int
refuse(const struct ktls_post *post, uint8_t type)
{
	bool client = post->role == KTLS_CLIENT, tls13 = post->version == KTLS_TLS13;

	if (type == (client ? MT_HELLO_REQUEST : MT_CLIENT_HELLO))
		return KTLS_REFUSED(tls13 ? KTLS_R_RENEGOTIATION : KTLS_R_NO_RENEGOTIATION);
	if (tls13 && client && type == MT_CERTIFICATE_REQUEST)
		return KTLS_REFUSED(KTLS_R_POST_HANDSHAKE_AUTH);
	return KTLS_REFUSED(KTLS_R_UNEXPECTED_MESSAGE);
}

int
post_message_len(const struct ktls_post *post, struct slice data, size_t *len)
{
	struct reader r = rd_init(data);
	uint8_t type = rd_u8(&r);
	size_t body = rd_u24(&r);
	const struct row *row;

	*len = MESSAGE_HEADER;
	if (r.bad)
		return 0;
	if ((row = find(post, type)) == NULL)
		return refuse(post, type);
	if (body > MESSAGE_MAX)
		return KTLS_REFUSED(KTLS_R_MESSAGE_LONG);
	if (body < row->min || body > row->max)
		return KTLS_REFUSED(KTLS_R_MALFORMED);
	*len = MESSAGE_HEADER + body;
	return 0;
}

int
post_message(struct ktls_post *post, struct slice message, bool last)
{
	struct slice body = { message.p + MESSAGE_HEADER, message.len - MESSAGE_HEADER };

	return find(post, message.p[0])->recv(post, body, last);
}
