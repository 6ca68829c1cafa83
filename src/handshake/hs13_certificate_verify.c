/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/machine.h"

/* CertificateVerify, RFC 8446 4.4.3. */

int
hs13_signed_content(struct ktls_hs *hs, enum ktls_role signer, uint8_t content[SIGNED_CONTENT_MAX],
    size_t *len)
{
	/* of one length, and each with its NUL */
	static const char context[2][34] = {
		[KTLS_CLIENT] = "TLS 1.3, client CertificateVerify",
		[KTLS_SERVER] = "TLS 1.3, server CertificateVerify",
	};
	uint8_t hash[HASH_LEN_MAX];
	struct writer w = wr_init(content, SIGNED_CONTENT_MAX);
	int err;

	if ((err = transcript_hash(&hs->transcript, hash)) != 0)
		return err;
	memset(wr_room(&w, 64), ' ', 64);
	wr_bytes(&w, context[signer], sizeof(context[signer]));
	wr_bytes(&w, hash, crypto_hash_len(hs->suite->hash));
	*len = wr_len(&w);
	return wr_done(&w) ? 0 : KTLS_REFUSED(KTLS_R_INTERNAL);
}

int
machine_signed_content(struct ktls_hs *hs, uint8_t **content, size_t *len)
{
	int err;

	if (hs->version == KTLS_TLS12)
		return hs->role == KTLS_SERVER ? hs12_signed_params(hs, content, len) :
		    hs12_signed_messages(hs, content, len);
	if ((*content = OPENSSL_malloc(SIGNED_CONTENT_MAX)) == NULL)
		return fail_memory();
	if ((err = hs13_signed_content(hs, hs->role, *content, len)) != 0) {
		OPENSSL_free(*content);
		*content = NULL;
	}
	return err;
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
	const enum ktls_role signer = hs->role == KTLS_CLIENT ? KTLS_SERVER : KTLS_CLIENT;
	uint8_t buf[SIGNED_CONTENT_MAX];
	struct slice signature, content = { .p = buf };
	uint16_t scheme;
	int err;

	if ((err = decode(&scheme, &signature, body)) != 0)
		return err;
	if (!scheme_offered(hs, scheme) || !signature_fits(scheme, hs->peer.key, KTLS_TLS13))
		return fail_refuse(hs, KTLS_R_CV_SCHEME,
		    "signature scheme %#06x, which %s (RFC 8446 4.4.3)", scheme,
		    scheme_offered(hs, scheme) ? "the certificate's key can't make" :
		    "we did not offer");
	if ((err = hs13_signed_content(hs, signer, buf, &content.len)) != 0)
		return err;
	err = signature_check(hs->crypto, scheme, hs->peer.key, content, signature);
	if (err != 0)
		return err == -EBADMSG ? KTLS_REFUSED(KTLS_R_CV_SIGNATURE) : err;

	/* Nothing below can fail. */
	hs->peer_scheme = scheme;
	hs->state = ST_WAIT_FINISHED;
	return 0;
}

/* WAIT_SIGNED -> SEND_CV: body is the signature. */
int
hs13_certificate_signed(struct ktls_hs *hs, struct slice body)
{
	int err;

	if ((err = signature_keep(hs, body)) != 0)
		return err;
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
