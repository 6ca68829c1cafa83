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

static const struct hs_table *
table_of(enum ktls_role role, uint16_t version)
{
	return machine_tables(role)[version == KTLS_TLS13 ? 0 : 1];
}

/* What our table allows is what the RFC does. */
static void
compare(const struct hs_table *table, const struct walks *drawn)
{
	static struct walks ours;
	const struct walk none = { .len = 0 };

	ours.count = 0;
	walk_rows(table->rows, table->count, ST_START, none, 1, &ours);
	assert_in_range(drawn->count, 2, 63);
	for (size_t i = 0; i < drawn->count; i++)
		if (!has(&ours, drawn->text[i]))
			fail_msg("%s, the RFC's alone: %s", table->name, drawn->text[i]);
	for (size_t i = 0; i < ours.count; i++)
		if (!has(drawn, ours.text[i]))
			fail_msg("%s, ours alone: %s", table->name, ours.text[i]);
}

static void
compare13(enum ktls_role role, const struct arrow *arrows, size_t arrow_count)
{
	static struct walks drawn;
	const struct walk none = { .len = 0 };

	drawn.count = 0;
	walk_drawing(arrows, arrow_count, "START", none, 1, &drawn);
	compare(table_of(role, KTLS_TLS13), &drawn);
}

static void
tables_are_the_drawings(void **unused)
{
	(void)unused;
	compare13(KTLS_CLIENT, client_drawing, sizeof(client_drawing) / sizeof(*client_drawing));
	compare13(KTLS_SERVER, server_drawing, sizeof(server_drawing) / sizeof(*server_drawing));
}

/*
 * TLS 1.2 has no such drawing, but flows: RFC 5246 7.3, its figures 1 and 2, and RFC
 * 5077 3.1, its figures 1 and 2 (its 3 is RFC 5246's figure 1, its 4 is its 1 again).
 * Transcribed with ECDHE, where Certificate and ServerKeyExchange always stand; what else has
 * an asterisk there makes a flow of its own. C, S: who sends.
 */
#define CLIENT_HELLO	{ 'C', MT_CLIENT_HELLO }
#define SERVER_HELLO	{ 'S', MT_SERVER_HELLO_12 }
#define CHANGE(who)	{ who, MT_CHANGE_CIPHER_SPEC }
#define FINISHED(who)	{ who, MT_FINISHED }
struct line {
	char who;
	unsigned msg;
};

