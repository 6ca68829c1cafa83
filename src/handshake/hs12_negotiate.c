/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/hs12_resumption.h"
#include "handshake/negotiate.h"

/* What a TLS 1.2 server makes of a ClientHello: RFC 5246 7.4.1.2, RFC 8422 4, RFC 9325. */

#define TLS_EMPTY_RENEGOTIATION_INFO_SCSV	0x00ff	/* RFC 5746 3.3 */

/* What we agree to, all of it computed before any of it holds. */
struct choice {
	uint16_t group;
	const char *alpn;
	uint32_t answer;
};

/* Whether a suite of ours, which such a key signs for, is among the client's; the first. */
static const struct suite *
find_suite(const struct ktls_hs *hs, const struct client_hello *ch, enum suite_auth auth)
{
	for (size_t i = 0; i < hs->cfg->cipher_count; i++) {
		const struct suite *suite = suite12_of(hs->cfg->ciphers[i], auth);

		if (suite != NULL && extension_list_has(ch->suites, suite->id))
			return suite;
	}
	return NULL;
}

static int
check_extensions(const struct client_hello *ch)
{
	if (client_hello_has(ch, EXT_EC_POINT_FORMATS) &&
	    memchr(ch->point_formats.p, POINT_UNCOMPRESSED, ch->point_formats.len) == NULL)
		return KTLS_REFUSED(KTLS_R_CH_POINT_FORMATS);
	if (client_hello_has(ch, EXT_RENEGOTIATION_INFO) && ch->renegotiated_connection.len != 0)
		return KTLS_REFUSED(KTLS_R_CH_RENEGOTIATION);
	if (client_hello_has(ch, EXT_RECORD_SIZE_LIMIT) &&
	    ch->record_size_limit < RECORD_LIMIT_MIN)
		return KTLS_REFUSED(KTLS_R_RECORD_LIMIT);
	return 0;
}

/*
 * What a client must offer. Without signature_algorithms it would be SHA-1 (RFC 9155 2);
 * without supported_groups any group of ours would be a guess (RFC 8422 4).
 */
static int
check_offer(struct ktls_hs *hs, const struct client_hello *ch)
{
	if (memchr(ch->compression.p, 0, ch->compression.len) == NULL)
		return KTLS_REFUSED(KTLS_R_CH_NULL_COMPRESSION);
	if (find_suite(hs, ch, AUTH_ECDSA) == NULL && find_suite(hs, ch, AUTH_RSA) == NULL)
		return KTLS_REFUSED(KTLS_R_CH_NO_CIPHER);
	if (!client_hello_has(ch, EXT_SUPPORTED_GROUPS))
		return fail_refuse(hs, KTLS_R_CH_NO_CIPHER,
		    "no supported_groups, without which there is no ECDHE suite (RFC 8422 4)");
	if (!client_hello_has(ch, EXT_SIGNATURE_ALGORITHMS))
		return fail_refuse(hs, KTLS_R_CH_NO_SCHEME,
		    "no signature_algorithms, which would mean SHA-1 (RFC 9155 2)");
	return 0;
}

/* Our order decides. */
static int
choose_group(const struct ktls_hs *hs, const struct client_hello *ch, struct choice *c)
{
	for (size_t i = 0; i < hs->cfg->group_count && c->group == 0; i++)
		if (extension_list_has(ch->groups, hs->cfg->groups[i]))
			c->group = hs->cfg->groups[i];
	return c->group != 0 ? 0 : KTLS_REFUSED(KTLS_R_CH_NO_GROUP);
}

/* What is answered where it was offered. */
static uint32_t
answers(const struct client_hello *ch)
{
	const uint32_t bits = extension_bit(EXT_EC_POINT_FORMATS) |
	    extension_bit(EXT_EXTENDED_MASTER_SECRET) | extension_bit(EXT_RENEGOTIATION_INFO);
	uint32_t answer = ch->seen & bits;

	if (extension_list_has(ch->suites, TLS_EMPTY_RENEGOTIATION_INFO_SCSV))
		answer |= extension_bit(EXT_RENEGOTIATION_INFO);
	return answer;
}

