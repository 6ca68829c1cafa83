/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "http/url.h"

/* One URL a line: a word of the sentence that refuses it, or what it is. */
/* clang-format off */
static const struct {
	const char *url;
	const char *why;
	enum http_host kind;
	const char *host;
	uint16_t port;
	const char *target;
} cases[] = {
	{ "https://example.com/a/b?c=d", NULL, HTTP_HOST_NAME, "example.com", 443, "/a/b?c=d" },
	{ "https://example.com", NULL, HTTP_HOST_NAME, "example.com", 443, "" },
	{ "https://example.com?q", NULL, HTTP_HOST_NAME, "example.com", 443, "?q" },
	{ "https://example.com#f", NULL, HTTP_HOST_NAME, "example.com", 443, "" },
	{ "https://example.com/a#f?x", NULL, HTTP_HOST_NAME, "example.com", 443, "/a" },
	{ "HTTPS://Example.COM:8443/A", NULL, HTTP_HOST_NAME, "example.com", 8443, "/A" },
	{ "https://localhost:/", NULL, HTTP_HOST_NAME, "localhost", 443, "/" },
	{ "https://example.com./", NULL, HTTP_HOST_NAME, "example.com", 443, "/" },
	{ "https://a_b.example/", NULL, HTTP_HOST_NAME, "a_b.example", 443, "/" },
	{ "https://127.0.0.1:1/", NULL, HTTP_HOST_IPV4, "127.0.0.1", 1, "/" },
	{ "https://[::1]:65535/", NULL, HTTP_HOST_IPV6, "::1", 65535, "/" },
	{ "https://[2001:DB8::1]", NULL, HTTP_HOST_IPV6, "2001:db8::1", 443, "" },
	{ "https://h/?u=http://x@y:z", NULL, HTTP_HOST_NAME, "h", 443, "/?u=http://x@y:z" },
	{ "https://h/\xc3\xa4", NULL, HTTP_HOST_NAME, "h", 443, "/\xc3\xa4" },
	{ "", "not a URL", 0, "", 0, "" },
	{ "example.com", "not a URL", 0, "", 0, "" },
	{ "https:/example.com", "not a URL", 0, "", 0, "" },
	{ "https:example.com", "not a URL", 0, "", 0, "" },
	{ "localhost:8443/x", "not a URL", 0, "", 0, "" },
	{ "http://example.com/", "http://", 0, "", 0, "" },
	{ "ftp://example.com/", "scheme", 0, "", 0, "" },
	{ "https://", "no host", 0, "", 0, "" },
	{ "https:///a", "no host", 0, "", 0, "" },
	{ "https://:443/", "no host", 0, "", 0, "" },
	{ "https://./", "no host", 0, "", 0, "" },
	{ "https://u@h/", "user name", 0, "", 0, "" },
	{ "https://u:p@h/", "user name", 0, "", 0, "" },
	{ "https://a@b@c/", "user name", 0, "", 0, "" },
	{ "https://h:0/", "port", 0, "", 0, "" },
	{ "https://h:65536/", "port", 0, "", 0, "" },
	{ "https://h:+1/", "port", 0, "", 0, "" },
	{ "https://h:8443x/", "port", 0, "", 0, "" },
	{ "https://h:99999999999999999999/", "port", 0, "", 0, "" },
	{ "https://::1/", "brackets", 0, "", 0, "" },
	{ "https://[::1/", "[address]", 0, "", 0, "" },
	{ "https://[::1]x/", "[address]", 0, "", 0, "" },
	{ "https://[127.0.0.1]/", "no IPv6", 0, "", 0, "" },
	{ "https://[]/", "no host", 0, "", 0, "" },
	{ "https://[fe80::1%25eth0]/", "zone", 0, "", 0, "" },
	{ "https://127.1/", "IPv4", 0, "", 0, "" },
	{ "https://256.0.0.1/", "IPv4", 0, "", 0, "" },
	{ "https://1.2.3.4.5/", "IPv4", 0, "", 0, "" },
	{ "https://2130706433/", "IPv4", 0, "", 0, "" },
	{ "https://0x7f.0x1/", "IPv4", 0, "", 0, "" },
	{ "https://a..b/", "empty label", 0, "", 0, "" },
	{ "https://.a/", "empty label", 0, "", 0, "" },
	{ "https://a../", "empty label", 0, "", 0, "" },
	{ "https://a b/", "character", 0, "", 0, "" },
	{ "https://a%2eb/", "character", 0, "", 0, "" },
	{ "https://a,b/", "character", 0, "", 0, "" },
	{ "https://m\xc3\xbcnchen.de/", "xn--", 0, "", 0, "" },
	{ "https://h/a b", "space", 0, "", 0, "" },
	{ "https://h/a\r\nX: y", "space", 0, "", 0, "" },
	{ "https://h\r\nX: y/", "port", 0, "", 0, "" },
	{ "https://h\\@evil/", "backslash", 0, "", 0, "" },
	{ "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "63", 0, "", 0, "" },
};
/* clang-format on */

static void
check(size_t i, const struct http_url *url)
{
	if (url->kind != cases[i].kind || url->port != cases[i].port ||
	    strcmp(url->host, cases[i].host) != 0 || !http_text_is(url->target, cases[i].target))
		fail_msg("%s: kind %d host %s port %u", cases[i].url, (int)url->kind, url->host,
		    (unsigned)url->port);
}

static void
each_url(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].url);
		char *exact = malloc(len);
		struct http_url url;
		const char *why;

		assert_true(len == 0 || exact != NULL);
		if (len != 0)
			memcpy(exact, cases[i].url, len);
		why = http_url_parse(&url, (struct http_text){ exact, len });
		if ((why == NULL) != (cases[i].why == NULL) ||
		    (why != NULL && strstr(why, cases[i].why) == NULL))
			fail_msg("%s: %s", cases[i].url, why != NULL ? why : "taken");
		if (why == NULL)
			check(i, &url);
		free(exact);
	}
}

static void
name_length(void **unused)
{
	(void)unused;
	for (size_t n = HTTP_HOST_MAX; n <= HTTP_HOST_MAX + 1; n++) {
		char text[300] = "https://";
		struct http_url url;

		for (size_t i = 0; i < n; i++)
			text[8 + i] = i % 2 == 0 ? 'a' : '.';
		if (n % 2 == 0)
			text[8 + n - 1] = 'a';
		assert_int_equal(http_url_parse(&url, http_text(text)) == NULL, n == HTTP_HOST_MAX);
	}
}

static void
the_request(void **unused)
{
	static const struct {
		const char *url, *front;
	} rows[] = {
		{ "https://h/a?b#c", "GET /a?b HTTP/1.1\r\nHost: h\r\n" },
		{ "https://h?b", "GET /?b HTTP/1.1\r\nHost: h\r\n" },
		{ "https://h:443", "GET / HTTP/1.1\r\nHost: h\r\n" },
		{ "https://[::1]:8443/", "GET / HTTP/1.1\r\nHost: [::1]:8443\r\n" },
		{ "https://h/\xc3\xa4%20", "GET /%C3%A4%20 HTTP/1.1\r\nHost: h\r\n" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_buf out = { .grows = true };
		struct http_url url;

		assert_null(http_url_parse(&url, http_text(rows[i].url)));
		http_url_put_request(&url, "GET", false, &out);
		assert_false(out.full);
		assert_memory_equal(out.p, rows[i].front, strlen(rows[i].front));
		assert_memory_equal(out.p + out.len - 23, "\r\nConnection: close\r\n\r\n", 23);
		http_buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_url),
		cmocka_unit_test(name_length),
		cmocka_unit_test(the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
