/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <ktls/store.h>
#include "base/check_testlib.h"
#include "base/wipe_testlib.h"
#include "config/config.h"
#include "post/post_testlib.h"
#include "schedule/rfc8448_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)
#define HS	KTLS_TYPE_HANDSHAKE

#define NOW	1700000000		/* s since 1970 */
static const char key[] = "whom it is for";
static const uint8_t chain[] = { 0, 0, 2, 0x30, 0x00 };

static int64_t
standing_clock(void *arg)
{
	(void)arg;
	return (int64_t)NOW * 1000 + 7;
}

static struct ktls_crypto *crypto;
static struct ktls_config *cfg;
static struct ktls_sessions *sessions;

static struct hs_tickets *
tickets_of(int64_t expires)
{
	struct session session = { .version = KTLS_TLS13, .suite = 0x1301, .verified = true,
	    .secret_len = 32, .authenticated = NOW - 5, .expires = expires,
	    .server_name = { (const uint8_t *)"localhost", 9 },
	    .alpn = { (const uint8_t *)"h2", 2 }, .chain = { chain, sizeof(chain) },
	    .id_is_ticket = true };
	struct hs_tickets *tickets;

	memset(session.context, 0xc0, sizeof(session.context));
	OK(hs_tickets_new(&tickets, cfg, &session, (struct slice){ (const uint8_t *)key,
	    sizeof(key) }));
	return tickets;
}

/* A client's, behind RFC 8448's first connection. */
static struct ktls_post *
post_that_takes(struct hs_tickets *tickets, bool exports)
{
	struct hs_secrets secrets = { .crypto = crypto, .role = KTLS_CLIENT,
	    .version = KTLS_TLS13, .cipher = KTLS_AES_128_GCM, .hash = HASH_SHA256,
	    .exports = exports, .tickets = tickets };
	struct ktls_post *post;

	memcpy(secrets.resumption, rfc8448(3, "res master").p, 32);
	OK(post_alloc(&post));
	post_begin(post, &secrets);
	return post;
}

static void
feed_ticket(struct ktls_post *post, uint32_t lifetime, uint8_t number, int err)
{
	uint8_t message[64];
	struct writer w = wr_init(message, sizeof(message));
	uint8_t *body;

	wr_u8(&w, 4);
	body = wr_open(&w, 3);
	wr_u32(&w, lifetime);
	wr_u32(&w, 0x01020304);
	wr_vec(&w, 1, (struct slice){ &number, 1 });
	wr_vec(&w, 2, (struct slice){ &number, 1 });
	wr_vec(&w, 2, (struct slice){ &number, 0 });
	wr_close(&w, body);
	assert_true(wr_done(&w));
	GIVES(err, post_feed(post, HS, message, wr_len(&w)));
}

/* The newest that is kept; fails where there is none. *data: OPENSSL_clear_free() it. */
static size_t
take_kept(struct session *s, void **data)
{
	size_t len;

	OK(ktls_sessions_get(sessions, key, sizeof(key), NOW, data, &len));
	OK(session_decode(s, (struct slice){ *data, len }));
	return len;
}

/* RFC 8446 4.6.1, with the ticket and the PSK of RFC 8448. */
static void
rfc8448_ticket(void **unused)
{
	struct ktls_post *post = post_that_takes(tickets_of(NOW + 3600), false);
	struct slice message = rfc8448(3, "NewSessionTicket");
	struct session s;
	void *data;
	size_t len;

	(void)unused;
	OK(post_feed(post, HS, message.p, message.len));
	assert_string_equal(post_actions(post), "");
	len = take_kept(&s, &data);
	assert_int_equal(s.version, KTLS_TLS13);
	assert_int_equal(s.suite, 0x1301);
	assert_true(s.verified && s.id_is_ticket);
	assert_int_equal(s.secret_len, 32);
	assert_memory_equal(s.secret, rfc8448(4, "PSK").p, 32);
	assert_memory_equal(&s.age_add, (const uint32_t[]){ 0xfad6aac5 }, 4);
	assert_true(s.issued == standing_clock(NULL));
	assert_true(s.authenticated == NOW - 5);
	assert_true(s.expires == NOW + 30);		/* its lifetime */
	assert_int_equal(s.context[31], 0xc0);
	assert_memory_equal(s.server_name.p, "localhost", s.server_name.len);
	assert_memory_equal(s.alpn.p, "h2", s.alpn.len);
	assert_memory_equal(s.chain.p, chain, s.chain.len);
	assert_int_equal(s.id.len, 178);
	assert_memory_equal(s.id.p, message.p + 4 + 4 + 4 + 3 + 2, s.id.len);
	session_wipe(&s);
	OPENSSL_clear_free(data, len);
	/* Given once. */
	GIVES(-ENOENT, ktls_sessions_get(sessions, key, sizeof(key), NOW, &data, &len));
	ktls_post_free(post);
}

