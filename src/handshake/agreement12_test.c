/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "base/check_testlib.h"
#include "handshake/pair12_testlib.h"

/* What two configs that speak TLS 1.2 agree on, or why not, and what they hand over. */

#define R(name)		KTLS_REFUSED(KTLS_R_##name)
#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

static struct test_pki *pki;

static const enum test_cert keys[] = {
	TEST_EC, TEST_P384, TEST_P521, TEST_ED25519, TEST_RSA, TEST_RSA_PSS,
};
static const enum ktls_cipher ciphers[] = {
	KTLS_AES_128_GCM, KTLS_AES_256_GCM, KTLS_CHACHA20_POLY1305,
};

static void
each_suite_and_key(void **unused)
{
	struct pair12 p;

	(void)unused;
	for (size_t k = 0; k < COUNT(keys); k++)
		for (size_t c = 0; c < COUNT(ciphers); c++) {
			pair12_init(&p, pki, keys[k]);
			assert_int_equal(ktls_config_ciphers(p.cfg[1], &ciphers[c], 1), 0);
			pair12_start(&p);
			pair12_done(&p, PAIR_WHOLE);
			assert_int_equal(ktls_hs_cipher(p.hs[KTLS_CLIENT]), ciphers[c]);
			assert_int_equal(ktls_hs_cipher(p.hs[KTLS_SERVER]), ciphers[c]);
			assert_int_equal(ktls_hs_signature_scheme(p.hs[KTLS_CLIENT]),
			    ktls_hs_signature_scheme(p.hs[KTLS_SERVER]));
			pair12_carry(&p);
			pair12_free(&p);
		}
}

static void
each_group(void **unused)
{
	static const uint16_t groups[] = {
		KTLS_GROUP_X25519, KTLS_GROUP_SECP256R1, KTLS_GROUP_SECP384R1, KTLS_GROUP_SECP521R1,
	};
	struct pair12 p;

	(void)unused;
	for (size_t i = 0; i < COUNT(groups); i++) {
		pair12_init(&p, pki, TEST_EC);
		assert_int_equal(ktls_config_groups(p.cfg[KTLS_SERVER], &groups[i], 1), 0);
		pair12_start(&p);
		pair12_done(&p, PAIR_FEED_BYTES);
		assert_int_equal(ktls_hs_group(p.hs[KTLS_CLIENT]), groups[i]);
		assert_int_equal(ktls_hs_group(p.hs[KTLS_SERVER]), groups[i]);
		pair12_free(&p);
	}
}

/* The client speaks TLS 1.2 alone: no supported_versions, no key_share, no session id. */
static void
client_of_one_version(void **unused)
{
	struct pair12 p;

	(void)unused;
	for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
		pair12_init(&p, pki, TEST_EC);
		assert_int_equal(ktls_config_versions(p.cfg[0], KTLS_TLS12, KTLS_TLS12), 0);
		pair12_start(&p);
		assert_int_equal(p.hs[0]->session_id_len, 0);
		assert_int_equal(p.hs[0]->offered & (extension_bit(EXT_SUPPORTED_VERSIONS) |
		    extension_bit(EXT_KEY_SHARE)), 0);
		pair12_done(&p, way);
		pair12_carry(&p);
		pair12_free(&p);
	}
}

/* Asks for certificates, and trusts our authority. */
static void
ask_for_certificates(struct pair12 *p, enum ktls_client_auth auth)
{
	const char *ca = test_pki_cert_file(pki, TEST_CA);

	assert_int_equal(ktls_config_trust_file(p->cfg[KTLS_SERVER], ca), 0);
	assert_int_equal(ktls_config_client_auth(p->cfg[KTLS_SERVER], auth), 0);
}

static void
show_certificate(struct pair12 *p, enum test_cert cert)
{
	assert_int_equal(ktls_config_identity(p->cfg[KTLS_CLIENT], test_pki_cert_file(pki, cert),
	    test_pki_key_file(pki, cert)), 0);
}

/* tls-unique: both know it, though each has sent another Finished. */
static void
same_unique(const struct pair12 *p)
{
	const void *unique[2];
	size_t len;

	for (int role = 0; role < 2; role++) {
		unique[role] = ktls_hs_tls_unique(p->hs[role], &len);
		assert_non_null(unique[role]);
		assert_int_equal(len, 12);
	}
	assert_memory_equal(unique[0], unique[1], 12);
}

