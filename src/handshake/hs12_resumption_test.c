/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <time.h>
#include "base/check_testlib.h"
#include "handshake/hs12_resumption.h"
#include "handshake/pair12_testlib.h"

/* TLS 1.2's sessions: by ticket (RFC 5077), by id (RFC 5246 7.3), and what binds them. */

#define R(name)		KTLS_REFUSED(KTLS_R_##name)

static struct test_pki *pki;
static int64_t now;

static int64_t
clock_(void *arg)
{
	(void)arg;
	return now;
}

enum by { BY_TICKET, BY_ID };

/* A pair whose client keeps sessions, and whose server gives them. */
static void
init(struct pair12 *p, enum by by, enum test_cert cert)
{
	struct ktls_sessions *client, *server;
	struct ktls_tickets *tickets;

	now = (int64_t)time(NULL) * 1000;
	pair12_init(p, pki, cert);
	OK(ktls_config_clock(p->cfg[0], clock_, NULL));
	OK(ktls_config_clock(p->cfg[1], clock_, NULL));
	OK(ktls_sessions_new(&client, 16));
	OK(ktls_config_sessions(p->cfg[KTLS_CLIENT], client));
	ktls_sessions_unref(client);
	if (by == BY_TICKET) {
		OK(ktls_tickets_new(&tickets, NULL, NULL, now / 1000, 7200));
		OK(ktls_config_tickets(p->cfg[KTLS_SERVER], tickets));
		ktls_tickets_unref(tickets);
	} else {
		OK(ktls_sessions_new(&server, 16));
		OK(ktls_config_sessions(p->cfg[KTLS_SERVER], server));
		ktls_sessions_unref(server);
	}
}

/* A connection; whether it resumed. hs are left for whoever looks. */
static bool
resumes(struct pair12 *p, enum pair_way way)
{
	pair12_stop(p);
	pair12_start(p);
	pair12_done(p, way);
	return ktls_hs_resumed(p->hs[0]);
}

static void
each_way(void **unused)
{
	struct pair12 p;

	(void)unused;
	for (enum by by = BY_TICKET; by <= BY_ID; by++)
		for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
			init(&p, by, way == PAIR_WHOLE ? TEST_RSA : TEST_EC);
			assert_false(resumes(&p, way));
			pair12_carry(&p);
			for (int i = 0; i < 3; i++) {
				assert_true(resumes(&p, way));
				assert_int_equal(ktls_hs_group(p.hs[0]), 0);
				assert_int_equal(ktls_hs_identity(p.hs[1]), -1);
				pair12_carry(&p);
			}
			pair12_free(&p);
		}
}

/* Who speaks TLS 1.2 alone needs a session id of its own to see that its ticket was taken. */
static void
client_of_one_version(void **unused)
{
	struct pair12 p;

	(void)unused;
	for (enum by by = BY_TICKET; by <= BY_ID; by++) {
		init(&p, by, TEST_EC);
		OK(ktls_config_versions(p.cfg[KTLS_CLIENT], KTLS_TLS12, KTLS_TLS12));
		assert_false(resumes(&p, PAIR_WHOLE));
		assert_true(resumes(&p, PAIR_WHOLE));
		pair12_free(&p);
	}
}

/* Who has no store asks for nothing, and gives nothing. */
static void
without_a_store(void **unused)
{
	struct pair12 p;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	assert_false(resumes(&p, PAIR_WHOLE));
	assert_int_equal(p.hs[0]->offered & extension_bit(EXT_SESSION_TICKET), 0);
	assert_false(p.hs[1]->ticket_due);
	assert_false(resumes(&p, PAIR_WHOLE));
	pair12_free(&p);
}

/* The peer's chain and its verdict come with the session, both ways. */
static void
what_a_session_carries(void **unused)
{
	const void *chain[2];
	struct pair12 p;
	size_t len[2];

	(void)unused;
	for (enum by by = BY_TICKET; by <= BY_ID; by++) {
		init(&p, by, TEST_EC);
		OK(ktls_config_trust_file(p.cfg[1], test_pki_cert_file(pki, TEST_CA)));
		OK(ktls_config_client_auth(p.cfg[1], KTLS_CLIENT_AUTH_REQUIRE));
		OK(ktls_config_identity(p.cfg[0], test_pki_cert_file(pki, TEST_ED25519),
		    test_pki_key_file(pki, TEST_ED25519)));
		assert_false(resumes(&p, PAIR_WHOLE));
		assert_true(resumes(&p, PAIR_WHOLE));
		for (int i = 0; i < 2; i++) {
			chain[i] = ktls_hs_peer_chain(p.hs[i], 0, &len[i]);
			assert_non_null(chain[i]);
			assert_true(p.hs[i]->peer.verified);
		}
		assert_int_not_equal(len[0], len[1]);
		pair12_free(&p);
	}
}

