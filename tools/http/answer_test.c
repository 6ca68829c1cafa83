/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "http/answer.h"
#include "http/listing.h"

#define BASE	"/tmp/http-answer-XXXXXX"
#define NOBODY	65534

static char base[] = BASE;	/* holds site/, which is served, and outside/ */
static struct http_site site;
static bool stepwise;		/* there is no openat2 here */

/* What stands in the served directory: a letter says what is made, to names what of. */
static const struct {
	char kind;		/* d: directory, f: file, l: link, p: FIFO, s: socket */
	const char *name, *to;
} tree[] = {
	{ 'd', "outside", NULL },
	{ 'f', "outside/secret", "SECRET" },
	{ 'd', "site", NULL },
	{ 'f', "site/hello.txt", "hello" },
	{ 'f', "site/empty.txt", "" },
	{ 'f', "site/.hidden", "SECRET" },
	{ 'd', "site/.git", NULL },
	{ 'f', "site/.git/config", "SECRET" },
	{ 'f', "site/a b%.txt", "percent" },
	{ 'f', "site/\xff", "bytes" },
	{ 'd', "site/page", NULL },
	{ 'f', "site/page/index.html", "<p>index" },
	{ 'd', "site/\xc3\xa4 dir", NULL },
	{ 'd', "site/list", NULL },
	{ 'f', "site/list/b.txt", "12345" },
	{ 'f', "site/list/A.txt", "1" },
	{ 'f', "site/list/<x> \"&'.txt", "1" },
	{ 'f', "site/list/\xff\x1b.bin", "1" },
	{ 'f', "site/list/.dot", "1" },
	{ 'd', "site/list/sub", NULL },
	{ 'l', "site/list/up", "../hello.txt" },
	{ 'l', "site/list/out", "../../outside/secret" },
	{ 'l', "site/list/broken", "nowhere" },
	{ 'p', "site/list/pipe", NULL },
	{ 'p', "site/pipe", NULL },
	{ 's', "site/socket", NULL },
	{ 'l', "site/in", "hello.txt" },
	{ 'l', "site/in-dir", "page" },
	{ 'l', "site/in-up", "page/../hello.txt" },
	{ 'l', "site/to-hidden", ".hidden" },
	{ 'l', "site/out", "../outside/secret" },
	{ 'l', "site/out-dir", "../outside" },
	{ 'l', "site/out-abs", "/etc/passwd" },
	{ 'l', "site/out-root", "/" },
	{ 'l', "site/back-in", "../site/hello.txt" },
	{ 'l', "site/proc", "/proc/self/root" },
	{ 'l', "site/loop", "loop" },
	{ 'l', "site/broken", "nowhere" },
	{ 'f', "site/closed.txt", "SECRET" },
	{ 'd', "site/closed", NULL },
	{ 'f', "site/closed/x", "SECRET" },
	{ 'd', "site/index-dir", NULL },
	{ 'd', "site/index-dir/index.html", NULL },
	{ 'd', "site/index-out", NULL },
	{ 'l', "site/index-out/index.html", "../../outside/secret" },
	{ 'd', "site/index-pipe", NULL },
	{ 'p', "site/index-pipe/index.html", NULL },
};

#define A16	"aaaaaaaaaaaaaaaa"
#define A64	A16 A16 A16 A16

/*
 * One target a line: its status, what the body or the head must have in it, and the
 * status where openat2 can't be had (0: the same), which follows no link.
 */