static void
client_certificates(void **unused)
{
	struct pair12 p;
	size_t len;

	(void)unused;
	for (size_t k = 0; k < COUNT(keys); k++)
		for (size_t c = 0; c < COUNT(ciphers); c++) {
			pair12_init(&p, pki, TEST_EC);
			assert_int_equal(ktls_config_ciphers(p.cfg[1], &ciphers[c], 1), 0);
			ask_for_certificates(&p, KTLS_CLIENT_AUTH_REQUIRE);
			show_certificate(&p, keys[k]);
			pair12_start(&p);
			pair12_done(&p, (enum pair_way)(k % PAIR_WAYS));
			assert_int_equal(ktls_hs_identity(p.hs[KTLS_CLIENT]), 0);
			same_unique(&p);
			assert_non_null(ktls_hs_peer_chain(p.hs[KTLS_SERVER], 0, &len));
			pair12_carry(&p);
			pair12_free(&p);
		}
}

/* RFC 5246 7.4.6: an empty Certificate, and no CertificateVerify. */
static void
no_client_certificate(void **unused)
{
	struct pair12 p;
	size_t len;

	(void)unused;
	pair12_init(&p, pki, TEST_RSA);
	ask_for_certificates(&p, KTLS_CLIENT_AUTH_REQUEST);
	pair12_start(&p);
	pair12_done(&p, PAIR_WHOLE);
	assert_int_equal(ktls_hs_identity(p.hs[KTLS_CLIENT]), -1);
	assert_null(ktls_hs_peer_chain(p.hs[KTLS_SERVER], 0, &len));
	pair12_carry(&p);
	pair12_free(&p);

	pair12_init(&p, pki, TEST_RSA);
	ask_for_certificates(&p, KTLS_CLIENT_AUTH_REQUIRE);
	pair12_start(&p);
	pair12_refused(&p, KTLS_SERVER, R(CERTIFICATE_REQUIRED_12));
	pair12_free(&p);
}

/* A certificate that isn't wanted isn't asked for, and messages are kept by nobody. */
static void
nothing_is_kept_for_nobody(void **unused)
{
	struct pair12 p;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	show_certificate(&p, TEST_EC);
	pair12_start(&p);
	pair12_done(&p, PAIR_WHOLE);
	for (int i = 0; i < 2; i++)
		assert_int_equal(transcript_messages(&p.hs[i]->transcript).len, 0);
	pair12_free(&p);
}

static void
nothing_in_common(void **unused)
{
	static const uint16_t x25519[] = { KTLS_GROUP_X25519 }, p256[] = { KTLS_GROUP_SECP256R1 };
	static const uint16_t rsa[] = { SIG_RSA_PSS_RSAE_SHA256 };
	static const char *const h2[] = { "h2" }, *const h1[] = { "http/1.1" };
	struct pair12 p;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	assert_int_equal(ktls_config_ciphers(p.cfg[0], &ciphers[0], 1), 0);
	assert_int_equal(ktls_config_ciphers(p.cfg[1], &ciphers[2], 1), 0);
	pair12_start(&p);
	pair12_refused(&p, KTLS_SERVER, R(CH_NO_CIPHER));
	pair12_free(&p);

	pair12_init(&p, pki, TEST_RSA);
	assert_int_equal(ktls_config_groups(p.cfg[0], x25519, 1), 0);
	assert_int_equal(ktls_config_groups(p.cfg[1], p256, 1), 0);
	pair12_start(&p);
	pair12_refused(&p, KTLS_SERVER, R(CH_NO_GROUP));
	pair12_free(&p);

	pair12_init(&p, pki, TEST_EC);
	assert_int_equal(ktls_config_verify_schemes(p.cfg[0], rsa, 1), 0);
	pair12_start(&p);
	pair12_refused(&p, KTLS_SERVER, R(CH_NO_SCHEME));
	pair12_free(&p);

	pair12_init(&p, pki, TEST_EC);
	assert_int_equal(ktls_config_alpn(p.cfg[0], h2, 1), 0);
	assert_int_equal(ktls_config_alpn(p.cfg[1], h1, 1), 0);
	pair12_start(&p);
	pair12_refused(&p, KTLS_SERVER, R(CH_NO_ALPN));
	pair12_free(&p);
}

/* RFC 8422 5.3: in TLS 1.2 the certificate's curve is one of supported_groups. */
static void
certificate_on_another_curve(void **unused)
{
	static const uint16_t p384[] = { KTLS_GROUP_SECP384R1 };
	struct pair12 p;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	assert_int_equal(ktls_config_groups(p.cfg[0], p384, 1), 0);
	pair12_start(&p);
	pair12_refused(&p, KTLS_CLIENT, R(CERTIFICATE_CURVE));
	pair12_free(&p);
}

