/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/message_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

/* One message a line: the rule of the RFC, its bytes, what must come out. */
/* clang-format off */
static const struct {
	const char *rule;
	uint8_t body[24];
	size_t len;
	int err;
	uint16_t tx_limit;
} cases[] = {
	{ "no extensions", { 0,0 }, 2, 0, 16384 },
	{ "alpn h2", { 0,9, 0,16,0,5, 0,3,2,'h','2' }, 11, 0, 16384 },
	{ "limit 64", { 0,6, 0,28,0,2, 0,64 }, 8, 0, 63 },
	{ "limit 16384", { 0,6, 0,28,0,2, 64,0 }, 8, 0, 16383 },
	{ "limit 16385 is none", { 0,6, 0,28,0,2, 64,1 }, 8, 0, 16384 },
	{ "limit 65535 is none", { 0,6, 0,28,0,2, 255,255 }, 8, 0, 16384 },
	{ "limit 63", { 0,6, 0,28,0,2, 0,63 }, 8, R(RECORD_LIMIT), 0 },
	{ "limit 0", { 0,6, 0,28,0,2, 0,0 }, 8, R(RECORD_LIMIT), 0 },
	{ "limit of three bytes", { 0,7, 0,28,0,3, 0,64,0 }, 9, R(MALFORMED), 0 },
	{ "alpn we did not offer", { 0,9, 0,16,0,5, 0,3,2,'h','3' }, 11, R(EE_ALPN_NOT_OFFERED), 0 },
	{ "two names", { 0,12, 0,16,0,8, 0,6,2,'h','2',2,'h','2' }, 14, R(MALFORMED), 0 },
	{ "empty name", { 0,7, 0,16,0,3, 0,1,0 }, 9, R(MALFORMED), 0 },
	{ "no name", { 0,6, 0,16,0,2, 0,0 }, 8, R(MALFORMED), 0 },
	{ "twice", { 0,12, 0,28,0,2,64,0, 0,28,0,2,64,0 }, 14, R(EXT_TWICE), 0 },
	{ "known, not offered", { 0,4, 0,14,0,0 }, 6, R(EXT_NOT_OFFERED), 0 },
	{ "unknown", { 0,4, 0xfe,0xed,0,0 }, 6, R(EXT_NOT_OFFERED), 0 },
	{ "offered, but not to stand here", { 0,4, 0,51,0,0 }, 6, R(EXT_MISPLACED), 0 },
	{ "never to stand here", { 0,4, 0,48,0,0 }, 6, R(EXT_MISPLACED), 0 },
	{ "not offered and cut short", { 0,5, 0,14,0,9,0 }, 7, R(MALFORMED), 0 },
	{ "server_name", { 0,4, 0,0,0,0 }, 6, 0, 16384 },
	{ "server_name not empty", { 0,5, 0,0,0,1,7 }, 7, R(MALFORMED), 0 },
	{ "stray byte after server_name", { 0,5, 0,0,0,0, 0 }, 7, R(MALFORMED), 0 },
	{ "groups", { 0,8, 0,10,0,4, 0,2,0,29 }, 10, 0, 16384 },
	{ "no groups", { 0,6, 0,10,0,2, 0,0 }, 8, R(MALFORMED), 0 },
	{ "half a group", { 0,7, 0,10,0,3, 0,1,0 }, 9, R(MALFORMED), 0 },
	{ "trailing byte", { 0,0,0 }, 3, R(MALFORMED), 0 },
	{ "short", { 0 }, 1, R(MALFORMED), 0 },
	{ "empty", { 0 }, 0, R(MALFORMED), 0 },
};
/* clang-format on */

static int
receive(struct ktls_hs *hs, const uint8_t *body, size_t len)
{
	return message_receive_checked(hs, MT_ENCRYPTED_EXTENSIONS, body, len);
}

static void
each_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_EE);
		int err = receive(hs, cases[i].body, cases[i].len);
		uint16_t limit = err == 0 ? ktls_hs_tx_limit(hs) : 0;

		if (err != cases[i].err || limit != cases[i].tx_limit ||
		    hs->state != (err == 0 ? ST_WAIT_CERT_CR : ST_WAIT_EE))
			fail_msg("%s: %s, state %s, limit %u", cases[i].rule, ktls_strerror(err),
			    machine_state_name(hs->state), ktls_hs_tx_limit(hs));
		ktls_hs_free(hs);
	}
}

static void
facts_are_kept(void **unused)
{
	static const uint8_t body[] = { 0,15, 0,16,0,5, 0,3,2,'h','2', 0,28,0,2,2,0 };
	struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_EE);

	(void)unused;
	assert_int_equal(receive(hs, body, sizeof(body)), 0);
	assert_string_equal(ktls_hs_alpn(hs), "h2");
	assert_int_equal(ktls_hs_tx_limit(hs), 511);
	ktls_hs_free(hs);
	message_truncated(KTLS_CLIENT, ST_WAIT_EE, MT_ENCRYPTED_EXTENSIONS, body, sizeof(body));
}

/* What was not offered can't be answered. */
static void
nothing_offered(void **unused)
{
	static const uint8_t name[] = { 0,4, 0,0,0,0 }, alpn[] = { 0,9, 0,16,0,5, 0,3,2,'h','2' };
	struct ktls_hs *hs = message_hs(KTLS_CLIENT, ST_WAIT_EE);

	(void)unused;
	hs->offered = 0;
	assert_int_equal(receive(hs, name, sizeof(name)), R(EXT_NOT_OFFERED));
	assert_int_equal(receive(hs, alpn, sizeof(alpn)), R(EXT_NOT_OFFERED));
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
		cmocka_unit_test(facts_are_kept),
		cmocka_unit_test(nothing_offered),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
