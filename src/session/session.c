/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include "session/session.h"

/*
 *	struct {
 *		uint8 format;			// another one where anything below changes
 *		uint16 version, suite;
 *		uint8 flags;
 *		opaque context[32];
 *		opaque secret<32..48>;
 *		uint48 issued, authenticated, expires, chain_end;
 *		uint32 age_add;
 *		opaque server_name<0..255>, alpn<0..255>;
 *		opaque chain<0..2^16-1>, id<0..2^16-1>;
 *	} session;
 *
 * One session has one encoding.
 */
#define FORMAT		1
#define FLAG_EMS	1
#define FLAG_VERIFIED	2
#define FLAG_TICKET	4
#define FLAGS		7
#define FIXED_LEN	(1 + 2 + 2 + 1 + SESSION_CONTEXT_LEN + 1 + 4 * 6 + 4 + 1 + 1 + 2 + 2)

/* Certificates, none of them empty. */
static bool
chain_fits(struct slice chain)
{
	struct reader rd = rd_init(chain);

	while (rd_more(&rd))
		if (rd_vec(&rd, 3).len == 0)
			return false;
	return rd_done(&rd) && chain.len <= SESSION_CHAIN_MAX;
}

static bool
secret_fits(const struct session *session)
{
	switch (session->version) {
	case KTLS_TLS12:
		return session->secret_len == 48;
	case KTLS_TLS13:
		return session->secret_len == 32 || session->secret_len == 48;
	default:
		return false;
	}
}

static bool
time_fits(int64_t t)
{
	return t >= 0 && t <= SESSION_TIME_MAX;
}

/* Held to by both, so that neither gives the other what it doesn't take. */
static bool
session_fits(const struct session *session)
{
	return secret_fits(session) && time_fits(session->issued) &&
	    time_fits(session->authenticated) && time_fits(session->expires) &&
	    time_fits(session->chain_end) &&
	    session->server_name.len <= SESSION_NAME_MAX &&
	    session->alpn.len <= SESSION_NAME_MAX && chain_fits(session->chain) &&
	    session->id.len <= SESSION_ENCODED_MAX;
}

static size_t
encoded_len(const struct session *session)
{
	return FIXED_LEN + session->secret_len + session->server_name.len + session->alpn.len +
	    session->chain.len + session->id.len;
}

static void
write_time(struct writer *w, int64_t t)
{
	wr_u16(w, (uint16_t)(t >> 32));
	wr_u32(w, (uint32_t)t);
}

static void
write_session(struct writer *w, const struct session *session)
{
	wr_u8(w, FORMAT);
	wr_u16(w, session->version);
	wr_u16(w, session->suite);
	wr_u8(w, (uint8_t)((session->ems ? FLAG_EMS : 0) |
	    (session->verified ? FLAG_VERIFIED : 0) |
	    (session->id_is_ticket ? FLAG_TICKET : 0)));
	wr_bytes(w, session->context, SESSION_CONTEXT_LEN);
	wr_vec(w, 1, (struct slice){ session->secret, session->secret_len });
	write_time(w, session->issued);
	write_time(w, session->authenticated);
	write_time(w, session->expires);
	write_time(w, session->chain_end);
	wr_u32(w, session->age_add);
	wr_vec(w, 1, session->server_name);
	wr_vec(w, 1, session->alpn);
	wr_vec(w, 2, session->chain);
	wr_vec(w, 2, session->id);
}

int
session_encode(const struct session *session, uint8_t **out, size_t *out_len)
{
	struct writer w;
	size_t len;
	uint8_t *p;

	if (!session_fits(session) || (len = encoded_len(session)) > SESSION_ENCODED_MAX)
		return -EMSGSIZE;
	if ((p = OPENSSL_malloc(len)) == NULL)
		return -ENOMEM;
	w = wr_init(p, len);
	write_session(&w, session);
	if (!wr_done(&w) || wr_len(&w) != len) {
		OPENSSL_clear_free(p, len);
		return -EMSGSIZE;
	}
	*out = p;
	*out_len = len;
	return 0;
}

static int64_t
read_time(struct reader *rd)
{
	int64_t high = rd_u16(rd);

	return high << 32 | rd_uint(rd, 4);
}

/* What can't be copied latches, as what is too short does. */
static void
read_secret(struct reader *rd, struct session *session)
{
	struct slice secret = rd_vec(rd, 1);

	if (secret.len > sizeof(session->secret))
		rd->bad = true;
	else if (secret.len != 0)
		memcpy(session->secret, secret.p, secret.len);
	session->secret_len = secret.len;
}

static bool
read_session(struct reader *rd, struct session *session)
{
	uint8_t format = rd_u8(rd), flags;
	struct slice context;

	session->version = rd_u16(rd);
	session->suite = rd_u16(rd);
	flags = rd_u8(rd);
	session->ems = flags & FLAG_EMS;
	session->verified = flags & FLAG_VERIFIED;
	session->id_is_ticket = flags & FLAG_TICKET;
	context = rd_bytes(rd, SESSION_CONTEXT_LEN);
	if (context.len != 0)
		memcpy(session->context, context.p, context.len);
	read_secret(rd, session);
	session->issued = read_time(rd);
	session->authenticated = read_time(rd);
	session->expires = read_time(rd);
	session->chain_end = read_time(rd);
	session->age_add = rd_uint(rd, 4);
	session->server_name = rd_vec(rd, 1);
	session->alpn = rd_vec(rd, 1);
	session->chain = rd_vec(rd, 2);
	session->id = rd_vec(rd, 2);
	return rd_done(rd) && format == FORMAT && (flags & ~FLAGS) == 0;
}

int
session_decode(struct session *out, struct slice data)
{
	struct reader rd = rd_init(data);
	struct session session = {0};
	int err = -EINVAL;

	if (data.len <= SESSION_ENCODED_MAX && read_session(&rd, &session) &&
	    session_fits(&session))
		err = 0;
	else
		session_wipe(&session);
	*out = session;
	session_wipe(&session);
	return err;
}

void
session_wipe(struct session *session)
{
	explicit_bzero(session, sizeof(*session));
}
