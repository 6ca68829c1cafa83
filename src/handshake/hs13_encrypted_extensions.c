/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/hs13_encrypted_extensions.h"
#include "handshake/machine.h"

/* EncryptedExtensions, RFC 8446 section 4.3.1. */

/* RFC 8446 4.2.7: what the server would rather have, for the next time. */
static struct slice
named_groups(struct reader *r)
{
	struct slice groups = rd_vec(r, 2);

	if (groups.len == 0 || groups.len % 2 != 0)
		r->bad = true;
	return groups;
}

int
encrypted_extensions_decode(struct encrypted_extensions *ee, struct slice body, uint32_t offered)
{
	struct reader r = rd_init(body);
	struct extensions x;
	uint16_t type;
	int err;

	*ee = (struct encrypted_extensions){ 0 };
	extensions_open(&x, &r, IN_EE, offered);
	while (extensions_next(&x, &type)) {
		switch (type) {
		case EXT_SERVER_NAME:		break;		/* empty */
		case EXT_SUPPORTED_GROUPS:	ee->groups = named_groups(&r); break;
		case EXT_ALPN:			ee->alpn = extension_read_protocol(&r); break;
		case EXT_RECORD_SIZE_LIMIT:	ee->record_size_limit = rd_u16(&r); break;
		default:			extensions_skip(&x);
		}
	}
	ee->seen = x.seen;
	if ((err = extensions_close(&x)) != 0)
		return err;
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_EE -> WAIT_CERT_CR, or, with a PSK, WAIT_FINISHED. */
int
hs13_encrypted_extensions_recv(struct ktls_hs *hs, struct slice body)
{
	const uint32_t limit = extension_bit(EXT_RECORD_SIZE_LIMIT);
	struct encrypted_extensions ee;
	const char *alpn = NULL;
	int err;

	if ((err = encrypted_extensions_decode(&ee, body, hs->offered)) != 0)
		return err;
	if ((ee.seen & extension_bit(EXT_ALPN)) && (alpn = config_alpn(hs->cfg, ee.alpn)) == NULL)
		return KTLS_REFUSED(KTLS_R_EE_ALPN_NOT_OFFERED);
	if ((ee.seen & limit) && ee.record_size_limit < RECORD_LIMIT_MIN)
		return KTLS_REFUSED(KTLS_R_RECORD_LIMIT);

	/* Nothing below can fail: the connection changes here or not at all. */
	hs->alpn = alpn;	/* the config's own string: body dies with this call */
	if (ee.seen & limit) {
		hs->peer_limit = ee.record_size_limit;
		hs->our_limit = hs->cfg->record_size_limit;
		ktls_record_set_limit(hs->rec[KTLS_TX], hs->peer_limit);
		ktls_record_set_limit(hs->rec[KTLS_RX], hs->our_limit);
	}
	hs->state = hs->resume.resumed ? ST_WAIT_FINISHED : ST_WAIT_CERT_CR;
	return 0;
}

void
encrypted_extensions_encode(struct writer *w, const struct encrypted_extensions *ee)
{
	uint8_t *exts = wr_open(w, 2), *ext;

	if (ee->seen & extension_bit(EXT_SUPPORTED_GROUPS)) {
		ext = extension_write(w, EXT_SUPPORTED_GROUPS);
		wr_vec(w, 2, ee->groups);
		wr_close(w, ext);
	}
	if (ee->seen & extension_bit(EXT_ALPN))
		extension_write_protocol(w, ee->alpn);
	if (ee->seen & extension_bit(EXT_RECORD_SIZE_LIMIT)) {
		ext = extension_write(w, EXT_RECORD_SIZE_LIMIT);
		wr_u16(w, ee->record_size_limit);
		wr_close(w, ext);
	}
	if (ee->seen & extension_bit(EXT_SERVER_NAME))
		wr_close(w, extension_write(w, EXT_SERVER_NAME));
	wr_close(w, exts);
}

/* SEND_EE -> SEND_CR or SEND_CERT; SEND_FINISHED with a PSK. */
int
hs13_encrypted_extensions_send(struct ktls_hs *hs, struct writer *w)
{
	struct encrypted_extensions ee = {
		.seen = hs->answer, .record_size_limit = hs->our_limit,
	};
	uint8_t numbers[2 * CONFIG_GROUPS_MAX];
	struct writer groups = wr_init(numbers, sizeof(numbers));

	/* RFC 8446 4.2.7: a client that sent no share of our first group may do so next time. */
	if (hs->group != hs->cfg->groups[0]) {
		for (size_t i = 0; i < hs->cfg->group_count; i++)
			wr_u16(&groups, hs->cfg->groups[i]);
		ee.groups = wr_written(&groups);
		ee.seen |= extension_bit(EXT_SUPPORTED_GROUPS);
	}
	if (hs->alpn != NULL) {
		ee.alpn = (struct slice){ (const uint8_t *)hs->alpn, strlen(hs->alpn) };
		ee.seen |= extension_bit(EXT_ALPN);
	}
	encrypted_extensions_encode(w, &ee);
	if (hs->resume.resumed)
		hs->state = ST_SEND_FINISHED;
	else
		hs->state = hs->cfg->client_auth != KTLS_CLIENT_AUTH_NONE ?
		    ST_SEND_CR : ST_SEND_CERT;
	return 0;
}