/* The peer's chain ends before the ticket: RFC 8446 4.6.1 leaves it to us, DESIGN.md doesn't. */
static void
expires_with_the_least(void **unused)
{
	struct ktls_post *post = post_that_takes(tickets_of(NOW + 10), false);
	struct session s;
	void *data;
	size_t len;

	(void)unused;
	feed_ticket(post, SESSION_LIFETIME_MAX, 1, 0);
	len = take_kept(&s, &data);
	assert_true(s.expires == NOW + 10);
	session_wipe(&s);
	OPENSSL_clear_free(data, len);
	ktls_post_free(post);

	post = post_that_takes(tickets_of(NOW), false);		/* over: not kept at all */
	feed_ticket(post, 3600, 1, 0);
	assert_int_equal(ktls_sessions_count(sessions), 0);
	assert_int_equal(post->tickets_wanted, KTLS_SESSIONS_PER_KEY);
	ktls_post_free(post);
}

/* RFC 8446 4.6.1: 7 days at most; 0 means to discard it. */
static void
lifetimes(void **unused)
{
	struct ktls_post *post = post_that_takes(tickets_of(NOW + 3600), false);

	(void)unused;
	feed_ticket(post, 0, 1, 0);
	assert_int_equal(ktls_sessions_count(sessions), 0);
	feed_ticket(post, SESSION_LIFETIME_MAX + 1, 2, R(TICKET_LIFETIME));
	ktls_post_free(post);
}

/* What is kept for tickets goes with the last one that is wanted; what is exported from stays. */
static void
until_the_last_one(void **unused)
{
	(void)unused;
	for (int exports = 0; exports < 2; exports++) {
		struct ktls_post *post = post_that_takes(tickets_of(NOW + 3600), exports);
		const uint8_t *secret = secret_slot_bytes(post->kept) + KEPT_RESUMPTION;
		uint8_t out[16];

		for (uint8_t i = 0; i < KTLS_SESSIONS_PER_KEY; i++) {
			assert_non_null(post->tickets);
			assert_memory_equal(secret, rfc8448(3, "res master").p, 32);
			feed_ticket(post, 60, i, 0);
		}
		assert_null(post->tickets);
		for (size_t i = 0; i < HASH_LEN_MAX; i++)
			assert_int_equal(secret[i], 0);
		assert_int_equal(post->kept != NULL, exports);
		GIVES(exports ? 0 : -EOPNOTSUPP, ktls_post_export(post, "x", NULL, 0, out,
		    sizeof(out)));
		feed_ticket(post, 60, 9, 0);		/* read, and dropped */
		assert_int_equal(ktls_sessions_count(sessions), KTLS_SESSIONS_PER_KEY);
		ktls_sessions_remove(sessions, key, sizeof(key));
		ktls_post_free(post);
	}
}

/* The newest is offered first: two tickets in a row are two sessions. */
static void
several(void **unused)
{
	struct ktls_post *post = post_that_takes(tickets_of(NOW + 3600), false);
	uint8_t secrets[2][32];
	struct session s;
	void *data;
	size_t len;

	(void)unused;
	feed_ticket(post, 60, 1, 0);
	feed_ticket(post, 60, 2, 0);
	for (int i = 0; i < 2; i++) {
		len = take_kept(&s, &data);
		assert_int_equal(s.id.p[0], 2 - i);
		memcpy(secrets[i], s.secret, 32);
		session_wipe(&s);
		OPENSSL_clear_free(data, len);
	}
	assert_memory_not_equal(secrets[0], secrets[1], 32);	/* other nonces, other PSKs */
	ktls_post_free(post);
}

struct told {
	int count;
	struct session session;
	uint8_t data[512];
};

static void
tell(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	struct told *told = arg;

	assert_null(hs);
	assert_int_equal(q->kind, KTLS_ASK_SESSION_PUT);
	assert_true(q->once && q->expires == NOW + 60 && q->key_len == sizeof(key));
	assert_memory_equal(q->key, key, sizeof(key));
	assert_true(q->data_len <= sizeof(told->data));
	memcpy(told->data, q->data, q->data_len);
	OK(session_decode(&told->session, (struct slice){ told->data, q->data_len }));
	told->count++;
	ktls_hs_answer(hs, 0, NULL, 0);		/* nothing: there is no handshake any more */
}

/* Who keeps sessions elsewhere is told, without a handshake. */
static void
asked(void **unused)
{
	struct ktls_config *saved = cfg;
	static struct told told;
	struct ktls_post *post;

	(void)unused;
	OK(ktls_config_new(&cfg));
	OK(ktls_config_clock(cfg, standing_clock, NULL));
	OK(ktls_config_ask(cfg, KTLS_ASK_SESSION_PUT, tell, &told));
	post = post_that_takes(tickets_of(NOW + 3600), false);
	feed_ticket(post, 60, 5, 0);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.session.id.p[0], 5);
	session_wipe(&told.session);
	ktls_post_free(post);
	ktls_config_unref(cfg);
	cfg = saved;
}

static int
setup(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL) != 0 || ktls_config_new(&cfg) != 0 ||
	    ktls_sessions_new(&sessions, 16) != 0 ||
	    ktls_config_clock(cfg, standing_clock, NULL) != 0 ||
	    (cfg->sessions = ktls_sessions_ref(sessions)) == NULL;
}

static int
teardown(void **unused)
{
	(void)unused;
	ktls_sessions_unref(cfg->sessions);
	cfg->sessions = NULL;
	ktls_config_unref(cfg);
	ktls_sessions_unref(sessions);
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8448_ticket),
		cmocka_unit_test(expires_with_the_least),
		cmocka_unit_test(lifetimes),
		cmocka_unit_test(until_the_last_one),
		cmocka_unit_test(several),
		cmocka_unit_test(asked),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
