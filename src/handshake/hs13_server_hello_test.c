/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/message_testlib.h"
#include "handshake/server_hello.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

/* A good ServerHello: what a row changes of it, and what must come out. */
/* clang-format off */
#define VERSIONS	0,43, 0,2, 3,4
#define SHARE		0,51, 0,36, 0,29, 0,32, 9,0,0,0,0,0,0,0, 0,0,0,0,0,0,0,0, 0,0,0,0,0,0,0,0, 0,0,0,0,0,0,0,0

static const struct row {
	const char *rule;
	uint16_t legacy_version, suite;
	uint8_t compression;
	const char *tail;		/* of the random: '\0' and eight bytes; NULL: any */
	uint8_t exts[72];
	size_t exts_len;
	int err;
} rows[] = {
	{ "good", 0x0303, 0x1301, 0, NULL, { VERSIONS, SHARE }, 46, 0 },
	{ "the other way round", 0x0303, 0x1302, 0, NULL, { SHARE, VERSIONS }, 46, 0 },
	/* RFC 8446 4.1.3, D.1 */
	{ "TLS 1.2", 0x0303, 0xc02f, 0, NULL, { 0 }, 0, R(SH_VERSION) },
	{ "TLS 1.2 with its extensions", 0x0303, 0xc02f, 0, NULL, { 0xff,1, 0,1, 0, 0,23, 0,0 }, 9, R(SH_VERSION) },
	{ "TLS 1.1", 0x0302, 0xc013, 0, NULL, { 0 }, 0, R(SH_VERSION) },
	{ "SSL 3.0", 0x0300, 0x1301, 0, NULL, { VERSIONS, SHARE }, 46, R(CH_SSL3) },
	{ "downgraded to TLS 1.2", 0x0303, 0xc02f, 0, "DOWNGRD\1", { 0 }, 0, R(SH_DOWNGRADE) },
	{ "downgraded to TLS 1.1", 0x0302, 0xc013, 0, "DOWNGRD\0", { 0 }, 0, R(SH_DOWNGRADE) },
	{ "almost a sentinel", 0x0303, 0xc02f, 0, "DOWNGRD\2", { 0 }, 0, R(SH_VERSION) },
	{ "a sentinel in TLS 1.3 says nothing", 0x0303, 0x1301, 0, "DOWNGRD\1", { VERSIONS, SHARE }, 46, 0 },
	{ "selects TLS 1.2", 0x0303, 0x1301, 0, NULL, { 0,43, 0,2, 3,3, SHARE }, 46, R(SH_SELECTED_VERSION) },
	{ "selects TLS 1.4", 0x0303, 0x1301, 0, NULL, { 0,43, 0,2, 3,5, SHARE }, 46, R(SH_SELECTED_VERSION) },
	{ "legacy_version 0x0304", 0x0304, 0x1301, 0, NULL, { VERSIONS, SHARE }, 46, R(SH_LEGACY_VERSION) },
	{ "a suite that we know and did not offer", 0x0303, 0x1304, 0, NULL, { VERSIONS, SHARE }, 46, R(SH_CIPHER) },
	{ "a suite that nobody knows", 0x0303, 0x13ff, 0, NULL, { VERSIONS, SHARE }, 46, R(SH_CIPHER) },
	{ "compression", 0x0303, 0x1301, 1, NULL, { VERSIONS, SHARE }, 46, R(SH_COMPRESSION) },
	/* 4.2, 4.2.8 */
	{ "no key_share", 0x0303, 0x1301, 0, NULL, { VERSIONS }, 6, R(SH_MISSING) },
	{ "a share of another group", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,51, 0,5, 0,23, 0,1, 4 }, 15, R(SH_GROUP) },
	{ "a share that is no point", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,51, 0,36, 0,29, 0,32, 0 }, 46, R(SHARE_INVALID) },
	{ "a share too short", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,51, 0,5, 0,29, 0,1, 9 }, 15, R(SHARE_INVALID) },
	{ "an empty share", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,51, 0,4, 0,29, 0,0 }, 14, R(MALFORMED) },
	{ "a group alone", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,51, 0,2, 0,29 }, 12, R(MALFORMED) },
	{ "pre_shared_key, not offered", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,41, 0,2, 0,0 }, 12, R(EXT_NOT_OFFERED) },
	{ "unknown", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0xfe,0xed, 0,0 }, 10, R(EXT_NOT_OFFERED) },
	{ "alpn belongs elsewhere", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,16, 0,0 }, 10, R(EXT_MISPLACED) },
	{ "cookie belongs elsewhere", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,44, 0,3, 0,1,7 }, 13, R(EXT_MISPLACED) },
	{ "twice", 0x0303, 0x1301, 0, NULL, { VERSIONS, VERSIONS }, 12, R(EXT_TWICE) },
	{ "half a version", 0x0303, 0x1301, 0, NULL, { 0,43, 0,1, 3 }, 5, R(MALFORMED) },
};

