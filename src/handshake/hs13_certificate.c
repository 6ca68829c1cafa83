/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

/* Certificate, RFC 8446 4.4.2. */
struct certificate {
	struct slice context;
	struct slice chain[CONFIG_PEER_CHAIN_MAX];	/* DER, leaf first */
	/* of what was sent, perhaps more than chain holds */
	size_t count;
};

/* One CertificateEntry. Its extensions answer ours; we have asked for none that can stand here. */
static int
decode_entry(struct certificate *cert, struct reader *r, uint32_t offered)
{
	struct slice data = rd_vec(r, 3);
	struct extensions x;
	uint16_t type;

	if (data.len == 0)
		r->bad = true;
	if (cert->count < CONFIG_PEER_CHAIN_MAX)
		cert->chain[cert->count] = data;
	cert->count++;
	extensions_open(&x, r, IN_CT, offered);
	while (extensions_next(&x, &type))
		extensions_skip(&x);
	return extensions_close(&x);
}

static int
decode(struct certificate *cert, struct slice body, uint32_t offered)
{
	struct reader r = rd_init(body);
	const uint8_t *list;
	int err;

	cert->context = rd_vec(&r, 1);
	list = rd_open(&r, 3);
	while (rd_more(&r) && cert->count <= CONFIG_PEER_CHAIN_MAX)
		if ((err = decode_entry(cert, &r, offered)) != 0)
			return err;
	if (cert->count > CONFIG_PEER_CHAIN_MAX && !r.bad)
		return KTLS_REFUSED(KTLS_R_CERTIFICATE_CHAIN_LONG);
	rd_close(&r, list);
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* RFC 8446 4.4.2.4: whether somebody without a certificate may go on. */
static int
check_none(const struct ktls_hs *hs)
{
	if (hs->role == KTLS_CLIENT)
		return KTLS_REFUSED(KTLS_R_CERTIFICATE_NONE);
	return hs->cfg->client_auth == KTLS_CLIENT_AUTH_REQUIRE ?
	    KTLS_REFUSED(KTLS_R_CERTIFICATE_REQUIRED) : 0;
}

/* WAIT_CERT_CR or WAIT_CERT -> WAIT_VERIFIED; a server whose client has none: WAIT_FINISHED. */
int
hs13_certificate_recv(struct ktls_hs *hs, struct slice body)
{
	/* A CertificateRequest of ours has asked for nothing that can stand here. */
	const uint32_t offered = hs->role == KTLS_CLIENT ? hs->offered : 0;
	struct certificate cert = { 0 };
	int err;

	if ((err = decode(&cert, body, offered)) != 0)
		return err;
	if (cert.context.len != 0)
		return KTLS_REFUSED(KTLS_R_CERTIFICATE_CONTEXT);
	if (cert.count == 0 && (err = check_none(hs)) != 0)
		return err;
	if (cert.count != 0 && (err = chain_keep(hs, cert.chain, cert.count)) != 0)
		return err;

	/* Nothing below can fail. */
	if (cert.count != 0)
		hs->questions.due = KTLS_ASK_VERIFY;
	hs->state = cert.count != 0 ? ST_WAIT_VERIFIED : ST_WAIT_FINISHED;
	return 0;
}

/* WAIT_VERIFIED -> WAIT_CV: the chain is good, and its leaf's key is known. */
int
hs13_certificate_verified(struct ktls_hs *hs, struct slice body)
{
	(void)body;
	if (hs->peer.key == NULL)
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	hs->state = ST_WAIT_CV;
	return 0;
}

/*
 * SEND_CERT -> WAIT_SIGNED, with the chain; a client that has none to show (RFC 8446
 * 4.4.2): SEND_FINISHED.
 */
int
hs13_certificate_send(struct ktls_hs *hs, struct writer *w)
{
	const struct identity *who = hs->identity >= 0 ? hs->cfg->identity[hs->identity] : NULL;
	uint8_t *list;

	wr_u8(w, 0);				/* certificate_request_context */
	list = wr_open(w, 3);
	for (size_t i = 0; who != NULL && i < who->cert_count; i++) {
		wr_vec(w, 3, who->cert[i]);
		wr_u16(w, 0);			/* no extensions */
	}
	wr_close(w, list);
	if (who != NULL)
		hs->questions.due = KTLS_ASK_SIGNATURE;
	hs->state = who != NULL ? ST_WAIT_SIGNED : ST_SEND_FINISHED;
	return 0;
}
