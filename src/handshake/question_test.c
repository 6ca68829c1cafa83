/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "base/check_testlib.h"
#include "config/pki_testlib.h"
#include "handshake/machine.h"
#include "handshake/pair_testlib.h"

/* Questions to our own side: answered at once, later, wrongly, by whom they don't concern. */

static struct test_pki *pki;
static const struct ktls_hs_params localhost = { .server_name = "localhost" };

/* What is asked, in order, and how it is answered. */
struct user {
	struct ktls_config *cfg;	/* whose keys sign */
	struct ktls_config *other;	/* the answer to CONFIG, or NULL */
	enum ktls_question_kind asked[16];
	size_t count;
	bool later;			/* leave it open */
	int verdict;
};

static void
answer(struct user *user, struct ktls_hs *hs, const struct ktls_question *q)
{
	uint8_t sig[SIGNATURE_MAX];
	size_t len;

	switch (q->kind) {
	case KTLS_ASK_CONFIG:
		ktls_hs_answer_config(hs, user->other);
		break;
	case KTLS_ASK_IDENTITY:
		ktls_hs_answer_identity(hs, KTLS_IDENTITY_AUTO);
		break;
	case KTLS_ASK_SIGNATURE:
		OK(signature_make(hs->crypto, q->scheme, &user->cfg->identity[q->identity]->signer,
		    (struct slice){ q->data, q->data_len }, sig, &len));
		ktls_hs_answer(hs, 0, sig, len);
		break;
	case KTLS_ASK_VERIFY:
		ktls_hs_answer(hs, user->verdict, NULL, 0);
		break;
	default:
		fail();
	}
}

static void
ask(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	struct user *user = arg;

	assert_in_range(user->count, 0, 15);
	user->asked[user->count++] = q->kind;
	assert_ptr_equal(ktls_hs_question(hs), q);
	if (!user->later)
		answer(user, hs, q);
}

static struct ktls_config *
asking(enum ktls_role role, struct user *user)
{
	struct ktls_config *cfg = role == KTLS_CLIENT ? test_pki_client(pki) :
	    test_pki_server(pki, TEST_EC);

	if (role == KTLS_CLIENT)
		OK(ktls_config_identity(cfg, test_pki_cert_file(pki, TEST_RSA),
		    test_pki_key_file(pki, TEST_RSA)));
	else
		OK(ktls_config_trust_file(cfg, test_pki_cert_file(pki, TEST_CA)));
	OK(ktls_config_client_auth(cfg, KTLS_CLIENT_AUTH_REQUIRE));
	OK(ktls_config_ask(cfg, KTLS_ASK_IDENTITY, ask, user));
	OK(ktls_config_ask(cfg, KTLS_ASK_SIGNATURE, ask, user));
	OK(ktls_config_ask(cfg, KTLS_ASK_VERIFY, ask, user));
	if (role == KTLS_SERVER)
		OK(ktls_config_ask(cfg, KTLS_ASK_CONFIG, ask, user));
	user->cfg = cfg;
	return cfg;
}

static bool
answer_open(struct user *user, struct ktls_hs *hs)
{
	const struct ktls_question *q = ktls_hs_question(hs);

	if (q == NULL)
		return false;
	assert_int_equal(ktls_hs_want(hs), KTLS_HS_WAIT);
	/* the wrong kind of answer is none */
	if (q->kind != KTLS_ASK_IDENTITY)
		ktls_hs_answer_identity(hs, 0);
	assert_ptr_equal(ktls_hs_question(hs), q);
	answer(user, hs, q);
	return true;
}

struct both {
	struct user user[2];
	struct ktls_config *cfg[2];
	struct ktls_hs *hs[2];
};

static void
begin(struct both *b, bool later)
{
	memset(b, 0, sizeof(*b));
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		b->user[role].later = later;
		b->cfg[role] = asking(role, &b->user[role]);
		OK(ktls_hs_new(&b->hs[role], b->cfg[role], role,
		    role == KTLS_CLIENT ? &localhost : NULL));
	}
}

static void
end(struct both *b)
{
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		ktls_hs_free(b->hs[role]);
		ktls_config_unref(b->cfg[role]);
	}
}

