/* SPDX-License-Identifier: MIT */
#include "handshake/server_hello.h"

static void
decode_extension(struct server_hello *sh, struct extensions *x, uint16_t type)
{
	struct reader *r = x->r;

	switch (type) {
	case EXT_SUPPORTED_VERSIONS:
		sh->version = rd_u16(r);
		break;
	case EXT_KEY_SHARE:
		sh->group = rd_u16(r);
		if (x->in == IN_SH && (sh->share = rd_vec(r, 2)).len == 0)
			r->bad = true;
		break;
	case EXT_PRE_SHARED_KEY:
		sh->psk = rd_u16(r);
		break;
	case EXT_COOKIE:
		if ((sh->cookie = rd_vec(r, 2)).len == 0)
			r->bad = true;
		break;
	default:
		extensions_skip(x);
	}
}

/* Ends in 1 where the server knows TLS 1.3, in 0 where it knows 1.2. */
const uint8_t server_hello_sentinel[SENTINEL_LEN] = { 'D', 'O', 'W', 'N', 'G', 'R', 'D', 1 };

bool
server_hello_is_downgrade(struct slice random)
{
	const uint8_t *tail = random.p + random.len - SENTINEL_LEN;

	return memcmp(tail, server_hello_sentinel, SENTINEL_LEN - 1) == 0 &&
	    tail[SENTINEL_LEN - 1] <= 1;
}

static bool
is_older(struct slice exts)
{
	struct reader r = rd_init(exts);

	while (rd_more(&r)) {
		if (rd_u16(&r) == EXT_SUPPORTED_VERSIONS)
			return false;
		(void)rd_vec(&r, 2);
	}
	return rd_done(&r);
}

/* What is malformed is TLS 1.3's to refuse, if it can't be TLS 1.2's. */
bool
server_hello_is_older(struct slice body)
{
	struct reader r = rd_init(body);

	(void)rd_bytes(&r, 2 + RANDOM_LEN);
	(void)rd_vec(&r, 1);
	(void)rd_bytes(&r, 2 + 1);
	return rd_done(&r) || is_older(rd_vec(&r, 2));
}

static int
decode_extensions(struct server_hello *sh, struct reader *r, unsigned in, uint32_t offered)
{
	struct extensions x;
	uint16_t type;

	extensions_open(&x, r, in, offered);
	/* Its extensions are not ours to judge, the version is what is wrong. */
	if (is_older((struct slice){ r->p, (size_t)(r->end - r->p) }))
		extensions_skip(&x);
	while (extensions_next(&x, &type))
		decode_extension(sh, &x, type);
	sh->seen = x.seen;
	return extensions_close(&x);
}

int
server_hello_decode(struct server_hello *sh, struct slice body, unsigned in, uint32_t offered)
{
	struct reader r = rd_init(body);
	int err;

	*sh = (struct server_hello){ 0 };
	if (in == IN_HRR)
		/* the one that isn't asked for, RFC 8446 4.2 */
		offered |= extension_bit(EXT_COOKIE);
	sh->legacy_version = rd_u16(&r);
	sh->random = rd_bytes(&r, RANDOM_LEN);
	sh->session_id = rd_vec(&r, 1);
	sh->suite = rd_u16(&r);
	sh->compression = rd_u8(&r);
	if (sh->session_id.len > SESSION_ID_MAX)
		r.bad = true;
	if (rd_more(&r) && (err = decode_extensions(sh, &r, in, offered)) != 0)
		return err;
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

static void
write_number(struct writer *w, uint16_t type, uint16_t n)
{
	uint8_t *ext = extension_write(w, type);

	wr_u16(w, n);
	wr_close(w, ext);
}

void
server_hello_encode(struct writer *w, const struct server_hello *sh)
{
	uint8_t *exts, *ext;

	wr_u16(w, sh->legacy_version);
	wr_slice(w, sh->random);
	wr_vec(w, 1, sh->session_id);
	wr_u16(w, sh->suite);
	wr_u8(w, sh->compression);
	exts = wr_open(w, 2);
	if (sh->group != 0) {
		ext = extension_write(w, EXT_KEY_SHARE);
		wr_u16(w, sh->group);
		if (sh->share.len != 0)
			wr_vec(w, 2, sh->share);
		wr_close(w, ext);
	}
	write_number(w, EXT_SUPPORTED_VERSIONS, sh->version);
	if (sh->seen & extension_bit(EXT_PRE_SHARED_KEY))
		write_number(w, EXT_PRE_SHARED_KEY, sh->psk);
	if (sh->cookie.len != 0) {
		ext = extension_write(w, EXT_COOKIE);
		wr_vec(w, 2, sh->cookie);
		wr_close(w, ext);
	}
	wr_close(w, exts);
}