/* RFC 5077 3.3: past half of its life, a new ticket; the first authentication stays what it was. */
static void
tickets_are_renewed(void **unused)
{
	struct pair12 p;

	(void)unused;
	init(&p, BY_TICKET, TEST_EC);
	assert_false(resumes(&p, PAIR_WHOLE));
	assert_true(resumes(&p, PAIR_WHOLE));
	assert_false(p.hs[0]->ticket_due);
	now += 4000 * 1000;
	assert_true(resumes(&p, PAIR_BYTES));
	assert_true(p.hs[0]->ticket_due);
	pair12_carry(&p);
	now += 4000 * 1000;		/* the first ticket is dead by now */
	assert_true(resumes(&p, PAIR_WHOLE));
	assert_int_equal(p.hs[0]->resume.session.authenticated, now / 1000 - 8000);
	pair12_free(&p);
}

static void
sessions_expire(void **unused)
{
	struct pair12 p;

	(void)unused;
	for (enum by by = BY_TICKET; by <= BY_ID; by++) {
		init(&p, by, TEST_EC);
		assert_false(resumes(&p, PAIR_WHOLE));
		now += (by == BY_TICKET ? 7201 : 86401) * (int64_t)1000;
		assert_false(resumes(&p, PAIR_WHOLE));
		pair12_free(&p);
	}
}

/*
 * What a session is bound to: the next connection's server, or client, is changed, and a full
 * handshake takes place or somebody refuses.
 */
static void
no_ems(struct pair12 *p)
{
	/* as a client's that doesn't know it, in what the server makes of it */
	p->hs[KTLS_SERVER]->ems = false;
}

/* Runs until the server has read the ClientHello, and waits. */
static void
until_asked(struct pair12 *p)
{
	struct pair_wire up = { 0 };

	pair12_stop(p);
	pair12_start(p);
	pair_collect(p->hs[KTLS_CLIENT], &up);
	pair_deliver(p->hs[KTLS_SERVER], &up, PAIR_WHOLE);
	assert_int_equal(ktls_hs_want(p->hs[KTLS_SERVER]), KTLS_HS_WAIT);
	pair_wire_free(&up);
}

/* The session under question, changed by how, is the answer. */
static void
answer_changed(struct pair12 *p, void (*how)(struct session *))
{
	const struct ktls_question *q = ktls_hs_question(p->hs[KTLS_SERVER]);
	struct session s;
	uint8_t *data;
	size_t len;

	OK(session_decode(&s, (struct slice){ q->data, q->data_len }));
	how(&s);
	OK(session_encode(&s, &data, &len));
	ktls_hs_answer(p->hs[KTLS_SERVER], 0, data, len);
	OPENSSL_clear_free(data, len);
}

static void nothing(struct session *s) { (void)s; }
static void version(struct session *s) { s->version = KTLS_TLS13; }
static void suite(struct session *s) { s->suite = 0xc02f; }
static void unknown_suite(struct session *s) { s->suite = 0xc009; }
static void not_ems(struct session *s) { s->ems = false; }
static void expired(struct session *s) { s->expires = now / 1000; }
static void context(struct session *s) { s->context[31] ^= 1; }
static void name(struct session *s) { s->server_name.len--; }
static void no_name(struct session *s) { s->server_name.len = 0; }

static void
seal(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	(void)arg;
	ktls_hs_answer(hs, 0, q->data, q->data_len);
}

/* Tickets that are the session itself; opening waits for the test. */
static void
init_open(struct pair12 *p)
{
	init(p, BY_TICKET, TEST_EC);
	OK(ktls_config_ask(p->cfg[1], KTLS_ASK_TICKET_SEAL, seal, NULL));
	OK(ktls_config_ask(p->cfg[1], KTLS_ASK_TICKET_OPEN, NULL, NULL));
	assert_false(resumes(p, PAIR_WHOLE));
}

static void
what_binds_a_session(void **unused)
{
	static const struct {
		const char *what;
		void (*how)(struct session *);
		bool resumes;
	} rows[] = {
		{ "the same", nothing, true },
		{ "of TLS 1.3", version, false },
		{ "a suite that we speak and the client offers", suite, true },
		{ "a suite that nobody knows", unknown_suite, false },
		{ "RFC 7627 5.3: made without the extended master secret", not_ems, false },
		{ "expired", expired, false },
		{ "another config's", context, false },
		{ "RFC 6066 3: under another name", name, false },
		{ "under none", no_name, false },
	};
	struct pair12 p;

	(void)unused;
	init_open(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		until_asked(&p);
		answer_changed(&p, rows[i].how);
		if (p.hs[1]->resume.resumed != rows[i].resumes)
			fail_msg("%s", rows[i].what);
		assert_int_equal(p.hs[1]->err, 0);
	}
	/* no session at all */
	until_asked(&p);
	ktls_hs_answer(p.hs[1], 0, NULL, 0);
	assert_false(p.hs[1]->resume.resumed);
	until_asked(&p);
	ktls_hs_answer(p.hs[1], 0, "x", 1);
	assert_false(p.hs[1]->resume.resumed);
	pair12_free(&p);
}

