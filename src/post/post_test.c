/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "config/alloc_testlib.h"
#include "config/pki_testlib.h"
#include "handshake/pair_testlib.h"
#include "post/state.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)
#define HS	KTLS_TYPE_HANDSHAKE
#define AL	KTLS_TYPE_ALERT
#define C	KTLS_CLIENT
#define S	KTLS_SERVER

/* Everything but the secrets is as a handshake leaves it. */
static struct ktls_post *
post_of(enum ktls_role role)
{
	struct hs_secrets secrets = { .role = role, .version = KTLS_TLS13,
	    .cipher = KTLS_AES_128_GCM, .hash = HASH_SHA256 };
	struct ktls_post *post;

	assert_int_equal(ktls_crypto_new(&secrets.crypto, NULL, NULL), 0);
	assert_int_equal(post_alloc(&post), 0);
	post_begin(post, &secrets);
	ktls_crypto_unref(secrets.crypto);
	return post;
}

/* From memory of exactly that length, so that ASan sees one byte over. */
static int
record(struct ktls_post *post, uint8_t type, const void *data, size_t len)
{
	void *exact = malloc(len);
	int err;

	assert_true(exact != NULL || len == 0);
	if (len != 0)
		memcpy(exact, data, len);
	err = ktls_post_record(post, type, exact, len);
	free(exact);
	return err;
}

/*
 * What post wants done, a letter each: R, T rekey receiving, sending; u a KeyUpdate, U one
 * that asks for the peer's; c our close_notify; x the peer's.
 */
static const char *
actions(struct ktls_post *post)
{
	static char letters[64];
	size_t n = 0;
	struct ktls_action a;

	for (ktls_post_next(post, &a); a.kind != KTLS_ACTION_NONE; ktls_post_next(post, &a)) {
		assert_true(n < sizeof(letters) - 1);
		if (a.kind == KTLS_ACTION_REKEY)
			letters[n++] = a.dir == KTLS_RX ? 'R' : 'T';
		else if (a.kind == KTLS_ACTION_CLOSED)
			letters[n++] = 'x';
		else if (a.type == HS && a.len == 5 && memcmp(a.data, "\x18\0\0\x01", 4) == 0)
			letters[n++] = a.data[4] == 0 ? 'u' : a.data[4] == 1 ? 'U' : '?';
		else if (a.type == AL && a.len == 2 && memcmp(a.data, "\x01\0", 2) == 0)
			letters[n++] = 'c';
		else
			letters[n++] = '?';
	}
	letters[n] = '\0';
	return letters;
}

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
		struct ktls_post *post = post_of(cases[i].role);
		char done[64] = "";
		int err = 0;

		for (size_t j = 0; j < 3 && (cases[i].rec[j].type != 0 || j == 0); j++) {
			assert_int_equal(err, 0);
			err = record(post, cases[i].rec[j].type, cases[i].rec[j].data,
			    cases[i].rec[j].len);
			strcat(done, actions(post));
		}
		if (err != cases[i].err || strcmp(done, cases[i].actions) != 0)
			fail_msg("%s: %s; \"%s\"", cases[i].rule, ktls_strerror(err), done);
		ktls_post_free(post);
	}
}

static void
failure_is_final(void **unused)
{
	struct ktls_post *post = post_of(KTLS_SERVER);

	(void)unused;
	assert_int_equal(ktls_post_key_update(post, true), 0);
	assert_int_equal(record(post, HS, "\x14\0\0\x20", 4), R(UNEXPECTED_MESSAGE));
	assert_string_equal(actions(post), "");
	assert_int_equal(record(post, HS, "\x18\0\0\x01\0", 5), R(UNEXPECTED_MESSAGE));
	assert_int_equal(record(post, AL, "\x01\0", 2), R(UNEXPECTED_MESSAGE));
	assert_int_equal(ktls_post_application_data(post), R(UNEXPECTED_MESSAGE));
	assert_int_equal(ktls_post_key_update(post, false), R(UNEXPECTED_MESSAGE));
	assert_int_equal(ktls_post_close(post), R(UNEXPECTED_MESSAGE));
	assert_false(ktls_post_peer_closed(post));
	assert_string_equal(actions(post), "");
	ktls_post_free(post);
}

