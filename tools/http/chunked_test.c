/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "http/chunked.h"

/* One body a line: the bytes, how it ends, what it yields, how many bytes stand behind it. */
/* clang-format off */
static const struct {
	const char *rule, *bytes;
	enum http_step step;
	const char *body;
	size_t behind;
} cases[] = {
	{ "empty", "0\r\n\r\n", HTTP_DONE, "", 0 },
	{ "two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", HTTP_DONE, "abcde", 0 },
	{ "what follows stays", "1\r\na\r\n0\r\n\r\nHTTP/1.1", HTTP_DONE, "a", 8 },
	{ "hexadecimal", "A\r\n0123456789\r\n0a\r\n0123456789\r\n0\r\n\r\n", HTTP_DONE, "01234567890123456789", 0 },
	{ "leading zeros", "000000000000000000001\r\na\r\n00\r\n\r\n", HTTP_DONE, "a", 0 },
	{ "extension", "1;x\r\na\r\n0;y=\"z\"\r\n\r\n", HTTP_DONE, "a", 0 },
	{ "bad white space", "1 \t;x\r\na\r\n0\r\n\r\n", HTTP_DONE, "a", 0 },
	{ "trailers", "1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n", HTTP_DONE, "a", 0 },
	{ "CRLF in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", HTTP_DONE, "\r\n\r\n", 0 },
	{ "nothing", "", HTTP_MORE, "", 0 },
	{ "no last chunk", "1\r\na\r\n", HTTP_MORE, "a", 0 },
	{ "last chunk, no end", "1\r\na\r\n0\r\n", HTTP_MORE, "a", 0 },
	{ "trailer, no end", "0\r\nA: b\r\n", HTTP_MORE, "", 0 },
	{ "half a chunk", "5\r\nab", HTTP_MORE, "ab", 0 },
	{ "no size", "\r\na", HTTP_REFUSED, "", 0 },
	{ "no size, extension", ";x\r\n", HTTP_REFUSED, "", 0 },
	{ "space in front", " 1\r\n", HTTP_REFUSED, "", 0 },
	{ "sign", "+1\r\na", HTTP_REFUSED, "", 0 },
	{ "0x", "0x1\r\na", HTTP_REFUSED, "", 0 },
	{ "letter", "1g\r\na", HTTP_REFUSED, "", 0 },
	{ "space behind", "1 \r\na", HTTP_REFUSED, "", 0 },
	{ "LF alone", "1\na", HTTP_REFUSED, "", 0 },
	{ "CR alone", "1\ra", HTTP_REFUSED, "", 0 },
	{ "LF in an extension", "1;x\ny\r\n", HTTP_REFUSED, "", 0 },
	{ "data too long", "1\r\nab\r\n", HTTP_REFUSED, "a", 0 },
	{ "data ends in LF alone", "1\r\na\n", HTTP_REFUSED, "a", 0 },
	{ "data ends in CR alone", "1\r\na\rx", HTTP_REFUSED, "a", 0 },
	{ "trailer ends in LF alone", "0\r\nA: b\n", HTTP_REFUSED, "", 0 },
	{ "end is LF alone", "0\r\n\n", HTTP_REFUSED, "", 0 },
	{ "2^63", "8000000000000000\r\n", HTTP_REFUSED, "", 0 },
	{ "2^64+1", "10000000000000001\r\n", HTTP_REFUSED, "", 0 },
};
/* clang-format on */

/* Feeds pieces of at most step bytes, each from memory of its exact length. */
static enum http_step
decode(const char *bytes, size_t len, size_t piece, char *body, size_t *behind)
{
	struct http_chunked c = {0};
	enum http_step step = HTTP_MORE;
	size_t n, left = 0, at = 0;

	for (; at < len && step == HTTP_MORE; at += n) {
		struct http_text in, data;
		char *exact;

		n = len - at < piece ? len - at : piece;
		exact = malloc(n);
		assert_non_null(exact);
		memcpy(exact, bytes + at, n);
		in = (struct http_text){ exact, n };
		do {
			step = http_chunked_next(&c, &in, &data);
			if (data.len != 0)
				body = mempcpy(body, data.p, data.len);
		} while (step == HTTP_MORE && in.len != 0);
		left = in.len;
		free(exact);
	}
	*body = '\0';
	*behind = len - at + left;
	assert_int_equal(step == HTTP_REFUSED, c.fault.why != NULL);
	return step;
}

static void
each_rule_in_pieces_of_every_size(void **unused)
{
	char body[64];
	size_t behind;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].bytes);

		for (size_t piece = 1; piece <= len + 1; piece++) {
			enum http_step step = decode(cases[i].bytes, len, piece, body, &behind);

			if (step != cases[i].step || strcmp(body, cases[i].body) != 0 ||
			    (step == HTTP_DONE && behind != cases[i].behind))
				fail_msg("%s, pieces of %zu: step %d body \"%s\" behind %zu",
				    cases[i].rule, piece, (int)step, body, behind);
		}
	}
}

static void
truncation_is_never_the_end(void **unused)
{
	static const char whole[] = "3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nA: b\r\n\r\n";
	char body[64];
	size_t behind;

	(void)unused;
	for (size_t n = 0; n < sizeof(whole) - 1; n++)
		assert_int_equal(decode(whole, n, n + 1, body, &behind), HTTP_MORE);
	assert_int_equal(decode(whole, sizeof(whole) - 1, 99, body, &behind), HTTP_DONE);
}

static void
endless_lines_are_refused(void **unused)
{
	static const char *const fronts[] = { "0", "1;", "0\r\nA:", "1 " };
	static char bytes[2 * HTTP_CHUNK_LINE_MAX];

	(void)unused;
	for (size_t i = 0; i < sizeof(fronts) / sizeof(*fronts); i++) {
		char body[64];
		size_t behind;

		memset(bytes, fronts[i][strlen(fronts[i]) - 1], sizeof(bytes));
		memcpy(bytes, fronts[i], strlen(fronts[i]));
		assert_int_equal(decode(bytes, sizeof(bytes), 512, body, &behind), HTTP_REFUSED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_in_pieces_of_every_size),
		cmocka_unit_test(truncation_is_never_the_end),
		cmocka_unit_test(endless_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