/* Somebody must sign; what it gives is to be resumed later, by a ticket or an id. */
void
hs12_full_handshake(struct ktls_hs *hs, const struct client_hello *ch)
{
	hs->ticket_due = client_hello_has(ch, EXT_SESSION_TICKET) &&
	    resumption_can(hs, KTLS_ASK_TICKET_SEAL);
	hs->session_id_len = !hs->ticket_due && resumption_can(hs, KTLS_ASK_SESSION_PUT) ?
	    SESSION_ID_MAX : 0;
	/* A client's certificate signs all messages from the first one on. */
	if (hs->cfg->client_auth != KTLS_CLIENT_AUTH_NONE)
		transcript_keep(&hs->transcript);
	hs->questions.due = KTLS_ASK_IDENTITY;
	hs->state = ST12_WAIT_IDENTITY;
}

/* RECVD_CH -> WAIT_SESSION, where the client offers one, or WAIT_IDENTITY */
int
hs12_negotiate(struct ktls_hs *hs, const struct client_hello *ch)
{
	struct choice c = { .answer = answers(ch) };
	int err;

	if ((err = check_extensions(ch)) != 0 ||
	    (err = check_offer(hs, ch)) != 0 ||
	    (err = choose_group(hs, ch, &c)) != 0 ||
	    (err = negotiate_alpn(hs, ch, &c.alpn)) != 0)
		return err;

	/* Nothing below can fail: the connection changes here or not at all. */
	hs->group = c.group;
	hs->alpn = c.alpn;
	hs->ems = client_hello_has(ch, EXT_EXTENDED_MASTER_SECRET);
	negotiate_limits(hs, ch);
	if (hs->our_limit > KTLS_RECORD_PLAIN_MAX)
		hs->our_limit = KTLS_RECORD_PLAIN_MAX;	/* RFC 8449 4: no content type */
	hs->answer |= c.answer;
	if (!hs12_session_ask(hs, ch))
		hs12_full_handshake(hs, ch);
	return 0;
}

/* Whether it was the suites that left no identity: then that is what to say. */
static int
no_identity(struct ktls_hs *hs, struct identity_wanted wanted, int err)
{
	uint16_t scheme;
	int identity;

	wanted.ecdsa_ok = wanted.rsa_ok = true;
	return negotiate_identity(hs, &wanted, &identity, &scheme) == 0 ?
	    KTLS_REFUSED(KTLS_R_CH_NO_CIPHER) : err;
}

/* WAIT_IDENTITY -> SEND_SH: the key decides which suites there are, our order which it is. */
int
hs12_server_identity(struct ktls_hs *hs, struct slice body)
{
	const struct client_hello *ch = &hs->hello->ch;
	const struct identity_wanted wanted = {
		.server_name = hs->server_name, .version = KTLS_TLS12,
		.schemes = ch->schemes, .schemes_cert = ch->schemes_cert,
		.ecdsa_ok = find_suite(hs, ch, AUTH_ECDSA) != NULL,
		.rsa_ok = find_suite(hs, ch, AUTH_RSA) != NULL,
	};
	const struct suite *suite;
	int err, identity;
	uint16_t scheme;

	(void)body;
	if ((err = negotiate_identity(hs, &wanted, &identity, &scheme)) != 0)
		return no_identity(hs, wanted, err);
	suite = find_suite(hs, ch, suite_auth_of(hs->cfg->identity[identity]->public_key));
	if (suite == NULL)
		return KTLS_REFUSED(KTLS_R_CH_NO_CIPHER);

	/* Nothing below can fail. */
	hs->identity = identity;
	hs->scheme = scheme;
	hs->suite = suite;
	hs->state = ST12_SEND_SH;
	return 0;
}