/* RFC 7627 5.3: a session with it, a ClientHello without. */
static void
ems_is_not_dropped(void **unused)
{
	struct pair12 p;

	(void)unused;
	init_open(&p);
	until_asked(&p);
	no_ems(&p);
	answer_changed(&p, nothing);
	assert_int_equal(p.hs[1]->err, R(CH_RESUMED_NO_EMS));
	pair12_free(&p);
}

/* What the client's session says is what the server's hello must say. */
static void
client_checks_what_is_resumed(void **unused)
{
	static const struct {
		uint16_t suite;
		bool ems;
		int err;
	} rows[] = {
		{ 0xc02c, true, R(SH_RESUMED_SUITE) },
		{ 0xc02b, false, R(SH_RESUMED_EMS) },
	};
	struct pair12 p;

	(void)unused;
	init(&p, BY_TICKET, TEST_EC);
	assert_false(resumes(&p, PAIR_WHOLE));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		pair12_stop(&p);
		pair12_start(&p);
		p.hs[0]->resume.session.suite = rows[i].suite;
		p.hs[0]->resume.session.ems = rows[i].ems;
		pair12_refused(&p, KTLS_CLIENT, rows[i].err);
	}
	pair12_stop(&p);
	pair12_start(&p);
	resumption_drop(p.hs[0]);
	pair12_refused(&p, KTLS_CLIENT, R(SH_RESUMED_NOTHING));
	/* Nobody can resume what he doesn't know. */
	pair12_stop(&p);
	pair12_start(&p);
	p.hs[0]->resume.session.secret[0] ^= 1;
	assert_false(pair_run(p.hs[0], p.hs[1], PAIR_WHOLE));
	assert_int_equal(p.hs[0]->err, R(BAD_RECORD_MAC));
	pair12_free(&p);
}

/* Another SNI, another certificate name, another port: another session. */
static void
names_and_ports(void **unused)
{
	static const struct ktls_hs_params others[] = {
		{ .server_name = "www.example.org", .port = 443 },
		{ .server_name = "localhost", .verify_name = "www.example.org", .port = 443 },
		{ .server_name = "localhost", .port = 444 },
	};
	struct pair12 p;

	(void)unused;
	init(&p, BY_ID, TEST_EC);
	assert_false(resumes(&p, PAIR_WHOLE));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		pair12_stop(&p);
		OK(ktls_hs_new(&p.hs[0], p.cfg[0], KTLS_CLIENT, &others[i]));
		OK(ktls_hs_new(&p.hs[1], p.cfg[1], KTLS_SERVER, NULL));
		pair12_done(&p, PAIR_WHOLE);
		assert_false(ktls_hs_resumed(p.hs[0]));
	}
	assert_true(resumes(&p, PAIR_WHOLE));
	pair12_free(&p);
}

/* A ticket that isn't given after all is an empty one, and the connection goes on. */
static void
refuse_to_seal(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	(void)arg;
	(void)q;
	ktls_hs_answer(hs, 0, NULL, 0);
}

static void
an_empty_ticket(void **unused)
{
	struct pair12 p;

	(void)unused;
	init(&p, BY_TICKET, TEST_EC);
	OK(ktls_config_ask(p.cfg[1], KTLS_ASK_TICKET_SEAL, refuse_to_seal, NULL));
	assert_false(resumes(&p, PAIR_WHOLE));
	assert_true(p.hs[0]->ticket_due);
	pair12_carry(&p);
	assert_false(resumes(&p, PAIR_WHOLE));
	pair12_free(&p);
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
		cmocka_unit_test(each_way),
		cmocka_unit_test(client_of_one_version),
		cmocka_unit_test(without_a_store),
		cmocka_unit_test(what_a_session_carries),
		cmocka_unit_test(tickets_are_renewed),
		cmocka_unit_test(sessions_expire),
		cmocka_unit_test(what_binds_a_session),
		cmocka_unit_test(ems_is_not_dropped),
		cmocka_unit_test(client_checks_what_is_resumed),
		cmocka_unit_test(names_and_ports),
		cmocka_unit_test(an_empty_ticket),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
