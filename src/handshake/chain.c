/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

/* What outlives the messages in which the peer says who it is, or who we should be. */

bool
scheme_offered(const struct ktls_hs *hs, uint16_t scheme)
{
	for (size_t i = 0; i < hs->cfg->verify_scheme_count; i++)
		if (hs->cfg->verify_schemes[i] == scheme)
			return true;
	return false;
}

int
signature_keep(struct ktls_hs *hs, struct slice signature)
{
	if (signature.len == 0 || signature.len > sizeof(hs->signature))
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	memcpy(hs->signature, signature.p, signature.len);
	hs->signature_len = signature.len;
	return 0;
}

int
chain_keep(struct ktls_hs *hs, const struct slice *certs, size_t count)
{
	struct writer w;
	size_t len = 0;
	uint8_t *kept;

	for (size_t i = 0; i < count; i++)
		len += 3 + certs[i].len;
	if ((kept = OPENSSL_malloc(len)) == NULL)
		return fail_memory();
	w = wr_init(kept, len);
	for (size_t i = 0; i < count; i++)
		wr_vec(&w, 3, certs[i]);
	hs->peer_chain = kept;
	hs->peer_chain_len = len;
	return 0;
}

size_t
chain_split(const struct ktls_hs *hs, struct slice certs[CONFIG_PEER_CHAIN_MAX])
{
	struct reader r = rd_init((struct slice){ hs->peer_chain, hs->peer_chain_len });
	size_t count = 0;

	while (count < CONFIG_PEER_CHAIN_MAX && rd_more(&r))
		certs[count++] = rd_vec(&r, 3);
	return count;
}

static struct slice
copy(struct writer *w, struct slice s)
{
	uint8_t *to = wr_room(w, s.len);

	if (s.len != 0)
		memcpy(to, s.p, s.len);
	return (struct slice){ to, s.len };
}

int
certificate_wanted_keep(struct ktls_hs *hs, struct slice schemes, struct slice schemes_cert,
    struct slice authorities)
{
	const size_t len = schemes.len + schemes_cert.len + authorities.len;
	uint8_t *kept = OPENSSL_malloc(len + 1);	/* of nothing, too */
	struct writer w = wr_init(kept, len);

	if (kept == NULL)
		return fail_memory();
	hs->wanted_data = kept;
	hs->wanted.schemes = copy(&w, schemes);
	hs->wanted.schemes_cert = copy(&w, schemes_cert);
	hs->wanted.authorities = copy(&w, authorities);
	return 0;
}
