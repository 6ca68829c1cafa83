/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/client_hello.h"
#include "handshake/message_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

/* A good ClientHello, in parts that a row can change. */
struct part {
	uint16_t type;
	uint8_t body[48];
	size_t len;
};

/* clang-format off */
static const struct part good[] = {
	{ EXT_SERVER_NAME, { 0,12, 0, 0,9, 'l','o','c','a','l','h','o','s','t' }, 14 },
	{ EXT_SUPPORTED_GROUPS, { 0,4, 0,29, 0,23 }, 6 },
	{ EXT_SIGNATURE_ALGORITHMS, { 0,4, 8,4, 4,3 }, 6 },
	{ EXT_SUPPORTED_VERSIONS, { 2, 3,4 }, 3 },
	{ EXT_KEY_SHARE, { 0,36, 0,29, 0,32, 9 }, 38 },
};

static const uint8_t fixed[] = {
	3,3, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,
	4, 1,2,3,4, 0,6, 0x13,1, 0x13,2, 0x13,3, 1,0,
};
enum { AT_VERSION = 0, AT_SESSION_ID = 34, AT_SUITES = 39, AT_COMPRESSION = 47 };
/* clang-format on */

struct row {
	const char *rule;
	enum { SET, ADD, DROP } how;	/* replace the extension; put it behind all; leave it out */
	struct part part;
	int err;
};

static void
write_parts(struct writer *w, const struct row *row)
{
	uint8_t *exts = wr_open(w, 2), *ext;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const struct part *p = &good[i];

		if (row != NULL && row->part.type == p->type && row->how == DROP)
			continue;
		if (row != NULL && row->part.type == p->type && row->how == SET)
			p = &row->part;
		ext = extension_write(w, p->type);
		wr_bytes(w, p->body, p->len);
		wr_close(w, ext);
	}
	if (row != NULL && row->how == ADD) {
		ext = extension_write(w, row->part.type);
		wr_bytes(w, row->part.body, row->part.len);
		wr_close(w, ext);
	}
	wr_close(w, exts);
}

static size_t
make(uint8_t *buf, size_t room, const struct row *row)
{
	struct writer w = wr_init(buf, room);

	wr_bytes(&w, fixed, sizeof(fixed));
	write_parts(&w, row);
	assert_true(wr_done(&w));
	return wr_len(&w);
}

