/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <ktls/error.h>
#include "base/check_testlib.h"

static const struct {
	int err, alert;
	enum ktls_reason reason;
	const char *sentence;
} cases[] = {
	{ 0, -1, KTLS_R_NONE, "success" },
	{ -ENOMEM, -1, KTLS_R_NONE, "Cannot allocate memory" },
	{ -EAGAIN, -1, KTLS_R_NONE, "Resource temporarily unavailable" },
	{ -4095, -1, KTLS_R_NONE, "unknown error" },
	{ -4096, -1, KTLS_R_NONE, "unknown error" },
	{ ENOMEM, -1, KTLS_R_NONE, "unknown error" },
	{ INT_MIN, -1, KTLS_R_NONE, "unknown error" },
	{ INT_MAX, -1, KTLS_R_NONE, "unknown error" },
	{ KTLS_REFUSED(KTLS_R_NONE), -1, KTLS_R_NONE, "no reason" },
	{ KTLS_REFUSED(KTLS_R_BAD_RECORD_MAC), 20, KTLS_R_BAD_RECORD_MAC,
	  "a record that can't be authenticated (RFC 8446 5.2)" },
	{ KTLS_REFUSED(KTLS_R_COUNT), -1, KTLS_R_NONE, "unknown error" },
	{ KTLS_REFUSED(-1), -1, KTLS_R_NONE, "unknown error" },
	{ KTLS_PEER_ALERT(0), 0, KTLS_R_NONE, "the peer sent the alert close_notify" },
	{ KTLS_PEER_ALERT(50), 50, KTLS_R_NONE, "the peer sent the alert decode_error" },
	{ KTLS_PEER_ALERT(255), 255, KTLS_R_NONE, "the peer sent an unknown alert" },
	{ KTLS_PEER_ALERT(256), -1, KTLS_R_NONE, "unknown error" },
};

static void
each_kind(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *sentence = ktls_strerror(cases[i].err);

		if (strcmp(sentence, cases[i].sentence) != 0)
			fail_msg("%d: \"%s\", not \"%s\"", cases[i].err, sentence,
			    cases[i].sentence);
		assert_int_equal(ktls_err_alert(cases[i].err), cases[i].alert);
		assert_int_equal(ktls_err_reason(cases[i].err), cases[i].reason);
	}
}

/* Each reason has a sentence of its own, its rule, and an alert that has a name (or none). */
static void
each_reason(void **unused)
{
	(void)unused;
	for (int i = 1; i < KTLS_R_COUNT; i++) {
		const char *sentence = ktls_strerror(KTLS_REFUSED(i));
		int alert = ktls_err_alert(KTLS_REFUSED(i));

		assert_int_equal(ktls_err_reason(KTLS_REFUSED(i)), i);
		if (strlen(sentence) < 8)
			fail_msg("reason %d: \"%s\"", i, sentence);
		if (alert != -1 && strcmp(ktls_alert_name(alert), "unknown alert") == 0)
			fail_msg("reason %d: alert %d has no name", i, alert);
		for (int j = 0; j < i; j++)
			if (strcmp(sentence, ktls_strerror(KTLS_REFUSED(j))) == 0)
				fail_msg("reasons %d and %d say the same", i, j);
	}
}

static void
alert_names(void **unused)
{
	(void)unused;
	assert_string_equal(ktls_alert_name(50), "decode_error");
	assert_string_equal(ktls_alert_name(120), "no_application_protocol");
	assert_string_equal(ktls_alert_name(1), "unknown alert");
	assert_string_equal(ktls_alert_name(-1), "unknown alert");
	assert_string_equal(ktls_alert_name(KTLS_ALERT_none), "unknown alert");
}

static void
errno_stays(void **unused)
{
	(void)unused;
	errno = EXDEV;
	for (int err = -5000; err < 10; err++)
		assert_non_null(ktls_strerror(err));
	assert_int_equal(errno, EXDEV);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind),
		cmocka_unit_test(each_reason),
		cmocka_unit_test(alert_names),
		cmocka_unit_test(errno_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
