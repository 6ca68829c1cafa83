/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/message_testlib.h"

/*
 * RFC 8446 appendix A, transcribed arrow by arrow as it is drawn. An arrow without
 * a message is a choice. What this library doesn't do yet is marked LATER.
 */
/* clang-format off */
enum { NOW, LATER };
struct arrow {
	const char *from;
	char how;			/* 'R' received, 'S' sent, '-' a choice */
	unsigned msg;
	const char *to;
	int when;
};

static const struct arrow client_drawing[] = {		/* A.1 */
	{ "START", 'S', MT_CLIENT_HELLO, "WAIT_SH", NOW },
	{ "WAIT_SH", 'R', MT_HELLO_RETRY_REQUEST, "START", NOW },
	{ "WAIT_SH", 'R', MT_SERVER_HELLO, "WAIT_EE", NOW },
	{ "WAIT_EE", 'R', MT_ENCRYPTED_EXTENSIONS, "using certificate", NOW },
	{ "WAIT_EE", 'R', MT_ENCRYPTED_EXTENSIONS, "WAIT_FINISHED", NOW },	/* using PSK */
	{ "using certificate", '-', 0, "WAIT_CERT_CR", NOW },
	{ "WAIT_CERT_CR", 'R', MT_CERTIFICATE, "WAIT_CV", NOW },
	{ "WAIT_CERT_CR", 'R', MT_CERTIFICATE_REQUEST, "WAIT_CERT", NOW },
	{ "WAIT_CERT", 'R', MT_CERTIFICATE, "WAIT_CV", NOW },
	{ "WAIT_CV", 'R', MT_CERTIFICATE_VERIFY, "WAIT_FINISHED", NOW },
	{ "WAIT_FINISHED", 'R', MT_FINISHED, "[Send Certificate", NOW },
	{ "[Send Certificate", '-', 0, "Send Finished", NOW },
	{ "[Send Certificate", 'S', MT_CERTIFICATE, "Send Finished", NOW },
	{ "[Send Certificate", 'S', MT_CERTIFICATE, "[+ CertificateVerify]]", NOW },
	{ "[+ CertificateVerify]]", 'S', MT_CERTIFICATE_VERIFY, "Send Finished", NOW },
	{ "Send Finished", 'S', MT_FINISHED, "CONNECTED", NOW },
};

static const struct arrow server_drawing[] = {		/* A.2 */
	{ "START", 'R', MT_CLIENT_HELLO, "RECVD_CH", NOW },
	{ "RECVD_CH", 'S', MT_HELLO_RETRY_REQUEST, "START", NOW },
	{ "RECVD_CH", '-', 0, "NEGOTIATED", NOW },
	{ "NEGOTIATED", 'S', MT_SERVER_HELLO, "Send EncryptedExtensions", NOW },
	{ "Send EncryptedExtensions", 'S', MT_ENCRYPTED_EXTENSIONS, "[Send CertificateRequest]", NOW },
	{ "[Send CertificateRequest]", '-', 0, "[Send Certificate + CertificateVerify]", NOW },
	{ "[Send CertificateRequest]", 'S', MT_CERTIFICATE_REQUEST, "Send Certificate", NOW },
	{ "Send Certificate", 'S', MT_CERTIFICATE, "+ CertificateVerify", NOW },	/* 4.3.2: a PSK and a request exclude each other */
	{ "[Send Certificate + CertificateVerify]", '-', 0, "Send Finished", NOW },	/* a PSK */
	{ "[Send Certificate + CertificateVerify]", 'S', MT_CERTIFICATE, "+ CertificateVerify", NOW },
	{ "+ CertificateVerify", 'S', MT_CERTIFICATE_VERIFY, "Send Finished", NOW },
	{ "Send Finished", 'S', MT_FINISHED, "No 0-RTT", NOW },
	{ "Send Finished", 'S', MT_FINISHED, "WAIT_EOED", LATER },
	{ "No 0-RTT", '-', 0, "WAIT_FLIGHT2", NOW },
	{ "WAIT_FLIGHT2", '-', 0, "WAIT_FINISHED", NOW },	/* no auth */
	{ "WAIT_FLIGHT2", '-', 0, "WAIT_CERT", NOW },		/* client auth */
	{ "WAIT_CERT", 'R', MT_CERTIFICATE, "WAIT_FINISHED", NOW },	/* empty */
	{ "WAIT_CERT", 'R', MT_CERTIFICATE, "WAIT_CV", NOW },
	{ "WAIT_CV", 'R', MT_CERTIFICATE_VERIFY, "WAIT_FINISHED", NOW },
	{ "WAIT_FINISHED", 'R', MT_FINISHED, "CONNECTED", NOW },
};
/* clang-format on */

