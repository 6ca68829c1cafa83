/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/message_testlib.h"

/* Certificate, CertificateRequest, CertificateVerify and Finished. */

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

/* clang-format off */
static const struct row {
	const char *rule;
	enum hs_state state;
	unsigned msg;
	uint8_t body[40];
	size_t len;
	int err;
} rows[] = {
	/* RFC 8446 4.4.2. What is in an entry is judged by KTLS_ASK_VERIFY. */
	{ "one entry", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,6, 0,0,1, 7, 0,0 }, 10, 0 },
	{ "after a request", ST_WAIT_CERT, MT_CERTIFICATE, { 0, 0,0,6, 0,0,1, 7, 0,0 }, 10, 0 },
	{ "two entries", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,12, 0,0,1, 7, 0,0, 0,0,1, 8, 0,0 }, 16, 0 },
	{ "a context", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 1,9, 0,0,6, 0,0,1, 7, 0,0 }, 11, R(CERTIFICATE_CONTEXT) },
	{ "none", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,0 }, 4, R(CERTIFICATE_NONE) },
	{ "an entry of no bytes", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,5, 0,0,0, 0,0 }, 9, R(MALFORMED) },
	{ "an entry without extensions", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,4, 0,0,1, 7 }, 8, R(MALFORMED) },
	{ "status_request, not offered", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,10, 0,0,1, 7, 0,4, 0,5,0,0 }, 14, R(EXT_NOT_OFFERED) },
	{ "an unknown extension", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,10, 0,0,1, 7, 0,4, 0xfe,0xed,0,0 }, 14, R(EXT_NOT_OFFERED) },
	{ "alpn", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,10, 0,0,1, 7, 0,4, 0,16,0,0 }, 14, R(EXT_MISPLACED) },
	{ "a byte behind", ST_WAIT_CERT_CR, MT_CERTIFICATE, { 0, 0,0,6, 0,0,1, 7, 0,0, 0 }, 11, R(MALFORMED) },
	/* 4.3.2 */
	{ "request", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 0, 0,8, 0,13,0,4, 0,2,4,3 }, 11, 0 },
	{ "with what we don't know", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 0, 0,12, 0,13,0,4, 0,2,4,3, 0xfe,0xed,0,0 }, 15, 0 },
	{ "with status_request", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 0, 0,12, 0,13,0,4, 0,2,4,3, 0,5,0,0 }, 15, 0 },
	{ "a context", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 1,9, 0,8, 0,13,0,4, 0,2,4,3 }, 12, R(CERTIFICATE_CONTEXT) },
	{ "no signature_algorithms", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 0, 0,0 }, 3, R(CR_MISSING) },
	{ "no scheme", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 0, 0,6, 0,13,0,2, 0,0 }, 9, R(MALFORMED) },
	{ "twice", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 0, 0,16, 0,13,0,4, 0,2,4,3, 0,13,0,4, 0,2,4,3 }, 19, R(EXT_TWICE) },
	{ "unknown twice", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 0, 0,8, 0xfe,0xed,0,0, 0xfe,0xed,0,0 }, 11, R(EXT_TWICE) },
	{ "key_share", ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, { 0, 0,4, 0,51,0,0 }, 7, R(EXT_MISPLACED) },
	{ "a second request", ST_WAIT_CERT, MT_CERTIFICATE_REQUEST, { 0, 0,8, 0,13,0,4, 0,2,4,3 }, 11, R(UNEXPECTED_MESSAGE) },
	/* 4.4.3 */
	{ "a scheme nobody knows", ST_WAIT_CV, MT_CERTIFICATE_VERIFY, { 0xfe,0xed, 0,1, 1 }, 5, R(CV_SCHEME) },
	{ "PKCS#1, for certificates only", ST_WAIT_CV, MT_CERTIFICATE_VERIFY, { 4,1, 0,1, 1 }, 5, R(CV_SCHEME) },
	{ "PSS by an ECDSA key", ST_WAIT_CV, MT_CERTIFICATE_VERIFY, { 8,4, 0,1, 1 }, 5, R(CV_SCHEME) },
	{ "no signature", ST_WAIT_CV, MT_CERTIFICATE_VERIFY, { 4,3, 0,1, 1 }, 5, R(CV_SIGNATURE) },
	{ "an empty one", ST_WAIT_CV, MT_CERTIFICATE_VERIFY, { 4,3, 0,0 }, 4, R(CV_SIGNATURE) },
	{ "cut short", ST_WAIT_CV, MT_CERTIFICATE_VERIFY, { 4,3, 0,2, 1 }, 5, R(MALFORMED) },
	{ "a byte behind", ST_WAIT_CV, MT_CERTIFICATE_VERIFY, { 4,3, 0,1, 1,1 }, 6, R(MALFORMED) },
	/* 4.4.4 */
	{ "wrong", ST_WAIT_FINISHED, MT_FINISHED, { 1 }, 32, R(FINISHED_MAC) },
	{ "a byte less", ST_WAIT_FINISHED, MT_FINISHED, { 1 }, 31, R(MALFORMED) },
	{ "a byte more", ST_WAIT_FINISHED, MT_FINISHED, { 1 }, 33, R(MALFORMED) },
	{ "empty", ST_WAIT_FINISHED, MT_FINISHED, { 1 }, 0, R(MALFORMED) },
};
/* clang-format on */

