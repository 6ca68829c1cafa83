/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "http/target.h"

/* One target a line: the name that it means, or the status that refuses it. */
/* clang-format off */
static const struct {
	const char *target;
	int status;
	const char *name;
	bool slash, hidden;
	const char *query;
} cases[] = {
	{ "/", 0, "", true, false, "" },
	{ "", 0, "", true, false, "" },
	{ "?q", 0, "", true, false, "?q" },
	{ "/?", 0, "", true, false, "?" },
	{ "/a", 0, "a", false, false, "" },
	{ "/a/", 0, "a", true, false, "" },
	{ "/a/b.txt?c=d/../e?f", 0, "a/b.txt", false, false, "?c=d/../e?f" },
	{ "//", 0, "", true, false, "" },
	{ "//etc/passwd", 0, "etc/passwd", false, false, "" },
	{ "/a//b///c", 0, "a/b/c", false, false, "" },
	{ "/.", 0, "", true, false, "" },
	{ "/..", 0, "", true, false, "" },
	{ "/./a/./b/.", 0, "a/b", true, false, "" },
	{ "/a/..", 0, "", true, false, "" },
	{ "/a/b/..", 0, "a", true, false, "" },
	{ "/a/b/../c", 0, "a/c", false, false, "" },
	{ "/a/../../../b", 0, "b", false, false, "" },
	{ "/../../etc/passwd", 0, "etc/passwd", false, false, "" },
	{ "/%2e%2e/%2E%2E/x", 0, "x", false, false, "" },
	{ "/a/.%2e/x", 0, "x", false, false, "" },
	{ "/a/%2e./", 0, "", true, false, "" },
	{ "/%2e", 0, "", true, false, "" },
	{ "/..%5c..%5cx", 0, "..\\..\\x", false, true, "" },
	{ "/...", 0, "...", false, true, "" },
	{ "/..a", 0, "..a", false, true, "" },
	{ "/.git/config", 0, ".git/config", false, true, "" },
	{ "/a/.b", 0, "a/.b", false, true, "" },
	{ "/%2egit", 0, ".git", false, true, "" },
	{ "/.git/../a", 0, "a", false, false, "" },
	{ "/a.b/c", 0, "a.b/c", false, false, "" },
	{ "/%41%7a%20%ff", 0, "Az \xff", false, false, "" },
	{ "/%252e%252e/x", 0, "%2e%2e/x", false, false, "" },
	{ "/a%3fb", 0, "a?b", false, false, "" },
	{ "/a%0d%0ab", 0, "a\r\nb", false, false, "" },
	{ "/~a+b;c=d&e:@", 0, "~a+b;c=d&e:@", false, false, "" },
	{ "/%00", 400, NULL, false, false, NULL },
	{ "/a%00.html", 400, NULL, false, false, NULL },
	{ "/a%2fb", 404, NULL, false, false, NULL },
	{ "/..%2F..%2Fetc/passwd", 404, NULL, false, false, NULL },
	{ "/%2f", 404, NULL, false, false, NULL },
	{ "/%", 400, NULL, false, false, NULL },
	{ "/%4", 400, NULL, false, false, NULL },
	{ "/%4/1", 400, NULL, false, false, NULL },
	{ "/%zz", 400, NULL, false, false, NULL },
	{ "/%4g", 400, NULL, false, false, NULL },
	{ "/%u0041", 400, NULL, false, false, NULL },
	{ "/a/../%", 400, NULL, false, false, NULL },
	{ "/a?%", 0, "a", false, false, "?%" },
};
/* clang-format on */

static bool
parse(struct http_path *path, const char *target, size_t len, char *query, struct http_fault *fault)
{
	char *exact = malloc(len);
	bool ok;

	assert_true(len == 0 || exact != NULL);
	if (len != 0)
		memcpy(exact, target, len);
	ok = http_target_path(path, (struct http_text){ exact, len }, fault);
	if (ok)
		snprintf(query, 64, "%.*s", (int)path->query.len,
		    path->query.len != 0 ? path->query.p : "");
	free(exact);
	return ok;
}

static void
each_target(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_fault fault = {0};
		struct http_path path;
		char query[64];
		bool ok = parse(&path, cases[i].target, strlen(cases[i].target), query, &fault);

		if (ok != (cases[i].status == 0) || fault.status != cases[i].status)
			fail_msg("%s: status %d", cases[i].target, fault.status);
		if (!ok)
			continue;
		if (strcmp(path.name, cases[i].name) != 0 || path.len != strlen(path.name) ||
		    path.slash != cases[i].slash || path.hidden != cases[i].hidden ||
		    strcmp(query, cases[i].query) != 0)
			fail_msg("%s: \"%s\" slash %d hidden %d query \"%s\"", cases[i].target,
			    path.name, path.slash, path.hidden, query);
	}
}

static void
length_limit(void **unused)
{
	(void)unused;
	for (size_t n = HTTP_PATH_MAX - 2; n <= HTTP_PATH_MAX + 1; n++) {
		struct http_fault fault = {0};
		struct http_path path;
		char target[HTTP_PATH_MAX + 8], query[64];

		target[0] = '/';
		memset(target + 1, 'a', n);
		target[n / 2] = '/';
		assert_int_equal(parse(&path, target, n + 1, query, &fault), n < HTTP_PATH_MAX);
		assert_int_equal(fault.status, n < HTTP_PATH_MAX ? 0 : 414);
		if (n < HTTP_PATH_MAX)
			assert_int_equal(strlen(path.name), n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_target),
		cmocka_unit_test(length_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
