/* SPDX-License-Identifier: MIT */
#ifndef HTTP_BUF_H
#define HTTP_BUF_H

#include <stdarg.h>
#include "http/text.h"

/*
 * Writes front to back into the caller's room (grows unset), or into memory that
 * it allocates and the caller frees. What doesn't fit latches `full` and writes
 * nothing from then on: write straight through and ask once, at the end.
 */
struct http_buf {
	char *p;
	size_t len, cap;
	bool grows, full;
};

void http_buf_free(struct http_buf *b);		/* only one that grows */

void http_buf_put(struct http_buf *b, const void *p, size_t n);
void http_buf_str(struct http_buf *b, const char *s);
/* At most 255 bytes at once. */
void http_buf_fmt(struct http_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For people: what is not UTF-8, and every control character, becomes U+FFFD. */
void http_buf_plain(struct http_buf *b, struct http_text t);
/* escaped too, for quotes as well */
void http_buf_html(struct http_buf *b, struct http_text t);

/* For an href or Location: all but the unreserved characters and those in keep as %XX. */
void http_buf_percent(struct http_buf *b, struct http_text t, const char *keep);

#endif