static const struct row retries[] = {
	{ "P-256", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,51, 0,2, 0,23 }, 12, 0 },
	{ "a cookie", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,44, 0,3, 0,1,7 }, 13, 0 },
	{ "both", 0x0303, 0x1303, 0, NULL, { VERSIONS, 0,44, 0,3, 0,1,7, 0,51, 0,2, 0,23 }, 19, 0 },
	/* RFC 8446 4.1.4, 4.2.8 */
	{ "neither", 0x0303, 0x1301, 0, NULL, { VERSIONS }, 6, R(HRR_NO_CHANGE) },
	{ "the group that we sent", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,51, 0,2, 0,29 }, 12, R(HRR_GROUP) },
	{ "a group that we did not offer", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,51, 0,2, 0,30 }, 12, R(HRR_GROUP) },
	{ "an empty cookie", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,44, 0,2, 0,0 }, 12, R(MALFORMED) },
	{ "a share", 0x0303, 0x1301, 0, NULL, { VERSIONS, SHARE }, 46, R(MALFORMED) },
	{ "no version", 0x0303, 0x1301, 0, NULL, { 0,51, 0,2, 0,23 }, 6, R(SH_VERSION) },
	{ "a suite that we did not offer", 0x0303, 0x1304, 0, NULL, { VERSIONS, 0,51, 0,2, 0,23 }, 12, R(SH_CIPHER) },
	{ "compression", 0x0303, 0x1301, 1, NULL, { VERSIONS, 0,51, 0,2, 0,23 }, 12, R(SH_COMPRESSION) },
	{ "alpn", 0x0303, 0x1301, 0, NULL, { VERSIONS, 0,16, 0,0 }, 10, R(EXT_MISPLACED) },
};
/* clang-format on */

/* The body that a row describes, as an answer to hs. */
static size_t
make(uint8_t *buf, size_t room, const struct ktls_hs *hs, const struct row *row, bool retry)
{
	struct writer w = wr_init(buf, room);
	uint8_t random[RANDOM_LEN] = { 1 };

	if (retry)
		memcpy(random, hs13_retry_random, sizeof(random));
	else if (row->tail != NULL)
		memcpy(random + RANDOM_LEN - 8, row->tail, 8);
	wr_u16(&w, row->legacy_version);
	wr_bytes(&w, random, sizeof(random));
	wr_vec(&w, 1, (struct slice){ hs->session_id, hs->session_id_len });
	wr_u16(&w, row->suite);
	wr_u8(&w, row->compression);
	if (row->exts_len != 0)
		wr_vec(&w, 2, (struct slice){ row->exts, row->exts_len });
	assert_true(wr_done(&w));
	return wr_len(&w);
}

static int
receive(struct ktls_hs *hs, const struct row *row, bool retry)
{
	uint8_t buf[256];
	size_t len = make(buf, sizeof(buf), hs, row, retry);

	if (retry)
		return message_receive_checked(hs, MT_HELLO_RETRY_REQUEST, buf, len);
	return message_receive_checked(hs, MT_SERVER_HELLO, buf, len);
}

static void
each_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_SH);
		int err = receive(hs, &rows[i], false);

		if (err != rows[i].err || hs->state != (err == 0 ? ST_WAIT_EE : ST_WAIT_SH))
			fail_msg("%s: %s (%s)", rows[i].rule, ktls_strerror(err), hs->why);
		ktls_hs_free(hs);
	}
}

static void
each_retry_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(retries) / sizeof(*retries); i++) {
		struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_SH);
		int err = receive(hs, &retries[i], true);

		if (err != retries[i].err || hs->state != (err == 0 ? ST_START : ST_WAIT_SH))
			fail_msg("%s: %s (%s)", retries[i].rule, ktls_strerror(err), hs->why);
		ktls_hs_free(hs);
	}
}