/* clang-format off */
static const struct flow {
	const char *name;
	struct line lines[16];
} flows[] = {
	{ "RFC 5246 figure 1", {
		CLIENT_HELLO,
		SERVER_HELLO, { 'S', MT_CERTIFICATE }, { 'S', MT_SERVER_KEY_EXCHANGE }, { 'S', MT_SERVER_HELLO_DONE },
		{ 'C', MT_CLIENT_KEY_EXCHANGE }, CHANGE('C'), FINISHED('C'),
		CHANGE('S'), FINISHED('S') } },
	{ "RFC 5246 figure 1, with a client certificate", {
		CLIENT_HELLO,
		SERVER_HELLO, { 'S', MT_CERTIFICATE }, { 'S', MT_SERVER_KEY_EXCHANGE }, { 'S', MT_CERTIFICATE_REQUEST },
		{ 'S', MT_SERVER_HELLO_DONE },
		{ 'C', MT_CERTIFICATE }, { 'C', MT_CLIENT_KEY_EXCHANGE }, { 'C', MT_CERTIFICATE_VERIFY }, CHANGE('C'), FINISHED('C'),
		CHANGE('S'), FINISHED('S') } },
	{ "RFC 5246 figure 1, with an empty client certificate (7.4.6, 7.4.8)", {
		CLIENT_HELLO,
		SERVER_HELLO, { 'S', MT_CERTIFICATE }, { 'S', MT_SERVER_KEY_EXCHANGE }, { 'S', MT_CERTIFICATE_REQUEST },
		{ 'S', MT_SERVER_HELLO_DONE },
		{ 'C', MT_CERTIFICATE }, { 'C', MT_CLIENT_KEY_EXCHANGE }, CHANGE('C'), FINISHED('C'),
		CHANGE('S'), FINISHED('S') } },
	{ "RFC 5246 figure 2", {
		CLIENT_HELLO,
		SERVER_HELLO, CHANGE('S'), FINISHED('S'),
		CHANGE('C'), FINISHED('C') } },
	{ "RFC 5077 figure 1", {
		CLIENT_HELLO,
		SERVER_HELLO, { 'S', MT_CERTIFICATE }, { 'S', MT_SERVER_KEY_EXCHANGE }, { 'S', MT_SERVER_HELLO_DONE },
		{ 'C', MT_CLIENT_KEY_EXCHANGE }, CHANGE('C'), FINISHED('C'),
		{ 'S', MT_NEW_SESSION_TICKET }, CHANGE('S'), FINISHED('S') } },
	{ "RFC 5077 figure 1, with a client certificate", {
		CLIENT_HELLO,
		SERVER_HELLO, { 'S', MT_CERTIFICATE }, { 'S', MT_SERVER_KEY_EXCHANGE }, { 'S', MT_CERTIFICATE_REQUEST },
		{ 'S', MT_SERVER_HELLO_DONE },
		{ 'C', MT_CERTIFICATE }, { 'C', MT_CLIENT_KEY_EXCHANGE }, { 'C', MT_CERTIFICATE_VERIFY }, CHANGE('C'), FINISHED('C'),
		{ 'S', MT_NEW_SESSION_TICKET }, CHANGE('S'), FINISHED('S') } },
	{ "RFC 5077 figure 1, with an empty client certificate", {
		CLIENT_HELLO,
		SERVER_HELLO, { 'S', MT_CERTIFICATE }, { 'S', MT_SERVER_KEY_EXCHANGE }, { 'S', MT_CERTIFICATE_REQUEST },
		{ 'S', MT_SERVER_HELLO_DONE },
		{ 'C', MT_CERTIFICATE }, { 'C', MT_CLIENT_KEY_EXCHANGE }, CHANGE('C'), FINISHED('C'),
		{ 'S', MT_NEW_SESSION_TICKET }, CHANGE('S'), FINISHED('S') } },
	{ "RFC 5077 figure 2", {
		CLIENT_HELLO,
		SERVER_HELLO, { 'S', MT_NEW_SESSION_TICKET }, CHANGE('S'), FINISHED('S'),
		CHANGE('C'), FINISHED('C') } },
};
/* clang-format on */

static void
walk_flows(enum ktls_role role, struct walks *walks)
{
	for (size_t i = 0; i < sizeof(flows) / sizeof(*flows); i++) {
		struct walk walk = { .len = 0 };

		for (const struct line *l = flows[i].lines; l->who != 0; l++)
			step(&walk, (l->who == 'C') == (role == KTLS_CLIENT) ? 'S' : 'R', l->msg);
		finish(walks, &walk);
	}
}

static void
tables_are_the_flows(void **unused)
{
	static struct walks drawn;

	(void)unused;
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		drawn.count = 0;
		walk_flows(role, &drawn);
		compare(table_of(role, KTLS_TLS12), &drawn);
	}
}

static void
deterministic(const struct hs_table *table)
{
	const struct hs_row *rows = table->rows;

	for (size_t i = 0; i < table->count; i++) {
		assert_true((rows[i].recv != NULL) != (rows[i].send != NULL));
		assert_int_not_equal(rows[i].next, 0);
		assert_true(is_answer(&rows[i]) || !(rows[i].next & NEXT(rows[i].state)));
		for (size_t j = 0; j < i; j++) {
			if (rows[j].state != rows[i].state)
				continue;
			assert_int_not_equal(rows[j].msg, rows[i].msg);
			assert_true(is_answer(&rows[j]) ||
			    (rows[j].recv != NULL && rows[i].recv != NULL));
		}
	}
}