/* Both could speak TLS 1.3: the server's random says so (RFC 8446 4.1.3). */
static void
downgrade_is_seen(void **unused)
{
	struct pair12 p;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	assert_int_equal(ktls_config_versions(p.cfg[0], KTLS_TLS12, KTLS_TLS12), 0);
	assert_int_equal(ktls_config_versions(p.cfg[1], KTLS_TLS12, KTLS_TLS13), 0);
	pair12_start(&p);
	pair12_done(&p, PAIR_WHOLE);
	assert_memory_equal(p.hs[0]->server_random + 24, "DOWNGRD\1", 8);
	pair12_free(&p);

	pair12_init(&p, pki, TEST_EC);
	pair12_start(&p);
	pair12_done(&p, PAIR_WHOLE);
	assert_memory_not_equal(p.hs[0]->server_random + 24, "DOWNGRD", 7);
	pair12_free(&p);
}

/* RFC 8449 4: TLS 1.2 counts no content type, and knows no limit over 16384. */
static void
limits(void **unused)
{
	static const char *const names[] = { "h2", "http/1.1" };
	struct pair12 p;

	(void)unused;
	pair12_init(&p, pki, TEST_CHAINED);
	assert_int_equal(ktls_config_record_size_limit(p.cfg[0], 200), 0);
	assert_int_equal(ktls_config_record_size_limit(p.cfg[1], 16385), 0);
	assert_int_equal(ktls_config_alpn(p.cfg[0], names, 2), 0);
	assert_int_equal(ktls_config_alpn(p.cfg[1], names + 1, 1), 0);
	pair12_start(&p);
	pair12_done(&p, PAIR_WHOLE);
	assert_int_equal(ktls_hs_tx_limit(p.hs[KTLS_SERVER]), 200);
	assert_int_equal(ktls_hs_rx_limit(p.hs[KTLS_CLIENT]), 200);
	assert_int_equal(ktls_hs_tx_limit(p.hs[KTLS_CLIENT]), 16384);
	assert_int_equal(ktls_hs_rx_limit(p.hs[KTLS_SERVER]), 16384);
	assert_string_equal(ktls_hs_alpn(p.hs[KTLS_CLIENT]), "http/1.1");
	assert_string_equal(ktls_hs_alpn(p.hs[KTLS_SERVER]), "http/1.1");
	pair12_free(&p);
}

static char lines[2][256];

static void
keep_line(void *arg, const char *line)
{
	char *to = arg;

	assert_string_equal(to, "");		/* one a side */
	assert_in_range(strlen(line), 1, 255);
	strcpy(to, line);
}

static void
key_log(void **unused)
{
	static const char label[] = "CLIENT_RANDOM ";
	struct pair12 p;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ktls_config_keylog(p.cfg[i], keep_line, lines[i]), 0);
	pair12_start(&p);
	pair12_done(&p, PAIR_WHOLE);
	assert_string_equal(lines[0], lines[1]);
	assert_memory_equal(lines[0], label, strlen(label));
	assert_int_equal(strlen(lines[0]), strlen(label) + 64 + 1 + 96);
	pair12_free(&p);
}

/* RFC 5705, and RFC 7627 5.4: not without the extended master secret. */
static void
exporters(void **unused)
{
	uint8_t out[2][32];
	struct pair12 p;

	(void)unused;
	pair12_init(&p, pki, TEST_EC);
	pair12_start(&p);
	pair12_done(&p, PAIR_WHOLE);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ktls_hs_export(p.hs[i], "EXPORTER-x", "c", 1, out[i], 32), 0);
	assert_memory_equal(out[0], out[1], 32);
	assert_int_equal(ktls_hs_export(p.hs[0], "EXPORTER-x", NULL, 0, out[1], 32), 0);
	assert_memory_not_equal(out[0], out[1], 32);
	p.hs[0]->ems = false;
	assert_int_equal(ktls_hs_export(p.hs[0], "EXPORTER-x", "c", 1, out[1], 32), -EOPNOTSUPP);
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
		cmocka_unit_test(each_suite_and_key),
		cmocka_unit_test(each_group),
		cmocka_unit_test(client_of_one_version),
		cmocka_unit_test(client_certificates),
		cmocka_unit_test(no_client_certificate),
		cmocka_unit_test(nothing_is_kept_for_nobody),
		cmocka_unit_test(nothing_in_common),
		cmocka_unit_test(certificate_on_another_curve),
		cmocka_unit_test(downgrade_is_seen),
		cmocka_unit_test(limits),
		cmocka_unit_test(key_log),
		cmocka_unit_test(exporters),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
