/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "http/response.h"

enum { MORE = -1, BAD = -2 };

#define OK	"HTTP/1.1 200 OK\r\n"

/* One head a line: its status, or MORE or BAD; then how the body ends. */
/* clang-format off */
static const struct {
	const char *rule, *bytes;
	int status;
	enum http_body body;
	uint64_t length;
	bool keep_alive;
} cases[] = {
	{ "length", OK "Content-Length: 5\r\n\r\n", 200, HTTP_BODY_LENGTH, 5, true },
	{ "length 0", OK "Content-Length: 0\r\n\r\n", 200, HTTP_BODY_LENGTH, 0, true },
	{ "chunked", OK "Transfer-Encoding: Chunked\r\n\r\n", 200, HTTP_BODY_CHUNKED, 0, true },
	{ "until close", OK "\r\n", 200, HTTP_BODY_CLOSE, 0, false },
	{ "close", OK "Content-Length: 5\r\nConnection: close\r\n\r\n", 200, HTTP_BODY_LENGTH, 5, false },
	{ "1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 200, HTTP_BODY_LENGTH, 5, false },
	{ "1.0 keep-alive", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", 200, HTTP_BODY_LENGTH, 5, true },
	{ "204", "HTTP/1.1 204 No Content\r\n\r\n", 204, HTTP_BODY_NONE, 0, true },
	{ "304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, HTTP_BODY_NONE, 5, true },
	{ "100", "HTTP/1.1 100 Continue\r\n\r\n", 100, HTTP_BODY_NONE, 0, true },
	{ "103", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 103, HTTP_BODY_NONE, 0, true },
	{ "301", "HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 301, HTTP_BODY_LENGTH, 0, true },
	{ "599", "HTTP/1.1 599 ?\r\nContent-Length: 0\r\n\r\n", 599, HTTP_BODY_LENGTH, 0, true },
	{ "empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, HTTP_BODY_LENGTH, 0, true },
	{ "no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, HTTP_BODY_LENGTH, 0, true },
	{ "reason of many words", "HTTP/1.1 200 so it  is\r\nContent-Length: 0\r\n\r\n", 200, HTTP_BODY_LENGTH, 0, true },
	{ "nothing", "", MORE, 0, 0, false },
	{ "half", OK "Content-Le", MORE, 0, 0, false },
	{ "no empty line", OK "Content-Length: 5\r\n", MORE, 0, 0, false },
	{ "101", "HTTP/1.1 101 Switching\r\n", BAD, 0, 0, false },
	{ "99", "HTTP/1.1 099 x\r\n", BAD, 0, 0, false },
	{ "600", "HTTP/1.1 600 x\r\n", BAD, 0, 0, false },
	{ "status of two digits", "HTTP/1.1 20 x\r\n", BAD, 0, 0, false },
	{ "status of four", "HTTP/1.1 2000 x\r\n", BAD, 0, 0, false },
	{ "status of letters", "HTTP/1.1 2x0 x\r\n", BAD, 0, 0, false },
	{ "two spaces", "HTTP/1.1  200 OK\r\n", BAD, 0, 0, false },
	{ "HTTP/2", "HTTP/2 200 OK\r\n", BAD, 0, 0, false },
	{ "HTTP/2.0", "HTTP/2.0 200 OK\r\n", BAD, 0, 0, false },
	{ "ICY", "ICY 200 OK\r\n", BAD, 0, 0, false },
	{ "empty line in front", "\r\n" OK, BAD, 0, 0, false },
	{ "LF alone", "HTTP/1.1 200 OK\n", BAD, 0, 0, false },
	{ "CR alone", "HTTP/1.1 200 O\rK\r\n", BAD, 0, 0, false },
	{ "folded", OK "A: b\r\n c\r\n\r\n", BAD, 0, 0, false },
	{ "length and coding", OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", BAD, 0, 0, false },
	{ "lengths differ", OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", BAD, 0, 0, false },
	{ "length of letters", OK "Content-Length: five\r\n\r\n", BAD, 0, 0, false },
	{ "length below 0", OK "Content-Length: -5\r\n\r\n", BAD, 0, 0, false },
	{ "length 2^64+5", OK "Content-Length: 18446744073709551621\r\n\r\n", BAD, 0, 0, false },
	{ "gzip coding", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", BAD, 0, 0, false },
	{ "coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BAD, 0, 0, false },
};
/* clang-format on */

static enum http_step
verdict(int status)
{
	if (status == BAD)
		return HTTP_REFUSED;
	return status == MORE ? HTTP_MORE : HTTP_DONE;
}

static enum http_step
parse(struct http_response *r, bool is_head, const char *bytes, size_t len)
{
	char *exact = malloc(len);
	enum http_step step;

	assert_true(len == 0 || exact != NULL);
	if (len != 0)
		memcpy(exact, bytes, len);
	step = http_response_parse(r, is_head, exact, len);
	free(exact);
	return step;
}

static void
each_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_response r = {0};
		enum http_step step = parse(&r, false, cases[i].bytes, strlen(cases[i].bytes));
		enum http_step want = verdict(cases[i].status);

		if (step != want || (step == HTTP_REFUSED) != (r.fault.why != NULL))
			fail_msg("%s: step %d: %s", cases[i].rule, (int)step,
			    r.fault.why != NULL ? r.fault.why : "no sentence");
		if (step != HTTP_DONE)
			continue;
		if (r.status != cases[i].status || r.body != cases[i].body ||
		    r.length != cases[i].length || r.keep_alive != cases[i].keep_alive ||
		    r.consumed != strlen(cases[i].bytes))
			fail_msg("%s: status %d body %d length %llu keep-alive %d", cases[i].rule,
			    r.status, (int)r.body, (unsigned long long)r.length, r.keep_alive);
	}
}

static void
byte_by_byte_is_the_same(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].bytes), n = 0;
		struct http_response r = {0};
		enum http_step step = HTTP_MORE;

		while (step == HTTP_MORE && n < len)
			step = parse(&r, false, cases[i].bytes, ++n);
		if (step != verdict(cases[i].status))
			fail_msg("%s: step %d after %zu", cases[i].rule, (int)step, n);
		if (step == HTTP_DONE && n != len)
			fail_msg("%s: done after %zu of %zu", cases[i].rule, n, len);
	}
}

static void
no_body_answers_head(void **unused)
{
	static const char bytes[] = OK "Content-Length: 5\r\n\r\n";
	struct http_response r = {0};

	(void)unused;
	assert_int_equal(parse(&r, true, bytes, sizeof(bytes) - 1), HTTP_DONE);
	assert_int_equal(r.body, HTTP_BODY_NONE);
	assert_int_equal(r.length, 5);
	assert_true(r.keep_alive);
}

static void
what_it_yields(void **unused)
{
	static const char bytes[] = "HTTP/1.1 302 Over There\r\nlocation:  /x y \r\n\r\nrest";
	struct http_response r = {0};
	struct http_text value;

	(void)unused;
	assert_int_equal(http_response_parse(&r, false, bytes, sizeof(bytes) - 1), HTTP_DONE);
	assert_true(http_text_is(r.reason, "Over There"));
	assert_int_equal(http_fields_find(&r.fields, "Location", &value), 1);
	assert_true(http_text_is(value, "/x y"));
	assert_string_equal(bytes + r.consumed, "rest");
}

static void
a_full_buffer_decides(void **unused)
{
	static char endless[HTTP_RESPONSE_HEAD_MAX];
	struct http_response r = {0};

	(void)unused;
	memset(endless, 'A', sizeof(endless));
	memcpy(endless, OK, sizeof(OK) - 1);
	assert_int_equal(parse(&r, false, endless, sizeof(endless) - 1), HTTP_MORE);
	assert_int_equal(parse(&r, false, endless, sizeof(endless)), HTTP_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(byte_by_byte_is_the_same),
		cmocka_unit_test(no_body_answers_head),
		cmocka_unit_test(what_it_yields),
		cmocka_unit_test(a_full_buffer_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
