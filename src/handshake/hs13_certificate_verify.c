/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/machine.h"

/* CertificateVerify, RFC 8446 4.4.3. */

static bool
offered(const struct ktls_config *cfg, uint16_t scheme)
{
	for (size_t i = 0; i < cfg->verify_scheme_count; i++)
		if (cfg->verify_schemes[i] == scheme)
			return true;
	return false;
}

static int
decode(uint16_t *scheme, struct slice *signature, struct slice body)
{
	struct reader r = rd_init(body);

	*scheme = rd_u16(&r);
	*signature = rd_vec(&r, 2);
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_CV -> WAIT_FINISHED */
int
hs13_certificate_verify_recv(struct ktls_hs *hs, struct slice body)
{
	uint8_t buf[SIGNED_CONTENT_MAX];
	struct slice signature, content = { .p = buf };
	uint16_t scheme;
	int err;

	if ((err = decode(&scheme, &signature, body)) != 0)
		return err;
	if (!offered(hs->cfg, scheme) ||
	    !signature_fits(scheme, hs->peer_key, KTLS_TLS13))
		return fail_refuse(hs, KTLS_R_CV_SCHEME,
		    "signature scheme %#06x, which %s (RFC 8446 4.4.3)", scheme,
		    offered(hs->cfg, scheme) ?
		    "the certificate's key can't make" : "we did not offer");
	if ((err = question_signed_content(hs, buf, &content.len)) != 0)
		return err;
	err = signature_check(hs->crypto, scheme, hs->peer_key, content, signature);
	if (err != 0)
		return err == -EBADMSG ? KTLS_REFUSED(KTLS_R_CV_SIGNATURE) : err;

	/* Nothing below can fail. */
	hs->scheme = scheme;
	hs->state = ST_WAIT_FINISHED;
	return 0;
}

/* WAIT_SIGNED -> SEND_CV: body is the signature. */
int
hs13_certificate_signed(struct ktls_hs *hs, struct slice body)
{
	if (body.len == 0 || body.len > sizeof(hs->signature))
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	memcpy(hs->signature, body.p, body.len);
	hs->signature_len = body.len;
	hs->state = ST_SEND_CV;
	return 0;
}

/* SEND_CV -> SEND_FINISHED */
int
hs13_certificate_verify_send(struct ktls_hs *hs, struct writer *w)
{
	wr_u16(w, hs->scheme);
	wr_vec(w, 2, (struct slice){ hs->signature, hs->signature_len });
	hs->state = ST_SEND_FINISHED;
	return 0;
}
