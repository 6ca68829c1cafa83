/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "handshake/hs13_cookie.h"

#define MT_MESSAGE_HASH	254		/* RFC 8446 4.4.1 */

/* What is sealed: numbers, what the second ClientHello must repeat, the first one's hash. */
struct cookie {
	uint16_t suite, group;
	struct slice digest, hello_hash;
};

int
hs13_cookie_make(struct ktls_hs *hs, uint8_t cookie[COOKIE_MAX], size_t *len)
{
	const struct slice hello = { hs->hello->bytes, hs->hello->len };
	uint8_t plain[COOKIE_PLAIN_MAX], hash[HASH_LEN_MAX];
	struct writer w = wr_init(plain, sizeof(plain));
	int err;

	if ((err = transcript_peek(&hs->transcript, hs->suite->hash, hello, hash)) != 0)
		return err;
	wr_u16(&w, hs->suite->id);
	wr_u16(&w, hs->retry_group);
	wr_bytes(&w, hs->hello_digest, sizeof(hs->hello_digest));
	wr_bytes(&w, hash, crypto_hash_len(hs->suite->hash));
	return ktls_tickets_seal(hs->cfg->retry_tickets, config_now(hs->cfg) / 1000, plain,
	    wr_len(&w), cookie, len);
}

static int
decode(struct cookie *c, struct slice plain, const struct suite **suite)
{
	struct reader r = rd_init(plain);

	c->suite = rd_u16(&r);
	c->group = rd_u16(&r);
	c->digest = rd_bytes(&r, 32);
	*suite = suite_find(c->suite, KTLS_TLS13);
	if (*suite == NULL)
		return KTLS_REFUSED(KTLS_R_CH_COOKIE);
	c->hello_hash = rd_bytes(&r, crypto_hash_len((*suite)->hash));
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_CH_COOKIE);
}

/* message_hash and the HelloRetryRequest, as they were. */
static int
refill_transcript(struct ktls_hs *hs, const struct client_hello *ch, struct slice hello_hash)
{
	uint8_t buf[MESSAGE_HEADER + 256 + COOKIE_MAX];
	struct writer w = wr_init(buf, sizeof(buf));
	uint8_t *len;
	int err;

	wr_u8(&w, MT_MESSAGE_HASH);
	wr_vec(&w, 3, hello_hash);
	if ((err = transcript_choose(&hs->transcript, hs->suite->hash)) != 0 ||
	    (err = transcript_add(&hs->transcript, wr_written(&w))) != 0)
		return err;
	w = wr_init(buf, sizeof(buf));
	wr_u8(&w, MT_SERVER_HELLO);
	len = wr_open(&w, 3);
	hs13_hello_retry_request_encode(hs, &w, ch->session_id, ch->cookie);
	wr_close(&w, len);
	if (!wr_done(&w))
		return KTLS_REFUSED(KTLS_R_CH_COOKIE);
	return transcript_add(&hs->transcript, wr_written(&w));
}

int
hs13_cookie_take(struct ktls_hs *hs, const struct client_hello *ch)
{
	uint8_t plain[COOKIE_MAX];
	struct cookie c;
	size_t len;
	int err;

	if (ch->cookie.len > sizeof(plain))
		return KTLS_REFUSED(KTLS_R_CH_COOKIE);
	err = ktls_tickets_open(hs->cfg->retry_tickets, config_now(hs->cfg) / 1000, ch->cookie.p,
	    ch->cookie.len, plain, &len);
	if (err != 0)
		return err == -ENOENT ? KTLS_REFUSED(KTLS_R_CH_COOKIE) : err;
	if ((err = decode(&c, (struct slice){ plain, len }, &hs->suite)) != 0)
		return err;
	hs->retry_group = c.group;
	memcpy(hs->hello_digest, c.digest.p, c.digest.len);
	hs->retried = true;
	if ((err = refill_transcript(hs, ch, c.hello_hash)) != 0)
		return err;
	return hs13_check_retry(hs, ch);
}