/* clang-format off */
static const struct row rows[] = {
	{ "unknown extension", ADD, { 0xfeed, { 1,2,3 }, 3 }, 0 },
	{ "GREASE", ADD, { 0x1a1a, { 0 }, 0 }, 0 },
	{ "one twice", ADD, { EXT_SUPPORTED_VERSIONS, { 2, 3,4 }, 3 }, R(EXT_TWICE) },
	{ "one that can't stand here", ADD, { EXT_OID_FILTERS, { 0,0 }, 2 }, R(EXT_MISPLACED) },
	/* RFC 8446 4.2.1, D.2 */
	{ "no supported_versions: a suite of TLS 1.2 is missing", DROP, { EXT_SUPPORTED_VERSIONS, { 0 }, 0 }, R(CH_NO_CIPHER) },
	{ "TLS 1.2 and less: likewise", SET, { EXT_SUPPORTED_VERSIONS, { 4, 3,3, 3,2 }, 5 }, R(CH_NO_CIPHER) },
	{ "TLS 1.1 and less", SET, { EXT_SUPPORTED_VERSIONS, { 4, 3,2, 3,1 }, 5 }, R(CH_VERSION) },
	{ "GREASE and TLS 1.3", SET, { EXT_SUPPORTED_VERSIONS, { 4, 0x1a,0x1a, 3,4 }, 5 }, 0 },
	{ "no version", SET, { EXT_SUPPORTED_VERSIONS, { 0 }, 1 }, R(MALFORMED) },
	{ "half a version", SET, { EXT_SUPPORTED_VERSIONS, { 3, 3,4,3 }, 4 }, R(MALFORMED) },
	/* 9.2 */
	{ "no groups", DROP, { EXT_SUPPORTED_GROUPS, { 0 }, 0 }, R(CH_MISSING) },
	{ "no key_share", DROP, { EXT_KEY_SHARE, { 0 }, 0 }, R(CH_MISSING) },
	{ "no signature_algorithms", DROP, { EXT_SIGNATURE_ALGORITHMS, { 0 }, 0 }, R(CH_MISSING) },
	/* 4.1.1 */
	{ "other groups", SET, { EXT_SUPPORTED_GROUPS, { 0,4, 0,24, 0,29 }, 6 }, 0 },
	{ "share of a group not in the list", SET, { EXT_SUPPORTED_GROUPS, { 0,2, 0,23 }, 4 }, R(CH_SHARE_GROUP) },
	{ "empty list of groups", SET, { EXT_SUPPORTED_GROUPS, { 0,0 }, 2 }, R(MALFORMED) },
	{ "no scheme of an ECDSA key", SET, { EXT_SIGNATURE_ALGORITHMS, { 0,2, 8,4 }, 4 }, R(CH_NO_SCHEME) },
	{ "odd list of schemes", SET, { EXT_SIGNATURE_ALGORITHMS, { 0,3, 4,3,8 }, 5 }, R(MALFORMED) },
	/* 4.2.8 */
	{ "no shares: a retry", SET, { EXT_KEY_SHARE, { 0,0 }, 2 }, 0 },
	{ "a share of no bytes", SET, { EXT_KEY_SHARE, { 0,4, 0,29, 0,0 }, 6 }, R(MALFORMED) },
	{ "a share too short", SET, { EXT_KEY_SHARE, { 0,35, 0,29, 0,31, 9 }, 37 }, R(SHARE_INVALID) },
	{ "a share too long", SET, { EXT_KEY_SHARE, { 0,37, 0,29, 0,33, 9 }, 39 }, R(SHARE_INVALID) },
	{ "two of the same group", SET, { EXT_KEY_SHARE, { 0,10, 0,29,0,1,9, 0,29,0,1,9 }, 12 }, R(CH_SHARE_TWICE) },
	/* RFC 6066 3 */
	{ "no name", SET, { EXT_SERVER_NAME, { 0,3, 0, 0,0 }, 5 }, R(MALFORMED) },
	{ "empty list of names", SET, { EXT_SERVER_NAME, { 0,0 }, 2 }, R(MALFORMED) },
	{ "server_name not of a host", SET, { EXT_SERVER_NAME, { 0,4, 1, 0,1,'a' }, 6 }, R(MALFORMED) },
	{ "two names", SET, { EXT_SERVER_NAME, { 0,8, 0, 0,1,'a', 0, 0,1,'b' }, 10 }, R(MALFORMED) },
	{ "a name with NUL", SET, { EXT_SERVER_NAME, { 0,6, 0, 0,3,'a',0,'b' }, 8 }, R(CH_SERVER_NAME) },
	{ "a name with a dot behind", SET, { EXT_SERVER_NAME, { 0,5, 0, 0,2,'a','.' }, 7 }, R(CH_SERVER_NAME) },
	{ "a name with an empty label", SET, { EXT_SERVER_NAME, { 0,7, 0, 0,4,'a','.','.','b' }, 9 }, R(CH_SERVER_NAME) },
	{ "a name that is a path", SET, { EXT_SERVER_NAME, { 0,5, 0, 0,2,'/','a' }, 7 }, R(CH_SERVER_NAME) },
	{ "no server_name", DROP, { EXT_SERVER_NAME, { 0 }, 0 }, 0 },
	/* RFC 7301 */
	{ "alpn in common", ADD, { EXT_ALPN, { 0,6, 2,'h','3', 2,'h','2' }, 8 }, 0 },
	{ "alpn not in common", ADD, { EXT_ALPN, { 0,3, 2,'h','3' }, 5 }, R(CH_NO_ALPN) },
	{ "alpn with no name", ADD, { EXT_ALPN, { 0,0 }, 2 }, R(MALFORMED) },
	{ "alpn with an empty name", ADD, { EXT_ALPN, { 0,4, 0, 2,'h','2' }, 6 }, R(MALFORMED) },
	/* RFC 8449 4 */
	{ "limit 64", ADD, { EXT_RECORD_SIZE_LIMIT, { 0,64 }, 2 }, 0 },
	{ "limit 63", ADD, { EXT_RECORD_SIZE_LIMIT, { 0,63 }, 2 }, R(RECORD_LIMIT) },
	{ "limit 65535", ADD, { EXT_RECORD_SIZE_LIMIT, { 255,255 }, 2 }, 0 },
	{ "limit of one byte", ADD, { EXT_RECORD_SIZE_LIMIT, { 64 }, 1 }, R(MALFORMED) },
	/* RFC 8446 4.2.2, 4.2.9, 4.2.10 */
	{ "a cookie that we did not send", ADD, { EXT_COOKIE, { 0,1,7 }, 3 }, 0 },
	{ "an empty cookie", ADD, { EXT_COOKIE, { 0,0 }, 2 }, R(MALFORMED) },
	{ "modes without psk", ADD, { EXT_PSK_KEY_EXCHANGE_MODES, { 1,1 }, 2 }, 0 },
	{ "no mode", ADD, { EXT_PSK_KEY_EXCHANGE_MODES, { 0 }, 1 }, R(MALFORMED) },
	{ "early_data without psk", ADD, { EXT_EARLY_DATA, { 0 }, 0 }, 0 },
	{ "early_data not empty", ADD, { EXT_EARLY_DATA, { 0 }, 1 }, R(MALFORMED) },
	{ "psk without modes", ADD, { EXT_PRE_SHARED_KEY, { 0,7, 0,1,1, 0,0,0,0, 0,33, 32 }, 44 }, R(CH_PSK_MODES) },
	{ "psk cut short", ADD, { EXT_PRE_SHARED_KEY, { 0,7, 0,1,1, 0,0,0,0, 0,33, 32 }, 43 }, R(MALFORMED) },
	{ "psk of no identity", ADD, { EXT_PRE_SHARED_KEY, { 0,0, 0,33, 32 }, 37 }, R(MALFORMED) },
	{ "what needs no answer", ADD, { EXT_STATUS_REQUEST, { 1, 0,0, 0,0 }, 5 }, 0 },
	{ "padding", ADD, { EXT_PADDING, { 0 }, 40 }, 0 },
};
/* clang-format on */

