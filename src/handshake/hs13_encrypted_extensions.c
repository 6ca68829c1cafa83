/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

/* EncryptedExtensions, RFC 8446 section 4.3.1. */
struct encrypted_extensions {
	uint32_t seen;		/* extension_bit(): absence is a bit, zero is a value */
	struct slice alpn;
	uint16_t record_limit;
};

/* RFC 7301 3.1: a list of exactly one. */
static struct slice
one_protocol(struct reader *r)
{
	const uint8_t *names = rd_open(r, 2);
	struct slice name = rd_vec(r, 1);

	if (name.len == 0)
		r->bad = true;
	rd_close(r, names);
	return name;
}

static int
decode(struct encrypted_extensions *ee, struct slice body, uint32_t offered)
{
	struct reader r = rd_init(body);
	struct extensions x;
	uint16_t type;
	int err;

	extensions_open(&x, &r, IN_EE, offered);
	while (extensions_next(&x, &type)) {
		if (type == EXT_ALPN)
			ee->alpn = one_protocol(&r);
		else if (type == EXT_RECORD_SIZE_LIMIT)
			ee->record_limit = rd_u16(&r);
		else if (type != EXT_SERVER_NAME)	/* which is empty */
			extensions_skip(&x);
	}
	ee->seen = x.seen;
	if ((err = extensions_close(&x)) != 0)
		return err;
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_EE -> WAIT_CERT_CR */
int
hs13_encrypted_extensions_recv(struct ktls_hs *hs, struct slice body)
{
	const uint32_t limit = extension_bit(EXT_RECORD_SIZE_LIMIT);
	struct encrypted_extensions ee = { 0 };
	const char *alpn = NULL;
	int err;

	if ((err = decode(&ee, body, hs->offered)) != 0)
		return err;
	if ((ee.seen & extension_bit(EXT_ALPN)) && (alpn = config_alpn(hs->cfg, ee.alpn)) == NULL)
		return KTLS_REFUSED(KTLS_R_EE_ALPN_NOT_OFFERED);
	if ((ee.seen & limit) && ee.record_limit < RECORD_LIMIT_MIN)
		return KTLS_REFUSED(KTLS_R_RECORD_LIMIT);

	/* Nothing below can fail: the connection changes here or not at all. */
	hs->alpn = alpn;	/* the config's own string: body dies with this call */
	if (ee.seen & limit) {
		hs->peer_limit = ee.record_limit;
		hs->our_limit = hs->cfg->record_size_limit;
		ktls_record_set_limit(hs->rec[KTLS_TX], hs->peer_limit);
		ktls_record_set_limit(hs->rec[KTLS_RX], hs->our_limit);
	}
	hs->state = ST_WAIT_CERT_CR;
	return 0;
}

/* SEND_EE -> SEND_CERT */
int
hs13_encrypted_extensions_send(struct ktls_hs *hs, struct writer *w)
{
	uint8_t *exts = wr_open(w, 2), *ext, *names;

	if (hs->answer & extension_bit(EXT_SERVER_NAME))
		wr_close(w, extension_write(w, EXT_SERVER_NAME));
	if (hs->alpn != NULL) {
		ext = extension_write(w, EXT_ALPN);
		names = wr_open(w, 2);
		wr_vec(w, 1, (struct slice){ (const uint8_t *)hs->alpn, strlen(hs->alpn) });
		wr_close(w, names);
		wr_close(w, ext);
	}
	if (hs->answer & extension_bit(EXT_RECORD_SIZE_LIMIT)) {
		ext = extension_write(w, EXT_RECORD_SIZE_LIMIT);
		wr_u16(w, hs->our_limit);
		wr_close(w, ext);
	}
	wr_close(w, exts);
	hs->state = ST_SEND_CERT;
	return 0;
}
