/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

/* ClientKeyExchange, RFC 8422 5.7: the client's share. */

static int
decode(struct slice *share, struct slice body)
{
	struct reader r = rd_init(body);

	*share = rd_vec(&r, 1);
	return rd_done(&r) && share->len != 0 ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_CKE -> WAIT_CCS; WAIT_CKE_CV, the client having shown a certificate -> WAIT_CV */
int
hs12_client_key_exchange_recv(struct ktls_hs *hs, struct slice body)
{
	uint8_t shared[GROUP_SECRET_MAX];
	struct slice share;
	size_t shared_len;
	int err;

	if ((err = decode(&share, body)) != 0 ||
	    (err = group_accept(hs->crypto, hs->group, hs->share_key, share, shared,
	    &shared_len)) != 0)
		goto out;

	/* Nothing below can fail: the connection changes here or not at all. */
	memcpy(hs->shared, shared, shared_len);
	hs->shared_len = shared_len;
	EVP_PKEY_free(hs->share_key);
	hs->share_key = NULL;
	hs->state = hs->state == ST12_WAIT_CKE ? ST12_WAIT_CCS : ST12_WAIT_CV;
out:
	explicit_bzero(shared, sizeof(shared));
	return err;
}

/* SEND_CKE -> SEND_CCS; SEND_CKE_CV, we having shown a certificate -> WAIT_SIGNED */
int
hs12_client_key_exchange_send(struct ktls_hs *hs, struct writer *w)
{
	uint8_t share[GROUP_SHARE_MAX], shared[GROUP_SECRET_MAX];
	struct slice ours = { .p = share };
	size_t shared_len;
	int err;

	if ((err = group_answer(hs->crypto, hs->group, (struct slice){ hs->share, hs->share_len },
	    share, &ours.len, shared, &shared_len)) != 0)
		goto out;
	wr_vec(w, 1, ours);

	/* Nothing below can fail. */
	memcpy(hs->shared, shared, shared_len);
	hs->shared_len = shared_len;
	if (hs->state == ST12_SEND_CKE_CV)
		hs->questions.due = KTLS_ASK_SIGNATURE;
	hs->state = hs->state == ST12_SEND_CKE_CV ? ST12_WAIT_SIGNED : ST12_SEND_CCS;
out:
	explicit_bzero(shared, sizeof(shared));
	return err;
}
