/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "config/pki_testlib.h"
#include "handshake/machine.h"
#include "handshake/pair_testlib.h"

/* What two configs that speak TLS 1.2 agree on, or why not, and what they hand over. */

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

static struct test_pki *pki;
static const struct ktls_hs_params localhost = { .server_name = "localhost" };

struct pair {
	struct ktls_config *cfg[2];
	struct ktls_hs *hs[2];
};

/* Configs that trust each other, TLS 1.2 at most; to be changed before pair_start(). */
static void
pair_init(struct pair *p, enum test_cert server)
{
	*p = (struct pair){ .cfg = { test_pki_client(pki), test_pki_server(pki, server) } };
	p->cfg[KTLS_SERVER]->version_max = KTLS_TLS12;
}

static void
pair_start(struct pair *p)
{
	assert_int_equal(ktls_hs_new(&p->hs[0], p->cfg[0], KTLS_CLIENT, &localhost), 0);
	assert_int_equal(ktls_hs_new(&p->hs[1], p->cfg[1], KTLS_SERVER, NULL), 0);
}

static void
pair_end(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		ktls_hs_free(p->hs[i]);
		ktls_config_unref(p->cfg[i]);
	}
}

static void
expect_done(struct pair *p, enum pair_way way)
{
	if (!pair_run(p->hs[KTLS_CLIENT], p->hs[KTLS_SERVER], way))
		fail_msg("client: %s; server: %s", ktls_hs_reason_text(p->hs[KTLS_CLIENT]),
		    ktls_hs_reason_text(p->hs[KTLS_SERVER]));
	for (int i = 0; i < 2; i++)
		assert_int_equal(ktls_hs_version(p->hs[i]), KTLS_TLS12);
}

/* A record of one side is opened by the other: the numbers and nonces go on where they must. */
static void
carry(struct ktls_hs *from, struct ktls_hs *to)
{
	static const char text[] = "the first record under application keys";
	struct ktls_keys tx, rx;
	struct ktls_record *seal, *open;
	uint8_t buf[sizeof(text) + KTLS_RECORD_OVERHEAD], type;
	void *plain;
	size_t len;

	assert_int_equal(ktls_hs_take_keys(from, KTLS_TX, &tx), 0);
	assert_int_equal(ktls_hs_take_keys(to, KTLS_RX, &rx), 0);
	assert_memory_equal(tx.key, rx.key, sizeof(tx.key));
	assert_memory_equal(tx.iv, rx.iv, sizeof(tx.iv));
	assert_int_equal(tx.seq, 1);
	assert_int_equal(rx.seq, 1);
	assert_int_equal(tx.version, KTLS_TLS12);
	if (tx.cipher != KTLS_CHACHA20_POLY1305)
		assert_memory_equal(tx.iv + 4, "\0\0\0\0\0\0\0\1", 8);
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

static void
each_pairing(void **unused)
{
	static const enum test_cert keys[] = { TEST_EC, TEST_ED25519, TEST_RSA };
	static const enum ktls_cipher ciphers[] = {
		KTLS_AES_128_GCM, KTLS_AES_256_GCM, KTLS_CHACHA20_POLY1305,
	};
	struct pair p;

	(void)unused;
	for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
		for (size_t c = 0; c < sizeof(ciphers) / sizeof(*ciphers); c++) {
			pair_init(&p, keys[k]);
			assert_int_equal(ktls_config_ciphers(p.cfg[1], &ciphers[c], 1), 0);
			pair_start(&p);
			expect_done(&p, PAIR_WHOLE);
			assert_int_equal(ktls_hs_cipher(p.hs[KTLS_CLIENT]), ciphers[c]);
			carry(p.hs[KTLS_CLIENT], p.hs[KTLS_SERVER]);
			carry(p.hs[KTLS_SERVER], p.hs[KTLS_CLIENT]);
			pair_end(&p);
		}
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
		cmocka_unit_test(each_pairing),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