/* Before the version is known, both tables say the same, but for what follows. */
static void
agree(const struct hs_table *one, const struct hs_table *other)
{
	for (size_t i = 0; i < one->count; i++)
		for (size_t j = 0; j < other->count; j++) {
			const struct hs_row *a = &one->rows[i], *b = &other->rows[j];

			if (a->state != b->state || a->msg != b->msg)
				continue;
			assert_ptr_equal(a->recv, b->recv);
			assert_ptr_equal(a->send, b->send);
			assert_ptr_equal(a->after, b->after);
		}
}

/* One way to go on: a row a (state, message), and in a state one message at most to send. */
static void
tables_are_deterministic(void **unused)
{
	(void)unused;
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		for (const struct hs_table *const *t = machine_tables(role); *t != NULL; t++)
			deterministic(*t);
		agree(table_of(role, KTLS_TLS13), table_of(role, KTLS_TLS12));
	}
}

static bool
has_row(enum ktls_role role, enum hs_state state, unsigned msg)
{
	for (const struct hs_table *const *t = machine_tables(role); *t != NULL; t++)
		for (size_t i = 0; i < (*t)->count; i++) {
			const struct hs_row *row = &(*t)->rows[i];

			if (row->state == state && row->msg == msg && row->recv != NULL)
				return true;
		}
	return false;
}

/* change_cipher_spec has a place of its own, and reasons. */
static int
refusal(enum hs_state state, unsigned msg)
{
	if (msg == MT_CHANGE_CIPHER_SPEC)
		return KTLS_REFUSED(KTLS_R_CCS_UNEXPECTED);
	if (state == ST12_WAIT_CCS || state == ST12_WAIT_LAST_CCS)
		return KTLS_REFUSED(KTLS_R_CCS_MISSING);
	return KTLS_REFUSED(KTLS_R_UNEXPECTED_MESSAGE);
}

static void
check_refusal(struct ktls_hs *hs, enum hs_state state, unsigned msg)
{
	static const uint8_t body[] = { 0, 0 };
	int err;

	if (has_row(hs->role, state, msg))
		return;
	hs->state = state;
	err = message_receive_checked(hs, msg, body, sizeof(body));
	assert_int_equal(err, refusal(state, msg));
	assert_non_null(strstr(hs->why, machine_state_name(state)));
}

/* In every state, every message without a row is refused, changes nothing, and says so. */
static void
all_else_is_refused(void **unused)
{
	(void)unused;
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		struct ktls_hs *hs = message_hs(role, role == KTLS_CLIENT ? ST_WAIT_SH : ST_START);

		for (enum hs_state state = 0; state < ST_COUNT; state++) {
			for (unsigned msg = 0; msg < 256; msg++)
				check_refusal(hs, state, msg);
			check_refusal(hs, state, MT_CHANGE_CIPHER_SPEC);
		}
		ktls_hs_free(hs);
	}
}

/* TLS 1.2's keys change with change_cipher_spec, which is a record of its own. */
static void
messages_that_change_keys_end_their_record(void **unused)
{
	(void)unused;
	for (enum ktls_role role = KTLS_CLIENT; role <= KTLS_SERVER; role++) {
		const struct hs_table *table = table_of(role, KTLS_TLS13);

		for (size_t i = 0; i < table->count; i++)
			if (table->rows[i].recv != NULL && table->rows[i].after != NULL &&
			    !is_answer(&table->rows[i]))
				assert_true(machine_ends_record(table->rows[i].msg));
	}
	assert_true(machine_ends_record(MT_CLIENT_HELLO));
	assert_false(machine_ends_record(MT_CERTIFICATE));
	assert_false(machine_ends_record(MT_SERVER_HELLO_12));
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
		cmocka_unit_test(tables_are_the_flows),
		cmocka_unit_test(tables_are_deterministic),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(messages_that_change_keys_end_their_record),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
