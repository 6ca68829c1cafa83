/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "base/check_testlib.h"
#include "conn/fake_testlib.h"

/* Questions that are answered later; and what a connection knows of its peer afterwards. */

/* Until the client's question about the server's chain. */
static void
until_the_question(struct fake_pair *pair)
{
	const struct fake_setting s = { .client = KTLS_OFFLOAD_FULL };
	struct ktls_config *client = fake_config(&s, false), *server = fake_config(&s, true);
	struct ktls_caps caps = fake_caps(true);

	OK(ktls_config_ask(client, KTLS_ASK_VERIFY, NULL, NULL));
	OK(ktls_config_exporter(client, true));
	OK(fake_pair_init(pair, client, server, &caps));
	ktls_config_unref(client);
	ktls_config_unref(server);
	OK(core_want_handshake(pair->client.conn));
	OK(core_want_handshake(pair->server.conn));
	assert_false(core_waits(pair->client.conn));
	fake_run(pair);
	assert_true(core_waits(pair->client.conn));
	assert_false(core_waits(pair->server.conn));
	assert_int_equal(ktls_hs_question(ktls_conn_hs(pair->client.conn))->kind, KTLS_ASK_VERIFY);
}

/* Nothing is done meanwhile; after the answer it goes on where it stood, exactly. */
static void
answered_later(void **unused)
{
	struct fake_pair pair;
	struct ktls_conn *c;
	struct conn_op op;

	(void)unused;
	until_the_question(&pair);
	c = pair.client.conn;
	assert_false(core_next(c, LANE_TX, &op));
	assert_false(core_next(c, LANE_RX, &op));
	assert_false(core_done(c, LANE_TX));
	/* The driver may give the goal up, and ask for it again. */
	assert_int_equal(core_abandon(c, LANE_TX), 0);
	OK(core_want_handshake(c));
	assert_false(core_next(c, LANE_TX, &op));

	ktls_hs_answer(ktls_conn_hs(c), 0, NULL, 0);
	assert_false(core_waits(c));
	fake_run(&pair);
	OK((int)fake_outcome(&pair.client, LANE_TX));
	OK((int)fake_outcome(&pair.server, LANE_TX));
	assert_null(ktls_conn_hs(c));
	assert_false(core_waits(c));
	fake_exchange(&pair);
	fake_pair_free(&pair);
}

static void
refused_later(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	until_the_question(&pair);
	ktls_hs_answer(ktls_conn_hs(pair.client.conn), R(CERT_REVOKED), NULL, 0);
	fake_run(&pair);
	GIVES(R(CERT_REVOKED), (int)fake_outcome(&pair.client, LANE_TX));
	GIVES(KTLS_PEER_ALERT(44), (int)fake_outcome(&pair.server, LANE_TX));
	fake_pair_free(&pair);
}

/* A connection that ends for another reason waits for nobody. */
static void
failed_meanwhile(void **unused)
{
	struct fake_pair pair;

	(void)unused;
	until_the_question(&pair);
	core_fail(pair.client.conn, -ETIMEDOUT);
	assert_false(core_waits(pair.client.conn));
	assert_true(core_done(pair.client.conn, LANE_TX));
	GIVES(-ETIMEDOUT, (int)core_outcome(pair.client.conn, LANE_TX));
	fake_pair_free(&pair);
}

/* The chain is the same while the handshake goes on and after it; keying material comes then. */
static void
what_is_known(void **unused)
{
	uint8_t material[2][32], leaf[2048];
	struct ktls_conn_status status;
	struct fake_pair pair;
	struct ktls_conn *c;
	const void *cert;
	size_t len, leaf_len;

	(void)unused;
	until_the_question(&pair);
	c = pair.client.conn;
	GIVES(-ENOTCONN, ktls_conn_export(c, "x", NULL, 0, material[0], 32));
	cert = ktls_conn_peer_chain(c, 0, &leaf_len);
	assert_true(cert != NULL && leaf_len <= sizeof(leaf));
	memcpy(leaf, cert, leaf_len);
	ktls_hs_answer(ktls_conn_hs(c), 0, NULL, 0);
	fake_run(&pair);
	OK((int)fake_outcome(&pair.client, LANE_TX));
	OK((int)fake_outcome(&pair.server, LANE_TX));

	cert = ktls_conn_peer_chain(c, 0, &len);
	assert_int_equal(len, leaf_len);
	assert_memory_equal(cert, leaf, len);
	for (size_t i = 1; (cert = ktls_conn_peer_chain(c, i, &len)) != NULL; i++)
		assert_true(len != 0 && i < 10);
	assert_int_equal(len, 0);
	assert_null(ktls_conn_peer_chain(pair.server.conn, 0, &len));	/* it asked for none */

	OK(ktls_conn_export(c, "x", NULL, 0, material[0], 32));
	OK(ktls_conn_export(c, "x", "y", 1, material[1], 32));
	assert_memory_not_equal(material[0], material[1], 32);
	GIVES(-EOPNOTSUPP, ktls_conn_export(pair.server.conn, "x", NULL, 0, material[0], 32));
	ktls_conn_status(c, &status);
	assert_false(status.resumed);
	fake_pair_free(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answered_later),
		cmocka_unit_test(refused_later),
		cmocka_unit_test(failed_meanwhile),
		cmocka_unit_test(what_is_known),
	};

	return cmocka_run_group_tests(tests, fake_group_setup, fake_group_teardown) != 0;
}