/* clang-format off */
static const struct {
	const char *target;
	int status;
	const char *has;
	int stepwise;
} cases[] = {
	{ "/hello.txt", 200, "hello", 0 },
	{ "/hello.txt?x=1", 200, "hello", 0 },
	{ "/hello.txt", 200, "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\nLast-Modified: ", 0 },
	{ "/empty.txt", 200, "\r\nContent-Length: 0\r\n", 0 },
	{ "/a%20b%25.txt", 200, "percent", 0 },
	{ "/%ff", 200, "bytes", 0 },
	{ "//hello.txt", 200, "hello", 0 },
	{ "/./page/../hello.txt", 200, "hello", 0 },
	{ "/../../hello.txt", 200, "hello", 0 },
	{ "/%2e%2e/%2e%2e/hello.txt", 200, "hello", 0 },
	{ "/page/", 200, "<p>index", 0 },
	{ "/page/", 200, "\r\nContent-Type: text/html; charset=utf-8\r\n", 0 },
	{ "/page/.", 200, "<p>index", 0 },
	{ "/page/index.html", 200, "<p>index", 0 },
	{ "/page", 301, "\r\nLocation: /page/\r\n", 0 },
	{ "/page?a=b&c", 301, "\r\nLocation: /page/?a=b&c\r\n", 0 },
	{ "//page", 301, "\r\nLocation: /page/\r\n", 0 },
	{ "//x/../page", 301, "\r\nLocation: /page/\r\n", 0 },
	{ "//evil.example/%2e%2e/page", 301, "\r\nLocation: /page/\r\n", 0 },
	{ "/%c3%a4%20dir", 301, "\r\nLocation: /%C3%A4%20dir/\r\n", 0 },
	{ "/%c3%a4%20dir/", 200, "<h1>/\xc3\xa4 dir/</h1>", 0 },
	{ "/in", 200, "hello", 403 },
	{ "/in-dir", 301, "\r\nLocation: /in-dir/\r\n", 403 },
	{ "/in-dir/", 200, "<p>index", 403 },
	{ "/in-up", 200, "hello", 403 },
	{ "/to-hidden", 200, "SECRET", 403 },		/* whoever links to it wants it served */
	{ "/index-dir/", 200, "<a href=\"index.html/\">", 0 },
	{ "/", 200, "<a href=\"list/\">", 0 },

	{ "/nothing", 404, "/nothing: there is no such file", 0 },
	{ "/nothing/", 404, "/nothing/: there is no such file", 0 },
	{ "/hello.txt/", 404, "/hello.txt/: a file, not a directory", 0 },
	{ "/hello.txt/x", 404, NULL, 0 },
	{ "/" A64 A64 A64 A64, 404, "longer than", 0 },
	{ "/page/" A64 A64 A64 A64 "/x", 404, NULL, 0 },
	{ "/page/" A64 A64 A64 A64, 404, NULL, 0 },
	{ "/hello.txt%00.html", 400, "zero byte", 0 },
	{ "/%00", 400, NULL, 0 },
	{ "/%", 400, NULL, 0 },
	{ "/page%2findex.html", 404, "slash (%2F)", 0 },
	{ "/..%2foutside/secret", 404, NULL, 0 },
	{ "/..%2f..%2fetc/passwd", 404, NULL, 0 },
	{ "/%2e%2e%2foutside/secret", 404, NULL, 0 },
	{ "/..%5coutside%5csecret", 404, NULL, 0 },
	{ "/../outside/secret", 404, NULL, 0 },
	{ "/%2e%2e/outside/secret", 404, NULL, 0 },
	{ "/page/%2e%2e/%2e%2e/outside/secret", 404, NULL, 0 },
	{ "/..;/outside/secret", 404, NULL, 0 },
	{ "/%252e%252e/outside/secret", 404, NULL, 0 },
	{ "//etc/passwd", 404, NULL, 0 },
	{ "/%c0%ae%c0%ae/outside/secret", 404, NULL, 0 },
	{ "/.hidden", 404, NULL, 0 },
	{ "/%2ehidden", 404, NULL, 0 },
	{ "/.git/config", 404, NULL, 0 },
	{ "/.git/", 404, NULL, 0 },
	{ "/.git", 404, NULL, 0 },
	{ "/out", 403, "leads out", 403 },
	{ "/out/", 403, NULL, 0 },
	{ "/out-dir", 403, "leads out", 403 },
	{ "/out-dir/secret", 403, "leads out", 404 },
	{ "/out-dir/", 403, NULL, 0 },
	{ "/out-abs", 403, "leads out", 403 },
	{ "/out-root/etc/passwd", 403, NULL, 404 },
	{ "/back-in", 403, "leads out", 403 },
	{ "/proc/etc/passwd", 403, NULL, 404 },
	{ "/index-out/", 403, "leads out", 403 },
	{ "/index-pipe/", 403, "neither", 0 },
	{ "/loop", 403, "symbolic link", 0 },
	{ "/broken", 404, NULL, 403 },
	{ "/pipe", 403, "/pipe: neither a regular file nor a directory", 0 },
	{ "/socket", 403, "neither", 0 },
	{ "/closed.txt", 403, "/closed.txt: the server may not read it", 0 },
	{ "/closed", 403, "may not read", 0 },
	{ "/closed/", 403, "may not read", 0 },
	{ "/closed/x", 403, "may not read", 0 },
};
/* clang-format on */

