/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "http/request.h"

#define S(literal)	literal, sizeof(literal) - 1
#define H		"Host: a\r\n"		/* what every HTTP/1.1 request needs */

/* One request a line: the rule, the bytes, the status it is refused with (0: taken, -1: more). */
/* clang-format off */
static const struct {
	const char *rule;
	const char *bytes;
	size_t len;
	int status;
} cases[] = {
	{ "plain", S("GET / HTTP/1.1\r\n" H "\r\n"), 0 },
	{ "HEAD", S("HEAD /x HTTP/1.1\r\n" H "\r\n"), 0 },
	{ "1.0 needs no Host", S("GET / HTTP/1.0\r\n\r\n"), 0 },
	{ "1.1 needs Host", S("GET / HTTP/1.1\r\n\r\n"), 400 },
	{ "Host twice", S("GET / HTTP/1.1\r\n" H H "\r\n"), 400 },
	{ "Host twice, 1.0", S("GET / HTTP/1.0\r\n" H H "\r\n"), 400 },
	{ "Host empty", S("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
	{ "Host with a port", S("GET / HTTP/1.1\r\nHost: a.b:8443\r\n\r\n"), 0 },
	{ "Host with an IPv6 address", S("GET / HTTP/1.1\r\nHost: [::1]:1\r\n\r\n"), 0 },
	{ "Host with half a bracket", S("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400 },
	{ "Host with a path", S("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400 },
	{ "Host with a user", S("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400 },
	{ "Host with a list", S("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400 },
	{ "Host with a bad port", S("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"), 400 },
	{ "one empty line in front", S("\r\nGET / HTTP/1.1\r\n" H "\r\n"), 0 },
	{ "two empty lines in front", S("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"), 400 },
	{ "LF alone", S("GET / HTTP/1.1\n"), 400 },
	{ "LF alone in a field", S("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400 },
	{ "CR alone", S("GET / HTTP/1.1\r\nA: b\rHost: a\r\n\r\n"), 400 },
	{ "CR CR LF", S("GET / HTTP/1.1\r\r\n"), 400 },
	{ "NUL", S("GET /\0 HTTP/1.1\r\n"), 400 },
	{ "NUL in a value", S("GET / HTTP/1.1\r\nA: \0\r\n"), 400 },
	{ "HTAB in a value", S("GET / HTTP/1.1\r\n" H "A: b\tc\r\n\r\n"), 0 },
	{ "obs-text in a value", S("GET / HTTP/1.1\r\n" H "A: \xff\r\n\r\n"), 0 },
	{ "folded line", S("GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n"), 400 },
	{ "folded first field", S("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400 },
	{ "folded, no field to fold", S("GET / HTTP/1.1\r\n" H " \r\n\r\n"), 400 },
	{ "space before a colon", S("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400 },
	{ "tab before a colon", S("GET / HTTP/1.1\r\n" H "A\t: a\r\n\r\n"), 400 },
	{ "no colon", S("GET / HTTP/1.1\r\n" H "A\r\n\r\n"), 400 },
	{ "no name", S("GET / HTTP/1.1\r\n" H ": b\r\n\r\n"), 400 },
	{ "name is no token", S("GET / HTTP/1.1\r\n" H "A(: b\r\n\r\n"), 400 },
	{ "obs-text in a name", S("GET / HTTP/1.1\r\n" H "\xc3\xa4: b\r\n\r\n"), 400 },
	{ "empty value", S("GET / HTTP/1.1\r\n" H "A:\r\n\r\n"), 0 },

	{ "HTTP/0.9", S("GET /\r\n"), 400 },
	{ "two spaces", S("GET  / HTTP/1.1\r\n"), 400 },
	{ "space at the end", S("GET / HTTP/1.1 \r\n"), 400 },
	{ "space in front", S(" GET / HTTP/1.1\r\n"), 400 },
	{ "space in the target", S("GET /a b HTTP/1.1\r\n"), 400 },
	{ "tab for a space", S("GET\t/ HTTP/1.1\r\n"), 400 },
	{ "HTTP/2 preface", S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505 },
	{ "HTTP/1.2 is 1.1", S("GET / HTTP/1.2\r\n" H "\r\n"), 0 },
	{ "HTTP/3.0", S("GET / HTTP/3.0\r\n"), 505 },
	{ "http/1.1", S("GET / http/1.1\r\n"), 400 },
	{ "HTTP/1.10", S("GET / HTTP/1.10\r\n"), 400 },
	{ "HTTP/1", S("GET / HTTP/1\r\n"), 400 },
	{ "HTTP/+1.1", S("GET / HTTP/x.1\r\n"), 400 },
	{ "get", S("get / HTTP/1.1\r\n"), 501 },
	{ "unknown method", S("BREW / HTTP/1.1\r\n"), 501 },
	{ "POST", S("POST / HTTP/1.1\r\n"), 405 },
	{ "OPTIONS *", S("OPTIONS * HTTP/1.1\r\n"), 405 },
	{ "CONNECT", S("CONNECT a:443 HTTP/1.1\r\n"), 405 },
	{ "method is no token", S("G@T / HTTP/1.1\r\n"), 400 },
	{ "TLS to a plain reader", S("\x16\x03\x01\x02"), 400 },
	{ "asterisk", S("GET * HTTP/1.1\r\n"), 400 },
	{ "relative", S("GET a HTTP/1.1\r\n"), 400 },
	{ "absolute", S("GET https://h/p HTTP/1.1\r\n" H "\r\n"), 0 },
	{ "absolute, no path", S("GET http://h HTTP/1.1\r\n" H "\r\n"), 0 },
	{ "absolute, query", S("GET HTTP://h?q HTTP/1.1\r\n" H "\r\n"), 0 },
	{ "absolute needs Host too", S("GET https://h/p HTTP/1.1\r\n\r\n"), 400 },
	{ "absolute, no host", S("GET https:///p HTTP/1.1\r\n"), 400 },
	{ "absolute, a user", S("GET https://u@h/p HTTP/1.1\r\n"), 400 },
	{ "absolute, other scheme", S("GET ftp://h/p HTTP/1.1\r\n"), 400 },
	{ "absolute, no slashes", S("GET http:h HTTP/1.1\r\n"), 400 },
	{ "fragment", S("GET /a#b HTTP/1.1\r\n"), 400 },
	{ "byte above ASCII", S("GET /\xc3\xa4 HTTP/1.1\r\n"), 400 },

	{ "length 0", S("GET / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), 0 },
	{ "a body", S("GET / HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nGET "), 413 },
	{ "a chunked body", S("GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 413 },
	{ "length and coding", S("GET / HTTP/1.1\r\n" H "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ "coding and length", S("GET / HTTP/1.1\r\n" H "transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n"), 400 },
	{ "unknown coding", S("GET / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n"), 501 },
	{ "list of codings", S("GET / HTTP/1.1\r\n" H "Transfer-Encoding: identity, chunked\r\n\r\n"), 501 },
	{ "codings twice", S("GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"), 501 },
	{ "empty coding", S("GET / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"), 501 },
	{ "coding in 1.0", S("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ "length twice", S("GET / HTTP/1.1\r\n" H "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"), 400 },
	{ "list of lengths", S("GET / HTTP/1.1\r\n" H "Content-Length: 0, 0\r\n\r\n"), 400 },
	{ "length +0", S("GET / HTTP/1.1\r\n" H "Content-Length: +0\r\n\r\n"), 400 },
	{ "length -1", S("GET / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n"), 400 },
	{ "length 0x0", S("GET / HTTP/1.1\r\n" H "Content-Length: 0x0\r\n\r\n"), 400 },
	{ "length empty", S("GET / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"), 400 },
	{ "length 2^64", S("GET / HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n"), 400 },
	{ "length 2^63", S("GET / HTTP/1.1\r\n" H "Content-Length: 9223372036854775808\r\n\r\n"), 400 },
	{ "length 2^63-1", S("GET / HTTP/1.1\r\n" H "Content-Length: 9223372036854775807\r\n\r\n"), 413 },
	{ "nothing yet", S(""), -1 },
	{ "half a line", S("GET / HTT"), -1 },
	{ "half a head", S("GET / HTTP/1.1\r\n" H), -1 },
};
/* clang-format on */

static enum http_step
verdict(int status)
{
	if (status == 0)
		return HTTP_DONE;
	return status < 0 ? HTTP_MORE : HTTP_REFUSED;
}

/* From memory of exactly that length, so that ASan sees one byte over. Slices don't outlive it. */
static enum http_step
parse(struct http_request *req, const char *bytes, size_t len)
{
	char *exact = malloc(len);
	enum http_step step;

	assert_true(len == 0 || exact != NULL);
	if (len != 0)
		memcpy(exact, bytes, len);
	step = http_request_parse(req, exact, len);
	free(exact);
	return step;
}

static void
each_rule(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_request req = {0};
		enum http_step step = parse(&req, cases[i].bytes, cases[i].len);
		enum http_step want = verdict(cases[i].status);

		if (step != want || (step == HTTP_REFUSED && req.fault.status != cases[i].status))
			fail_msg("%s: step %d, status %d: %s", cases[i].rule, (int)step,
			    req.fault.status, req.fault.why != NULL ? req.fault.why : "");
		if (step == HTTP_REFUSED && req.fault.why == NULL)
			fail_msg("%s: no sentence", cases[i].rule);
		if (step == HTTP_DONE && req.consumed != cases[i].len)
			fail_msg("%s: consumed %zu", cases[i].rule, req.consumed);
	}
}

/* However it is cut, the verdict is the same; and from the first byte on, never DONE early. */
static void
byte_by_byte_is_the_same(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_request req = {0};
		enum http_step step = HTTP_MORE;
		size_t n = 0;

		while (step == HTTP_MORE && n < cases[i].len)
			step = parse(&req, cases[i].bytes, ++n);
		if (step != verdict(cases[i].status) || (step == HTTP_DONE && n != cases[i].len) ||
		    (step == HTTP_REFUSED && req.fault.status != cases[i].status))
			fail_msg("%s: step %d, status %d, after %zu", cases[i].rule, (int)step,
			    req.fault.status, n);
	}
}

static void
what_it_yields(void **unused)
{
	static const char bytes[] =
	    "HEAD http://h:1/p?q HTTP/1.1\r\nhost: other\r\n"
	    "Range:\t bytes=0-1 \r\nrange: x\r\nConnection: a, CLOSE ,b\r\n\r\nGET /";
	struct http_request req = {0};
	struct http_text value;

	(void)unused;
	assert_int_equal(http_request_parse(&req, bytes, sizeof(bytes) - 1), HTTP_DONE);
	assert_int_equal(req.method, HTTP_METHOD_HEAD);
	assert_true(http_text_is(req.target, "/p?q"));
	assert_true(http_text_is(req.host, "h:1"));
	assert_int_equal(req.minor, 1);
	assert_false(req.keep_alive);
	assert_int_equal(req.fields.count, 4);
	assert_int_equal(http_fields_find(&req.fields, "RANGE", &value), 2);
	assert_true(http_text_is(value, "bytes=0-1"));
	assert_int_equal(http_fields_find(&req.fields, "Rang", NULL), 0);
	assert_memory_equal(bytes + req.consumed, "GET /", 5);
}

static void
keep_alive(void **unused)
{
	static const struct {
		const char *bytes;
		bool keep_alive;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n" H "\r\n", true },
		{ "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\n" H "Connection: x\r\nConnection: close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_request req = {0};

		assert_int_equal(parse(&req, rows[i].bytes, strlen(rows[i].bytes)), HTTP_DONE);
		if (req.keep_alive != rows[i].keep_alive)
			fail_msg("%s", rows[i].bytes);
	}
}

/* "GET /aaa HTTP/1.1\r\nHost: a\r\n" with a line of line bytes, then fields up to head bytes. */
static char *
long_request(size_t line, size_t head)
{
	static const char front[] = "GET /", back[] = " HTTP/1.1\r\n" H;
	size_t path = line - (sizeof(front) - 1) - (sizeof(" HTTP/1.1\r\n") - 1);
	char *p = malloc(head), *at = p;

	assert_non_null(p);
	at = mempcpy(at, front, sizeof(front) - 1);
	memset(at, 'a', path);
	at = mempcpy(at + path, back, sizeof(back) - 1);
	at = mempcpy(at, "A:", 2);
	memset(at, 'b', (size_t)(p + head - at));
	memcpy(p + head - 4, "\r\n\r\n", 4);
	return p;
}

static void
limits(void **unused)
{
	static const struct {
		size_t line, head;
		int status;
	} rows[] = {
		{ 8192, 9000, 0 }, { 8193, 9000, 414 }, { 9000, 16384, 414 },
		{ 100, 16384, 0 },
		{ 100, 16385, 431 },
		{ 8192, 16384, 0 },
		{ 8192, 20000, 431 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *bytes = long_request(rows[i].line, rows[i].head);
		struct http_request req = {0};
		enum http_step step = parse(&req, bytes, rows[i].head);

		free(bytes);
		if (step != (rows[i].status == 0 ? HTTP_DONE : HTTP_REFUSED) ||
		    req.fault.status != rows[i].status)
			fail_msg("line %zu head %zu: step %d status %d", rows[i].line,
			    rows[i].head, (int)step, req.fault.status);
	}
}

/* A full buffer is never answered with "more": the server would wait for ever. */
static void
a_full_buffer_decides(void **unused)
{
	static char endless[HTTP_REQUEST_HEAD_MAX];
	struct http_request req = {0};

	(void)unused;
	memset(endless, 'A', sizeof(endless));
	assert_int_equal(parse(&req, endless, HTTP_REQUEST_LINE_MAX - 1), HTTP_MORE);
	assert_int_equal(parse(&req, endless, HTTP_REQUEST_LINE_MAX), HTTP_REFUSED);
	assert_int_equal(req.fault.status, 414);

	req = (struct http_request){0};
	memcpy(endless, "GET / HTTP/1.1\r\n", 16);
	assert_int_equal(parse(&req, endless, sizeof(endless) - 1), HTTP_MORE);
	assert_int_equal(parse(&req, endless, sizeof(endless)), HTTP_REFUSED);
	assert_int_equal(req.fault.status, 431);
}

static void
field_count(void **unused)
{
	(void)unused;
	for (unsigned extra = 98; extra <= 100; extra++) {
		char bytes[1024] = "GET / HTTP/1.1\r\n" H;
		struct http_request req = {0};

		for (unsigned i = 0; i < extra; i++)
			strcat(bytes, "A: b\r\n");
		strcat(bytes, "\r\n");
		assert_int_equal(parse(&req, bytes, strlen(bytes)),
		    extra < HTTP_FIELDS_MAX ? HTTP_DONE : HTTP_REFUSED);
		assert_int_equal(req.fault.status, extra < HTTP_FIELDS_MAX ? 0 : 431);
	}
}

/* Pipelined: each begins where the one before has ended. */
static void
pipelined(void **unused)
{
	static const char bytes[] = "GET /1 HTTP/1.1\r\n" H "\r\nGET /2 HTTP/1.1\r\n" H "\r\nGE";
	struct http_request req = {0};
	size_t at;

	(void)unused;
	assert_int_equal(http_request_parse(&req, bytes, sizeof(bytes) - 1), HTTP_DONE);
	assert_true(http_text_is(req.target, "/1"));
	at = req.consumed;
	req = (struct http_request){0};
	assert_int_equal(http_request_parse(&req, bytes + at, sizeof(bytes) - 1 - at), HTTP_DONE);
	assert_true(http_text_is(req.target, "/2"));
	at += req.consumed;
	req = (struct http_request){0};
	assert_int_equal(http_request_parse(&req, bytes + at, sizeof(bytes) - 1 - at), HTTP_MORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(byte_by_byte_is_the_same),
		cmocka_unit_test(what_it_yields),
		cmocka_unit_test(keep_alive),
		cmocka_unit_test(limits),
		cmocka_unit_test(a_full_buffer_decides),
		cmocka_unit_test(field_count),
		cmocka_unit_test(pipelined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
