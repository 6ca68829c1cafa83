/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_EXTENSION_H
#define HANDSHAKE_EXTENSION_H

#include <ktls/error.h>
#include "base/wire.h"

/* ExtensionType: all that RFC 8446 4.2 names, RFC 8449's, and those of TLS 1.2. */
enum {
	EXT_SERVER_NAME = 0, EXT_MAX_FRAGMENT_LENGTH = 1, EXT_STATUS_REQUEST = 5,
	EXT_SUPPORTED_GROUPS = 10, EXT_EC_POINT_FORMATS = 11, EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_USE_SRTP = 14, EXT_HEARTBEAT = 15, EXT_ALPN = 16,
	EXT_SIGNED_CERTIFICATE_TIMESTAMP = 18, EXT_CLIENT_CERTIFICATE_TYPE = 19,
	EXT_SERVER_CERTIFICATE_TYPE = 20, EXT_PADDING = 21, EXT_EXTENDED_MASTER_SECRET = 23,
	EXT_RECORD_SIZE_LIMIT = 28, EXT_SESSION_TICKET = 35, EXT_PRE_SHARED_KEY = 41,
	EXT_EARLY_DATA = 42, EXT_SUPPORTED_VERSIONS = 43, EXT_COOKIE = 44,
	EXT_PSK_KEY_EXCHANGE_MODES = 45, EXT_CERTIFICATE_AUTHORITIES = 47, EXT_OID_FILTERS = 48,
	EXT_POST_HANDSHAKE_AUTH = 49, EXT_SIGNATURE_ALGORITHMS_CERT = 50, EXT_KEY_SHARE = 51,
	EXT_RENEGOTIATION_INFO = 65281,
};

#define POINT_UNCOMPRESSED	0	/* ECPointFormat, RFC 8422 5.1.2 */

/* The messages that carry extensions, as the RFC's table abbreviates them; SH12: TLS 1.2's. */
enum {
	IN_CH = 1 << 0, IN_SH = 1 << 1, IN_HRR = 1 << 2, IN_EE = 1 << 3,
	IN_CT = 1 << 4, IN_CR = 1 << 5, IN_NST = 1 << 6, IN_SH12 = 1 << 7,
};

struct extension {
	uint16_t type;
	uint16_t in;		/* IN_*: where it may stand */
	const char *name;
};

/* The table; *count rows. */
const struct extension *extension_rows(size_t *count);
/* "an unknown extension" where the table lacks it */
const char *extension_name(uint16_t type);

/* A set of extensions is a mask of these: its row's bit, 0 for what the table lacks. */
uint32_t extension_bit(uint16_t type);

/*
 * Walks one message's block of extensions and keeps the rules that all of them
 * share: where one may stand, that an answer was asked for, that none comes twice.
 *
 *	extensions_open(&x, &r, IN_EE, offered);
 *	while (extensions_next(&x, &type))
 *		if (type == EXT_ALPN)
 *			... reads the extension's body from r to its end
 *		else
 *			extensions_skip(&x);
 *	return extensions_close(&x);
 */
struct extensions {
	struct reader *r;
	const uint8_t *outer, *body;
	unsigned in;
	uint32_t allowed;	/* what an answer may hold; requests hold anything */
	uint32_t seen;
	int err;
	/* the types that the table lacks, for requests; cleared when there is one */
	bool any_unknown;
	uint8_t unknown[65536 / 8];
};

void extensions_open(struct extensions *x, struct reader *r, unsigned in, uint32_t allowed);
bool extensions_next(struct extensions *x, uint16_t *type);
void extensions_skip(struct extensions *x);
/* The first rule that was broken, or 0; the reader stands behind the block. */
KTLS_CHECKED int extensions_close(struct extensions *x);

/* An extension: type and length; wr_close() with what this returns. */
uint8_t *extension_write(struct writer *w, uint16_t type);

/* RFC 7301 3.1: a ProtocolNameList of exactly one, which is how a server answers. */
struct slice extension_read_protocol(struct reader *r);
void extension_write_protocol(struct writer *w, struct slice name);

/* Whether a vector of 16-bit numbers has n. */
bool extension_list_has(struct slice list, uint16_t n);

/* server_name as RFC 6066 3 and RFC 1035 want it: labels of letters, digits, - and _. */
bool extension_name_valid(struct slice name);

#endif
