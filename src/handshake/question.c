/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

int
question_signed_content(struct ktls_hs *hs, uint8_t content[SIGNED_CONTENT_MAX], size_t *len)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";	/* and its NUL */
	uint8_t hash[HASH_LEN_MAX];
	struct writer w = wr_init(content, SIGNED_CONTENT_MAX);
	int err;

	if ((err = transcript_hash(&hs->transcript, hash)) != 0)
		return err;
	memset(wr_room(&w, 64), ' ', 64);
	wr_bytes(&w, context, sizeof(context));
	wr_bytes(&w, hash, crypto_hash_len(hs->suite->hash));
	*len = wr_len(&w);
	return wr_done(&w) ? 0 : KTLS_REFUSED(KTLS_R_INTERNAL);
}

static int
verify(struct ktls_hs *hs)
{
	const char *name = hs->verify_name[0] != '\0' ? hs->verify_name : NULL;
	struct peer peer = {0};
	int err;

	err = config_verify_chain(hs->cfg, hs->chain, hs->chain_len, KTLS_SERVER, name, &peer,
	    hs->why, sizeof(hs->why));
	hs->peer_key = peer.key;
	hs->chain_len = 0;		/* the message dies with this call */
	return err != 0 ? err : machine_dispatch(hs, MT_VERIFIED, (struct slice){ NULL, 0 });
}

static int
sign(struct ktls_hs *hs)
{
	uint8_t content[SIGNED_CONTENT_MAX], signature[SIGNATURE_MAX];
	size_t content_len, len;
	int err;

	hs->at = MT_CERTIFICATE_VERIFY;
	if ((err = question_signed_content(hs, content, &content_len)) != 0 ||
	    (err = signature_make(hs->crypto, hs->scheme, hs->cfg->identity[hs->identity]->key,
	    (struct slice){ content, content_len }, signature, &len)) != 0)
		return err;
	return machine_dispatch(hs, MT_SIGNED, (struct slice){ signature, len });
}

int
question_answer(struct ktls_hs *hs)
{
	enum hs_question ask = hs->ask;

	hs->ask = ASK_NOTHING;
	switch (ask) {
	case ASK_VERIFY:	return verify(hs);
	case ASK_SIGN:		return sign(hs);
	default:		return KTLS_REFUSED(KTLS_R_INTERNAL);
	}
}
