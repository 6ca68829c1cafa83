/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <time.h>
#include "base/check_testlib.h"
#include "config/pki_testlib.h"
#include "handshake/machine.h"
#include "handshake/pair_testlib.h"
#include "handshake/secrets.h"

/*
 * TLS 1.3 resumption, with a server whose tickets are sealed by the test: so it can
 * make the client's session without src/post, and change what a session is bound to.
 */

static struct test_pki *pki;
static const struct ktls_hs_params localhost = { .server_name = "localhost", .port = 443 };
static int64_t now;

/* What the server gave last, and what the client gets. */
static uint8_t given[4096];
static size_t given_len;
static uint8_t *kept;
static size_t kept_len;
static unsigned seals, opens;

static int64_t
clock_(void *arg)
{
	(void)arg;
	return now;
}

static void
seal(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	(void)arg;
	seals++;
	assert_in_range(q->data_len, 1, sizeof(given));
	memcpy(given, q->data, q->data_len);
	given_len = q->data_len;
	ktls_hs_answer(hs, 0, q->data, q->data_len);
}

static void
open_(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	(void)arg;
	opens++;
	ktls_hs_answer(hs, 0, q->data, q->data_len);
}

static void
get(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	(void)arg;
	assert_int_equal(q->key_len, RESUMPTION_KEY_LEN);
	ktls_hs_answer(hs, 0, kept, kept_len);
}

static struct ktls_config *
server_config(enum test_cert cert)
{
	struct ktls_config *cfg = test_pki_server(pki, cert);

	OK(ktls_config_clock(cfg, clock_, NULL));
	OK(ktls_config_ask(cfg, KTLS_ASK_TICKET_SEAL, seal, NULL));
	OK(ktls_config_ask(cfg, KTLS_ASK_TICKET_OPEN, open_, NULL));
	return cfg;
}

static struct ktls_config *
client_config(void)
{
	struct ktls_config *cfg = test_pki_client(pki);

	OK(ktls_config_clock(cfg, clock_, NULL));
	OK(ktls_config_ask(cfg, KTLS_ASK_SESSION_GET, get, NULL));
	OK(ktls_config_ask(cfg, KTLS_ASK_SESSION_PUT, NULL, NULL));
	return cfg;
}

/* A handshake; what it leaves in hs is looked at by check. */
static bool
connect_(struct ktls_config *client, struct ktls_config *server, enum pair_way way,
    void (*check)(struct ktls_hs *, struct ktls_hs *))
{
	struct ktls_hs *hs[2];
	bool resumed;

	seals = 0;
	OK(ktls_hs_new(&hs[0], client, KTLS_CLIENT, &localhost));
	OK(ktls_hs_new(&hs[1], server, KTLS_SERVER, NULL));
	if (!pair_run(hs[0], hs[1], way))
		fail_msg("\"%s\", \"%s\"", ktls_hs_reason_text(hs[0]), ktls_hs_reason_text(hs[1]));
	resumed = ktls_hs_resumed(hs[0]);
	assert_int_equal(resumed, ktls_hs_resumed(hs[1]));
	if (check != NULL)
		check(hs[0], hs[1]);
	ktls_hs_free(hs[0]);
	ktls_hs_free(hs[1]);
	return resumed;
}

/* What src/post makes of a NewSessionTicket: the ticket is the session, as it was sealed. */
static void
keep(const struct ktls_config *client)
{
	struct session s;

	OPENSSL_clear_free(kept, kept_len);
	OK(session_decode(&s, (struct slice){ given, given_len }));
	memcpy(s.context, client->context[KTLS_CLIENT], SESSION_CONTEXT_LEN);
	s.id = (struct slice){ given, given_len };
	s.id_is_ticket = true;
	OK(session_encode(&s, &kept, &kept_len));
	session_wipe(&s);
}

static void
forget(void)
{
	OPENSSL_clear_free(kept, kept_len);
	kept = NULL;
	kept_len = 0;
	seals = opens = 0;
}

struct pair {
	struct ktls_config *client, *server;
};

static void
begin(struct pair *p, enum test_cert cert)
{
	forget();
	now = (int64_t)time(NULL) * 1000;
	p->client = client_config();
	p->server = server_config(cert);
}