/* Bytes and answers until neither helps. */
static bool
run(struct both *b, enum pair_way way)
{
	struct pair_wire up = { 0 }, down = { 0 };
	bool more;

	do {
		pair_collect(b->hs[KTLS_CLIENT], &up);
		pair_deliver(b->hs[KTLS_SERVER], &up, way);
		more = answer_open(&b->user[KTLS_SERVER], b->hs[KTLS_SERVER]);
		pair_collect(b->hs[KTLS_SERVER], &down);
		pair_deliver(b->hs[KTLS_CLIENT], &down, way);
		more |= answer_open(&b->user[KTLS_CLIENT], b->hs[KTLS_CLIENT]);
	} while (more || ktls_hs_want(b->hs[KTLS_CLIENT]) == KTLS_HS_SEND ||
	    ktls_hs_want(b->hs[KTLS_SERVER]) == KTLS_HS_SEND);
	pair_wire_free(&up);
	pair_wire_free(&down);
	return ktls_hs_want(b->hs[KTLS_CLIENT]) == 0 && ktls_hs_want(b->hs[KTLS_SERVER]) == 0;
}

static const enum ktls_question_kind client_asks[] = {
	KTLS_ASK_VERIFY, KTLS_ASK_IDENTITY, KTLS_ASK_SIGNATURE,
};
static const enum ktls_question_kind server_asks[] = {
	KTLS_ASK_CONFIG, KTLS_ASK_IDENTITY, KTLS_ASK_SIGNATURE, KTLS_ASK_VERIFY,
};

static void
check_asked(const struct user *user, const enum ktls_question_kind *asks, size_t count)
{
	assert_int_equal(user->count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(user->asked[i], asks[i]);
}

static void
every_answer_at_once_and_later(void **unused)
{
	(void)unused;
	for (int later = 0; later < 2; later++)
		for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
			struct both b;
			size_t len;

			begin(&b, later != 0);
			if (!run(&b, way))
				fail_msg("\"%s\", \"%s\"", ktls_hs_reason_text(b.hs[0]),
				    ktls_hs_reason_text(b.hs[1]));
			check_asked(&b.user[KTLS_CLIENT], client_asks, 3);
			check_asked(&b.user[KTLS_SERVER], server_asks, 4);
			assert_int_equal(ktls_hs_identity(b.hs[KTLS_CLIENT]), 0);
			assert_non_null(ktls_hs_peer_chain(b.hs[KTLS_SERVER], 0, &len));
			assert_true(len != 0);
			end(&b);
		}
}

/* A verdict of the user's is the end, with its alert. */
static void
a_refusal_ends_it(void **unused)
{
	(void)unused;
	for (int later = 0; later < 2; later++) {
		struct both b;

		begin(&b, later != 0);
		b.user[KTLS_CLIENT].verdict = KTLS_REFUSED(KTLS_R_CERT_REVOKED);
		assert_false(run(&b, PAIR_WHOLE));
		assert_int_equal(ktls_hs_want(b.hs[KTLS_CLIENT]),
		    KTLS_REFUSED(KTLS_R_CERT_REVOKED));
		assert_int_equal(ktls_hs_want(b.hs[KTLS_SERVER]),
		    KTLS_PEER_ALERT(KTLS_ALERT_certificate_revoked));
		end(&b);
	}
}

/* The config that another server name is served by, with its own certificate. */
static void
another_config_serves(void **unused)
{
	(void)unused;
	for (int later = 0; later < 2; later++) {
		struct ktls_config *other = test_pki_server(pki, TEST_RSA);
		struct both b;

		begin(&b, later != 0);
		b.user[KTLS_SERVER].other = other;
		assert_true(run(&b, PAIR_WHOLE));
		assert_ptr_equal(b.hs[KTLS_SERVER]->cfg, other);
		assert_int_equal(b.user[KTLS_SERVER].count, 1);		/* `other` asks nothing */
		assert_int_equal(ktls_hs_signature_scheme(b.hs[KTLS_CLIENT]),
		    SIG_RSA_PSS_RSAE_SHA256);
		end(&b);
		ktls_config_unref(other);
	}
}

static void
freeing_cancels(void **unused)
{
	struct both b;

	(void)unused;
	begin(&b, true);
	{
		struct pair_wire up = { 0 };

		pair_collect(b.hs[KTLS_CLIENT], &up);
		pair_deliver(b.hs[KTLS_SERVER], &up, PAIR_WHOLE);
		pair_wire_free(&up);
	}
	assert_int_equal(ktls_hs_want(b.hs[KTLS_SERVER]), KTLS_HS_WAIT);
	assert_int_equal(ktls_hs_feed(b.hs[KTLS_SERVER], "x", 1), 0);
	end(&b);
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
		cmocka_unit_test(every_answer_at_once_and_later),
		cmocka_unit_test(a_refusal_ends_it),
		cmocka_unit_test(another_config_serves),
		cmocka_unit_test(freeing_cancels),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