/*
 * Both graphs are compared by the sequences of messages that they allow, which is
 * what an arrow means, whatever the places in between are called.
 */
#define WALK_MAX	24

struct walk {
	char text[WALK_MAX * 8];
	size_t len;
};

struct walks {
	char text[64][WALK_MAX * 8];
	size_t count;
};

static void
step(struct walk *walk, char how, unsigned msg)
{
	char *end = walk->text + walk->len;

	walk->len += (size_t)snprintf(end, sizeof(walk->text) - walk->len, "%c%x ", how, msg);
	assert_in_range(walk->len, 1, sizeof(walk->text) - 1);
}

static void
finish(struct walks *walks, const struct walk *walk)
{
	assert_in_range(walks->count, 0, 63);
	strcpy(walks->text[walks->count++], walk->text);
}

static bool
has(const struct walks *walks, const char *text)
{
	for (size_t i = 0; i < walks->count; i++)
		if (strcmp(walks->text[i], text) == 0)
			return true;
	return false;
}

/* An answer to a question of our own: no message to anybody. */
static bool
is_answer(const struct hs_row *row)
{
	return row->msg >= MT_CONFIG;
}

/* loops: how often START may be entered again. */
static void
walk_drawing(const struct arrow *arrows, size_t count, const char *at, struct walk walk, int loops,
    struct walks *walks)
{
	if (strcmp(at, "CONNECTED") == 0) {
		finish(walks, &walk);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct walk next = walk;

		if (strcmp(arrows[i].from, at) != 0 || arrows[i].when == LATER)
			continue;
		if (arrows[i].how != '-')
			step(&next, arrows[i].how, arrows[i].msg);
		if (strcmp(arrows[i].to, "START") != 0)
			walk_drawing(arrows, count, arrows[i].to, next, loops, walks);
		else if (loops != 0)
			walk_drawing(arrows, count, "START", next, loops - 1, walks);
	}
}

/* An answer of our own side is a choice. */
static void
walk_rows(const struct hs_row *rows, size_t count, enum hs_state at, struct walk walk, int loops,
    struct walks *walks)
{
	/* Tickets are given afterwards, says the RFC; ours leave while the keys are at hand. */
	if (at == ST_CONNECTED || at == ST_WAIT_SEALED) {
		if (!has(walks, walk.text))
			finish(walks, &walk);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct walk next = walk;

		if (rows[i].state != at)
			continue;
		if (!is_answer(&rows[i]))
			step(&next, rows[i].recv != NULL ? 'R' : 'S', rows[i].msg);
		for (enum hs_state to = 0; to < ST_COUNT; to++) {
			if (!(rows[i].next & NEXT(to)) || (to == at && is_answer(&rows[i])))
				continue;
			if (to != ST_START)
				walk_rows(rows, count, to, next, loops, walks);
			else if (loops != 0)
				walk_rows(rows, count, to, next, loops - 1, walks);
		}
	}
}

static const struct hs_row *
rows13(enum ktls_role role, size_t *count)
{
	const struct hs_table *table = machine_tables(role)[0];

	*count = table->count;
	return table->rows;
}

