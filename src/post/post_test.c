/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "config/alloc_testlib.h"
#include "config/pki_testlib.h"
#include "handshake/pair_testlib.h"
#include "post/post_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)
#define HS	KTLS_TYPE_HANDSHAKE
#define AL	KTLS_TYPE_ALERT

static void
failure_is_final(void **unused)
{
	struct ktls_post *post = post_of_role(KTLS_SERVER);

	(void)unused;
	assert_int_equal(ktls_post_key_update(post, true), 0);
	assert_int_equal(post_feed(post, HS, "\x14\0\0\x20", 4), R(UNEXPECTED_MESSAGE));
	assert_string_equal(post_actions(post), "");
	assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\0", 5), R(UNEXPECTED_MESSAGE));
	assert_int_equal(post_feed(post, AL, "\x01\0", 2), R(UNEXPECTED_MESSAGE));
	assert_int_equal(ktls_post_application_data(post, 1), R(UNEXPECTED_MESSAGE));
	assert_int_equal(ktls_post_key_update(post, false), R(UNEXPECTED_MESSAGE));
	assert_int_equal(ktls_post_close(post), R(UNEXPECTED_MESSAGE));
	assert_false(ktls_post_peer_closed(post));
	assert_string_equal(post_actions(post), "");
	ktls_post_free(post);
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
	struct ktls_post *post = post_of_role(KTLS_SERVER);
	struct ktls_action a;

	(void)unused;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\x01", 5), 0);
		assert_int_equal(next(post, &a), KTLS_ACTION_REKEY);
		assert_int_equal(a.dir, KTLS_RX);
	}
	assert_string_equal(post_actions(post), "uT");

	/* A KeyUpdate of our own that is still to be sent is an answer too. */
	assert_int_equal(ktls_post_key_update(post, true), 0);
	assert_int_equal(ktls_post_key_update(post, false), 0);
	assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\x01", 5), 0);
	assert_string_equal(post_actions(post), "RUT");
	ktls_post_free(post);
}

/* The KeyUpdate has left: whatever comes now, our new keys come before the next record. */
static void
nothing_comes_between_an_update_and_its_keys(void **unused)
{
	struct ktls_post *post = post_of_role(KTLS_SERVER);
	struct ktls_action a;

	(void)unused;
	assert_int_equal(ktls_post_key_update(post, false), 0);
	assert_int_equal(next(post, &a), KTLS_ACTION_SEND);
	assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\x01", 5), 0);
	assert_string_equal(post_actions(post), "RTuT");

	assert_int_equal(ktls_post_key_update(post, false), 0);
	assert_int_equal(next(post, &a), KTLS_ACTION_SEND);
	assert_int_equal(ktls_post_close(post), 0);
	assert_string_equal(post_actions(post), "Tc");
	ktls_post_free(post);
}

static void
the_peers_keys_are_changed_before_its_next_record(void **unused)
{
	struct ktls_post *post = post_of_role(KTLS_SERVER);

	(void)unused;
	assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\0", 5), 0);
	assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\0", 5), -EINVAL);
	assert_string_equal(post_actions(post), "R");
	assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\0", 5), 0);
	assert_string_equal(post_actions(post), "R");
	ktls_post_free(post);
}

static void
closing(void **unused)
{
	struct ktls_post *post = post_of_role(KTLS_CLIENT);

	(void)unused;
	assert_int_equal(ktls_post_key_update(post, true), 0);
	assert_int_equal(ktls_post_close(post), 0);
	assert_int_equal(ktls_post_close(post), -EBADF);
	assert_int_equal(ktls_post_key_update(post, false), -EBADF);
	assert_string_equal(post_actions(post), "c");

	/* We have nothing more to say, but go on reading. */
	assert_int_equal(post_feed(post, HS, "\x18\0\0\x01\x01", 5), 0);
	assert_string_equal(post_actions(post), "R");
	assert_false(ktls_post_peer_closed(post));
	assert_int_equal(post_feed(post, AL, "\x01\0", 2), 0);
	assert_true(ktls_post_peer_closed(post));
	assert_string_equal(post_actions(post), "x");
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

	post = post_of_role(KTLS_CLIENT);
	assert_int_equal(post_feed(post, HS, "\x04\0\x40", 3), 0);
	test_alloc_fail(0);
	assert_int_equal(post_feed(post, HS, zeros, sizeof(zeros)), -ENOMEM);
	assert_true(test_alloc_failed());
	assert_null(post->partial);
	assert_int_equal(post_feed(post, AL, "\x01\0", 2), -ENOMEM);
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
	uint8_t material[3][40];

	(void)unused;
	assert_int_equal(ktls_config_exporter(client_cfg, true), 0);
	assert_int_equal(ktls_hs_new(&client, client_cfg, KTLS_CLIENT, &params), 0);
	assert_int_equal(ktls_hs_new(&server, server_cfg, KTLS_SERVER, NULL), 0);
	assert_int_equal(ktls_post_new(&c, client), -EAGAIN);
	assert_int_equal(ktls_hs_export(client, "x", NULL, 0, material[0], 40), -EAGAIN);
	assert_true(pair_run(client, server, PAIR_WHOLE));
	assert_int_equal(ktls_post_new(&c, client), 0);
	assert_int_equal(ktls_post_new(&s, server), 0);
	assert_int_equal(ktls_post_new(&again, server), -EALREADY);
	assert_null(again);
	assert_int_equal(ktls_hs_export(server, "x", "y", 1, material[0], 40), 0);
	assert_int_equal(ktls_hs_export(client, "x", "y", 1, material[1], 40), 0);
	assert_int_equal(ktls_post_export(c, "x", "y", 1, material[2], 40), 0);
	assert_int_equal(ktls_post_export(s, "x", "y", 1, material[2], 40), -EOPNOTSUPP);
	assert_memory_equal(material[0], material[1], 40);
	assert_memory_equal(material[0], material[2], 40);
	assert_null(c->tickets);	/* nobody keeps them */
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
		cmocka_unit_test(failure_is_final),
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
