/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"
#include "handshake/negotiate.h"

/* CertificateRequest, RFC 8446 4.3.2. */
struct certificate_request {
	struct slice context;
	uint32_t seen;
	struct slice schemes, schemes_cert;	/* 16-bit numbers, at least one */
	struct slice authorities;		/* DistinguishedName<1..2^16-1>, at least one */
};

static struct slice
numbers(struct reader *r)
{
	struct slice list = rd_vec(r, 2);

	if (list.len == 0 || list.len % 2 != 0)
		r->bad = true;
	return list;
}

/* RFC 8446 4.2.4 */
static struct slice
distinguished_names(struct reader *r)
{
	const uint8_t *list = rd_open(r, 2);
	struct slice all = { r->p, (size_t)(r->end - r->p) };

	if (!rd_more(r))
		r->bad = true;
	while (rd_more(r))
		if (rd_vec(r, 2).len == 0)
			r->bad = true;
	rd_close(r, list);
	return all;
}

static int
decode(struct certificate_request *cr, struct slice body)
{
	struct reader r = rd_init(body);
	struct extensions x;
	uint16_t type;
	int err;

	*cr = (struct certificate_request){ .context = rd_vec(&r, 1) };
	extensions_open(&x, &r, IN_CR, 0);
	while (extensions_next(&x, &type)) {
		switch (type) {
		case EXT_SIGNATURE_ALGORITHMS:		cr->schemes = numbers(&r); break;
		case EXT_SIGNATURE_ALGORITHMS_CERT:	cr->schemes_cert = numbers(&r); break;
		case EXT_CERTIFICATE_AUTHORITIES:
			cr->authorities = distinguished_names(&r);
			break;
		default:				extensions_skip(&x);
		}
	}
	cr->seen = x.seen;
	if ((err = extensions_close(&x)) != 0)
		return err;
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_CERT_CR -> WAIT_CERT */
int
hs13_certificate_request_recv(struct ktls_hs *hs, struct slice body)
{
	struct certificate_request cr;
	int err;

	if ((err = decode(&cr, body)) != 0)
		return err;
	if (cr.context.len != 0)
		return KTLS_REFUSED(KTLS_R_CERTIFICATE_CONTEXT);
	if (!(cr.seen & extension_bit(EXT_SIGNATURE_ALGORITHMS)))
		return KTLS_REFUSED(KTLS_R_CR_MISSING);
	if ((err = certificate_wanted_keep(hs, cr.schemes, cr.schemes_cert, cr.authorities)) != 0)
		return err;

	/* Nothing below can fail. */
	hs->certificate_requested = true;
	hs->state = ST_WAIT_CERT;
	return 0;
}

/* WAIT_IDENTITY -> SEND_CERT */
int
hs13_client_identity(struct ktls_hs *hs, struct slice body)
{
	struct identity_wanted wanted = hs->wanted;
	int err;

	(void)body;
	wanted.version = KTLS_TLS13;
	wanted.ecdsa_ok = wanted.rsa_ok = true;
	if ((err = negotiate_identity(hs, &wanted, &hs->identity, &hs->scheme)) != 0)
		return err;
	hs->state = ST_SEND_CERT;
	return 0;
}

/* SEND_CR -> SEND_CERT */
int
hs13_certificate_request_send(struct ktls_hs *hs, struct writer *w)
{
	const struct ktls_config *cfg = hs->cfg;
	uint8_t *exts, *ext, *list;

	wr_u8(w, 0);				/* certificate_request_context */
	exts = wr_open(w, 2);
	ext = extension_write(w, EXT_SIGNATURE_ALGORITHMS);
	list = wr_open(w, 2);
	for (size_t i = 0; i < cfg->verify_scheme_count; i++)
		wr_u16(w, cfg->verify_schemes[i]);
	wr_close(w, list);
	wr_close(w, ext);
	if (cfg->authorities.len != 0) {
		ext = extension_write(w, EXT_CERTIFICATE_AUTHORITIES);
		wr_vec(w, 2, cfg->authorities);
		wr_close(w, ext);
	}
	wr_close(w, exts);
	hs->certificate_requested = true;
	hs->state = ST_SEND_CERT;
	return 0;
}