static void
end(struct pair *p)
{
	ktls_config_unref(p->client);
	ktls_config_unref(p->server);
	forget();
}

static void
same_keys(struct ktls_hs *client, struct ktls_hs *server)
{
	for (enum ktls_dir dir = KTLS_TX; dir < KTLS_DIRS; dir++) {
		struct ktls_keys ours, theirs;

		OK(ktls_hs_take_keys(client, dir, &ours));
		OK(ktls_hs_take_keys(server, dir == KTLS_TX ? KTLS_RX : KTLS_TX, &theirs));
		assert_memory_equal(ours.key, theirs.key, sizeof(ours.key));
		assert_memory_equal(ours.iv, theirs.iv, sizeof(ours.iv));
		/* the tickets, in a record, have gone out under the server's */
		assert_int_equal(theirs.seq, dir == KTLS_RX && seals != 0);
	}
}

static void
a_ticket_resumes(void **unused)
{
	(void)unused;
	for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
		struct pair p;

		begin(&p, TEST_EC);
		assert_false(connect_(p.client, p.server, way, same_keys));
		assert_int_equal(seals, 2);
		assert_int_equal(opens, 0);
		keep(p.client);
		assert_true(connect_(p.client, p.server, way, same_keys));
		assert_int_equal(seals, 1);
		keep(p.client);				/* and the renewed one again */
		assert_true(connect_(p.client, p.server, way, same_keys));
		end(&p);
	}
}

/* Nobody signs. */
static void
facts_stay(struct ktls_hs *client, struct ktls_hs *server)
{
	size_t len;

	assert_int_equal(ktls_hs_signature_scheme(client), 0);
	assert_null(ktls_hs_peer_chain(server, 0, &len));
	assert_int_equal(ktls_hs_identity(server), -1);
}

static void
accept_(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	(void)arg, (void)q;
	ktls_hs_answer(hs, 0, NULL, 0);
}

static void
ends_with_no_chain(struct ktls_hs *client, struct ktls_hs *server)
{
	struct hs_secrets secrets;
	struct session s;

	(void)server;
	OK(hs_take_secrets(client, &secrets));
	assert_non_null(secrets.tickets);
	OK(session_decode(&s, (struct slice){ secrets.tickets->session,
	    secrets.tickets->session_len }));
	assert_int_equal(s.chain_end, 0);
	assert_int_equal(s.expires, now / 1000 + SESSION_LIFETIME_MAX);
	session_wipe(&s);
	hs_secrets_wipe(&secrets);
}

/* Who judges the chain says by what rules: the dates in it bind no session then. */
static void
a_verdict_of_the_users(void **unused)
{
	struct pair p;

	(void)unused;
	begin(&p, TEST_EC);
	OK(ktls_config_ask(p.client, KTLS_ASK_VERIFY, accept_, NULL));
	assert_false(connect_(p.client, p.server, PAIR_WHOLE, ends_with_no_chain));
	end(&p);
}

static void
with_a_retry(void **unused)
{
	static const uint16_t client[] = { KTLS_GROUP_X25519, KTLS_GROUP_SECP256R1 };
	struct pair p;

	(void)unused;
	begin(&p, TEST_RSA);
	OK(ktls_config_groups(p.client, client, 2));
	OK(ktls_config_groups(p.server, client + 1, 1));
	assert_false(connect_(p.client, p.server, PAIR_WHOLE, NULL));
	keep(p.client);
	assert_true(connect_(p.client, p.server, PAIR_WHOLE, facts_stay));
	end(&p);
}

/* The suite may change, its hash not: RFC 8446 4.2.11. */
static void
the_hash_is_bound(void **unused)
{
	static const enum ktls_cipher ciphers[] = {
		KTLS_AES_128_GCM, KTLS_CHACHA20_POLY1305, KTLS_AES_256_GCM,
	};

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		struct pair p, q;

		begin(&p, TEST_EC);
		assert_false(connect_(p.client, p.server, PAIR_WHOLE, NULL));
		keep(p.client);
		q.server = server_config(TEST_EC);
		OK(ktls_config_ciphers(q.server, &ciphers[i], 1));
		assert_int_equal(connect_(p.client, q.server, PAIR_WHOLE, same_keys), i != 2);
		ktls_config_unref(q.server);
		end(&p);
	}
}