/* The second ClientHello echoes the cookie, has the share, and the same random. */
static void
retry_is_answered(void **unused)
{
	struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_SH);
	uint8_t random[RANDOM_LEN], session_id[SESSION_ID_MAX];
	struct slice out;
	static const uint8_t ccs[] = { 20, 3, 3, 0, 1, 1 };
	/* RFC 8446 4.1.4: the version is settled */
	static const struct row older = { "older", 0x0303, 0x1303, 0, NULL, { SHARE }, 40, 0 };

	(void)unused;
	memcpy(random, hs->client_random, sizeof(random));
	memcpy(session_id, hs->session_id, sizeof(session_id));
	assert_int_equal(receive(hs, &retries[2], true), 0);
	assert_int_equal(machine_run(hs), 0);
	assert_int_equal(hs->state, ST_WAIT_SH);
	assert_int_equal(hs->group, KTLS_GROUP_SECP256R1);
	out.p = ktls_hs_send_buf(hs, &out.len);
	assert_memory_equal(out.p, ccs, sizeof(ccs));
	assert_memory_equal(out.p + 6, "\x16\3\3", 3);
	assert_memory_equal(out.p + 6 + 5 + 4 + 2, random, sizeof(random));
	assert_memory_equal(out.p + 6 + 5 + 4 + 2 + 32 + 1, session_id, sizeof(session_id));
	assert_true(hs->offered & extension_bit(EXT_COOKIE));
	assert_non_null(memmem(out.p, out.len, "\0\54\0\3\0\1\7", 7));

	/* A second one, and a ServerHello that chose otherwise than the first. */
	assert_int_equal(receive(hs, &retries[0], true), R(HRR_TWICE));
	assert_int_equal(receive(hs, &rows[0], false), R(SH_CHANGED));
	assert_int_equal(receive(hs, &older, false), R(SH_CHANGED));
	ktls_hs_free(hs);
}

/* A cookie alone: the share stays the same. */
static void
retry_keeps_the_share(void **unused)
{
	struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_SH);
	uint8_t share[32];

	(void)unused;
	memcpy(share, hs->share, sizeof(share));
	assert_int_equal(receive(hs, &retries[1], true), 0);
	assert_int_equal(machine_run(hs), 0);
	assert_int_equal(hs->group, KTLS_GROUP_X25519);
	assert_memory_equal(share, hs->share, sizeof(share));
	ktls_hs_free(hs);
}

static void
session_id_is_echoed(void **unused)
{
	struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_SH);
	uint8_t buf[256];
	size_t len = make(buf, sizeof(buf), hs, &rows[0], false);

	(void)unused;
	for (size_t at = 35; at < 35 + SESSION_ID_MAX; at++) {
		int err;

		buf[at] ^= 1;
		err = message_receive_checked(hs, MT_SERVER_HELLO, buf, len);
		assert_int_equal(err, R(SH_SESSION_ID));
		buf[at] ^= 1;
	}
	hs->session_id_len = 31;
	assert_int_equal(message_receive_checked(hs, MT_SERVER_HELLO, buf, len), R(SH_SESSION_ID));
	ktls_hs_free(hs);
}

static void
truncation(void **unused)
{
	struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_SH);
	uint8_t buf[256];
	size_t len = make(buf, sizeof(buf), hs, &rows[0], false);

	(void)unused;
	message_truncated(KTLS_CLIENT, ST_WAIT_SH, MT_SERVER_HELLO, buf, len);
	buf[len] = 0;
	assert_int_equal(message_receive_checked(hs, MT_SERVER_HELLO, buf, len + 1), R(MALFORMED));
	len = make(buf, sizeof(buf), hs, &retries[2], true);
	message_truncated(KTLS_CLIENT, ST_WAIT_SH, MT_HELLO_RETRY_REQUEST, buf, len);
	ktls_hs_free(hs);
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
		cmocka_unit_test(each_retry_rule),
		cmocka_unit_test(retry_is_answered),
		cmocka_unit_test(retry_keeps_the_share),
		cmocka_unit_test(session_id_is_echoed),
		cmocka_unit_test(truncation),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