static size_t
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Answers a request of one line, and returns everything that would be sent, with a NUL. */
static char *
ask(const char *method, const char *target, const char *rest, struct http_answer *answer)
{
	struct http_request req = {0};
	char head[16384], *sent;
	int n = snprintf(head, sizeof(head), "%s %s %s\r\n\r\n", method, target, rest);

	assert_int_equal(http_request_parse(&req, head, (size_t)n), HTTP_DONE);
	assert_int_equal(http_answer(&site, &req, answer), 0);
	sent = malloc(answer->len + answer->length + 1);
	assert_non_null(sent);
	memcpy(sent, answer->bytes, answer->len);
	if (answer->fd >= 0)
		n = (int)pread(answer->fd, sent + answer->len, answer->length, answer->offset);
	assert_true(answer->fd < 0 || n == (int)answer->length);
	assert_true(answer->fd < 0 || !(fcntl(answer->fd, F_GETFL) & O_NONBLOCK));
	sent[answer->len + answer->length] = '\0';
	return sent;
}

#define V11	"HTTP/1.1\r\nHost: a"
#define V10	"HTTP/1.0"

static void
check_answer(size_t i, const struct http_answer *answer, const char *sent)
{
	bool other = stepwise && cases[i].stepwise != 0;
	int status = other ? cases[i].stepwise : cases[i].status;

	if (answer->status != status || answer->keep_alive != true ||
	    (!other && cases[i].has != NULL && strstr(sent, cases[i].has) == NULL))
		fail_msg("%s: status %d\n%s", cases[i].target, answer->status, sent);
	if (strstr(sent, "SECRET") != NULL && strcmp(cases[i].target, "/to-hidden") != 0)
		fail_msg("%s: got out", cases[i].target);
	if ((answer->status >= 400) != (answer->why != NULL))
		fail_msg("%s: no reason for the log", cases[i].target);
}

static void
each_target(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t before = open_descriptors();
		struct http_answer answer;
		char *sent = ask("GET", cases[i].target, V11, &answer);

		check_answer(i, &answer, sent);
		http_answer_free(&answer);
		http_answer_free(&answer);
		free(sent);
		if (open_descriptors() != before)
			fail_msg("%s: a descriptor is left open", cases[i].target);
	}
}

/* HEAD: the same head, Date apart, and nothing behind it. */
static void
head_is_get_without_body(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_answer get, head;
		char *sent_get = ask("GET", cases[i].target, V11, &get);
		char *sent_head = ask("HEAD", cases[i].target, V11, &head);

		assert_int_equal(head.fd, -1);
		assert_int_equal(head.length, 0);
		assert_int_equal(head.len, head.head_len);
		assert_int_equal(head.head_len, get.head_len);
		assert_string_equal(sent_head + head.len - 4, "\r\n\r\n");
		if (strncmp(strstr(sent_get, "Content-Length"), strstr(sent_head, "Content-Length"),
		    strcspn(strstr(sent_get, "Content-Length"), "\r")) != 0)
			fail_msg("%s: lengths differ", cases[i].target);
		http_answer_free(&get);
		http_answer_free(&head);
		free(sent_get);
		free(sent_head);
	}
}

