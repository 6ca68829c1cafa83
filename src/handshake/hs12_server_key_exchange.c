/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/machine.h"

/* ServerKeyExchange, RFC 8422 5.4: the server's share, signed. */
#define NAMED_CURVE	3
#define PARAMS_MAX	(1 + 2 + 1 + UINT8_MAX)
#define SIGNED_MAX	(2 * RANDOM_LEN + PARAMS_MAX)

struct server_key_exchange {
	uint8_t curve_type;
	uint16_t group;
	struct slice share;
	struct slice params;		/* the three above, as they are signed */
	uint16_t scheme;
	struct slice signature;
};

/* Of a curve type that we don't know, nothing behind it can be read. */
static int
decode(struct server_key_exchange *ske, struct slice body)
{
	struct reader r = rd_init(body);

	*ske = (struct server_key_exchange){ .curve_type = rd_u8(&r) };
	if (!r.bad && ske->curve_type != NAMED_CURVE)
		return KTLS_REFUSED(KTLS_R_SKE_CURVE_TYPE);
	ske->group = rd_u16(&r);
	ske->share = rd_vec(&r, 1);
	ske->params = (struct slice){ body.p, (size_t)(r.p - body.p) };
	ske->scheme = rd_u16(&r);
	ske->signature = rd_vec(&r, 2);
	return rd_done(&r) && ske->share.len != 0 ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

static void
encode_params(struct writer *w, uint16_t group, struct slice share)
{
	wr_u8(w, NAMED_CURVE);
	wr_u16(w, group);
	wr_vec(w, 1, share);
}

/* RFC 5246 7.4.3: both randoms, then the parameters. */
static struct slice
signed_content(const struct ktls_hs *hs, struct slice params, uint8_t content[SIGNED_MAX])
{
	struct writer w = wr_init(content, SIGNED_MAX);

	wr_bytes(&w, hs->client_random, RANDOM_LEN);
	wr_bytes(&w, hs->server_random, RANDOM_LEN);
	wr_slice(&w, params);
	return wr_written(&w);
}

static bool
group_offered(const struct ktls_hs *hs, uint16_t group)
{
	for (size_t i = 0; i < hs->cfg->group_count; i++)
		if (hs->cfg->groups[i] == group)
			return true;
	return false;
}

static int
check(struct ktls_hs *hs, const struct server_key_exchange *ske)
{
	uint8_t content[SIGNED_MAX];
	int err;

	if (!group_offered(hs, ske->group))
		return fail_refuse(hs, KTLS_R_SKE_GROUP,
		    "the server chose group %u, which we did not offer (RFC 8422 5.4)",
		    ske->group);
	if (ske->share.len != group_share_len(ske->group))
		return KTLS_REFUSED(KTLS_R_SHARE_INVALID);
	if (!scheme_offered(hs, ske->scheme) ||
	    !signature_fits(ske->scheme, hs->peer.key, KTLS_TLS12))
		return fail_refuse(hs, KTLS_R_SKE_SCHEME,
		    "signature scheme %#06x, which %s (RFC 5246 7.4.3)", ske->scheme,
		    scheme_offered(hs, ske->scheme) ? "the certificate's key can't make" :
		    "we did not offer");
	err = signature_check(hs->crypto, ske->scheme, hs->peer.key,
	    signed_content(hs, ske->params, content), ske->signature);
	return err == -EBADMSG ? KTLS_REFUSED(KTLS_R_SKE_SIGNATURE) : err;
}

/* WAIT_SKE -> WAIT_CR_SHD */
int
hs12_server_key_exchange_recv(struct ktls_hs *hs, struct slice body)
{
	struct server_key_exchange ske;
	int err;

	if ((err = decode(&ske, body)) != 0 || (err = check(hs, &ske)) != 0)
		return err;

	/* Nothing below can fail. */
	hs->group = ske.group;
	memcpy(hs->share, ske.share.p, ske.share.len);
	hs->share_len = ske.share.len;
	hs->peer_scheme = ske.scheme;
	hs->state = ST12_WAIT_CR_SHD;
	return 0;
}

/* What the server's key signs. */
int
hs12_signed_params(struct ktls_hs *hs, uint8_t **content, size_t *len)
{
	uint8_t params[PARAMS_MAX];
	struct writer w = wr_init(params, sizeof(params));

	encode_params(&w, hs->group, (struct slice){ hs->share, hs->share_len });
	if (!wr_done(&w))
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	if ((*content = OPENSSL_malloc(SIGNED_MAX)) == NULL)
		return fail_memory();
	*len = signed_content(hs, wr_written(&w), *content).len;
	return 0;
}

/* SEND_SKE -> SEND_CR, where a certificate is asked for, or SEND_SHD */
int
hs12_server_key_exchange_send(struct ktls_hs *hs, struct writer *w)
{
	const bool request = hs->cfg->client_auth != KTLS_CLIENT_AUTH_NONE;

	encode_params(w, hs->group, (struct slice){ hs->share, hs->share_len });
	wr_u16(w, hs->scheme);
	wr_vec(w, 2, (struct slice){ hs->signature, hs->signature_len });
	hs->state = request ? ST12_SEND_CR : ST12_SEND_SHD;
	return 0;
}
