/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/extension.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

/*
 * RFC 8446 4.2, the table as it is printed, and RFC 7685, RFC 8449; TLS 1.2's ServerHello:
 * RFC 6066, 7301, 8449, 6520, 5764, 7250, 6962, and RFC 8422 5.1, 7627 5.1, 5077 3.2, 5746 3.2.
 */
/* clang-format off */
static const struct { int type; const char *where; } table[] = {
	{ 0, "CH, EE, SH12" }, { 1, "CH, EE, SH12" }, { 5, "CH, CR, CT, SH12" }, { 10, "CH, EE, SH12" },
	{ 13, "CH, CR" }, { 14, "CH, EE, SH12" }, { 15, "CH, EE, SH12" }, { 16, "CH, EE, SH12" },
	{ 18, "CH, CR, CT, SH12" }, { 19, "CH, EE, SH12" }, { 20, "CH, EE, SH12" }, { 21, "CH" },
	{ 51, "CH, SH, HRR" }, { 41, "CH, SH" }, { 45, "CH" }, { 42, "CH, EE, NST" }, { 44, "CH, HRR" },
	{ 43, "CH, SH, HRR" }, { 47, "CH, CR" }, { 48, "CR" }, { 49, "CH" }, { 50, "CH, CR" },
	{ 28, "CH, EE, SH12" },
	{ 11, "CH, SH12" }, { 23, "CH, SH12" }, { 35, "CH, SH12" }, { 65281, "CH, SH12" },
};
static const struct { unsigned in; const char *name; } places[] = {
	{ IN_CH, "CH" }, { IN_SH, "SH" }, { IN_HRR, "HRR" }, { IN_EE, "EE" }, { IN_CT, "CT" },
	{ IN_CR, "CR" }, { IN_NST, "NST" }, { IN_SH12, "SH12" },
};
/* clang-format on */

static unsigned
places_of(const char *where)
{
	unsigned in = 0;
	char buf[32], *save, *word;

	strcpy(buf, where);
	for (word = strtok_r(buf, ", ", &save); word != NULL; word = strtok_r(NULL, ", ", &save))
		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
			if (strcmp(places[i].name, word) == 0)
				in |= places[i].in;
	return in;
}

/* One extension of type, empty, in a block of the message. */
static int
walk_one(uint16_t type, unsigned in, uint32_t allowed)
{
	uint8_t block[] = { 0, 4, (uint8_t)(type >> 8), (uint8_t)type, 0, 0 };
	struct reader r = rd_init((struct slice){ block, sizeof(block) });
	struct extensions x;
	uint16_t got;

	extensions_open(&x, &r, in, allowed);
	while (extensions_next(&x, &got))
		assert_int_equal(got, type);
	return extensions_close(&x);
}

static void
table_is_the_rfcs(void **unused)
{
	size_t count;
	const struct extension *rows = extension_rows(&count);

	(void)unused;
	assert_int_equal(count, sizeof(table) / sizeof(*table));
	for (size_t i = 0; i < count; i++) {
		const struct extension *row = NULL;

		for (size_t j = 0; j < count; j++)
			if (rows[j].type == table[i].type)
				row = &rows[j];
		assert_non_null(row);
		assert_int_equal(row->in, places_of(table[i].where));
		assert_int_not_equal(extension_bit(row->type), 0);
	}
}

/* Every extension in every message, offered and not. */
static void
each_place(void **unused)
{
	size_t count;
	const struct extension *rows = extension_rows(&count);

	(void)unused;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < sizeof(places) / sizeof(*places); j++) {
			unsigned in = places[j].in;
			bool request = in == IN_CH || in == IN_CR || in == IN_NST;
			uint32_t bit = extension_bit(rows[i].type);
			int unasked = request ? 0 : R(EXT_NOT_OFFERED);

			if (!(rows[i].in & in)) {
				assert_int_equal(walk_one(rows[i].type, in, bit), R(EXT_MISPLACED));
				continue;
			}
			assert_int_equal(walk_one(rows[i].type, in, bit), 0);
			assert_int_equal(walk_one(rows[i].type, in, ~bit), unasked);
		}
	for (size_t j = 0; j < sizeof(places) / sizeof(*places); j++) {
		unsigned in = places[j].in;
		bool request = in == IN_CH || in == IN_CR || in == IN_NST;
		int unasked = request ? 0 : R(EXT_NOT_OFFERED);

		assert_int_equal(walk_one(0xfeed, in, UINT32_MAX), unasked);
	}
}

/* All unknown types at once, then one of them a second time. */
static void
unknown_types_are_counted(void **unused)
{
	size_t room = 2 + 4 * 16000;
	uint8_t *buf = malloc(room), *block;

	(void)unused;
	assert_non_null(buf);
	for (int again = 0; again < 2; again++) {
		struct writer w = wr_init(buf, room);
		struct reader r;
		struct extensions x;
		uint16_t type;

		block = wr_open(&w, 2);
		for (uint16_t i = 0; i < 15999; i++)
			wr_close(&w, extension_write(&w, (uint16_t)(1000 + i)));
		wr_close(&w, extension_write(&w, (uint16_t)(again ? 5000 : 999)));
		wr_close(&w, block);
		assert_true(wr_done(&w));
		r = rd_init(wr_written(&w));
		extensions_open(&x, &r, IN_CH, 0);
		assert_false(extensions_next(&x, &type));
		assert_int_equal(extensions_close(&x), again ? R(EXT_TWICE) : 0);
	}
	free(buf);
}

static bool
is_valid(const char *name)
{
	return extension_name_valid((struct slice){ (const uint8_t *)name, strlen(name) });
}

static void
names(void **unused)
{
	static const char *const valid[] = {
		"localhost", "www.example.org", "xn--bcher-kva.example", "a", "_sip.example.org",
		"127.0.0.1",
	};
	static const char *const invalid[] = {
		"", ".", "a.", ".a", "a..b", "a b", "a/b", "::1", "b\xc3\xbc.de", "a\n",
	};
	char label[65], name[300];

	(void)unused;
	for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++)
		assert_true(is_valid(valid[i]));
	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		assert_false(is_valid(invalid[i]));
	memset(label, 'a', sizeof(label));
	assert_true(extension_name_valid((struct slice){ (uint8_t *)label, 63 }));
	assert_false(extension_name_valid((struct slice){ (uint8_t *)label, 64 }));
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '.' : 'a';
	assert_true(extension_name_valid((struct slice){ (uint8_t *)name, 253 }));
	assert_false(extension_name_valid((struct slice){ (uint8_t *)name, 255 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_the_rfcs),
		cmocka_unit_test(each_place),
		cmocka_unit_test(unknown_types_are_counted),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