static void
compare(enum ktls_role role, const struct arrow *arrows, size_t arrow_count)
{
	static struct walks drawn, ours;
	const struct walk none = { .len = 0 };
	size_t count;
	const struct hs_row *rows = rows13(role, &count);

	drawn.count = ours.count = 0;
	walk_drawing(arrows, arrow_count, "START", none, 1, &drawn);
	walk_rows(rows, count, ST_START, none, 1, &ours);
	assert_in_range(drawn.count, 2, 63);
	for (size_t i = 0; i < drawn.count; i++)
		if (!has(&ours, drawn.text[i]))
			fail_msg("role %d, the RFC's alone: %s", (int)role, drawn.text[i]);
	for (size_t i = 0; i < ours.count; i++)
		if (!has(&drawn, ours.text[i]))
			fail_msg("role %d, ours alone: %s", (int)role, ours.text[i]);
}

static void
tables_are_the_drawings(void **unused)
{
	(void)unused;
	compare(KTLS_CLIENT, client_drawing, sizeof(client_drawing) / sizeof(*client_drawing));
	compare(KTLS_SERVER, server_drawing, sizeof(server_drawing) / sizeof(*server_drawing));
}

/* One way to go on: a row a (state, message), and in a state one message at most to send. */
static void
tables_are_deterministic(void **unused)
{
	(void)unused;
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		size_t count;
		const struct hs_row *rows = rows13(role, &count);

		for (size_t i = 0; i < count; i++) {
			assert_true((rows[i].recv != NULL) != (rows[i].send != NULL));
			assert_int_not_equal(rows[i].next, 0);
			assert_true(is_answer(&rows[i]) ||
			    !(rows[i].next & NEXT(rows[i].state)));
			for (size_t j = 0; j < i; j++) {
				if (rows[j].state != rows[i].state)
					continue;
				assert_int_not_equal(rows[j].msg, rows[i].msg);
				assert_true(is_answer(&rows[j]) ||
				    (rows[j].recv != NULL && rows[i].recv != NULL));
			}
		}
	}
}

/* In every state, every message without a row is refused, changes nothing, and says so. */
static void
all_else_is_refused(void **unused)
{
	static const uint8_t body[] = { 0, 0 };

	(void)unused;
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		size_t count;
		const struct hs_row *rows = rows13(role, &count);
		struct ktls_hs *hs = message_hs(role, role == KTLS_CLIENT ? ST_WAIT_SH : ST_START);

		for (enum hs_state state = 0; state < ST_COUNT; state++)
			for (unsigned msg = 0; msg < 256; msg++) {
				bool known = false;
				int err;

				for (size_t i = 0; i < count; i++)
					known |= rows[i].state == state && rows[i].msg == msg &&
					    rows[i].recv != NULL;
				if (known)
					continue;
				hs->state = state;
				err = message_receive_checked(hs, msg, body, sizeof(body));
				assert_int_equal(err, KTLS_REFUSED(KTLS_R_UNEXPECTED_MESSAGE));
				assert_non_null(strstr(hs->why, machine_state_name(state)));
			}
		ktls_hs_free(hs);
	}
}

static void
messages_that_change_keys_end_their_record(void **unused)
{
	(void)unused;
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		size_t count;
		const struct hs_row *rows = rows13(role, &count);

		for (size_t i = 0; i < count; i++)
			if (rows[i].recv != NULL && rows[i].after != NULL && !is_answer(&rows[i]))
				assert_true(machine_ends_record(rows[i].msg));
	}
	assert_true(machine_ends_record(MT_CLIENT_HELLO));
	assert_false(machine_ends_record(MT_CERTIFICATE));
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
		cmocka_unit_test(tables_are_the_drawings),
		cmocka_unit_test(tables_are_deterministic),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(messages_that_change_keys_end_their_record),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
