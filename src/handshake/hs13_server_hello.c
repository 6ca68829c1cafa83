/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"
#include "handshake/server_hello.h"

/* ServerHello, RFC 8446 4.1.3. */

static int
check_version(struct ktls_hs *hs, const struct server_hello *sh)
{
	if (sh->legacy_version <= 0x0300)
		return fail_refuse(hs, KTLS_R_CH_SSL3,
		    "legacy_version is %#06x (RFC 8446 D.5)", sh->legacy_version);
	/* RFC 8446 4.1.4: the HelloRetryRequest said TLS 1.3 */
	if (hs->retried && sh->version != KTLS_TLS13)
		return KTLS_REFUSED(KTLS_R_SH_CHANGED);
	if (!(sh->seen & extension_bit(EXT_SUPPORTED_VERSIONS))) {
		if (server_hello_is_downgrade(sh->random))
			return KTLS_REFUSED(KTLS_R_SH_DOWNGRADE);
		return fail_refuse(hs, KTLS_R_SH_VERSION,
		    "the server chose version %#06x, we speak TLS 1.3 (RFC 8446 4.1.3)",
		    sh->legacy_version);
	}
	if (sh->version != KTLS_TLS13)
		return fail_refuse(hs, KTLS_R_SH_SELECTED_VERSION,
		    "supported_versions selects %#06x, we offered 0x0304 (RFC 8446 4.2.1)",
		    sh->version);
	if (sh->legacy_version != KTLS_TLS12)
		return KTLS_REFUSED(KTLS_R_SH_LEGACY_VERSION);
	return 0;
}

static int
check_suite(struct ktls_hs *hs, uint16_t id, const struct suite **suite)
{
	*suite = suite_find(id, KTLS_TLS13);
	for (size_t i = 0; *suite != NULL && i < hs->cfg->cipher_count; i++)
		if (hs->cfg->ciphers[i] == (*suite)->cipher)
			return 0;
	return fail_refuse(hs, KTLS_R_SH_CIPHER,
	    "the server chose cipher suite %#06x, which we did not offer (RFC 8446 4.1.3)", id);
}

int
server_hello_check(struct ktls_hs *hs, const struct server_hello *sh, const struct suite **suite)
{
	int err;

	if ((err = check_version(hs, sh)) != 0)
		return err;
	if (sh->session_id.len != hs->session_id_len || (sh->session_id.len != 0 &&
	    memcmp(sh->session_id.p, hs->session_id, hs->session_id_len) != 0))
		return KTLS_REFUSED(KTLS_R_SH_SESSION_ID);
	if ((err = check_suite(hs, sh->suite, suite)) != 0)
		return err;
	if (sh->compression != 0)
		return KTLS_REFUSED(KTLS_R_SH_COMPRESSION);
	return 0;
}

/* What only the ServerHello that isn't a HelloRetryRequest must keep. */
static int
check(struct ktls_hs *hs, const struct server_hello *sh, const struct suite **suite)
{
	int err;

	if ((err = server_hello_check(hs, sh, suite)) != 0)
		return err;
	if (hs->retried && *suite != hs->suite)
		return KTLS_REFUSED(KTLS_R_SH_CHANGED);
	if (!(sh->seen & extension_bit(EXT_KEY_SHARE)))
		return KTLS_REFUSED(KTLS_R_SH_MISSING);
	if (sh->group != hs->group)
		return fail_refuse(hs, KTLS_R_SH_GROUP,
		    "a key share of group %u, we sent one of %u (RFC 8446 4.2.8)",
		    sh->group, hs->group);
	return 0;
}

/* RFC 8446 4.2.11: the one that we offered, with the hash that it was made with. */
static int
check_psk(const struct ktls_hs *hs, const struct server_hello *sh, const struct suite *suite)
{
	const struct suite *made = suite_find(hs->resume.session.suite, KTLS_TLS13);

	if (!(sh->seen & extension_bit(EXT_PRE_SHARED_KEY)))
		return 0;
	return sh->psk == 0 && made != NULL && made->hash == suite->hash ? 0 :
	    KTLS_REFUSED(KTLS_R_SH_PSK);
}

/* WAIT_SH -> WAIT_EE */
int
hs13_server_hello_recv(struct ktls_hs *hs, struct slice body)
{
	struct server_hello sh;
	const struct suite *suite;
	uint8_t shared[GROUP_SECRET_MAX];
	size_t shared_len;
	int err;

	if ((err = server_hello_decode(&sh, body, IN_SH, hs->offered)) != 0 ||
	    (err = check(hs, &sh, &suite)) != 0 ||
	    (err = check_psk(hs, &sh, suite)) != 0 ||
	    (err = group_accept(hs->crypto, hs->group, hs->share_key, sh.share,
	    shared, &shared_len)) != 0 ||
	    ((sh.seen & extension_bit(EXT_PRE_SHARED_KEY)) && (err = resumption_accept(hs)) != 0))
		goto out;

	/* Nothing below can fail: the connection changes here or not at all. */
	memcpy(hs->server_random, sh.random.p, RANDOM_LEN);
	memcpy(hs->shared, shared, shared_len);
	hs->shared_len = shared_len;
	EVP_PKEY_free(hs->share_key);
	hs->share_key = NULL;
	hs->suite = suite;
	hs->version = KTLS_TLS13;
	hs->state = ST_WAIT_EE;
out:
	explicit_bzero(shared, sizeof(shared));
	return err;
}

/* NEGOTIATED -> SEND_EE */
int
hs13_server_hello_send(struct ktls_hs *hs, struct writer *w)
{
	struct server_hello sh = {
		.legacy_version = KTLS_TLS12, .version = KTLS_TLS13,
		.random = { hs->server_random, RANDOM_LEN },
		.session_id = { hs->session_id, hs->session_id_len },
		.suite = hs->suite->id, .group = hs->group,
		.seen = hs->resume.resumed ? extension_bit(EXT_PRE_SHARED_KEY) : 0,
		.psk = (uint16_t)hs->resume.identity,
	};
	uint8_t share[GROUP_SHARE_MAX], shared[GROUP_SECRET_MAX];
	size_t shared_len;
	int err;

	if ((err = crypto_random(hs->crypto, hs->server_random, RANDOM_LEN)) != 0 ||
	    (err = group_answer(hs->crypto, hs->group, (struct slice){ hs->share, hs->share_len },
	    share, &sh.share.len, shared, &shared_len)) != 0)
		goto out;
	sh.share.p = share;
	server_hello_encode(w, &sh);

	/* Nothing below can fail. */
	memcpy(hs->shared, shared, shared_len);
	hs->shared_len = shared_len;
	hs->version = KTLS_TLS13;
	hs->state = ST_SEND_EE;
out:
	explicit_bzero(shared, sizeof(shared));
	return err;
}