static void
application_data_may_not_cut_a_message(void **unused)
{
	struct ktls_post *post = post_of(KTLS_CLIENT);

	(void)unused;
	assert_int_equal(ktls_post_application_data(post), 0);
	assert_int_equal(record(post, HS, "\x18\0\0\x01", 4), 0);
	assert_int_equal(ktls_post_application_data(post), R(INTERLEAVED));
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
	wr_u16(&w, 42);
	extension = wr_open(&w, 2);
	(void)wr_room(&w, sizeof(whole) - wr_len(&w));
	wr_close(&w, extension);
	wr_close(&w, extensions);
	assert_true(wr_done(&w));
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct ktls_post *post = post_of(KTLS_CLIENT);

		assert_null(post->partial);
		for (size_t at = 0, n; at < sizeof(whole); at += n) {
			n = sizeof(whole) - at < steps[i] ? sizeof(whole) - at : steps[i];
			if (at + n < sizeof(whole)) {
				assert_int_equal(record(post, HS, whole + at, n), 0);
				assert_non_null(post->partial);
				assert_int_equal(post->partial_len, at + n);
			} else {
				assert_int_equal(record(post, HS, whole + at, n), 0);
			}
		}
		assert_null(post->partial);
		assert_int_equal(record(post, HS, "\x18\0\0\x01\0", 5), 0);
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
		struct ktls_post *post = post_of(KTLS_CLIENT);
		uint8_t cut[sizeof(whole)];

		assert_int_equal(record(post, HS, whole, n), 0);
		assert_int_equal(ktls_post_application_data(post), R(INTERLEAVED));
		ktls_post_free(post);
		if (n < MESSAGE_HEADER)
			continue;

		memcpy(cut, whole, n);
		cut[3] = (uint8_t)(n - MESSAGE_HEADER);
		post = post_of(KTLS_CLIENT);
		assert_int_equal(record(post, HS, cut, n), R(MALFORMED));
		ktls_post_free(post);
	}
}

static void
floods_have_an_end(void **unused)
{
	static const uint8_t ticket[] = { TICKET };
	static const struct {
		uint8_t type;
		const void *data;
		size_t len;
		int err;
	} floods[] = {
		{ HS, "\x18\0\0\x01\0", 5, R(KEY_UPDATE_FLOOD) },
		{ HS, "\x18\0\0\x01\x01", 5, R(KEY_UPDATE_FLOOD) },
		{ HS, ticket, sizeof(ticket), R(RECORD_FLOOD) },
		{ AL, "\x01\x5a", 2, R(ALERT_FLOOD) },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(floods) / sizeof(*floods); i++) {
		struct ktls_post *post = post_of(KTLS_CLIENT);

		for (int round = 0; round < 3; round++) {
			for (int n = 0; n < IN_A_ROW_MAX; n++) {
				assert_int_equal(record(post, floods[i].type, floods[i].data,
				    floods[i].len), 0);
				(void)actions(post);
			}
			if (round < 2)
				assert_int_equal(ktls_post_application_data(post), 0);
		}
		assert_int_equal(record(post, floods[i].type, floods[i].data, floods[i].len),
		    floods[i].err);
		ktls_post_free(post);
	}
}

static enum ktls_action_kind
next(struct ktls_post *post, struct ktls_action *a)
{
	ktls_post_next(post, a);
	return a->kind;
}

