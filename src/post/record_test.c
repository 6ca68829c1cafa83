/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "post/post_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)
#define HS	KTLS_TYPE_HANDSHAKE
#define AL	KTLS_TYPE_ALERT
#define AD	KTLS_TYPE_APPLICATION_DATA
#define C	KTLS_CLIENT
#define S	KTLS_SERVER

/* NewSessionTicket: lifetime, age_add, an empty nonce, a ticket of 2 bytes, no extensions. */
#define TICKET	4, 0,0,15, 0,0,1,0, 1,2,3,4, 0, 0,2,9,9, 0,0

/* The records of one peer, a line each: the rule, who receives, what must come out. */
/* clang-format off */
static const struct {
	const char *rule;
	enum ktls_role role;
	struct { uint8_t type, len, data[48]; } rec[3];
	int err;		/* of the last record */
	const char *actions;
} cases[] = {
	/* RFC 8446 4.6.3 */
	{ "KeyUpdate", C, {{ HS, 5, { 24,0,0,1,0 } }}, 0, "R" },
	{ "KeyUpdate that asks", C, {{ HS, 5, { 24,0,0,1,1 } }}, 0, "RuT" },
	{ "KeyUpdate to a server", S, {{ HS, 5, { 24,0,0,1,1 } }}, 0, "RuT" },
	{ "two", S, {{ HS, 5, { 24,0,0,1,1 } }, { HS, 5, { 24,0,0,1,0 } }}, 0, "RuTR" },
	{ "request_update 2", C, {{ HS, 5, { 24,0,0,1,2 } }}, R(KEY_UPDATE_REQUEST), "" },
	{ "request_update 255", S, {{ HS, 5, { 24,0,0,1,255 } }}, R(KEY_UPDATE_REQUEST), "" },
	{ "no body", C, {{ HS, 4, { 24,0,0,0 } }}, R(MALFORMED), "" },
	{ "a body of 2", C, {{ HS, 6, { 24,0,0,2,0,0 } }}, R(MALFORMED), "" },
	{ "a body of 2, by its header alone", C, {{ HS, 4, { 24,0,0,2 } }}, R(MALFORMED), "" },
	/* 5.1 */
	{ "a byte behind it", C, {{ HS, 6, { 24,0,0,1,0, 24 } }}, R(KEY_BOUNDARY), "" },
	{ "two in a record", C, {{ HS, 10, { 24,0,0,1,0, 24,0,0,1,0 } }}, R(KEY_BOUNDARY), "" },
	{ "in two records", C, {{ HS, 2, { 24,0 } }, { HS, 3, { 0,1,1 } }}, 0, "RuT" },
	{ "in three", C, {{ HS, 1, { 24 } }, { HS, 3, { 0,0,1 } }, { HS, 1, { 0 } }}, 0, "R" },
	{ "in two, a byte behind it", C, {{ HS, 2, { 24,0 } }, { HS, 4, { 0,1,1, 24 } }}, R(KEY_BOUNDARY), "" },
	{ "behind a ticket", C, {{ HS, 24, { TICKET, 24,0,0,1,0 } }}, 0, "R" },
	{ "empty handshake record", C, {{ HS, 0, { 0 } }}, R(RECORD_EMPTY), "" },
	{ "empty in the middle", C, {{ HS, 2, { 24,0 } }, { HS, 0, { 0 } }}, R(RECORD_EMPTY), "" },
	{ "an alert in the middle", C, {{ HS, 2, { 24,0 } }, { AL, 2, { 1,0 } }}, R(INTERLEAVED), "" },
	{ "a fatal alert in the middle", C, {{ HS, 2, { 24,0 } }, { AL, 2, { 2,80 } }}, KTLS_PEER_ALERT(80), "" },
	/* 4.6.1 */
	{ "ticket", C, {{ HS, 19, { TICKET } }}, 0, "" },
	{ "ticket in pieces", C, {{ HS, 3, { 4,0,0 } }, { HS, 16, { 15, 0,0,1,0, 1,2,3,4, 0, 0,2,9,9, 0,0 } }}, 0, "" },
	{ "two tickets", C, {{ HS, 38, { TICKET, TICKET } }}, 0, "" },
	{ "ticket and a piece of the next", C, {{ HS, 25, { TICKET, 4,0,0,15,0,0 } }, { HS, 13, { 1,0, 1,2,3,4, 0, 0,2,9,9, 0,0 } }}, 0, "" },
	{ "ticket with extensions", C, {{ HS, 31, { 4,0,0,27, 0,0,1,0, 1,2,3,4, 1,7, 0,1,9, 0,12, 0,42,0,4,0,0,64,0, 9,9,0,0 } }}, 0, "" },
	{ "ticket with a byte too many", C, {{ HS, 19, { 4,0,0,15, 0,0,1,0, 1,2,3,4, 0, 0,1,9, 0,0, 0 } }}, R(MALFORMED), "" },
	{ "empty ticket", C, {{ HS, 18, { 4,0,0,14, 0,0,1,0, 1,2,3,4, 1,0, 0,0, 0,0 } }}, R(MALFORMED), "" },
	{ "ticket too short, by its header alone", C, {{ HS, 4, { 4,0,0,13 } }}, R(MALFORMED), "" },
	{ "extension longer than the list", C, {{ HS, 22, { 4,0,0,18, 0,0,1,0, 1,2,3,4, 0, 0,1,9, 0,4, 0,42,0,1 } }}, R(MALFORMED), "" },
	{ "early_data of 3 bytes", C, {{ HS, 26, { 4,0,0,22, 0,0,1,0, 1,2,3,4, 0, 0,2,9,9, 0,7, 0,42,0,3,0,0,64 } }}, R(MALFORMED), "" },
	{ "early_data twice", C, {{ HS, 35, { 4,0,0,31, 0,0,1,0, 1,2,3,4, 0, 0,2,9,9, 0,16, 0,42,0,4,0,0,64,0, 0,42,0,4,0,0,64,0 } }}, R(EXT_TWICE), "" },
	{ "ALPN in a ticket", C, {{ HS, 23, { 4,0,0,19, 0,0,1,0, 1,2,3,4, 0, 0,2,9,9, 0,4, 0,16,0,0 } }}, R(EXT_MISPLACED), "" },
	{ "ticket to a server", S, {{ HS, 19, { TICKET } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "message of 64 KiB, its header", C, {{ HS, 4, { 4,1,0,0 } }}, 0, "" },
	{ "message over 64 KiB", C, {{ HS, 4, { 4,1,0,1 } }}, R(MESSAGE_LONG), "" },
	/* what we refuse by design */
	{ "renegotiation, by its header alone", S, {{ HS, 4, { 1,0,1,0 } }}, R(RENEGOTIATION), "" },
	{ "HelloRequest", C, {{ HS, 4, { 0,0,0,0 } }}, R(RENEGOTIATION), "" },
	{ "post-handshake authentication", C, {{ HS, 4, { 13,0,0,20 } }}, R(POST_HANDSHAKE_AUTH), "" },
	{ "CertificateRequest to a server", S, {{ HS, 4, { 13,0,0,20 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "HelloRequest to a server", S, {{ HS, 4, { 0,0,0,0 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "ClientHello to a client", C, {{ HS, 4, { 1,0,1,0 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "Finished", S, {{ HS, 4, { 20,0,0,32 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "EndOfEarlyData", S, {{ HS, 4, { 5,0,0,0 } }}, R(UNEXPECTED_MESSAGE), "" },
	{ "unknown message", C, {{ HS, 4, { 99,0,0,0 } }}, R(UNEXPECTED_MESSAGE), "" },
	/* 5 */
	{ "change_cipher_spec", S, {{ KTLS_TYPE_CHANGE_CIPHER_SPEC, 1, { 1 } }}, R(RECORD_TYPE), "" },
	{ "application data as a control record", S, {{ KTLS_TYPE_APPLICATION_DATA, 1, { 1 } }}, R(RECORD_TYPE), "" },
	{ "heartbeat", S, {{ 24, 3, { 1,0,0 } }}, R(RECORD_TYPE), "" },
	{ "type 0", S, {{ 0, 1, { 0 } }}, R(RECORD_TYPE), "" },
	/* 6 */
	{ "close_notify", S, {{ AL, 2, { 1,0 } }}, 0, "x" },
	{ "close_notify, fatal", C, {{ AL, 2, { 2,0 } }}, 0, "x" },
	{ "behind close_notify all is ignored", C, {{ AL, 2, { 1,0 } }, { HS, 4, { 20,0,0,32 } }, { AL, 2, { 2,40 } }}, 0, "x" },
	{ "an answer is still sent behind it", C, {{ HS, 5, { 24,0,0,1,1 } }, { AL, 2, { 1,0 } }}, 0, "RuTx" },
	{ "user_canceled", S, {{ AL, 2, { 1,90 } }}, 0, "" },
	{ "user_canceled, then close_notify", S, {{ AL, 2, { 1,90 } }, { AL, 2, { 1,0 } }}, 0, "x" },
	{ "handshake_failure", S, {{ AL, 2, { 2,40 } }}, KTLS_PEER_ALERT(40), "" },
	{ "an error as a warning is an error", S, {{ AL, 2, { 1,40 } }}, KTLS_PEER_ALERT(40), "" },
	{ "an unknown alert is an error", S, {{ AL, 2, { 1,200 } }}, KTLS_PEER_ALERT(200), "" },
	{ "level 0", S, {{ AL, 2, { 0,0 } }}, R(ALERT_LEVEL), "" },
	{ "level 3", S, {{ AL, 2, { 3,40 } }}, R(ALERT_LEVEL), "" },
	{ "empty alert", S, {{ AL, 0, { 0 } }}, R(RECORD_EMPTY), "" },
	{ "half an alert", S, {{ AL, 1, { 2 } }}, R(ALERT_MALFORMED), "" },
	{ "an alert of 3 bytes", S, {{ AL, 3, { 1,0,0 } }}, R(ALERT_MALFORMED), "" },
	{ "two alerts in a record", S, {{ AL, 4, { 1,90,1,0 } }}, R(ALERT_MALFORMED), "" },
};
/* clang-format on */

static void
each_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ktls_post *post = post_of_role(cases[i].role);
		char done[64] = "";
		int err = 0;

		for (size_t j = 0; j < 3 && (cases[i].rec[j].type != 0 || j == 0); j++) {
			assert_int_equal(err, 0);
			err = post_feed(post, cases[i].rec[j].type, cases[i].rec[j].data,
			    cases[i].rec[j].len);
			strcat(done, post_actions(post));
		}
		if (err != cases[i].err || strcmp(done, cases[i].actions) != 0)
			fail_msg("%s: %s; \"%s\"", cases[i].rule, ktls_strerror(err), done);
		ktls_post_free(post);
	}
}

static void
application_data_may_not_cut_a_message(void **unused)
{
	struct ktls_post *post = post_of_role(KTLS_CLIENT);

	(void)unused;
	assert_int_equal(ktls_post_application_data(post, 1), 0);
	assert_int_equal(post_feed(post, HS, "\x18\0\0\x01", 4), 0);
	assert_int_equal(ktls_post_application_data(post, 1), R(INTERLEAVED));
	assert_null(post->partial);
	ktls_post_free(post);
}

/* A ticket of 64 KiB, in records of every kind of length: joined, and then forgotten. */
static void
the_buffer_exists_only_while_a_message_is_incomplete(void **unused)
{
	static const size_t steps[] = { 1, 7, 4096, 16384 };
	static uint8_t whole[MESSAGE_HEADER + MESSAGE_MAX];
	struct writer w = wr_init(whole, sizeof(whole));
	uint8_t *extensions, *extension;

	(void)unused;
	wr_u8(&w, 4);
	wr_u24(&w, MESSAGE_MAX);
	(void)wr_room(&w, 9);		/* lifetime, age_add, an empty nonce */
	wr_u16(&w, 65000);
	(void)wr_room(&w, 65000);
	extensions = wr_open(&w, 2);
	wr_u16(&w, 0xfafa);		/* nobody knows it */
	extension = wr_open(&w, 2);
	(void)wr_room(&w, sizeof(whole) - wr_len(&w));
	wr_close(&w, extension);
	wr_close(&w, extensions);
	assert_true(wr_done(&w));
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct ktls_post *post = post_of_role(KTLS_CLIENT);

		assert_null(post->partial);
		for (size_t at = 0, n; at < sizeof(whole); at += n) {
			n = sizeof(whole) - at < steps[i] ? sizeof(whole) - at : steps[i];
			if (at + n < sizeof(whole)) {
				assert_int_equal(post_feed(post, HS, whole + at, n), 0);
				assert_non_null(post->partial);
				assert_int_equal(post->partial_len, at + n);
			} else {
				assert_int_equal(post_feed(post, HS, whole + at, n), 0);
			}
		}
		assert_null(post->partial);
		assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\0", 5), 0);
		assert_null(post->partial);
		ktls_post_free(post);
	}
}

/* Every message cut short and its length set right is malformed; with the old length it waits. */
static void
truncation_never_succeeds(void **unused)
{
	static const uint8_t whole[] = { 4,0,0,27, 0,0,1,0, 1,2,3,4, 1,7, 0,1,9,
	    0,12, 0,42,0,4,0,0,64,0, 9,9,0,0 };

	(void)unused;
	for (size_t n = 1; n < sizeof(whole); n++) {
		struct ktls_post *post = post_of_role(KTLS_CLIENT);
		uint8_t cut[sizeof(whole)];

		assert_int_equal(post_feed(post, HS, whole, n), 0);
		assert_int_equal(ktls_post_application_data(post, 1), R(INTERLEAVED));
		ktls_post_free(post);
		if (n < MESSAGE_HEADER)
			continue;

		memcpy(cut, whole, n);
		cut[3] = (uint8_t)(n - MESSAGE_HEADER);
		post = post_of_role(KTLS_CLIENT);
		assert_int_equal(post_feed(post, HS, cut, n), R(MALFORMED));
		ktls_post_free(post);
	}
}

static int
feed(struct ktls_post *post, uint8_t type, const void *data, size_t len)
{
	if (type == AD)
		return ktls_post_application_data(post, len);
	return post_feed(post, type, data, len);
}

static void
floods_have_an_end(void **unused)
{
	static const uint8_t ticket[] = { TICKET };
	static const struct {
		uint8_t type;
		const void *data;
		size_t len;
		int most, err;
	} floods[] = {
		{ HS, "\x18\0\0\x01\0", 5, IN_A_ROW_MAX, R(KEY_UPDATE_FLOOD) },
		{ HS, "\x18\0\0\x01\x01", 5, IN_A_ROW_MAX, R(KEY_UPDATE_FLOOD) },
		{ HS, ticket, sizeof(ticket), IN_A_ROW_MAX, R(RECORD_FLOOD) },
		{ AL, "\x01\x5a", 2, WARNINGS_MAX, R(ALERT_FLOOD) },
		{ AD, "", 0, IN_A_ROW_MAX, R(RECORD_FLOOD) },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(floods) / sizeof(*floods); i++) {
		struct ktls_post *post = post_of_role(KTLS_CLIENT);

		for (int round = 0; round < 3; round++) {
			for (int n = 0; n < floods[i].most; n++) {
				assert_int_equal(feed(post, floods[i].type, floods[i].data,
				    floods[i].len), 0);
				(void)post_actions(post);
			}
			if (round < 2)
				assert_int_equal(ktls_post_application_data(post, 1), 0);
		}
		assert_int_equal(feed(post, floods[i].type, floods[i].data, floods[i].len),
		    floods[i].err);
		assert_int_equal(ktls_post_application_data(post, 1), floods[i].err);
		ktls_post_free(post);
	}
}

/* A client that has got its tickets may still be sent as many empty records as another. */
static void
each_flood_has_its_own_end(void **unused)
{
	static const uint8_t ticket[] = { TICKET };
	struct ktls_post *post = post_of_role(KTLS_CLIENT);

	(void)unused;
	for (int n = 0; n < IN_A_ROW_MAX; n++)
		assert_int_equal(post_feed(post, HS, ticket, sizeof(ticket)), 0);
	for (int n = 0; n < IN_A_ROW_MAX; n++)
		assert_int_equal(ktls_post_application_data(post, 0), 0);
	assert_int_equal(ktls_post_application_data(post, 0), R(RECORD_FLOOD));
	ktls_post_free(post);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(application_data_may_not_cut_a_message),
		cmocka_unit_test(the_buffer_exists_only_while_a_message_is_incomplete),
		cmocka_unit_test(truncation_never_succeeds),
		cmocka_unit_test(floods_have_an_end),
		cmocka_unit_test(each_flood_has_its_own_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
