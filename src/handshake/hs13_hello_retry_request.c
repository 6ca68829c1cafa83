/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/hs13_cookie.h"
#include "handshake/server_hello.h"

/* HelloRetryRequest, RFC 8446 4.1.4: a ServerHello with this random, the SHA-256 of its name. */
const uint8_t hs13_retry_random[RANDOM_LEN] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

bool
hs13_is_hello_retry_request(struct slice body)
{
	struct reader r = rd_init(body);
	struct slice random;

	(void)rd_u16(&r);
	random = rd_bytes(&r, RANDOM_LEN);
	return !r.bad && memcmp(random.p, hs13_retry_random, RANDOM_LEN) == 0;
}

/* RFC 8446 4.2.8: a group of ours, and not the one whose share was sent. */
static int
check_group(struct ktls_hs *hs, uint16_t group)
{
	for (size_t i = 0; i < hs->cfg->group_count && group != hs->group; i++)
		if (hs->cfg->groups[i] == group)
			return 0;
	return fail_refuse(hs, KTLS_R_HRR_GROUP,
	    "asks for a share of group %u, %s (RFC 8446 4.2.8)", group,
	    group == hs->group ? "which we have sent" : "which we did not offer");
}

static int
check(struct ktls_hs *hs, const struct server_hello *hrr, const struct suite **suite)
{
	const uint32_t changes = extension_bit(EXT_KEY_SHARE) | extension_bit(EXT_COOKIE);
	int err;

	if (hs->retried)
		return KTLS_REFUSED(KTLS_R_HRR_TWICE);
	if ((err = server_hello_check(hs, hrr, suite)) != 0)
		return err;
	if (!(hrr->seen & changes))
		return KTLS_REFUSED(KTLS_R_HRR_NO_CHANGE);
	return hrr->seen & extension_bit(EXT_KEY_SHARE) ? check_group(hs, hrr->group) : 0;
}

/* WAIT_SH -> START, from which the second ClientHello is sent. */
int
hs13_hello_retry_request_recv(struct ktls_hs *hs, struct slice body)
{
	struct server_hello hrr;
	const struct suite *suite;
	uint8_t *cookie = NULL;
	int err;

	if ((err = server_hello_decode(&hrr, body, IN_HRR, hs->offered)) != 0 ||
	    (err = check(hs, &hrr, &suite)) != 0)
		return err;
	if (hrr.cookie.len != 0 && (cookie = OPENSSL_memdup(hrr.cookie.p, hrr.cookie.len)) == NULL)
		return fail_memory();

	/* Nothing below can fail: the connection changes here or not at all. */
	hs->cookie = cookie;
	hs->cookie_len = hrr.cookie.len;
	if (hrr.seen & extension_bit(EXT_KEY_SHARE)) {
		hs->group = hrr.group;
		EVP_PKEY_free(hs->share_key);
		hs->share_key = NULL;
	}
	hs->suite = suite;
	hs->retried = true;
	hs->state = ST_START;
	return 0;
}

void
hs13_hello_retry_request_encode(const struct ktls_hs *hs, struct writer *w,
    struct slice session_id, struct slice cookie)
{
	const struct server_hello hrr = {
		.legacy_version = KTLS_TLS12, .version = KTLS_TLS13,
		.random = { hs13_retry_random, RANDOM_LEN },
		.session_id = session_id,
		.suite = hs->suite->id, .group = hs->retry_group, .cookie = cookie,
	};

	server_hello_encode(w, &hrr);
}

/* SEND_HRR -> START, where the second ClientHello is awaited. */
int
hs13_hello_retry_request_send(struct ktls_hs *hs, struct writer *w)
{
	uint8_t buf[COOKIE_MAX];
	struct slice cookie = { buf, 0 };
	int err;

	if (hs->cfg->retry_tickets != NULL &&
	    (err = hs13_cookie_make(hs, buf, &cookie.len)) != 0)
		return err;
	hs13_hello_retry_request_encode(hs, w,
	    (struct slice){ hs->session_id, hs->session_id_len }, cookie);
	hs->retried = true;
	hs->state = ST_START;
	return 0;
}
