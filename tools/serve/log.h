/* SPDX-License-Identifier: MIT */
#ifndef SERVE_LOG_H
#define SERVE_LOG_H

#include <stdbool.h>
#include "http/answer.h"

struct ktls_stream;

/*
 * One line a request, the common log format and how TLS carried it:
 *
 *	127.0.0.1 - - [24/Nov/2026:06:11:29 +0000] "GET / HTTP/1.1" 200 512
 *	    "TLSv1.3 AES-128-GCM tx=user rx=user"
 *
 * and one for each connection that failed. A line is one write(2), so that the
 * workers' lines never mix in the file that they share.
 */
struct serve_log {
	int fd;			/* -1: off */
};

/* "-", "off" or a file, which is appended to. false: the sentence has been printed. */
bool serve_log_open(struct serve_log *log, const char *where);

/* line: the request's first, as it came. sent: bytes of the body that left. */
void serve_log_request(const struct serve_log *log, const char *address, struct http_text line,
    const struct http_answer *answer, unsigned long long sent, struct ktls_stream *stream);
void serve_log_failure(const struct serve_log *log, const char *address, const char *what,
    const char *why);

#endif
