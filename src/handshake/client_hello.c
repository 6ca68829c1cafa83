/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <ktls/keys.h>
#include "handshake/client_hello.h"
#include "handshake/machine.h"

#define PSK_IDENTITY_MIN	7	/* of all identities, RFC 8446 4.2.11 */
#define PSK_BINDER_MIN		32
#define HOST_NAME		0	/* RFC 6066 3 */

/* A vector of 16-bit numbers, at least one. */
static struct slice
numbers(struct reader *r, size_t len_bytes)
{
	struct slice list = rd_vec(r, len_bytes);

	if (list.len == 0 || list.len % 2 != 0)
		r->bad = true;
	return list;
}

/* A vector of bytes, at least one. */
static struct slice
bytes(struct reader *r)
{
	struct slice list = rd_vec(r, 1);

	if (list.len == 0)
		r->bad = true;
	return list;
}

/* RFC 6066 3: the only type of name that there is; a list of exactly one. */
static struct slice
server_name(struct reader *r)
{
	const uint8_t *list = rd_open(r, 2);
	struct slice name;

	if (rd_u8(r) != HOST_NAME)
		r->bad = true;
	name = rd_vec(r, 2);
	if (name.len == 0)
		r->bad = true;
	rd_close(r, list);
	return name;
}

/* RFC 7301 3.1 */
static struct slice
protocol_names(struct reader *r)
{
	const uint8_t *list = rd_open(r, 2);
	struct slice all = { r->p, (size_t)(r->end - r->p) };

	if (!rd_more(r))
		r->bad = true;
	while (rd_more(r))
		if (rd_vec(r, 1).len == 0)
			r->bad = true;
	rd_close(r, list);
	return all;
}

bool
client_hello_share(struct reader *shares, uint16_t *group, struct slice *share)
{
	if (!rd_more(shares))
		return false;
	*group = rd_u16(shares);
	*share = rd_vec(shares, 2);
	return !shares->bad;
}

static struct slice
key_shares(struct reader *r)
{
	const uint8_t *list = rd_open(r, 2);
	struct slice all = { r->p, (size_t)(r->end - r->p) }, share;
	uint16_t group;

	while (client_hello_share(r, &group, &share))
		if (share.len == 0)
			r->bad = true;
	rd_close(r, list);
	return all;
}

/* RFC 8446 4.2.11 */
static int
pre_shared_key(struct client_hello *ch, struct reader *r)
{
	const uint8_t *list = rd_open(r, 2);
	size_t identities = 0, binders = 0;

	ch->psk_identities = (struct slice){ r->p, (size_t)(r->end - r->p) };
	if (ch->psk_identities.len < PSK_IDENTITY_MIN)
		r->bad = true;
	for (; rd_more(r); identities++) {
		if (rd_vec(r, 2).len == 0)
			r->bad = true;
		(void)rd_u32(r);		/* obfuscated_ticket_age: early data's alone */
	}
	rd_close(r, list);
	list = rd_open(r, 2);
	ch->psk_binders = (struct slice){ r->p, (size_t)(r->end - r->p) };
	if (ch->psk_binders.len < 1 + PSK_BINDER_MIN)
		r->bad = true;
	for (; rd_more(r); binders++)
		if (rd_vec(r, 1).len < PSK_BINDER_MIN)
			r->bad = true;
	rd_close(r, list);
	return !r->bad && identities != binders ? KTLS_REFUSED(KTLS_R_CH_PSK_BINDERS) : 0;
}

