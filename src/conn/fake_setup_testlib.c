/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "conn/fake_testlib.h"
#include "post/state.h"
#include "schedule/schedule12.h"

struct test_pki *fake_pki;
uint8_t body[BODY];

int
fake_group_setup(void **unused)
{
	(void)unused;
	fake_pki = test_pki_new();
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

int
fake_group_teardown(void **unused)
{
	(void)unused;
	test_pki_free(fake_pki);
	return 0;
}

struct ktls_config *
fake_config(const struct fake_setting *s, bool server)
{
	struct ktls_config *cfg = server ? test_pki_server(fake_pki,
	    TEST_EC) : test_pki_client(fake_pki);

	assert_int_equal(ktls_config_offload(cfg, server ? s->server : s->client), 0);
	assert_int_equal(ktls_config_offload_require(cfg, s->require[server][KTLS_TX],
	    s->require[server][KTLS_RX]), 0);
	assert_int_equal(ktls_config_record_size_limit(cfg, server ?
	    s->server_limit : s->limit), 0);
	assert_int_equal(ktls_config_padding(cfg, server ? s->padding : 0), 0);
	if (server)
		assert_int_equal(ktls_config_ciphers(cfg, &s->cipher, 1), 0);
	return cfg;
}

void
fake_make(struct fake_pair *pair, const struct fake_setting *s)
{
	struct ktls_config *client = fake_config(s, false), *server = fake_config(s, true);
	struct ktls_caps caps = fake_caps(!s->no_rekey);

	assert_int_equal(fake_pair_init(pair, client, server, s->unknown ? NULL : &caps), 0);
	pair->client.script.no_rekey = pair->server.script.no_rekey = s->no_rekey;
	ktls_config_unref(client);	/* the connections have theirs */
	ktls_config_unref(server);
}

void
fake_connect(struct fake_pair *pair, const struct fake_setting *s)
{
	fake_make(pair, s);
	assert_int_equal(fake_handshake(pair), 0);
}

/* The keys of one direction. */
static struct ktls_keys
keys12(const struct fake_setting *s, bool server)
{
	struct ktls_keys keys = { .cipher = s->cipher, .version = KTLS_TLS12 };

	memset(keys.key, server ? 0x53 : 0x43, s->cipher == KTLS_AES_128_GCM ? 16 : 32);
	memset(keys.iv, server ? 0x73 : 0x63, sizeof(keys.iv));
	keys12_set_seq(&keys, s->seq != 0 ? s->seq : 1);	/* behind Finished */
	return keys;
}

static void
open12(struct fake_side *side, const struct fake_setting *s)
{
	struct ktls_conn *c = side->conn;
	struct hs_secrets secrets = { .crypto = c->cfg->crypto, .role = c->role,
	    .version = KTLS_TLS12, .cipher = s->cipher, .hash = HASH_SHA256 };

	assert_int_equal(core_want_handshake(c), 0);
	if (c->attach) {
		side->kernel.ulp = true;
		core_policy_attached(c, 0);
	}
	for (int dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		struct ktls_keys keys = keys12(s, (c->role == KTLS_SERVER) == (dir == KTLS_TX));

		assert_int_equal(core_install_keep(c, (enum ktls_dir)dir, &keys), 0);
	}
	assert_int_equal(post_alloc(&c->post), 0);
	post_begin(c->post, &secrets);
	c->version = KTLS_TLS12;
	c->cipher = s->cipher;
	c->tx.limit = KTLS_RECORD_PLAIN_MAX;
	ktls_hs_free(c->hs);
	c->hs = NULL;
	c->open = true;
	core_policy_decide(c);
}

void
fake_connect12(struct fake_pair *pair, const struct fake_setting *s)
{
	fake_make(pair, s);
	open12(&pair->client, s);
	open12(&pair->server, s);
	fake_run(pair);
	assert_int_equal(fake_outcome(&pair->client, LANE_TX), 0);
	assert_int_equal(fake_outcome(&pair->server, LANE_TX), 0);
}

int
fake_file(const char *name, size_t len)
{
	FILE *f = fopen(test_pki_file(fake_pki, name, body, len), "rb");

	assert_non_null(f);
	return fileno(f);	/* both end with the process */
}

enum ktls_path
fake_path(const struct fake_side *side, enum ktls_dir dir)
{
	struct ktls_conn_status s;

	ktls_conn_status(side->conn, &s);
	return s.path[dir];
}

void
fake_assert_why(const struct fake_side *side, enum ktls_dir dir, const char *why)
{
	struct ktls_conn_status s;

	ktls_conn_status(side->conn, &s);
	assert_string_equal(s.why[dir], why);
}

const struct fake_script fake_scripts[FAKE_SCRIPTS] = {
	{0}, { .chunk = 1000 }, { .chunk = 300, .again_every = 3 }, { .again_every = 2 },
	{ .own_buffers = true },
};

/* Data of many sizes, both ways and mixed. */
void
fake_exchange(struct fake_pair *pair)
{
	static const size_t sizes[] = { 1, 16385, 70000 };
	struct fake_side *client = &pair->client, *server = &pair->server;
	int file = fake_file("body", BODY);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		ssize_t n = (ssize_t)sizes[i];

		assert_int_equal(fake_send(pair, server, body, 200, KTLS_MORE), 200);
		assert_int_equal(fake_sendfile(pair, server, file, 1, sizes[i]), n);
		assert_int_equal(fake_send(pair, server, body, sizes[i], 0), n);
		client->sum ^= fake_sum(fake_sum(fake_sum(0, body, 200), body + 1, sizes[i]),
		    body, sizes[i]);
		assert_true(client->sum == 0);
		assert_int_equal(fake_send(pair, client, body, sizes[i], 0), n);
		assert_int_equal(fake_sendfile(pair, client, file, 1, sizes[i]), n);
		server->sum ^= fake_sum(fake_sum(0, body, sizes[i]), body + 1, sizes[i]);
		assert_true(server->sum == 0);
	}
}
