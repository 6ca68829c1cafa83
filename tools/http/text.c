/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "http/text.h"

struct http_text
http_text(const char *s)
{
	return (struct http_text){ s, strlen(s) };
}

char
http_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool
http_is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (http_lower(c) >= 'a' && http_lower(c) <= 'z');
}

bool
http_is_unreserved(char c)
{
	return http_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

int
http_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = http_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
http_text_is(struct http_text t, const char *s)
{
	return t.len == strlen(s) && (t.len == 0 || memcmp(t.p, s, t.len) == 0);
}

bool
http_text_is_nocase(struct http_text t, const char *s)
{
	if (t.len != strlen(s))
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (http_lower(t.p[i]) != http_lower(s[i]))
			return false;
	return true;
}

bool
http_text_is_token(struct http_text t)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < t.len; i++)
		if (!http_is_alnum(t.p[i]) && memchr(marks, t.p[i], sizeof(marks) - 1) == NULL)
			return false;
	return t.len != 0;
}

struct http_text
http_text_trim(struct http_text t)
{
	while (t.len != 0 && (t.p[0] == ' ' || t.p[0] == '\t')) {
		t.p++;
		t.len--;
	}
	while (t.len != 0 && (t.p[t.len - 1] == ' ' || t.p[t.len - 1] == '\t'))
		t.len--;
	return t;
}

struct http_text
http_text_cut(struct http_text *rest, char sep)
{
	const char *at = rest->len != 0 ? memchr(rest->p, sep, rest->len) : NULL;
	struct http_text part = *rest;

	if (at == NULL) {
		*rest = (struct http_text){ NULL, 0 };
		return part;
	}
	part.len = (size_t)(at - part.p);
	rest->p = at + 1;
	rest->len -= part.len + 1;
	return part;
}

bool
http_text_number(struct http_text t, uint64_t *n)
{
	uint64_t v = 0, digit;

	for (size_t i = 0; i < t.len; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		digit = (uint64_t)(t.p[i] - '0');
		if (v > (INT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*n = v;
	return t.len != 0;
}
