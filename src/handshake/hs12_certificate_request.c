/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"
#include "handshake/negotiate.h"

/* CertificateRequest, RFC 5246 7.4.4. */
enum { TYPE_RSA_SIGN = 1, TYPE_ECDSA_SIGN = 64 };	/* ClientCertificateType */

struct certificate_request {
	struct slice types;		/* a byte each, at least one */
	struct slice schemes;		/* 16-bit numbers, at least one */
	struct slice authorities;	/* DistinguishedName<1..2^16-1>, perhaps none */
};

static int
decode(struct certificate_request *cr, struct slice body)
{
	struct reader r = rd_init(body), names;

	cr->types = rd_vec(&r, 1);
	cr->schemes = rd_vec(&r, 2);
	cr->authorities = rd_vec(&r, 2);
	if (!rd_done(&r) || cr->types.len == 0 || cr->schemes.len == 0 || cr->schemes.len % 2 != 0)
		return KTLS_REFUSED(KTLS_R_MALFORMED);
	names = rd_init(cr->authorities);
	while (rd_more(&names))
		if (rd_vec(&names, 2).len == 0)
			names.bad = true;
	return rd_done(&names) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

static bool
has_type(struct slice types, uint8_t type)
{
	return types.len != 0 && memchr(types.p, type, types.len) != NULL;
}

/* WAIT_CR_SHD -> WAIT_SHD */
int
hs12_certificate_request_recv(struct ktls_hs *hs, struct slice body)
{
	const struct slice none = { NULL, 0 };
	struct certificate_request cr;
	int err;

	if ((err = decode(&cr, body)) != 0 ||
	    (err = certificate_wanted_keep(hs, cr.schemes, none, cr.authorities)) != 0)
		return err;

	/* Nothing below can fail. RFC 8422 5.5: Ed25519 counts as ecdsa_sign. */
	hs->wanted.ecdsa_ok = has_type(cr.types, TYPE_ECDSA_SIGN);
	hs->wanted.rsa_ok = has_type(cr.types, TYPE_RSA_SIGN);
	hs->certificate_requested = true;
	hs->state = ST12_WAIT_SHD;
	return 0;
}

/* WAIT_IDENTITY -> SEND_CERT */
int
hs12_client_identity(struct ktls_hs *hs, struct slice body)
{
	struct identity_wanted wanted = hs->wanted;
	int err;

	(void)body;
	wanted.version = KTLS_TLS12;
	if ((err = negotiate_identity(hs, &wanted, &hs->identity, &hs->scheme)) != 0)
		return err;
	if (hs->identity < 0)
		transcript_drop(&hs->transcript);	/* we won't sign it */
	hs->state = ST12_SEND_CERT;
	return 0;
}

/* SEND_CR -> SEND_SHD_CERT */
int
hs12_certificate_request_send(struct ktls_hs *hs, struct writer *w)
{
	const struct ktls_config *cfg = hs->cfg;
	uint8_t *list = wr_open(w, 1);

	wr_u8(w, TYPE_ECDSA_SIGN);
	wr_u8(w, TYPE_RSA_SIGN);
	wr_close(w, list);
	list = wr_open(w, 2);
	for (size_t i = 0; i < cfg->verify_scheme_count; i++)
		wr_u16(w, cfg->verify_schemes[i]);
	wr_close(w, list);
	wr_vec(w, 2, cfg->authorities);
	hs->certificate_requested = true;
	hs->state = ST12_SEND_SHD_CERT;
	return 0;
}
