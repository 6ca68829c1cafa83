/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/extension.h"

/*
 * RFC 8446 4.2, the table at its end, row by row; padding: RFC 7685; the limit: RFC 8449. A
 * TLS 1.2 server answers by its ServerHello (there are some that tell their groups).
 */
/* clang-format off */
static const struct extension rows[] = {
	{ EXT_SERVER_NAME,                  IN_CH | IN_EE | IN_SH12,              "server_name" },
	{ EXT_MAX_FRAGMENT_LENGTH,          IN_CH | IN_EE | IN_SH12,              "max_fragment_length" },
	{ EXT_STATUS_REQUEST,               IN_CH | IN_CR | IN_CT | IN_SH12,      "status_request" },
	{ EXT_SUPPORTED_GROUPS,             IN_CH | IN_EE | IN_SH12,              "supported_groups" },
	{ EXT_EC_POINT_FORMATS,             IN_CH | IN_SH12,                      "ec_point_formats" },
	{ EXT_SIGNATURE_ALGORITHMS,         IN_CH | IN_CR,                        "signature_algorithms" },
	{ EXT_USE_SRTP,                     IN_CH | IN_EE | IN_SH12,              "use_srtp" },
	{ EXT_HEARTBEAT,                    IN_CH | IN_EE | IN_SH12,              "heartbeat" },
	{ EXT_ALPN,                         IN_CH | IN_EE | IN_SH12,              "application_layer_protocol_negotiation" },
	{ EXT_SIGNED_CERTIFICATE_TIMESTAMP, IN_CH | IN_CR | IN_CT | IN_SH12,      "signed_certificate_timestamp" },
	{ EXT_CLIENT_CERTIFICATE_TYPE,      IN_CH | IN_EE | IN_SH12,              "client_certificate_type" },
	{ EXT_SERVER_CERTIFICATE_TYPE,      IN_CH | IN_EE | IN_SH12,              "server_certificate_type" },
	{ EXT_PADDING,                      IN_CH,                                "padding" },
	{ EXT_EXTENDED_MASTER_SECRET,       IN_CH | IN_SH12,                      "extended_master_secret" },
	{ EXT_RECORD_SIZE_LIMIT,            IN_CH | IN_EE | IN_SH12,              "record_size_limit" },
	{ EXT_SESSION_TICKET,               IN_CH | IN_SH12,                      "session_ticket" },
	{ EXT_KEY_SHARE,                    IN_CH | IN_SH | IN_HRR,               "key_share" },
	{ EXT_PRE_SHARED_KEY,               IN_CH | IN_SH,                        "pre_shared_key" },
	{ EXT_PSK_KEY_EXCHANGE_MODES,       IN_CH,                                "psk_key_exchange_modes" },
	{ EXT_EARLY_DATA,                   IN_CH | IN_EE | IN_NST,               "early_data" },
	{ EXT_COOKIE,                       IN_CH | IN_HRR,                       "cookie" },
	{ EXT_SUPPORTED_VERSIONS,           IN_CH | IN_SH | IN_HRR,               "supported_versions" },
	{ EXT_CERTIFICATE_AUTHORITIES,      IN_CH | IN_CR,                        "certificate_authorities" },
	{ EXT_OID_FILTERS,                  IN_CR,                                "oid_filters" },
	{ EXT_POST_HANDSHAKE_AUTH,          IN_CH,                                "post_handshake_auth" },
	{ EXT_SIGNATURE_ALGORITHMS_CERT,    IN_CH | IN_CR,                        "signature_algorithms_cert" },
	{ EXT_RENEGOTIATION_INFO,           IN_CH | IN_SH12,                      "renegotiation_info" },
};
/* clang-format on */
#define ROWS	(sizeof(rows) / sizeof(*rows))
_Static_assert(ROWS <= 32, "a set of extensions is a mask");

/* What asks: in these an unknown extension is ignored, in all others it was never asked for. */
#define REQUESTS	(IN_CH | IN_CR | IN_NST)

const struct extension *
extension_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

static const struct extension *
find(uint16_t type)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