/* RFC 8446 4.6.3: several requests while we were silent have one answer. */
static void
requests_are_answered_together(void **unused)
{
	struct ktls_post *post = post_of(KTLS_SERVER);
	struct ktls_action a;

	(void)unused;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(record(post, HS, "\x18\0\0\x01\x01", 5), 0);
		assert_int_equal(next(post, &a), KTLS_ACTION_REKEY);
		assert_int_equal(a.dir, KTLS_RX);
	}
	assert_string_equal(actions(post), "uT");

	/* A KeyUpdate of our own that is still to be sent is an answer too. */
	assert_int_equal(ktls_post_key_update(post, true), 0);
	assert_int_equal(ktls_post_key_update(post, false), 0);
	assert_int_equal(record(post, HS, "\x18\0\0\x01\x01", 5), 0);
	assert_string_equal(actions(post), "RUT");
	ktls_post_free(post);
}

/* The KeyUpdate has left: whatever comes now, our new keys come before the next record. */
static void
nothing_comes_between_an_update_and_its_keys(void **unused)
{
	struct ktls_post *post = post_of(KTLS_SERVER);
	struct ktls_action a;

	(void)unused;
	assert_int_equal(ktls_post_key_update(post, false), 0);
	assert_int_equal(next(post, &a), KTLS_ACTION_SEND);
	assert_int_equal(record(post, HS, "\x18\0\0\x01\x01", 5), 0);
	assert_string_equal(actions(post), "RTuT");

	assert_int_equal(ktls_post_key_update(post, false), 0);
	assert_int_equal(next(post, &a), KTLS_ACTION_SEND);
	assert_int_equal(ktls_post_close(post), 0);
	assert_string_equal(actions(post), "Tc");
	ktls_post_free(post);
}

static void
the_peers_keys_are_changed_before_its_next_record(void **unused)
{
	struct ktls_post *post = post_of(KTLS_SERVER);

	(void)unused;
	assert_int_equal(record(post, HS, "\x18\0\0\x01\0", 5), 0);
	assert_int_equal(record(post, HS, "\x18\0\0\x01\0", 5), -EINVAL);
	assert_string_equal(actions(post), "R");
	assert_int_equal(record(post, HS, "\x18\0\0\x01\0", 5), 0);
	assert_string_equal(actions(post), "R");
	ktls_post_free(post);
}

static void
closing(void **unused)
{
	struct ktls_post *post = post_of(KTLS_CLIENT);

	(void)unused;
	assert_int_equal(ktls_post_key_update(post, true), 0);
	assert_int_equal(ktls_post_close(post), 0);
	assert_int_equal(ktls_post_close(post), -EBADF);
	assert_int_equal(ktls_post_key_update(post, false), -EBADF);
	assert_string_equal(actions(post), "c");

	/* We have nothing more to say, but go on reading. */
	assert_int_equal(record(post, HS, "\x18\0\0\x01\x01", 5), 0);
	assert_string_equal(actions(post), "R");
	assert_false(ktls_post_peer_closed(post));
	assert_int_equal(record(post, AL, "\x01\0", 2), 0);
	assert_true(ktls_post_peer_closed(post));
	assert_string_equal(actions(post), "x");
	ktls_post_free(post);
}