static void
content_length_is_the_body(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_answer answer;
		char *sent = ask("GET", cases[i].target, V11, &answer);
		const char *length = strstr(sent, "\r\nContent-Length: ");

		assert_non_null(length);
		assert_int_equal(strtoull(length + 18, NULL, 10),
		    answer.len - answer.head_len + answer.length);
		assert_memory_equal(sent + answer.head_len - 4, "\r\n\r\n", 4);
		http_answer_free(&answer);
		free(sent);
	}
}

static void
connection_field(void **unused)
{
	static const struct {
		const char *rest, *has;
		bool keep_alive;
	} rows[] = {
		{ V11, NULL, true },
		{ V11 "\r\nConnection: close", "\r\nConnection: close\r\n", false },
		{ V10, "\r\nConnection: close\r\n", false },
		{ V10 "\r\nConnection: keep-alive", "\r\nConnection: keep-alive\r\n", true },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_answer answer;
		char *sent = ask("GET", "/hello.txt", rows[i].rest, &answer);
		const char *field = strstr(sent, "\r\nConnection:");

		assert_int_equal(answer.keep_alive, rows[i].keep_alive);
		if (rows[i].has == NULL)
			assert_null(field);
		else
			assert_memory_equal(field, rows[i].has, strlen(rows[i].has));
		http_answer_free(&answer);
		free(sent);
	}
}