static int
receive(struct ktls_hs *hs, const uint8_t *buf, size_t len)
{
	return message_receive_checked(hs, MT_CLIENT_HELLO, buf, len);
}

/* The good one, changed by a row. */
static int
receive_row(struct ktls_hs *hs, const struct row *row)
{
	uint8_t buf[512];

	return receive(hs, buf, make(buf, sizeof(buf), row));
}

static void
each_rule(void **unused)
{

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ktls_hs *hs = message_hs(KTLS_SERVER, ST_START);
		int err = receive_row(hs, &rows[i]);

		if (err != rows[i].err)
			fail_msg("%s: %s (%s)", rows[i].rule, ktls_strerror(err), hs->why);
		ktls_hs_free(hs);
	}
}

/* RFC 7507 3: whatever version it falls back to, also one that we don't speak. */
static void
a_fallback_is_told(void **unused)
{
	static const struct { struct row row; int err; } falls[] = {
		{ { "1.1", SET, { EXT_SUPPORTED_VERSIONS, { 2, 3,2 }, 3 }, 0 }, R(CH_FALLBACK) },
		{ { "1.2", SET, { EXT_SUPPORTED_VERSIONS, { 2, 3,3 }, 3 }, 0 }, R(CH_FALLBACK) },
		{ { "1.3", SET, { EXT_SUPPORTED_VERSIONS, { 2, 3,4 }, 3 }, 0 }, 0 },
	};
	static const uint8_t scsv[] = { 0x56, 0x00 };

	(void)unused;
	for (size_t i = 0; i < sizeof(falls) / sizeof(*falls); i++) {
		struct ktls_hs *hs = message_hs(KTLS_SERVER, ST_START);
		uint8_t buf[512];
		size_t len = make(buf, sizeof(buf), &falls[i].row);

		memcpy(buf + AT_SUITES + 2 + 2 * 2, scsv, sizeof(scsv));
		assert_int_equal(receive(hs, buf, len), falls[i].err);
		ktls_hs_free(hs);
	}
}

/* What stands before the extensions. */
static void
each_fixed_rule(void **unused)
{
	static const struct {
		const char *rule;
		size_t at;
		uint8_t value;
		int err;
	} pokes[] = {
		{ "legacy_version 0x0301", AT_VERSION + 1, 1, 0 },
		{ "legacy_version 0x0300", AT_VERSION + 1, 0, R(CH_SSL3) },
		{ "legacy_version 0x0203", AT_VERSION, 2, R(CH_SSL3) },
		{ "legacy_version 0x03ff", AT_VERSION + 1, 255, 0 },
		{ "session id of 33", AT_SESSION_ID, 33, R(MALFORMED) },
		{ "odd list of suites", AT_SUITES + 1, 5, R(MALFORMED) },
		{ "compression deflate", AT_COMPRESSION + 1, 1, R(CH_COMPRESSION) },
		{ "no compression method", AT_COMPRESSION, 0, R(MALFORMED) },
		{ "two compression methods", AT_COMPRESSION, 2, R(MALFORMED) },
	};
	uint8_t buf[512];

	(void)unused;
	for (size_t i = 0; i < sizeof(pokes) / sizeof(*pokes); i++) {
		struct ktls_hs *hs = message_hs(KTLS_SERVER, ST_START);
		size_t len = make(buf, sizeof(buf), NULL);
		int err;

		buf[pokes[i].at] = pokes[i].value;
		err = receive(hs, buf, len);
		if (err != pokes[i].err)
			fail_msg("%s: %s (%s)", pokes[i].rule, ktls_strerror(err), hs->why);
		ktls_hs_free(hs);
	}
}

