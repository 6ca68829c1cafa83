/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "http/head.h"
#include "http/mime.h"
#include "http/page.h"

static void
dates(void **unused)
{
	static const struct {
		time_t t;
		const char *date;
	} rows[] = {
		{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },		/* RFC 9110 5.6.7 */
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
		{ 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ 253402300800, NULL },
		{ INT64_MAX, NULL },
		{ INT64_MIN, NULL },
		{ 67767976233532799, NULL },		/* the last that fits a struct tm */
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char date[HTTP_DATE_SIZE];

		if (http_date(date, rows[i].t) != (rows[i].date != NULL))
			fail_msg("row %zu", i);
		if (rows[i].date != NULL)
			assert_string_equal(date, rows[i].date);
	}
}

static void
put(const struct http_head *head, char text[1024])
{
	struct http_buf out = { .p = text, .cap = 1023 };

	http_head_put(&out, head);
	assert_false(out.full);
	text[out.len] = '\0';
}

static void
heads(void **unused)
{
	static char where[] = "/a%20b/";
	const struct http_buf location = { .p = where, .len = sizeof(where) - 1 };
	struct http_head head = { .status = 200, .minor = 1, .keep_alive = true,
	    .type = "text/plain", .length = UINT64_MAX, .now = 784111777,
	    .has_modified = true, .modified = 784111778 };
	char text[1024];

	(void)unused;
	put(&head, text);
	assert_string_equal(text,
	    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Server: ktls\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 18446744073709551615\r\n"
	    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n" /* never later than Date */
	    "X-Content-Type-Options: nosniff\r\n\r\n");

	head = (struct http_head){ .status = 301, .keep_alive = true, .type = "x/y",
	    .location = &location };
	put(&head, text);
	assert_non_null(strstr(text, "\r\nLocation: /a%20b/\r\n"));
	assert_non_null(strstr(text, "\r\nConnection: keep-alive\r\n"));	/* HTTP/1.0 */
	assert_null(strstr(text, "Last-Modified"));

	head = (struct http_head){ .status = 405, .minor = 1, .type = "x/y", .own_page = true };
	put(&head, text);
	assert_non_null(strstr(text, " 405 Method Not Allowed\r\n"));
	assert_non_null(strstr(text, "\r\nAllow: GET, HEAD\r\n"));
	assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Security-Policy: default-src 'none'"));
}

/* Whatever the room, never a byte over, and never half a head taken for a whole one. */
static void
too_small_a_buffer_is_said(void **unused)
{
	const struct http_head head = { .status = 200, .minor = 1, .type = "text/plain" };
	char whole[1024];

	(void)unused;
	put(&head, whole);
	for (size_t n = 0; n <= strlen(whole); n++) {
		char *room = malloc(n);
		struct http_buf out = { .p = room, .cap = n };

		http_head_put(&out, &head);
		assert_int_equal(out.full, n < strlen(whole));
		assert_true(out.len <= n);
		free(room);
	}
}

static void
readable_text(void **unused)
{
	static const struct {
		const char *raw, *html, *percent;
	} rows[] = {
		/* clang-format off */
		{ "a-b_c.d~e", "a-b_c.d~e", "a-b_c.d~e" },
		{ "<script>", "&lt;script&gt;", "%3Cscript%3E" },
		{ "\"'&", "&quot;&#39;&amp;", "%22%27%26" },
		{ "a/b?c#d%", "a/b?c#d%", "a/b%3Fc%23d%25" },
		{ "javascript:x", "javascript:x", "javascript%3Ax" },
		{ "\xc3\xa4", "\xc3\xa4", "%C3%A4" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "%F0%9F%98%80" },
		{ "\xff.", "\xef\xbf\xbd.", "%FF." },
		{ "\xc3", "\xef\xbf\xbd", "%C3" },			/* cut short */
		{ "\xc3.", "\xef\xbf\xbd.", "%C3." },
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "%C0%AF" },	/* overlong */
		{ "\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "%E0%80%AF" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "%ED%A0%80" },
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "%F4%90%80%80" },
		{ "a\r\n\x1b[m\x7f", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd[m\xef\xbf\xbd", "a%0D%0A%1B%5Bm%7F" },
		{ "\xc2\x9b", "\xef\xbf\xbd", "%C2%9B" },		/* C1 */
		{ "\xc2\xa0", "\xc2\xa0", "%C2%A0" },
		/* clang-format on */
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].raw);
		char *exact = malloc(len);
		struct http_buf html = { .grows = true }, percent = { .grows = true };

		assert_non_null(exact);
		memcpy(exact, rows[i].raw, len);
		http_buf_html(&html, (struct http_text){ exact, len });
		http_buf_percent(&percent, (struct http_text){ exact, len }, "/");
		if (!http_text_is((struct http_text){ html.p, html.len }, rows[i].html) ||
		    !http_text_is((struct http_text){ percent.p, percent.len }, rows[i].percent))
			fail_msg("row %zu: %.*s %.*s", i, (int)html.len, html.p, (int)percent.len,
			    percent.p);
		http_buf_free(&html);
		http_buf_free(&percent);
		free(exact);
	}
}

static void
error_pages(void **unused)
{
	struct http_buf out = { .grows = true };

	(void)unused;
	http_page_error(&out, false, 404, http_text("/a<b\x1b"), "there is no such file");
	assert_true(http_text_is((struct http_text){ out.p, out.len },
	    "404 Not Found\n/a<b\xef\xbf\xbd: there is no such file\n"));
	http_buf_free(&out);
	http_page_error(&out, true, 404, http_text("/<b>"), "it's gone");
	http_buf_put(&out, "", 1);
	assert_non_null(strstr(out.p, "<h1>404 Not Found</h1>\n<p>/&lt;b&gt;: it&#39;s gone</p>"));
	http_buf_free(&out);
}

static void
media_types(void **unused)
{
	static const struct {
		const char *name, *type;
	} rows[] = {
		{ "index.html", "text/html; charset=utf-8" },
		{ "a/b/STYLE.CSS", "text/css; charset=utf-8" },
		{ "x.tar.gz", "application/gzip" },
		{ "p.svg", "image/svg+xml" },
		{ "README", "application/octet-stream" },
		{ "a.html/README", "application/octet-stream" },
		{ "x.", "application/octet-stream" },
		{ "x.unknown", "application/octet-stream" },
		{ "", "application/octet-stream" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(http_mime_type(rows[i].name), rows[i].type);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates),
		cmocka_unit_test(heads),
		cmocka_unit_test(too_small_a_buffer_is_said),
		cmocka_unit_test(readable_text),
		cmocka_unit_test(error_pages),
		cmocka_unit_test(media_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