static int
decode_extension(struct client_hello *ch, struct extensions *x, uint16_t type)
{
	struct reader *r = x->r;

	switch (type) {
	case EXT_SERVER_NAME:		ch->server_name = server_name(r); break;
	case EXT_ALPN:			ch->alpn = protocol_names(r); break;
	case EXT_SUPPORTED_GROUPS:	ch->groups = numbers(r, 2); break;
	case EXT_SIGNATURE_ALGORITHMS:	ch->schemes = numbers(r, 2); break;
	case EXT_SIGNATURE_ALGORITHMS_CERT: ch->schemes_cert = numbers(r, 2); break;
	case EXT_SUPPORTED_VERSIONS:	ch->versions = numbers(r, 1); break;
	case EXT_KEY_SHARE:		ch->shares = key_shares(r); break;
	case EXT_RECORD_SIZE_LIMIT:	ch->record_size_limit = rd_u16(r); break;
	case EXT_EC_POINT_FORMATS:	ch->point_formats = bytes(r); break;
	case EXT_SESSION_TICKET:	ch->ticket = rd_rest(r); break;
	case EXT_RENEGOTIATION_INFO:	ch->renegotiated_connection = rd_vec(r, 1); break;
	case EXT_EXTENDED_MASTER_SECRET: break;		/* empty */
	case EXT_EARLY_DATA:		break;		/* empty */
	case EXT_POST_HANDSHAKE_AUTH:	break;		/* empty */
	case EXT_COOKIE:
		if ((ch->cookie = rd_vec(r, 2)).len == 0)
			r->bad = true;
		break;
	case EXT_PSK_KEY_EXCHANGE_MODES:
		if ((ch->psk_modes = rd_vec(r, 1)).len == 0)
			r->bad = true;
		break;
	case EXT_PRE_SHARED_KEY:	return pre_shared_key(ch, r);
	default:			extensions_skip(x);
	}
	return 0;
}

static int
decode_extensions(struct client_hello *ch, struct reader *r)
{
	const uint32_t psk = extension_bit(EXT_PRE_SHARED_KEY);
	struct extensions x;
	uint16_t type;
	int err;

	extensions_open(&x, r, IN_CH, 0);
	while (extensions_next(&x, &type)) {
		if (x.seen & psk && type != EXT_PRE_SHARED_KEY)
			return KTLS_REFUSED(KTLS_R_CH_PSK_NOT_LAST);
		if ((err = decode_extension(ch, &x, type)) != 0)
			return err;
	}
	ch->seen = x.seen;
	return extensions_close(&x);
}

/*
 * The rule among extensions, RFC 8446 4.2.9. A client that offers early data MUST
 * offer a PSK too (4.2.10); no server is told to look: ours refuses all early data,
 * and it skips what such a client sends like any other.
 */
static int
check_combination(const struct client_hello *ch)
{
	const uint32_t psk = extension_bit(EXT_PRE_SHARED_KEY);

	if (ch->seen & psk && !(ch->seen & extension_bit(EXT_PSK_KEY_EXCHANGE_MODES)))
		return KTLS_REFUSED(KTLS_R_CH_PSK_MODES);
	return 0;
}

int
client_hello_decode(struct client_hello *ch, struct slice body)
{
	struct reader r = rd_init(body);
	int err;

	*ch = (struct client_hello){ 0 };
	ch->legacy_version = rd_u16(&r);
	ch->random = rd_bytes(&r, 32);
	ch->session_id = rd_vec(&r, 1);
	ch->suites = numbers(&r, 2);
	ch->compression = rd_vec(&r, 1);
	if (ch->session_id.len > 32 || ch->compression.len == 0)
		r.bad = true;
	ch->fixed = (struct slice){ body.p, (size_t)(r.p - body.p) };
	/* TLS 1.2 and older: there may be no extensions at all. */
	if (rd_more(&r) && (err = decode_extensions(ch, &r)) != 0)
		return err;
	if (!rd_done(&r))
		return KTLS_REFUSED(KTLS_R_MALFORMED);
	return check_combination(ch);
}

int
client_hello_keep(struct kept_hello **out, struct slice body)
{
	struct kept_hello *kept = OPENSSL_malloc(sizeof(*kept) + MESSAGE_HEADER + body.len);
	struct writer w;
	int err;

	if (kept == NULL)
		return fail_memory();
	kept->len = MESSAGE_HEADER + body.len;
	w = wr_init(kept->bytes, kept->len);
	wr_u8(&w, MT_CLIENT_HELLO);
	wr_vec(&w, 3, body);
	body.p = kept->bytes + MESSAGE_HEADER;
	if ((err = client_hello_decode(&kept->ch, body)) != 0) {
		OPENSSL_free(kept);
		return err;
	}
	*out = kept;
	return 0;
}

static void
write_server_name(struct writer *w, const char *name)
{
	uint8_t *ext = extension_write(w, EXT_SERVER_NAME), *list = wr_open(w, 2);

	wr_u8(w, HOST_NAME);
	wr_vec(w, 2, (struct slice){ (const uint8_t *)name, strlen(name) });
	wr_close(w, list);
	wr_close(w, ext);
}