static void
no_cipher_in_common(void **unused)
{
	struct ktls_hs *hs = message_hs(KTLS_SERVER, ST_START);
	uint8_t buf[512];
	size_t len = make(buf, sizeof(buf), NULL);

	(void)unused;
	for (size_t i = 0; i < 3; i++)
		buf[AT_SUITES + 2 + 2 * i] = 0xc0;
	assert_int_equal(receive(hs, buf, len), R(CH_NO_CIPHER));
	ktls_hs_free(hs);
}

static void
truncation_and_trailing_bytes(void **unused)
{
	struct ktls_hs *hs = message_hs(KTLS_SERVER, ST_START);
	uint8_t buf[512];
	size_t len = make(buf, sizeof(buf), NULL);

	(void)unused;
	message_truncated(KTLS_SERVER, ST_START, MT_CLIENT_HELLO, buf, len);
	buf[len] = 0;
	assert_int_equal(receive(hs, buf, len + 1), R(MALFORMED));
	memcpy(buf, fixed, sizeof(fixed));
	buf[AT_VERSION + 1] = 2;
	assert_int_equal(receive(hs, buf, sizeof(fixed)), R(CH_VERSION));
	assert_string_equal(hs->why,
	    "the client offers TLS 1.1 at most, we speak 1.2 to 1.3 (RFC 8446 4.2.1)");
	ktls_hs_free(hs);
}

/* pre_shared_key: identities {1 byte, age}, one binder of 32. */
static size_t
make_psk(uint8_t *buf, size_t room, bool last, size_t binders, bool early)
{
	uint8_t one[32] = { 0 }, *exts, *ext, *list;
	struct writer w = wr_init(buf, room), x;
	uint8_t block[512];

	wr_bytes(&w, fixed, sizeof(fixed));
	x = wr_init(block, sizeof(block));
	write_parts(&x, NULL);
	exts = wr_open(&w, 2);
	wr_bytes(&w, block + 2, wr_len(&x) - 2);
	if (early)
		wr_close(&w, extension_write(&w, EXT_EARLY_DATA));
	ext = extension_write(&w, EXT_PSK_KEY_EXCHANGE_MODES);
	wr_u16(&w, 0x0101);
	wr_close(&w, ext);
	ext = extension_write(&w, EXT_PRE_SHARED_KEY);
	list = wr_open(&w, 2);
	wr_vec(&w, 2, (struct slice){ one, 1 });
	wr_u32(&w, 0);
	wr_close(&w, list);
	list = wr_open(&w, 2);
	for (size_t i = 0; i < binders; i++)
		wr_vec(&w, 1, (struct slice){ one, sizeof(one) });
	wr_close(&w, list);
	wr_close(&w, ext);
	if (!last)
		wr_close(&w, extension_write(&w, EXT_POST_HANDSHAKE_AUTH));
	wr_close(&w, exts);
	assert_true(wr_done(&w));
	return wr_len(&w);
}

static int
receive_psk(struct ktls_hs *hs, bool last, size_t binders, bool early)
{
	uint8_t buf[512];

	return receive(hs, buf, make_psk(buf, sizeof(buf), last, binders, early));
}

static void
psk_is_read_and_ignored(void **unused)
{
	struct ktls_hs *hs = message_hs(KTLS_SERVER, ST_START);

	(void)unused;
	assert_int_equal(receive_psk(hs, false, 1, false), R(CH_PSK_NOT_LAST));
	assert_int_equal(receive_psk(hs, true, 0, false), R(MALFORMED));
	assert_int_equal(receive_psk(hs, true, 2, false), R(CH_PSK_BINDERS));
	assert_int_equal(receive_psk(hs, true, 1, true), 0);
	assert_int_equal(hs->state, ST_NEGOTIATED);
	assert_true(hs->in.skip_early);
	ktls_hs_free(hs);
}