static void
each_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct ktls_hs *hs = message_hs(KTLS_CLIENT, row->state);
		int err = message_receive_checked(hs, row->msg, row->body, row->len);

		if (err != row->err)
			fail_msg("%s, %s: %s (%s)", machine_message_name(row->msg), row->rule,
			    ktls_strerror(err), hs->why);
		if (err == 0)
			message_truncated(KTLS_CLIENT, row->state, row->msg, row->body, row->len);
		ktls_hs_free(hs);
	}
}

static void
chains_have_a_bound(void **unused)
{
	static const uint8_t entry[] = { 0, 0, 1, 7, 0, 0 };
	struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_CERT);
	struct slice chain[CONFIG_PEER_CHAIN_MAX];
	uint8_t buf[512], *list;

	(void)unused;
	for (size_t count = CONFIG_PEER_CHAIN_MAX + 1; count >= CONFIG_PEER_CHAIN_MAX; count--) {
		struct writer w = wr_init(buf, sizeof(buf));
		int err;

		wr_u8(&w, 0);
		list = wr_open(&w, 3);
		for (size_t i = 0; i < count; i++)
			wr_bytes(&w, entry, sizeof(entry));
		wr_close(&w, list);
		assert_true(wr_done(&w));
		err = message_receive_checked(hs, MT_CERTIFICATE, buf, wr_len(&w));
		assert_int_equal(err, count > CONFIG_PEER_CHAIN_MAX ?
		    R(CERTIFICATE_CHAIN_LONG) : 0);
	}
	assert_int_equal(chain_split(hs, chain), CONFIG_PEER_CHAIN_MAX);
	assert_int_equal(chain[CONFIG_PEER_CHAIN_MAX - 1].len, 1);
	assert_int_equal(hs->questions.due, KTLS_ASK_VERIFY);
	ktls_hs_free(hs);
}

/* A signature of ours is accepted by the other side, and by no other transcript. */
static int
receive_cv(struct ktls_hs *hs, const uint8_t *body, size_t len)
{
	return message_receive_checked(hs, MT_CERTIFICATE_VERIFY, body, len);
}

static void
signature_is_checked(void **unused)
{
	struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_CV);
	struct ktls_hs *other = message_hs(KTLS_CLIENT, ST_WAIT_CV);
	uint8_t content[SIGNED_CONTENT_MAX], signature[SIGNATURE_MAX], body[SIGNATURE_MAX + 4];
	struct writer w = wr_init(body, sizeof(body));
	size_t content_len, len;

	(void)unused;
	assert_int_equal(hs13_signed_content(hs, KTLS_SERVER, content, &content_len), 0);
	assert_int_equal(content_len, 64 + 34 + 32);
	assert_int_equal(signature_make(hs->crypto, SIG_ECDSA_SECP256R1_SHA256,
	    &message_config(KTLS_SERVER)->identity[0]->signer, (struct slice){ content,
	    content_len }, signature, &len), 0);
	wr_u16(&w, SIG_ECDSA_SECP256R1_SHA256);
	wr_vec(&w, 2, (struct slice){ signature, len });
	len = wr_len(&w);
	for (size_t n = 0; n < len; n++) {
		body[n] ^= 1;
		assert_int_not_equal(receive_cv(hs, body, len), 0);
		body[n] ^= 1;
	}
	assert_int_equal(receive_cv(other, body, len), R(CV_SIGNATURE));
	assert_int_equal(receive_cv(hs, body, len), 0);
	assert_int_equal(hs->state, ST_WAIT_FINISHED);
	assert_int_equal(hs->peer_scheme, SIG_ECDSA_SECP256R1_SHA256);
	ktls_hs_free(hs);
	ktls_hs_free(other);
}

static int
receive_finished(struct ktls_hs *hs, const uint8_t *mac)
{
	return message_receive_checked(hs, MT_FINISHED, mac, 32);
}

static void
finished_is_checked(void **unused)
{
	static const enum ktls_role roles[] = { KTLS_CLIENT, KTLS_SERVER };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct ktls_hs *hs = message_hs(roles[i], ST_WAIT_FINISHED);
		const uint8_t *secret = hs->hs_secret[KTLS_RX];
		uint8_t hash[HASH_LEN_MAX], mac[HASH_LEN_MAX];

		assert_int_equal(transcript_hash(&hs->transcript, hash), 0);
		assert_int_equal(finished_mac(hs->crypto, HASH_SHA256, secret, hash, mac), 0);
		for (size_t n = 0; n < 32; n++) {
			mac[n] ^= 1;
			assert_int_equal(receive_finished(hs, mac), R(FINISHED_MAC));
			mac[n] ^= 1;
		}
		message_truncated(roles[i], ST_WAIT_FINISHED, MT_FINISHED, mac, 32);
		assert_int_equal(receive_finished(hs, mac), 0);
		assert_int_equal(hs->state, i == 0 ? ST_SEND_FINISHED : ST_CONNECTED);
		ktls_hs_free(hs);
	}
}

static int
teardown(void **unused)
{
	(void)unused;
	message_configs_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(chains_have_a_bound),
		cmocka_unit_test(signature_is_checked),
		cmocka_unit_test(finished_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
