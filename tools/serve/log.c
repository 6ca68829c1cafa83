/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <ktls/uring.h>
#include "serve/log.h"

#define TEXT_SIZE	2048

bool
serve_log_open(struct serve_log *log, const char *where)
{
	log->fd = -1;
	if (strcmp(where, "off") == 0)
		return true;
	if (strcmp(where, "-") == 0) {
		log->fd = STDOUT_FILENO;
		return true;
	}
	log->fd = open(where, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (log->fd < 0)
		fprintf(stderr, "ktls serve: --log %s: %s\n", where, strerror(errno));
	return log->fd >= 0;
}

/* A log that can't be written is no reason not to serve. */
static void
put(const struct serve_log *log, const char text[TEXT_SIZE], size_t len)
{
	(void)!write(log->fd, text, len < TEXT_SIZE ? len : TEXT_SIZE - 1);
}

static const char *
now(char text[40])
{
	time_t t = time(NULL);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(text, 40, "%d/%b/%Y:%H:%M:%S %z", &tm);
	return text;
}

/* What the peer wrote, made harmless: no quote, no control character, nothing that isn't ASCII. */
static void
quote(char *out, size_t size, struct http_text text)
{
	size_t at = 0;

	for (size_t i = 0; i < text.len && at + 5 < size; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			at += (size_t)snprintf(out + at, size - at, "\\x%02x", c);
		else
			out[at++] = (char)c;
	}
	out[at] = '\0';
}

static const char *
path_name(enum ktls_path path)
{
	return path == KTLS_PATH_KERNEL ? "kernel" : path == KTLS_PATH_USER ? "user" : "none";
}

void
serve_log_request(const struct serve_log *log, const char *address, struct http_text line,
    const struct http_answer *answer, unsigned long long sent, struct ktls_stream *stream)
{
	struct ktls_conn_status status;
	char text[TEXT_SIZE], when[40], request[1024];
	int n;

	if (log->fd < 0)
		return;
	ktls_conn_status(ktls_stream_conn(stream), &status);
	quote(request, sizeof(request), line);
	n = snprintf(text, sizeof(text),
	    "%s - - [%s] \"%s\" %d %llu \"TLSv1.%d %s tx=%s rx=%s%s\"%s%s%s\n",
	    address, now(when), request, answer->status, sent,
	    status.version == KTLS_TLS13 ? 3 : 2, ktls_cipher_name(status.cipher),
	    path_name(status.path[KTLS_TX]), path_name(status.path[KTLS_RX]),
	    status.resumed ? " resumed" : "",
	    answer->why != NULL ? " \"" : "", answer->why != NULL ? answer->why : "",
	    answer->why != NULL ? "\"" : "");
	put(log, text, (size_t)n);
}

void
serve_log_failure(const struct serve_log *log, const char *address, const char *what,
    const char *why)
{
	char text[TEXT_SIZE], when[40];
	int n;

	if (log->fd < 0)
		return;
	n = snprintf(text, sizeof(text), "%s - - [%s] %s: %s\n", address, now(when), what, why);
	put(log, text, (size_t)n);
}
