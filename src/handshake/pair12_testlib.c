/* SPDX-License-Identifier: MIT */
#include "base/check_testlib.h"
#include "handshake/pair12_testlib.h"

static const struct ktls_hs_params localhost = { .server_name = "localhost", .port = 443 };

void
pair12_init(struct pair12 *p, struct test_pki *pki, enum test_cert server)
{
	*p = (struct pair12){ .cfg = { test_pki_client(pki), test_pki_server(pki, server) } };
	assert_int_equal(ktls_config_versions(p->cfg[KTLS_SERVER], KTLS_TLS12, KTLS_TLS12), 0);
}

void
pair12_start(struct pair12 *p)
{
	assert_int_equal(ktls_hs_new(&p->hs[0], p->cfg[0], KTLS_CLIENT, &localhost), 0);
	assert_int_equal(ktls_hs_new(&p->hs[1], p->cfg[1], KTLS_SERVER, NULL), 0);
}

void
pair12_done(struct pair12 *p, enum pair_way way)
{
	if (!pair_run(p->hs[KTLS_CLIENT], p->hs[KTLS_SERVER], way))
		fail_msg("client: %s; server: %s", ktls_hs_reason_text(p->hs[KTLS_CLIENT]),
		    ktls_hs_reason_text(p->hs[KTLS_SERVER]));
	for (int i = 0; i < 2; i++)
		assert_int_equal(ktls_hs_version(p->hs[i]), KTLS_TLS12);
	assert_int_equal(ktls_hs_resumed(p->hs[0]), ktls_hs_resumed(p->hs[1]));
}

void
pair12_refused(struct pair12 *p, enum ktls_role who, int err)
{
	assert_false(pair_run(p->hs[KTLS_CLIENT], p->hs[KTLS_SERVER], PAIR_WHOLE));
	if (p->hs[who]->err != err)
		fail_msg("%s, \"%s\"; the other: \"%s\"", ktls_strerror(p->hs[who]->err),
		    ktls_hs_reason_text(p->hs[who]), ktls_hs_reason_text(p->hs[!who]));
	assert_int_equal(p->hs[!who]->err, KTLS_PEER_ALERT(ktls_err_alert(err)));
}

void
pair12_stop(struct pair12 *p)
{
	for (int i = 0; i < 2; i++) {
		ktls_hs_free(p->hs[i]);
		p->hs[i] = NULL;
	}
}

void
pair12_free(struct pair12 *p)
{
	pair12_stop(p);
	ktls_config_unref(p->cfg[0]);
	ktls_config_unref(p->cfg[1]);
}

/* The numbers go on behind Finished, and the explicit nonces with them. */
static void
check_keys(const struct ktls_keys *tx, const struct ktls_keys *rx)
{
	assert_memory_equal(tx->key, rx->key, sizeof(tx->key));
	assert_memory_equal(tx->iv, rx->iv, sizeof(tx->iv));
	assert_int_equal(tx->version, KTLS_TLS12);
	assert_int_equal(tx->seq, 1);
	assert_int_equal(rx->seq, 1);
	if (tx->cipher != KTLS_CHACHA20_POLY1305)
		assert_memory_equal(tx->iv + 4, "\0\0\0\0\0\0\0\1", 8);
}

static void
carry(struct ktls_hs *from, struct ktls_hs *to)
{
	static const char text[] = "the first record under application keys";
	struct ktls_record *seal, *open;
	struct ktls_keys tx, rx;
	uint8_t buf[sizeof(text) + KTLS_RECORD_OVERHEAD], type;
	void *plain;
	size_t len;

	assert_int_equal(ktls_hs_take_keys(from, KTLS_TX, &tx), 0);
	assert_int_equal(ktls_hs_take_keys(to, KTLS_RX, &rx), 0);
	check_keys(&tx, &rx);
	assert_int_equal(ktls_record_new(&seal, from->crypto, KTLS_TX, &tx), 0);
	assert_int_equal(ktls_record_new(&open, to->crypto, KTLS_RX, &rx), 0);
	len = ktls_record_sealed_len(seal, sizeof(text));
	assert_int_equal(ktls_record_seal(seal, KTLS_TYPE_APPLICATION_DATA, text, sizeof(text),
	    buf), 0);
	assert_int_equal(ktls_record_open(open, buf, len, &type, &plain, &len), 0);
	assert_int_equal(len, sizeof(text));
	assert_memory_equal(plain, text, len);
	ktls_record_free(seal);
	ktls_record_free(open);
	ktls_keys_wipe(&tx);
	ktls_keys_wipe(&rx);
}

void
pair12_carry(struct pair12 *p)
{
	carry(p->hs[KTLS_CLIENT], p->hs[KTLS_SERVER]);
	carry(p->hs[KTLS_SERVER], p->hs[KTLS_CLIENT]);
}
