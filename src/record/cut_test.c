/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "base/check_testlib.h"
#include "record/cut.h"
#include "schedule/rfc8448_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

static struct ktls_crypto *crypto;
static struct ktls_record *rec, *rec12;

enum { PLAIN, COMPAT, SEALED, SEALED_COMPAT, SEALED_ALERT, SEALED12 };

/* What the handshake is doing, the header that comes, what must come of it. */
static const struct {
	const char *rule;
	int phase;
	uint8_t header[5];
	int len;
} cases[] = {
	{ "a ClientHello, version 3.1", PLAIN, { 22, 3, 1, 0, 200 }, 205 },
	{ "a ClientHello, version 3.3", PLAIN, { 22, 3, 3, 0, 1 }, 6 },
	{ "minor version ignored (5.1)", PLAIN, { 22, 3, 255, 0, 1 }, 6 },
	{ "major version 2", PLAIN, { 22, 2, 0, 0, 1 }, R(RECORD_VERSION) },
	{ "SSL 2's ClientHello", PLAIN, { 128, 46, 1, 3, 1 }, R(RECORD_VERSION) },
	{ "2^14 bytes", PLAIN, { 22, 3, 3, 0x40, 0 }, 5 + 16384 },
	{ "2^14 + 1 bytes", PLAIN, { 22, 3, 3, 0x40, 1 }, R(RECORD_OVERFLOW) },
	{ "an empty handshake record", PLAIN, { 22, 3, 3, 0, 0 }, R(RECORD_EMPTY) },
	{ "an alert", PLAIN, { 21, 3, 3, 0, 2 }, 7 },
	{ "an empty alert", PLAIN, { 21, 3, 3, 0, 0 }, R(RECORD_EMPTY) },
	{ "application data without keys", PLAIN, { 23, 3, 3, 0, 2 }, R(APPLICATION_DATA) },
	{ "heartbeat", PLAIN, { 24, 3, 3, 0, 2 }, R(RECORD_TYPE) },
	{ "type 0", PLAIN, { 0, 3, 3, 0, 2 }, R(RECORD_TYPE) },
	{ "change_cipher_spec before ClientHello (5)", PLAIN, { 20, 3, 3, 0, 1 }, R(RECORD_TYPE) },
	{ "change_cipher_spec", COMPAT, { 20, 3, 3, 0, 1 }, 6 },
	{ "an empty change_cipher_spec", COMPAT, { 20, 3, 3, 0, 0 }, R(RECORD_CCS) },
	{ "a long change_cipher_spec", COMPAT, { 20, 3, 3, 0, 2 }, R(RECORD_CCS) },
	{ "a handshake record in compatibility mode", COMPAT, { 22, 3, 3, 0, 2 }, 7 },
	{ "protected", SEALED, { 23, 3, 3, 0, 17 }, 22 },
	{ "protected, 2^14 + 256 bytes", SEALED, { 23, 3, 3, 0x41, 0 }, 5 + 16384 + 256 },
	{ "protected, a byte more", SEALED, { 23, 3, 3, 0x41, 1 }, R(RECORD_OVERFLOW) },
	{ "protected, version 3.1", SEALED, { 23, 3, 1, 0, 17 }, R(RECORD_VERSION) },
	{ "plain handshake under keys", SEALED, { 22, 3, 3, 0, 4 }, R(RECORD_TYPE) },
	{ "plain alert under keys", SEALED, { 21, 3, 3, 0, 2 }, R(RECORD_TYPE) },
	{ "change_cipher_spec after Finished", SEALED, { 20, 3, 3, 0, 1 }, R(RECORD_TYPE) },
	{ "change_cipher_spec under keys", SEALED_COMPAT, { 20, 3, 3, 0, 1 }, 6 },
	{ "plain alert from a client without keys", SEALED_ALERT, { 21, 3, 3, 0, 2 }, 7 },
	{ "a plain alert, empty", SEALED_ALERT, { 21, 3, 3, 0, 0 }, R(RECORD_EMPTY) },
	{ "a plain handshake record then", SEALED_ALERT, { 22, 3, 3, 0, 2 }, R(RECORD_TYPE) },
	{ "a protected record then", SEALED_ALERT, { 23, 3, 3, 0, 30 }, 35 },
	{ "1.2: Finished behind change_cipher_spec", SEALED12, { 22, 3, 3, 0, 40 }, 45 },
	{ "1.2: an alert", SEALED12, { 21, 3, 3, 0, 26 }, 31 },
	{ "1.2: application data", SEALED12, { 23, 3, 3, 0, 25 }, 30 },
	{ "1.2: a second change_cipher_spec", SEALED12, { 20, 3, 3, 0, 25 }, R(RECORD_TYPE) },
	{ "1.2: another plain one", SEALED12, { 20, 3, 3, 0, 1 }, R(RECORD_TYPE) },
	{ "1.2: heartbeat", SEALED12, { 24, 3, 3, 0, 40 }, R(RECORD_TYPE) },
	{ "1.2: version 3.1", SEALED12, { 22, 3, 1, 0, 40 }, R(RECORD_VERSION) },
	{ "1.2: more than any expansion allows", SEALED12, { 22, 3, 3, 0x41, 1 },
	    R(RECORD_OVERFLOW) },
};