static void
change_context(struct session *s) { s->context[0] ^= 1; }
static void
change_version(struct session *s) { s->version = KTLS_TLS12; s->secret_len = 48; }
static void
change_suite(struct session *s) { s->suite = 0xc02b; }
static void
change_expiry(struct session *s) { s->expires = now / 1000; }

/* Each is a full handshake, and no error. */
static void
each_bond_holds(void **unused)
{
	static void (*const changes[])(struct session *) = {
		change_context, change_version, change_suite, change_expiry,
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct session s;
		struct pair p;
		uint8_t *changed;
		size_t len;

		begin(&p, TEST_EC);
		assert_false(connect_(p.client, p.server, PAIR_WHOLE, NULL));
		OK(session_decode(&s, (struct slice){ given, given_len }));
		changes[i](&s);
		OK(session_encode(&s, &changed, &len));
		/* as it was, with the changed one as its ticket */
		keep(p.client);
		OK(session_decode(&s, (struct slice){ kept, kept_len }));
		s.id = (struct slice){ changed, len };
		{
			uint8_t *again;
			size_t again_len;

			OK(session_encode(&s, &again, &again_len));
			OPENSSL_clear_free(kept, kept_len);
			kept = again;
			kept_len = again_len;
		}
		assert_false(connect_(p.client, p.server, PAIR_WHOLE, same_keys));
		assert_true(opens != 0);
		OPENSSL_clear_free(changed, len);
		end(&p);
	}
}

/* 7 days after the last signature, however often it was resumed since; and no later than asked. */
static void
time_runs_out(void **unused)
{
	struct session s;
	struct pair p;

	(void)unused;
	begin(&p, TEST_EC);
	assert_false(connect_(p.client, p.server, PAIR_WHOLE, NULL));
	for (int hours = 0; hours < 6 * 24; hours += 23) {
		keep(p.client);
		now += 23 * 3600 * 1000;
		assert_true(connect_(p.client, p.server, PAIR_WHOLE, NULL));
	}
	OK(session_decode(&s, (struct slice){ given, given_len }));
	assert_true(s.expires == s.authenticated + SESSION_LIFETIME_MAX);
	keep(p.client);
	now = s.expires * 1000;
	assert_false(connect_(p.client, p.server, PAIR_WHOLE, NULL));
	end(&p);
}

/* RFC 8446 4.2.11: who has the ticket and not its key is refused. */
static void
a_wrong_binder(void **unused)
{
	struct ktls_hs *client, *server;
	struct session s;
	struct pair p;

	(void)unused;
	begin(&p, TEST_EC);
	assert_false(connect_(p.client, p.server, PAIR_WHOLE, NULL));
	keep(p.client);
	OK(session_decode(&s, (struct slice){ kept, kept_len }));
	s.secret[0] ^= 1;
	{
		uint8_t *again;
		size_t len;

		OK(session_encode(&s, &again, &len));
		OPENSSL_clear_free(kept, kept_len);
		kept = again;
		kept_len = len;
	}
	OK(ktls_hs_new(&client, p.client, KTLS_CLIENT, &localhost));
	OK(ktls_hs_new(&server, p.server, KTLS_SERVER, NULL));
	assert_false(pair_run(client, server, PAIR_WHOLE));
	assert_int_equal(ktls_hs_want(server), KTLS_REFUSED(KTLS_R_CH_BINDER));
	assert_int_equal(ktls_hs_want(client), KTLS_PEER_ALERT(KTLS_ALERT_decrypt_error));
	ktls_hs_free(client);
	ktls_hs_free(server);
	end(&p);
}

static int
setup(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	test_pki_free(pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_resumes),
		cmocka_unit_test(a_verdict_of_the_users),
		cmocka_unit_test(with_a_retry),
		cmocka_unit_test(the_hash_is_bound),
		cmocka_unit_test(each_bond_holds),
		cmocka_unit_test(time_runs_out),
		cmocka_unit_test(a_wrong_binder),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