/* RFC 8446 4.1.2: what the second may change, and what not. */
static void
second_client_hello(void **unused)
{
	static const struct row no_share = { "", SET, { EXT_KEY_SHARE, { 0,0 }, 2 }, 0 };
	static const struct row other = { "", SET,
		{ EXT_KEY_SHARE, { 0,10, 0,29,0,1,9, 0,23,0,1,9 }, 12 }, 0 };
	static const struct row renamed = { "", SET,
		{ EXT_SERVER_NAME, { 0,4, 0, 0,1,'a' }, 6 }, 0 };
	static const struct row schemes = { "", SET,
		{ EXT_SIGNATURE_ALGORITHMS, { 0,2, 4,3 }, 4 }, 0 };
	struct ktls_hs *hs = message_hs(KTLS_SERVER, ST_START);
	uint8_t buf[512];
	size_t len;

	(void)unused;
	assert_int_equal(receive_row(hs, &no_share), 0);
	assert_int_equal(hs->state, ST_SEND_HRR);
	assert_int_equal(machine_run(hs), 0);
	assert_int_equal(hs->state, ST_START);
	assert_true(hs->retried);

	assert_int_equal(receive_row(hs, &no_share), R(CH_RETRY_SHARE));
	assert_int_equal(receive_row(hs, &other), R(CH_RETRY_SHARE));
	assert_int_equal(receive_row(hs, &renamed), R(CH_CHANGED));
	assert_int_equal(receive_psk(hs, true, 1, true), R(CH_EARLY_DATA));
	for (size_t at = 2; at < sizeof(fixed); at++) {
		int err;

		len = make(buf, sizeof(buf), NULL);
		buf[at] ^= 1;
		err = receive(hs, buf, len);
		if (err == 0)
			fail_msg("byte %zu was changed and nobody minds", at);
	}
	assert_int_equal(receive_row(hs, &schemes), R(CH_CHANGED));
	assert_int_equal(receive(hs, buf, make(buf, sizeof(buf), NULL)), 0);
	assert_int_equal(hs->state, ST_NEGOTIATED);
	ktls_hs_free(hs);
}

/* The writer is a pure function, and what it writes is read back. */
static void
what_is_written_is_read(void **unused)
{
	static const uint8_t random[32] = { 1 }, share[32] = { 9 }, cookie[3] = { 1, 2, 3 };
	static const enum ktls_cipher ciphers[] = { KTLS_CHACHA20_POLY1305, KTLS_AES_128_GCM };
	static const uint16_t groups[] = { 29, 23 }, schemes[] = { 0x0403, 0x0804 };
	static const char *const alpn[] = { "h2", "http/1.1" };
	const struct client_hello_params p = {
		.version_min = KTLS_TLS13, .version_max = KTLS_TLS13,
		.random = random, .session_id = { random, 32 },
		.ciphers = ciphers, .cipher_count = 2,
		.groups = groups, .group_count = 2, .schemes = schemes, .scheme_count = 2,
		.share_group = 29, .share = { share, 32 }, .server_name = "localhost",
		.alpn = alpn, .alpn_count = 2, .record_size_limit = 1024, .cookie = { cookie, 3 },
	};
	uint8_t one[512], two[512];
	struct writer w = wr_init(one, sizeof(one)), again = wr_init(two, sizeof(two));
	struct client_hello ch;

	(void)unused;
	assert_int_equal(client_hello_encode(&w, &p), client_hello_encode(&again, &p));
	assert_true(wr_done(&w));
	assert_int_equal(wr_len(&w), wr_len(&again));
	assert_memory_equal(one, two, wr_len(&w));
	assert_int_equal(client_hello_decode(&ch, wr_written(&w)), 0);
	assert_int_equal(ch.record_size_limit, 1024);
	assert_memory_equal(ch.suites.p, "\x13\x03\x13\x01", 4);
	assert_memory_equal(ch.server_name.p, "localhost", 9);
	assert_memory_equal(ch.alpn.p, "\2h2\10http/1.1", 12);
	assert_true(extension_list_has(ch.versions, KTLS_TLS13));
	assert_int_equal(ch.seen, client_hello_encode(&again, &p));
	for (size_t room = 0; room < wr_len(&w); room++) {
		struct writer small = wr_init(two, room);

		(void)client_hello_encode(&small, &p);
		assert_false(wr_done(&small));
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
		cmocka_unit_test(each_fixed_rule),
		cmocka_unit_test(a_fallback_is_told),
		cmocka_unit_test(no_cipher_in_common),
		cmocka_unit_test(truncation_and_trailing_bytes),
		cmocka_unit_test(psk_is_read_and_ignored),
		cmocka_unit_test(second_client_hello),
		cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
