/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

/* Certificate, RFC 5246 7.4.2 and 7.4.6. */
struct certificate {
	struct slice chain[CONFIG_PEER_CHAIN_MAX];	/* DER, leaf first */
	size_t count;
};

static int
decode(struct certificate *cert, struct slice body)
{
	struct reader r = rd_init(body);
	const uint8_t *list = rd_open(&r, 3);

	cert->count = 0;
	while (rd_more(&r)) {
		struct slice data = rd_vec(&r, 3);

		if (data.len == 0)
			r.bad = true;
		else if (cert->count == CONFIG_PEER_CHAIN_MAX)
			return KTLS_REFUSED(KTLS_R_CERTIFICATE_CHAIN_LONG);
		else
			cert->chain[cert->count++] = data;
	}
	rd_close(&r, list);
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* Whether somebody without a certificate may go on. */
static int
check_none(const struct ktls_hs *hs)
{
	if (hs->role == KTLS_CLIENT)
		return KTLS_REFUSED(KTLS_R_CERTIFICATE_NONE);
	return hs->cfg->client_auth == KTLS_CLIENT_AUTH_REQUIRE ?
	    KTLS_REFUSED(KTLS_R_CERTIFICATE_REQUIRED_12) : 0;
}

/* WAIT_CERT -> WAIT_VERIFIED; a server whose client has none: WAIT_CKE */
int
hs12_certificate_recv(struct ktls_hs *hs, struct slice body)
{
	struct certificate cert;
	int err;

	if ((err = decode(&cert, body)) != 0 ||
	    (cert.count == 0 && (err = check_none(hs)) != 0) ||
	    (cert.count != 0 && (err = chain_keep(hs, cert.chain, cert.count)) != 0))
		return err;

	/* Nothing below can fail. */
	if (cert.count != 0)
		hs->questions.due = KTLS_ASK_VERIFY;
	else
		transcript_drop(&hs->transcript);	/* nobody will sign it */
	hs->state = cert.count != 0 ? ST12_WAIT_VERIFIED : ST12_WAIT_CKE;
	return 0;
}

/*
 * RFC 8422 5.3: an ECDSA key is on one of the curves that we have offered. (RFC 8446's
 * schemes name the curve; TLS 1.2's don't.)
 */
static bool
curve_offered(const struct ktls_hs *hs, const EVP_PKEY *key)
{
	static const struct { uint16_t group; const char *name; } curves[] = {
		{ KTLS_GROUP_SECP256R1, "prime256v1" }, { KTLS_GROUP_SECP384R1, "secp384r1" },
		{ KTLS_GROUP_SECP521R1, "secp521r1" },
	};
	char name[32];
	size_t len;

	if (!EVP_PKEY_is_a(key, "EC"))
		return true;
	if (!EVP_PKEY_get_group_name(key, name, sizeof(name), &len))
		return false;
	for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++)
		for (size_t j = 0; j < hs->cfg->group_count; j++)
			if (hs->cfg->groups[j] == curves[i].group &&
			    strcmp(name, curves[i].name) == 0)
				return true;
	return false;
}

/* RFC 5246 7.4.2, "Key Exchange Algorithm  Certificate Key Type" */
static int
check_server_key(const struct ktls_hs *hs)
{
	if (suite_auth_of(hs->peer.key) != hs->suite->auth)
		return KTLS_REFUSED(KTLS_R_CERTIFICATE_SUITE);
	return curve_offered(hs, hs->peer.key) ? 0 : KTLS_REFUSED(KTLS_R_CERTIFICATE_CURVE);
}

/* WAIT_VERIFIED -> WAIT_SKE; a server: WAIT_CKE_CV. The chain is good, its key is known. */
int
hs12_certificate_verified(struct ktls_hs *hs, struct slice body)
{
	int err;

	(void)body;
	if (hs->peer.key == NULL)
		return KTLS_REFUSED(KTLS_R_INTERNAL);
	if (hs->role == KTLS_CLIENT && (err = check_server_key(hs)) != 0)
		return err;
	hs->state = hs->role == KTLS_CLIENT ? ST12_WAIT_SKE : ST12_WAIT_CKE_CV;
	return 0;
}

/* SEND_CERT -> WAIT_SIGNED; a client signs later: SEND_CKE_CV; or, having none, SEND_CKE */
int
hs12_certificate_send(struct ktls_hs *hs, struct writer *w)
{
	const struct identity *who = hs->identity >= 0 ? hs->cfg->identity[hs->identity] : NULL;
	uint8_t *list = wr_open(w, 3);

	for (size_t i = 0; who != NULL && i < who->cert_count; i++)
		wr_vec(w, 3, who->cert[i]);
	wr_close(w, list);
	if (hs->role == KTLS_SERVER) {
		hs->questions.due = KTLS_ASK_SIGNATURE;
		hs->state = ST12_WAIT_SIGNED;
	} else {
		hs->state = who != NULL ? ST12_SEND_CKE_CV : ST12_SEND_CKE;
	}
	return 0;
}