static void
alerts_that_we_send(void **unused)
{
	static const struct {
		int err;
		uint8_t level;		/* 0: no alert */
		uint8_t description;
	} alerts[] = {
		{ R(UNEXPECTED_MESSAGE), 2, 10 },
		{ R(BAD_RECORD_MAC), 2, 20 },
		{ R(RECORD_OVERFLOW), 2, 22 },
		{ R(KEY_UPDATE_REQUEST), 2, 47 },
		{ R(MALFORMED), 2, 50 },
		{ R(INTERNAL), 2, 80 },
		{ -ENOMEM, 2, 80 },
		{ R(TRUNCATED), 0, 0 },
		{ KTLS_PEER_ALERT(40), 0, 0 },
		{ -EPIPE, 0, 0 },
		{ 0, 0, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(alerts) / sizeof(*alerts); i++) {
		struct ktls_action a;

		ktls_post_alert(alerts[i].err, &a);
		if (a.kind != (alerts[i].level != 0 ? KTLS_ACTION_SEND : KTLS_ACTION_NONE) ||
		    (alerts[i].level != 0 && (a.type != AL || a.len != 2 ||
		    a.data[0] != alerts[i].level || a.data[1] != alerts[i].description)))
			fail_msg("%s: kind %d, alert %d %d", ktls_strerror(alerts[i].err),
			    (int)a.kind, a.data[0], a.data[1]);
	}
}

static void
running_out_of_memory(void **unused)
{
	static const uint8_t zeros[64];
	struct ktls_post *post;

	(void)unused;
	test_alloc_fail(0);
	assert_int_equal(post_alloc(&post), -ENOMEM);
	assert_true(test_alloc_failed());

	post = post_of(KTLS_CLIENT);
	assert_int_equal(record(post, HS, "\x04\0\x40", 3), 0);
	test_alloc_fail(0);
	assert_int_equal(record(post, HS, zeros, sizeof(zeros)), -ENOMEM);
	assert_true(test_alloc_failed());
	assert_null(post->partial);
	assert_int_equal(record(post, AL, "\x01\0", 2), -ENOMEM);
	ktls_post_free(post);
	ktls_post_free(NULL);
}

/* dir is a's: what it sends with, b receives with, or the reverse. */
static void
rekey_both(struct ktls_post *a, struct ktls_post *b, enum ktls_dir dir)
{
	struct ktls_keys ours, theirs;

	assert_int_equal(ktls_post_rekey(a, dir, &ours), 0);
	assert_int_equal(ktls_post_rekey(b, dir == KTLS_TX ? KTLS_RX : KTLS_TX, &theirs), 0);
	assert_memory_equal(ours.key, theirs.key, sizeof(ours.key));
	assert_memory_equal(ours.iv, theirs.iv, sizeof(ours.iv));
}

/* The two ends of a real handshake: they go on with the same keys. */
static void
from_a_handshake_once(void **unused)
{
	struct test_pki *pki = test_pki_new();
	struct ktls_config *server_cfg = test_pki_server(pki, TEST_EC);
	struct ktls_config *client_cfg = test_pki_client(pki);
	struct ktls_hs_params params = { .server_name = "localhost" };
	struct ktls_hs *client, *server;
	struct ktls_post *c, *s, *again;

	(void)unused;
	assert_int_equal(ktls_hs_new(&client, client_cfg, KTLS_CLIENT, &params), 0);
	assert_int_equal(ktls_hs_new(&server, server_cfg, KTLS_SERVER, NULL), 0);
	assert_int_equal(ktls_post_new(&c, client), -EAGAIN);
	assert_true(pair_run(client, server, PAIR_WHOLE));
	assert_int_equal(ktls_post_new(&c, client), 0);
	assert_int_equal(ktls_post_new(&s, server), 0);
	assert_int_equal(ktls_post_new(&again, server), -EALREADY);
	assert_null(again);
	rekey_both(c, s, KTLS_TX);
	rekey_both(c, s, KTLS_RX);
	rekey_both(c, s, KTLS_TX);
	ktls_post_free(c);
	ktls_post_free(s);
	ktls_hs_free(client);
	ktls_hs_free(server);
	ktls_config_unref(client_cfg);
	ktls_config_unref(server_cfg);
	test_pki_free(pki);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(failure_is_final),
		cmocka_unit_test(application_data_may_not_cut_a_message),
		cmocka_unit_test(the_buffer_exists_only_while_a_message_is_incomplete),
		cmocka_unit_test(truncation_never_succeeds),
		cmocka_unit_test(floods_have_an_end),
		cmocka_unit_test(requests_are_answered_together),
		cmocka_unit_test(nothing_comes_between_an_update_and_its_keys),
		cmocka_unit_test(the_peers_keys_are_changed_before_its_next_record),
		cmocka_unit_test(closing),
		cmocka_unit_test(alerts_that_we_send),
		cmocka_unit_test(running_out_of_memory),
		cmocka_unit_test(from_a_handshake_once),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
