/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/hs13_psk.h"
#include "handshake/negotiate.h"

/* The hash of all before a binder, and with it the binder of the PSK in hs->resume. */
static int
binder_of(struct ktls_hs *hs, enum crypto_hash hash, struct slice hello, uint8_t out[HASH_LEN_MAX])
{
	const struct session *s = &hs->resume.session;
	uint8_t transcript[HASH_LEN_MAX];
	int err;

	if ((err = transcript_peek(&hs->transcript, hash, hello, transcript)) != 0 ||
	    (err = schedule13_early(&hs->schedule, hs->crypto, hash,
	    (struct slice){ s->secret, s->secret_len })) != 0)
		return err;
	return schedule13_binder(&hs->schedule, LABEL_RES_BINDER, transcript, out);
}

/* The client */

bool
hs13_psk_offer(const struct ktls_hs *hs, struct psk_offer *offer)
{
	const struct session *s = &hs->resume.session;
	const struct suite *suite;

	if (hs->resume.data == NULL || s->version != KTLS_TLS13 ||
	    (suite = suite_find(s->suite, KTLS_TLS13)) == NULL)
		return false;
	/* RFC 8446 4.1.4: of another hash than the HelloRetryRequest's, it can't be taken. */
	if (hs->retried && suite->hash != hs->suite->hash)
		return false;
	*offer = (struct psk_offer){
		.ticket = s->id,
		.age = (uint32_t)(config_now(hs->cfg) - s->issued) + s->age_add,
		.binder_len = crypto_hash_len(suite->hash),
	};
	return true;
}

int
hs13_psk_bind(struct ktls_hs *hs, struct slice hello, uint8_t *binder)
{
	return binder_of(hs, suite_find(hs->resume.session.suite, KTLS_TLS13)->hash, hello, binder);
}

/* The server */

/* The n-th of a list of PskIdentity: its identity; empty behind the last. */
static struct slice
identity_at(const struct client_hello *ch, unsigned n)
{
	struct reader r = rd_init(ch->psk_identities);
	struct slice identity = { NULL, 0 };

	for (unsigned i = 0; i <= n; i++) {
		if (!rd_more(&r))
			return (struct slice){ NULL, 0 };
		identity = rd_vec(&r, 2);
		(void)rd_u32(&r);
	}
	return identity;
}

static struct slice
binder_at(const struct client_hello *ch, unsigned n)
{
	struct reader r = rd_init(ch->psk_binders);
	struct slice binder = { NULL, 0 };

	for (unsigned i = 0; i <= n; i++)
		binder = rd_vec(&r, 1);
	return binder;
}

bool
hs13_psk_offered(const struct ktls_hs *hs, const struct client_hello *ch)
{
	return client_hello_has(ch, EXT_PRE_SHARED_KEY) &&
	    memchr(ch->psk_modes.p, PSK_DHE_KE, ch->psk_modes.len) != NULL &&
	    resumption_can(hs, KTLS_ASK_TICKET_OPEN);
}

void
hs13_psk_ask(struct ktls_hs *hs, unsigned identity)
{
	hs->resume.identity = identity;
	hs->resume.ticket = identity_at(&hs->hello->ch, identity);
	hs->questions.due = KTLS_ASK_TICKET_OPEN;
	hs->state = ST_WAIT_PSK;
}

/* RFC 8446 4.2.11: a binder that is wrong is nobody's mistake. */
static int
check_binder(struct ktls_hs *hs)
{
	const struct kept_hello *hello = hs->hello;
	const struct slice got = binder_at(&hello->ch, hs->resume.identity);
	/* The binders' list, with its length, ends the message. */
	const size_t before = hello->len - (2 + hello->ch.psk_binders.len);
	uint8_t want[HASH_LEN_MAX];
	int err;

	err = binder_of(hs, hs->suite->hash, (struct slice){ hello->bytes, before }, want);
	if (err != 0)
		return err;
	if (got.len != crypto_hash_len(hs->suite->hash) || CRYPTO_memcmp(got.p, want, got.len) != 0)
		return KTLS_REFUSED(KTLS_R_CH_BINDER);
	return 0;
}

/* RFC 8446 4.2.11: the hash goes with the PSK, the suite may be another. */
static bool
fits(const struct ktls_hs *hs)
{
	const struct suite *suite = suite_find(hs->resume.session.suite, KTLS_TLS13);

	return suite != NULL && suite->hash == hs->suite->hash;
}

/* WAIT_PSK -> NEGOTIATED by it; else the next identity, and behind the last a full handshake. */
int
hs13_ticket_opened(struct ktls_hs *hs, struct slice body)
{
	const unsigned next = hs->resume.identity + 1;
	int err;

	if (resumption_take(hs, body, KTLS_TLS13) && fits(hs)) {
		if ((err = check_binder(hs)) != 0 || (err = resumption_accept(hs)) != 0)
			return err;
		hs->state = ST_NEGOTIATED;
		return 0;
	}
	resumption_drop(hs);
	if (next < RESUME_IDENTITIES_MAX && identity_at(&hs->hello->ch, next).len != 0) {
		hs13_psk_ask(hs, next);
		return 0;
	}
	return hs13_full_handshake(hs, &hs->hello->ch);
}
