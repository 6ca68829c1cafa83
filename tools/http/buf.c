/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "http/buf.h"

void
http_buf_free(struct http_buf *b)
{
	free(b->p);
	*b = (struct http_buf){ .grows = true };
}

/* Room for n more, or latches. */
static bool
reserve(struct http_buf *b, size_t n)
{
	size_t cap = b->cap != 0 ? b->cap : 512;
	char *p;

	if (b->full || n > SIZE_MAX / 2 - b->len) {
		b->full = true;
	} else if (n > b->cap - b->len) {
		while (cap < b->len + n)
			cap *= 2;
		p = b->grows ? realloc(b->p, cap) : NULL;
		if (p != NULL) {
			b->p = p;
			b->cap = cap;
		} else {
			b->full = true;
		}
	}
	return !b->full;
}

void
http_buf_put(struct http_buf *b, const void *p, size_t n)
{
	if (n == 0 || !reserve(b, n))
		return;
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

void
http_buf_str(struct http_buf *b, const char *s)
{
	http_buf_put(b, s, strlen(s));
}

void
http_buf_fmt(struct http_buf *b, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		b->full = true;
	else
		http_buf_put(b, line, (size_t)n);
}

/*
 * Bytes of the well-formed UTF-8 sequence at p (Unicode table 3-7: no surrogates,
 * nothing overlong, nothing above U+10FFFF), or 0.
 */
static size_t
utf8_len(const unsigned char *p, size_t n)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (n < len || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

static bool
is_control(const unsigned char *p, size_t len)
{
	if (len == 1)
		return p[0] < 0x20 || p[0] == 0x7f;
	return len == 2 && p[0] == 0xc2 && p[1] < 0xa0;		/* C1 */
}

static const char *
html_entity(unsigned char c)
{
	switch (c) {
	case '&':	return "&amp;";
	case '<':	return "&lt;";
	case '>':	return "&gt;";
	case '"':	return "&quot;";
	case '\'':	return "&#39;";
	default:	return NULL;
	}
}

static void
put_readable(struct http_buf *b, struct http_text t, bool html)
{
	const unsigned char *p = (const unsigned char *)t.p;
	const char *entity;
	size_t len;

	for (size_t i = 0; i < t.len; i += len != 0 ? len : 1) {
		len = utf8_len(p + i, t.len - i);
		if (len == 0 || is_control(p + i, len))
			http_buf_str(b, "\xef\xbf\xbd");
		else if (html && (entity = html_entity(p[i])) != NULL)
			http_buf_str(b, entity);
		else
			http_buf_put(b, p + i, len);
	}
}

void
http_buf_plain(struct http_buf *b, struct http_text t)
{
	put_readable(b, t, false);
}

void
http_buf_html(struct http_buf *b, struct http_text t)
{
	put_readable(b, t, true);
}

void
http_buf_percent(struct http_buf *b, struct http_text t, const char *keep)
{
	for (size_t i = 0; i < t.len; i++) {
		if (http_is_unreserved(t.p[i]) || (t.p[i] != '\0' && strchr(keep, t.p[i])))
			http_buf_put(b, t.p + i, 1);
		else
			http_buf_fmt(b, "%%%02X", (unsigned)(unsigned char)t.p[i]);
	}
}
