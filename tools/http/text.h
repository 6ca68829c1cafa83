/* SPDX-License-Identifier: MIT */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_CHECKED	__attribute__((warn_unused_result))

/* Characters somebody else owns. Valid only as long as they say; not terminated. */
struct http_text {
	const char *p;
	size_t len;
};

struct http_text http_text(const char *s);
bool http_text_is(struct http_text t, const char *s);
bool http_text_is_nocase(struct http_text t, const char *s);	/* ASCII case only */
bool http_text_is_token(struct http_text t);			/* RFC 9110 section 5.6.2 */
struct http_text http_text_trim(struct http_text t);		/* without OWS at both ends */

/* The part up to the first sep; rest is what stands behind it, empty where there is none. */
struct http_text http_text_cut(struct http_text *rest, char sep);

/* 1*DIGIT up to INT64_MAX (a file's length fits an off_t); no sign, no space, no list. */
HTTP_CHECKED bool http_text_number(struct http_text t, uint64_t *n);

int http_hex(char c);			/* the digit's value, or -1 */
char http_lower(char c);
bool http_is_alnum(char c);		/* ASCII, whatever the locale */
bool http_is_unreserved(char c);	/* RFC 3986 section 2.3 */

#endif