uint32_t
extension_bit(uint16_t type)
{
	const struct extension *row = find(type);

	return row != NULL ? 1u << (row - rows) : 0;
}

const char *
extension_name(uint16_t type)
{
	const struct extension *row = find(type);

	return row != NULL ? row->name : "an unknown extension";
}

void
extensions_open(struct extensions *x, struct reader *r, unsigned in, uint32_t allowed)
{
	memset(x, 0, offsetof(struct extensions, unknown));
	x->r = r;
	x->in = in;
	x->allowed = allowed;
	x->outer = rd_open(r, 2);
}

/* The rules of an extension that the table lacks. True: it is to be skipped. */
static bool
take_unknown(struct extensions *x, uint16_t type)
{
	uint8_t bit = (uint8_t)(1u << (type & 7));

	if (!x->any_unknown)
		memset(x->unknown, 0, sizeof(x->unknown));
	x->any_unknown = true;
	if (!(x->in & REQUESTS))
		x->err = KTLS_REFUSED(KTLS_R_EXT_NOT_OFFERED);
	else if (x->unknown[type >> 3] & bit)
		x->err = KTLS_REFUSED(KTLS_R_EXT_TWICE);
	x->unknown[type >> 3] |= bit;
	return x->err == 0;
}

static bool
take_known(struct extensions *x, const struct extension *row)
{
	uint32_t bit = 1u << (row - rows);

	if (!(row->in & x->in))
		x->err = KTLS_REFUSED(KTLS_R_EXT_MISPLACED);
	else if (!(x->in & REQUESTS) && !(bit & x->allowed))
		x->err = KTLS_REFUSED(KTLS_R_EXT_NOT_OFFERED);
	else if (x->seen & bit)
		x->err = KTLS_REFUSED(KTLS_R_EXT_TWICE);
	x->seen |= bit;
	return x->err == 0;
}

/* Leaves the extension before this one: what its reader did not use up is too much. */
static void
leave(struct extensions *x)
{
	if (x->body != NULL)
		rd_close(x->r, x->body);
	x->body = NULL;
}

bool
extensions_next(struct extensions *x, uint16_t *type)
{
	const struct extension *row;

	leave(x);
	while (x->err == 0 && rd_more(x->r)) {
		*type = rd_u16(x->r);
		x->body = rd_open(x->r, 2);
		if (x->r->bad)
			return false;
		if ((row = find(*type)) != NULL)
			return take_known(x, row);
		if (!take_unknown(x, *type))
			return false;
		extensions_skip(x);
		leave(x);
	}
	return false;
}

void
extensions_skip(struct extensions *x)
{
	(void)rd_rest(x->r);
}

int
extensions_close(struct extensions *x)
{
	if (x->err != 0)
		return x->err;
	leave(x);
	rd_close(x->r, x->outer);
	return x->r->bad ? KTLS_REFUSED(KTLS_R_MALFORMED) : 0;
}

uint8_t *
extension_write(struct writer *w, uint16_t type)
{
	wr_u16(w, type);
	return wr_open(w, 2);
}

struct slice
extension_read_protocol(struct reader *r)
{
	const uint8_t *names = rd_open(r, 2);
	struct slice name = rd_vec(r, 1);

	if (name.len == 0)
		r->bad = true;
	rd_close(r, names);
	return name;
}

void
extension_write_protocol(struct writer *w, struct slice name)
{
	uint8_t *ext = extension_write(w, EXT_ALPN), *names = wr_open(w, 2);

	wr_vec(w, 1, name);
	wr_close(w, names);
	wr_close(w, ext);
}

bool
extension_list_has(struct slice list, uint16_t n)
{
	struct reader r = rd_init(list);
	bool found = false;

	while (rd_more(&r))
		if (rd_u16(&r) == n)
			found = true;
	return found;
}

static bool
letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

bool
extension_name_valid(struct slice name)
{
	size_t label = 0;

	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] == '.' && label == 0)
			return false;
		if (name.p[i] != '.' && (!letter(name.p[i]) || ++label > 63))
			return false;
		if (name.p[i] == '.')
			label = 0;
	}
	return label != 0 && name.len <= 253;
}