static struct cut
phase(int which)
{
	struct cut cut = {0};

	cut.rec = which == SEALED12 ? rec12 : which >= SEALED ? rec : NULL;
	cut.ccs = which == COMPAT || which == SEALED_COMPAT;
	cut.plain_alert = which == SEALED_ALERT;
	return cut;
}

/* From memory of exactly that length. */
static int
cut(int which, const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len);
	struct cut c = phase(which);
	int result;

	assert_true(len == 0 || exact != NULL);
	if (len != 0)
		memcpy(exact, bytes, len);
	result = cut_len(&c, (struct slice){ exact, len });
	free(exact);
	return result;
}

static void
each_header(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t more[8] = {0};
		int len = cut(cases[i].phase, cases[i].header, 5);

		if (len != cases[i].len)
			fail_msg("%s: %d", cases[i].rule, len);
		/* What follows changes nothing, and less than a header says nothing yet. */
		memcpy(more, cases[i].header, 5);
		assert_int_equal(cut(cases[i].phase, more, sizeof(more)), len);
		for (size_t n = 0; n < 5; n++)
			assert_int_equal(cut(cases[i].phase, more, n), 0);
	}
}

static void
change_cipher_spec_is_one_byte(void **unused)
{
	static const uint8_t bytes[] = { 1, 1 };

	(void)unused;
	OK(cut_ccs((struct slice){ bytes, 1 }));
	GIVES(R(RECORD_CCS), cut_ccs((struct slice){ bytes, 2 }));
	GIVES(R(RECORD_CCS), cut_ccs((struct slice){ bytes, 0 }));
	for (int value = 0; value < 256; value++) {
		uint8_t byte = (uint8_t)value;

		GIVES(value == 1 ? 0 : R(RECORD_CCS), cut_ccs((struct slice){ &byte, 1 }));
	}
}

/* A handshake of RFC 8448 section 7, as one stream of bytes, falls into its records again. */
static void
a_stream(void **unused)
{
	static uint8_t stream[4096], want[2048];
	size_t count, len = 0, at = 0;
	const struct rfc8448_record *records = rfc8448_records(&count);

	(void)unused;
	for (size_t i = 0; i < count; i++)
		if (records[i].section == 7)
			len += rfc8448_wire(&records[i], stream + len, sizeof(stream) - len);
	for (size_t i = 0; i < count; i++) {
		size_t n;
		int which = records[i].keys != RFC8448_PLAIN ? SEALED_COMPAT : COMPAT;

		if (records[i].section != 7)
			continue;
		n = rfc8448_wire(&records[i], want, sizeof(want));
		assert_int_equal(cut(which, stream + at, len - at), n);
		assert_memory_equal(stream + at, want, n);
		if (records[i].type == KTLS_TYPE_CHANGE_CIPHER_SPEC)
			OK(cut_ccs((struct slice){ stream + at + 5, n - 5 }));
		at += n;
	}
	assert_int_equal(at, len);
}

static void
http_is_not_tls(void **unused)
{
	static const char *const yes[] = {
		"GET / HTTP/1.1\r\n", "HEAD /", "POST /", "PUT /x", "DELETE /", "CONNECT a:1",
		"OPTIONS *", "TRACE /", "PATCH /", "PRI * HTTP/2.0", "GET /", "DELET", "OPTIO",
	};
	static const char *const no[] = {
		"", "GET", "get / HTTP/1.1", "GETS /", "SSH-2.0-x", "\x16\x03\x01\x02",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (!cut_is_http((struct slice){ (const uint8_t *)yes[i], strlen(yes[i]) }))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (cut_is_http((struct slice){ (const uint8_t *)no[i], strlen(no[i]) }))
			fail_msg("%s", no[i]);
}

static int
setup(void **unused)
{
	const struct ktls_keys keys = { .cipher = KTLS_AES_128_GCM, .version = KTLS_TLS13 };
	const struct ktls_keys keys12 = { .cipher = KTLS_AES_128_GCM, .version = KTLS_TLS12 };

	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL) != 0 ||
	    ktls_record_new(&rec, crypto, KTLS_RX, &keys) != 0 ||
	    ktls_record_new(&rec12, crypto, KTLS_RX, &keys12) != 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	ktls_record_free(rec);
	ktls_record_free(rec12);
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_header),
		cmocka_unit_test(change_cipher_spec_is_one_byte),
		cmocka_unit_test(a_stream),
		cmocka_unit_test(http_is_not_tls),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