static void
errors_as_page_or_text(void **unused)
{
	struct http_answer answer;
	char *sent = ask("GET", "/%3Cb%3E", V11 "\r\nAccept: text/html,*/*", &answer);

	(void)unused;
	assert_non_null(strstr(sent, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
	assert_non_null(strstr(sent, "/&lt;b&gt;: there is no such file"));
	http_answer_free(&answer);
	free(sent);

	sent = ask("GET", "/%3Cb%3E", V11 "\r\nAccept: */*", &answer);
	assert_non_null(strstr(sent, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
	assert_string_equal(sent + answer.head_len, "404 Not Found\n/<b>: there is no such file\n");
	http_answer_free(&answer);
	free(sent);
}

static void
refused_requests(void **unused)
{
	static const struct http_fault timeout = { 408, "no request came in time" };
	static const char post[] = "POST / HTTP/1.1\r\n";
	static const char head[] = "HEAD / HTTP/1.1\r\n\r\n";
	struct http_request req = {0};
	struct http_answer answer;

	(void)unused;
	assert_int_equal(http_request_parse(&req, post, sizeof(post) - 1), HTTP_REFUSED);
	assert_int_equal(http_answer_error(&req, &req.fault, &answer), 0);
	assert_int_equal(answer.status, 405);
	assert_false(answer.keep_alive);
	assert_non_null(memmem(answer.bytes, answer.len, "\r\nAllow: GET, HEAD\r\n", 19));
	http_answer_free(&answer);

	req = (struct http_request){0};
	assert_int_equal(http_request_parse(&req, head, sizeof(head) - 1), HTTP_REFUSED);
	assert_int_equal(http_answer_error(&req, &req.fault, &answer), 0);
	assert_int_equal(answer.status, 400);
	assert_int_equal(answer.len, answer.head_len);		/* it was a HEAD */
	http_answer_free(&answer);

	assert_int_equal(http_answer_error(NULL, &timeout, &answer), 0);
	assert_memory_equal(answer.bytes, "HTTP/1.1 408 Request Timeout\r\n", 30);
	assert_non_null(memmem(answer.bytes, answer.len, "\r\nConnection: close\r\n", 21));
	assert_non_null(memmem(answer.bytes, answer.len, "no request came in time", 23));
	http_answer_free(&answer);
}

static void
the_listing(void **unused)
{
	static const char *const in_order[] = {
		"<h1>/list/</h1>", "<a href=\"../\">",
		"<a href=\"sub/\"><bdi>sub</bdi>/</a></td><td class=\"n\"></td>",
		"<a href=\"%3Cx%3E%20%22%26%27.txt\"><bdi>&lt;x&gt; &quot;&amp;&#39;.txt</bdi></a>",
		"<a href=\"A.txt\">",
		"<a href=\"b.txt\"><bdi>b.txt</bdi></a></td><td class=\"n\">5 B</td>",
		"<a href=\"%FF%1B.bin\"><bdi>\xef\xbf\xbd\xef\xbf\xbd.bin</bdi></a>",
	};
	static const char *const absent[] = { ".dot", "out", "broken", "pipe", "<script", "<x>" };
	struct http_answer answer;
	char *sent = ask("GET", "/list/", V11, &answer), *at = sent;

	(void)unused;
	for (size_t i = 0; i < sizeof(in_order) / sizeof(*in_order); i++) {
		char *found = strstr(at, in_order[i]);

		if (found == NULL)
			fail_msg("%s is not there, or not in its place:\n%s", in_order[i], sent);
		at = found;
	}
	if (!stepwise)
		assert_non_null(strstr(sent, "<bdi>up</bdi></a></td><td class=\"n\">5 B</td>"));
	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
		if (strstr(sent, absent[i]) != NULL)
			fail_msg("%s is there", absent[i]);
	assert_non_null(strstr(sent, "\r\nContent-Security-Policy: "));
	http_answer_free(&answer);
	free(sent);
}

static void
sizes_and_times(void **unused)
{
	static const struct {
		off_t size;
		time_t modified;
		const char *row;
	} rows[] = {
		{ 0, 0, ">0 B</td><td class=\"n\">1970-01-01 00:00<" },
		{ 1023, -1, ">1023 B</td><td class=\"n\">1969-12-31 23:59<" },
		{ 1024, 951782400, ">1.0 KiB</td><td class=\"n\">2000-02-29 00:00<" },
		{ 1048524, 0, ">1023.9 KiB<" },
		{ 1048575, 0, ">1.0 MiB<" },
		{ (off_t)5 << 40, 0, ">5.0 TiB<" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct timespec t = { rows[i].modified, 0 }, times[2] = { t, t };
		int fd = openat(site.root, "list/sub/x", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		struct http_answer answer;
		char *sent;

		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, rows[i].size), 0);
		assert_int_equal(futimens(fd, times), 0);
		close(fd);
		sent = ask("GET", "/list/sub/", V11, &answer);
		if (strstr(sent, rows[i].row) == NULL)
			fail_msg("%s: not in\n%s", rows[i].row, strstr(sent, "<table>"));
		http_answer_free(&answer);
		free(sent);
	}
	assert_int_equal(unlinkat(site.root, "list/sub/x", 0), 0);
}

static void
a_listing_is_bounded(void **unused)
{
	struct http_answer answer;
	char name[32], *sent;
	size_t rows = 0;

	(void)unused;
	assert_int_equal(mkdirat(site.root, "many", 0700), 0);
	for (unsigned i = 0; i <= HTTP_LISTING_MAX; i++) {
		snprintf(name, sizeof(name), "many/%u", i);
		assert_int_equal(mknodat(site.root, name, S_IFREG | 0600, 0), 0);
		if (i + 1 != HTTP_LISTING_MAX)
			continue;
		sent = ask("GET", "/many/", V11, &answer);	/* as many as may be */
		assert_null(strstr(sent, "There are more"));
		http_answer_free(&answer);
		free(sent);
	}
	sent = ask("GET", "/many/", V11, &answer);
	assert_non_null(strstr(sent, "There are more: only 10000 entries are listed"));
	for (const char *at = sent; (at = strstr(at, "<bdi>")) != NULL; at++)
		rows++;
	assert_int_equal(rows, HTTP_LISTING_MAX);
	http_answer_free(&answer);
	free(sent);
}

static void
no_descriptor_is_503(void **unused)
{
	struct rlimit before, none;
	struct http_answer answer;
	char *sent;
	int lowest = dup(site.root);

	(void)unused;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)lowest;
	close(lowest);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	sent = ask("GET", "/hello.txt", V11, &answer);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(answer.status, 503);
	http_answer_free(&answer);
	free(sent);
}

/* As in a container whose filter is older than openat2. The last test: it can't be undone. */
static void
without_openat2(void **unused)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { sizeof(code) / sizeof(*code), code };

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
	stepwise = true;
	each_target(unused);
	the_listing(unused);
}

static void
what_is_no_site(void **unused)
{
	struct http_site other;
	char path[64];

	(void)unused;
	snprintf(path, sizeof(path), "%s/site/hello.txt", base);
	assert_int_equal(http_site_open(&other, path), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/nothing", base);
	assert_int_equal(http_site_open(&other, path), -ENOENT);
	http_site_close(&other);
}

static void
make(char kind, const char *name, const char *to)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char path[108];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	switch (kind) {
	case 'd':
		assert_int_equal(mkdir(path, 0700), 0);
		break;
	case 'f':
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, to, strlen(to)), strlen(to));
		close(fd);
		break;
	case 'l':
		assert_int_equal(symlink(to, path), 0);
		break;
	case 'p':
		assert_int_equal(mkfifo(path, 0600), 0);
		break;
	default:
		strcpy(un.sun_path, path);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
		close(fd);
	}
}

