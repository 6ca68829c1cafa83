/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/machine.h"

/* CertificateVerify, RFC 5246 7.4.8: the client signs all messages until now, not their hash. */

static int
decode(uint16_t *scheme, struct slice *signature, struct slice body)
{
	struct reader r = rd_init(body);

	*scheme = rd_u16(&r);
	*signature = rd_vec(&r, 2);
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_CV -> WAIT_CCS */
int
hs12_certificate_verify_recv(struct ktls_hs *hs, struct slice body)
{
	struct slice signature;
	uint16_t scheme;
	int err;

	if ((err = decode(&scheme, &signature, body)) != 0)
		return err;
	if (!scheme_offered(hs, scheme) || !signature_fits(scheme, hs->peer.key, KTLS_TLS12))
		return fail_refuse(hs, KTLS_R_CV_SCHEME,
		    "signature scheme %#06x, which %s (RFC 5246 7.4.8)", scheme,
		    scheme_offered(hs, scheme) ? "the certificate's key can't make" :
		    "we did not offer");
	err = signature_check(hs->crypto, scheme, hs->peer.key,
	    transcript_messages(&hs->transcript), signature);
	if (err != 0)
		return err == -EBADMSG ? KTLS_REFUSED(KTLS_R_CV_SIGNATURE) : err;

	/* Nothing below can fail. */
	transcript_drop(&hs->transcript);
	hs->peer_scheme = scheme;
	hs->state = ST12_WAIT_CCS;
	return 0;
}

int
hs12_signed_messages(struct ktls_hs *hs, uint8_t **content, size_t *len)
{
	struct slice messages = transcript_messages(&hs->transcript);

	if (messages.len == 0)
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	if ((*content = OPENSSL_memdup(messages.p, messages.len)) == NULL)
		return fail_memory();
	*len = messages.len;
	return 0;
}

/* WAIT_SIGNED -> SEND_CV or, a server, SEND_SKE: body is the signature. */
int
hs12_signed(struct ktls_hs *hs, struct slice body)
{
	int err;

	if ((err = signature_keep(hs, body)) != 0)
		return err;
	if (hs->role == KTLS_CLIENT)
		transcript_drop(&hs->transcript);
	hs->state = hs->role == KTLS_CLIENT ? ST12_SEND_CV : ST12_SEND_SKE;
	return 0;
}

/* SEND_CV -> SEND_CCS */
int
hs12_certificate_verify_send(struct ktls_hs *hs, struct writer *w)
{
	wr_u16(w, hs->scheme);
	wr_vec(w, 2, (struct slice){ hs->signature, hs->signature_len });
	hs->state = ST12_SEND_CCS;
	return 0;
}