/* RFC 8701 3: reserved values, so that servers stay tolerant of what they don't know. */
void
client_hello_grease(const uint8_t random[GREASE_COUNT], uint16_t grease[GREASE_COUNT])
{
	for (size_t i = 0; i < GREASE_COUNT; i++)
		grease[i] = (uint16_t)(0x0a0a + (random[i] & 15) * 0x1010);
	if (grease[GREASE_LAST_EXTENSION] == grease[GREASE_EXTENSION])
		grease[GREASE_LAST_EXTENSION] ^= 0x1010;
}

/* first: a reserved value before the others; 0: none */
static void
write_numbers(struct writer *w, uint16_t type, uint16_t first, const uint16_t *numbers_,
    size_t count)
{
	uint8_t *ext = extension_write(w, type), *list = wr_open(w, 2);

	if (first != 0)
		wr_u16(w, first);
	for (size_t i = 0; i < count; i++)
		wr_u16(w, numbers_[i]);
	wr_close(w, list);
	wr_close(w, ext);
}

static void
write_key_share(struct writer *w, const struct client_hello_params *p)
{
	uint8_t *ext = extension_write(w, EXT_KEY_SHARE), *list = wr_open(w, 2);

	if (p->grease != NULL && !p->retry) {
		wr_u16(w, p->grease[GREASE_GROUP]);
		wr_u16(w, 1);
		wr_u8(w, 0);
	}
	wr_u16(w, p->share_group);
	wr_vec(w, 2, p->share);
	wr_close(w, list);
	wr_close(w, ext);
}

static void
write_supported_versions(struct writer *w, const struct client_hello_params *p)
{
	uint8_t *ext = extension_write(w, EXT_SUPPORTED_VERSIONS), *list = wr_open(w, 1);

	if (p->grease != NULL)
		wr_u16(w, p->grease[GREASE_VERSION]);
	for (uint16_t version = p->version_max; version >= p->version_min; version--)
		wr_u16(w, version);
	wr_close(w, list);
	wr_close(w, ext);
}

static void
write_alpn(struct writer *w, const char *const *names, size_t count)
{
	uint8_t *ext = extension_write(w, EXT_ALPN), *list = wr_open(w, 2);

	for (size_t i = 0; i < count; i++)
		wr_vec(w, 1, (struct slice){ (const uint8_t *)names[i], strlen(names[i]) });
	wr_close(w, list);
	wr_close(w, ext);
}

static void
write_record_size_limit(struct writer *w, uint16_t limit)
{
	uint8_t *ext = extension_write(w, EXT_RECORD_SIZE_LIMIT);

	wr_u16(w, limit);
	wr_close(w, ext);
}

static void
write_cookie(struct writer *w, struct slice cookie)
{
	uint8_t *ext = extension_write(w, EXT_COOKIE);

	wr_vec(w, 2, cookie);
	wr_close(w, ext);
}

/* What a TLS 1.2 server must know to resume nothing unsafe, and to give tickets. */
static uint32_t
encode_extensions12(struct writer *w, const struct client_hello_params *p)
{
	uint32_t offered = extension_bit(EXT_EXTENDED_MASTER_SECRET) |
	    extension_bit(EXT_RENEGOTIATION_INFO) | extension_bit(EXT_EC_POINT_FORMATS);
	uint8_t *ext;

	wr_close(w, extension_write(w, EXT_EXTENDED_MASTER_SECRET));
	ext = extension_write(w, EXT_RENEGOTIATION_INFO);
	wr_u8(w, 0);			/* no renegotiated_connection: RFC 5746 3.4 */
	wr_close(w, ext);
	ext = extension_write(w, EXT_EC_POINT_FORMATS);
	wr_u8(w, 1);
	wr_u8(w, POINT_UNCOMPRESSED);
	wr_close(w, ext);
	if (p->takes_tickets) {
		ext = extension_write(w, EXT_SESSION_TICKET);
		wr_slice(w, p->ticket);
		wr_close(w, ext);
		offered |= extension_bit(EXT_SESSION_TICKET);
	}
	return offered;
}

static void
write_psk_modes(struct writer *w)
{
	static const uint8_t dhe = 1;		/* psk_dhe_ke, RFC 8446 4.2.9 */
	uint8_t *ext = extension_write(w, EXT_PSK_KEY_EXCHANGE_MODES);

	wr_vec(w, 1, (struct slice){ &dhe, 1 });
	wr_close(w, ext);
}

