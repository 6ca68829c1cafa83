/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/check_testlib.h"
#include "config/pki_testlib.h"
#include "handshake/machine.h"
#include "handshake/pair_testlib.h"

/* HelloRetryRequest with a cookie: the server that sends it need not be the one that goes on. */

static const struct ktls_hs_params localhost = { .server_name = "localhost" };

static void
move(struct ktls_hs *from, struct ktls_hs *to, struct pair_wire *wire)
{
	pair_collect(from, wire);
	pair_deliver(to, wire, PAIR_WHOLE);
	pair_wire_free(wire);
	*wire = (struct pair_wire){ 0 };
}

struct trio {
	struct test_pki *pki;
	struct ktls_config *client_cfg, *server_cfg;
	struct ktls_tickets *tickets;
	struct ktls_hs *client, *first, *second;
};

/* Up to the second ClientHello, which `up` then has. */
static void
begin(struct trio *t, const uint16_t *groups, size_t count, struct pair_wire *up)
{
	struct pair_wire wire = { 0 };

	t->pki = test_pki_new();
	t->client_cfg = test_pki_client(t->pki);
	t->server_cfg = test_pki_server(t->pki, TEST_EC);
	OK(ktls_tickets_new(&t->tickets, NULL, NULL, 0, 0));
	OK(ktls_config_stateless_retry(t->server_cfg, t->tickets));
	OK(ktls_config_groups(t->server_cfg, groups, count));
	OK(ktls_hs_new(&t->client, t->client_cfg, KTLS_CLIENT, &localhost));
	OK(ktls_hs_new(&t->first, t->server_cfg, KTLS_SERVER, NULL));
	OK(ktls_hs_new(&t->second, t->server_cfg, KTLS_SERVER, NULL));
	move(t->client, t->first, &wire);
	move(t->first, t->client, &wire);
	assert_true(t->client->retried);
	assert_true(t->client->cookie_len != 0);
	pair_collect(t->client, up);
}

static void
end(struct trio *t)
{
	ktls_hs_free(t->client);
	ktls_hs_free(t->first);
	ktls_hs_free(t->second);
	ktls_config_unref(t->client_cfg);
	ktls_config_unref(t->server_cfg);
	ktls_tickets_unref(t->tickets);
	test_pki_free(t->pki);
}

static const uint16_t x25519[] = { KTLS_GROUP_X25519 }, p256[] = { KTLS_GROUP_SECP256R1 };

static void
another_engine_goes_on(void **unused)
{
	(void)unused;
	for (int other_group = 0; other_group < 2; other_group++)
		for (int same = 0; same < 2; same++) {
			struct pair_wire up = { 0 };
			struct trio t;
			struct ktls_hs *server;

			begin(&t, other_group ? p256 : x25519, 1, &up);
			server = same ? t.first : t.second;
			pair_deliver(server, &up, PAIR_WHOLE);
			pair_wire_free(&up);
			if (!pair_run(t.client, server, PAIR_WHOLE))
				fail_msg("\"%s\", \"%s\"", ktls_hs_reason_text(t.client),
				    ktls_hs_reason_text(server));
			end(&t);
		}
}

/* A changed cookie, and a hello that isn't the one it was made for. */
static void
each_byte_counts(void **unused)
{
	static const uint8_t name[] = "localhost";
	struct pair_wire up = { 0 };
	struct trio t;
	uint8_t *at;

	(void)unused;
	begin(&t, x25519, 1, &up);
	at = memmem(up.data, up.len, t.client->cookie, t.client->cookie_len);
	assert_non_null(at);
	at[t.client->cookie_len / 2] ^= 1;
	pair_deliver(t.second, &up, PAIR_WHOLE);
	assert_int_equal(t.second->err, KTLS_REFUSED(KTLS_R_CH_COOKIE));
	pair_wire_free(&up);
	end(&t);

	up = (struct pair_wire){ 0 };
	begin(&t, x25519, 1, &up);
	at = memmem(up.data, up.len, name, sizeof(name) - 1);
	assert_non_null(at);
	at[0] = 'L';
	pair_deliver(t.second, &up, PAIR_WHOLE);
	assert_int_equal(t.second->err, KTLS_REFUSED(KTLS_R_CH_CHANGED));
	pair_wire_free(&up);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_engine_goes_on),
		cmocka_unit_test(each_byte_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
