/* SPDX-License-Identifier: MIT */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include "http/text.h"

/* What requests and responses have in common: RFC 9112 sections 2 and 5 to 7. */

#define HTTP_FIELDS_MAX	100

/*
 * What a parser returns. MORE: call again with the same bytes and some behind
 * them (where they lie may change between the calls). REFUSED is final.
 */
enum http_step { HTTP_MORE, HTTP_DONE, HTTP_REFUSED };

/* Why something was refused: the status that tells it, and one static sentence. */
struct http_fault {
	int status;
	const char *why;
};

bool http_refuse(struct http_fault *fault, int status, const char *why);	/* returns false */

/* A head taken line by line. Zero it for a new head; keep it over every MORE. */
struct http_lines {
	size_t pos;		/* bytes looked at */
	size_t start;		/* of the line */
	size_t count;		/* lines that are complete */
};

/* The longest first line, and the longest head, both with their line ends. */
struct http_limits {
	size_t line, head;
};

/*
 * The next line, without its CRLF, which must be one: no bare CR or LF, and no
 * control character but HTAB (RFC 9112 section 2.2). Never looks at a byte twice.
 */
HTTP_CHECKED enum http_step http_lines_next(struct http_lines *lines, struct http_text in,
    const struct http_limits *max, struct http_text *line, struct http_fault *fault);

struct http_field {
	struct http_text name, value;
};

struct http_fields {
	struct http_field at[HTTP_FIELDS_MAX];
	size_t count;
};

/* Field lines that http_lines_next() has accepted, from the first to the empty line. */
HTTP_CHECKED bool http_fields_parse(struct http_fields *fields, struct http_text in,
    struct http_fault *fault);

/* How many have this name; the first's value where there is one and value isn't NULL. */
size_t http_fields_find(const struct http_fields *fields, const char *name,
    struct http_text *value);

/* Whether a comma-separated list, in one field or several, has this member. */
bool http_fields_has(const struct http_fields *fields, const char *name, const char *member);

/* RFC 9112 section 9.3. */
bool http_fields_keep_alive(const struct http_fields *fields, unsigned minor);

struct http_framing {
	bool chunked;		/* Transfer-Encoding: chunked, the only coding known here */
	bool has_length;
	uint64_t length;
};

/*
 * RFC 9112 section 6, where it leaves a choice always to refuse: two lengths, a
 * length beside a coding, a coding in HTTP/1.0. No two readers can then differ
 * about where a message ends, which is what request smuggling lives on.
 */
HTTP_CHECKED bool http_framing_parse(const struct http_fields *fields, unsigned minor,
    struct http_framing *framing, struct http_fault *fault);

/* "HTTP/" DIGIT "." DIGIT */
HTTP_CHECKED bool http_version_parse(struct http_text t, unsigned *major, unsigned *minor);

#endif