/* RFC 8446 4.2.11: the last one. */
static void
write_pre_shared_key(struct writer *w, const struct client_hello_params *p)
{
	uint8_t *ext = extension_write(w, EXT_PRE_SHARED_KEY), *list = wr_open(w, 2), *binder;

	wr_vec(w, 2, p->psk);
	wr_u32(w, p->psk_age);
	wr_close(w, list);
	list = wr_open(w, 2);
	wr_u8(w, (uint8_t)p->binder_len);
	if ((binder = wr_room(w, p->binder_len)) != NULL)
		memset(binder, 0, p->binder_len);
	wr_close(w, list);
	wr_close(w, ext);
}

static uint32_t
encode_extensions13(struct writer *w, const struct client_hello_params *p)
{
	uint32_t offered =
	    extension_bit(EXT_SUPPORTED_VERSIONS) | extension_bit(EXT_KEY_SHARE);

	write_supported_versions(w, p);
	if (p->cookie.len != 0) {
		write_cookie(w, p->cookie);
		offered |= extension_bit(EXT_COOKIE);
	}
	if (p->takes_tickets) {
		write_psk_modes(w);
		offered |= extension_bit(EXT_PSK_KEY_EXCHANGE_MODES);
	}
	write_key_share(w, p);
	return offered;
}

static uint32_t
encode_extensions(struct writer *w, const struct client_hello_params *p)
{
	uint32_t offered =
	    extension_bit(EXT_SUPPORTED_GROUPS) | extension_bit(EXT_SIGNATURE_ALGORITHMS);

	if (p->grease != NULL)
		wr_close(w, extension_write(w, p->grease[GREASE_EXTENSION]));
	if (p->server_name[0] != '\0') {
		write_server_name(w, p->server_name);
		offered |= extension_bit(EXT_SERVER_NAME);
	}
	write_numbers(w, EXT_SUPPORTED_GROUPS, p->grease != NULL ? p->grease[GREASE_GROUP] : 0,
	    p->groups, p->group_count);
	write_numbers(w, EXT_SIGNATURE_ALGORITHMS, 0, p->schemes, p->scheme_count);
	if (p->alpn_count != 0) {
		write_alpn(w, p->alpn, p->alpn_count);
		offered |= extension_bit(EXT_ALPN);
	}
	if (p->record_size_limit != 0) {
		write_record_size_limit(w, p->record_size_limit);
		offered |= extension_bit(EXT_RECORD_SIZE_LIMIT);
	}
	if (p->version_min <= KTLS_TLS12)
		offered |= encode_extensions12(w, p);
	if (p->version_max >= KTLS_TLS13)
		offered |= encode_extensions13(w, p);
	if (p->grease != NULL) {		/* with a byte, and not the last: RFC 8446 4.2.11 */
		uint8_t *ext = extension_write(w, p->grease[GREASE_LAST_EXTENSION]);

		wr_u8(w, 0);
		wr_close(w, ext);
	}
	if (p->psk.len != 0) {
		write_pre_shared_key(w, p);
		offered |= extension_bit(EXT_PRE_SHARED_KEY);
	}
	return offered;
}

/* Those of TLS 1.3 first: a server that follows the client's order has no reason to choose less. */
static void
encode_suites(struct writer *w, const struct client_hello_params *p)
{
	uint8_t *len = wr_open(w, 2);

	if (p->grease != NULL)
		wr_u16(w, p->grease[GREASE_SUITE]);
	for (size_t i = 0; p->version_max >= KTLS_TLS13 && i < p->cipher_count; i++)
		wr_u16(w, suite_of(p->ciphers[i])->id);
	for (size_t i = 0; p->version_min <= KTLS_TLS12 && i < p->cipher_count; i++)
		for (enum suite_auth auth = AUTH_ECDSA; auth <= AUTH_RSA; auth++) {
			const struct suite *suite = suite12_of(p->ciphers[i], auth);

			if (suite != NULL)
				wr_u16(w, suite->id);
		}
	wr_close(w, len);
}

uint32_t
client_hello_encode(struct writer *w, const struct client_hello_params *p)
{
	uint32_t offered;
	uint8_t *len;

	wr_u16(w, KTLS_TLS12);
	wr_bytes(w, p->random, 32);
	wr_vec(w, 1, p->session_id);
	encode_suites(w, p);
	wr_u8(w, 1);
	wr_u8(w, 0);			/* no compression */
	len = wr_open(w, 2);
	offered = encode_extensions(w, p);
	wr_close(w, len);
	return offered;
}