/* Root may read everything: as nobody, modes count. Dumpable again, or LeakSanitizer fails. */
static void
drop_root(void)
{
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(base, NOBODY, NOBODY), 0);
	assert_int_equal(setgroups(0, NULL), 0);
	assert_int_equal(setresgid(NOBODY, NOBODY, NOBODY), 0);
	assert_int_equal(setresuid(NOBODY, NOBODY, NOBODY), 0);
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
}

static int
set_up(void **unused)
{
	char path[64];

	(void)unused;
	assert_non_null(mkdtemp(base));
	drop_root();
	for (size_t i = 0; i < sizeof(tree) / sizeof(*tree); i++)
		make(tree[i].kind, tree[i].name, tree[i].to);
	snprintf(path, sizeof(path), "%s/site", base);
	assert_int_equal(http_site_open(&site, path), 0);
	stepwise = syscall(SYS_openat2, site.root, ".", NULL, 0) < 0 && errno == ENOSYS;
	assert_int_equal(fchmodat(site.root, "closed.txt", 0, 0), 0);
	assert_int_equal(fchmodat(site.root, "closed", 0, 0), 0);
	return 0;
}

static void
remove_tree(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *d = fdopendir(fd);
	const struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (e->d_type == DT_DIR)
			remove_tree(fd, e->d_name);
		else
			assert_int_equal(unlinkat(fd, e->d_name, 0), 0);
	}
	closedir(d);
	(void)unlinkat(at, name, AT_REMOVEDIR);
}

static int
tear_down(void **unused)
{
	(void)unused;
	assert_int_equal(fchmodat(site.root, "closed", 0700, 0), 0);
	http_site_close(&site);
	remove_tree(AT_FDCWD, base);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_target),
		cmocka_unit_test(head_is_get_without_body),
		cmocka_unit_test(content_length_is_the_body),
		cmocka_unit_test(connection_field),
		cmocka_unit_test(errors_as_page_or_text),
		cmocka_unit_test(refused_requests),
		cmocka_unit_test(the_listing),
		cmocka_unit_test(sizes_and_times),
		cmocka_unit_test(a_listing_is_bounded),
		cmocka_unit_test(no_descriptor_is_503),
		cmocka_unit_test(what_is_no_site),
		cmocka_unit_test(without_openat2),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
