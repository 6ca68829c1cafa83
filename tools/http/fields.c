/* SPDX-License-Identifier: MIT */
#include "http/fields.h"

bool
http_refuse(struct http_fault *fault, int status, const char *why)
{
	fault->status = status;
	fault->why = why;
	return false;
}

static enum http_step
refused(struct http_fault *fault, int status, const char *why)
{
	http_refuse(fault, status, why);
	return HTTP_REFUSED;
}

static bool
is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static enum http_step
too_long(const struct http_lines *lines, const struct http_limits *max, struct http_fault *fault)
{
	if (lines->count == 0 && lines->pos >= max->line)
		return refused(fault, 414, "the first line is too long");
	if (lines->pos >= max->head)
		return refused(fault, 431, "the header is too long");
	return HTTP_MORE;
}

enum http_step
http_lines_next(struct http_lines *lines, struct http_text in, const struct http_limits *max,
    struct http_text *line, struct http_fault *fault)
{
	for (;; lines->pos++) {
		bool after_cr = lines->pos > lines->start && in.p[lines->pos - 1] == '\r';
		char c;

		if (too_long(lines, max, fault) != HTTP_MORE)
			return HTTP_REFUSED;
		if (lines->pos >= in.len)
			return HTTP_MORE;
		c = in.p[lines->pos];
		if (after_cr && c == '\n')
			break;
		if (after_cr)
			return refused(fault, 400, "a CR that no LF follows");
		if (c == '\n')
			return refused(fault, 400, "a line that ends in LF alone, not in CRLF");
		if (is_control(c) && c != '\r')
			return refused(fault, 400, "a control character in the header");
	}
	*line = (struct http_text){ in.p + lines->start, lines->pos - 1 - lines->start };
	lines->start = ++lines->pos;
	lines->count++;
	return HTTP_DONE;
}

/* RFC 9112 section 5: field-name ":" OWS field-value OWS */
static bool
parse_field(struct http_field *field, struct http_text line, struct http_fault *fault)
{
	struct http_text value = line, name = http_text_cut(&value, ':');

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return http_refuse(fault, 400, "a folded field line (RFC 9112 5.2)");
	if (value.p == NULL)
		return http_refuse(fault, 400, "a field line without a colon");
	if (http_text_trim(name).len != name.len)
		return http_refuse(fault, 400, "white space before a colon (RFC 9112 5.1)");
	if (!http_text_is_token(name))
		return http_refuse(fault, 400, "a field name that is not a token");
	field->name = name;
	field->value = http_text_trim(value);
	return true;
}

bool
http_fields_parse(struct http_fields *fields, struct http_text in, struct http_fault *fault)
{
	fields->count = 0;
	for (;;) {
		struct http_text line = http_text_cut(&in, '\n');

		line.len -= line.len != 0;		/* its CR */
		if (line.len == 0)
			return true;
		if (fields->count == HTTP_FIELDS_MAX)
			return http_refuse(fault, 431, "more than 100 fields");
		if (!parse_field(&fields->at[fields->count], line, fault))
			return false;
		fields->count++;
	}
}

size_t
http_fields_find(const struct http_fields *fields, const char *name, struct http_text *value)
{
	size_t n = 0;

	for (size_t i = 0; i < fields->count; i++) {
		if (!http_text_is_nocase(fields->at[i].name, name))
			continue;
		if (n++ == 0 && value != NULL)
			*value = fields->at[i].value;
	}
	return n;
}

bool
http_fields_has(const struct http_fields *fields, const char *name, const char *member)
{
	for (size_t i = 0; i < fields->count; i++) {
		struct http_text list = fields->at[i].value;

		if (!http_text_is_nocase(fields->at[i].name, name))
			continue;
		while (list.len != 0) {
			struct http_text one = http_text_trim(http_text_cut(&list, ','));

			if (http_text_is_nocase(one, member))
				return true;
		}
	}
	return false;
}

bool
http_fields_keep_alive(const struct http_fields *fields, unsigned minor)
{
	if (http_fields_has(fields, "Connection", "close"))
		return false;
	return minor != 0 || http_fields_has(fields, "Connection", "keep-alive");
}

bool
http_framing_parse(const struct http_fields *fields, unsigned minor,
    struct http_framing *framing, struct http_fault *fault)
{
	struct http_text coding, length;
	size_t codings = http_fields_find(fields, "Transfer-Encoding", &coding);
	size_t lengths = http_fields_find(fields, "Content-Length", &length);

	*framing = (struct http_framing){ .chunked = codings != 0, .has_length = lengths != 0 };
	if (codings != 0 && lengths != 0)
		return http_refuse(fault, 400,
		    "Transfer-Encoding beside Content-Length (RFC 9112 6.1)");
	if (codings != 0 && minor == 0)
		return http_refuse(fault, 400, "Transfer-Encoding in HTTP/1.0 (RFC 9112 6.1)");
	if (codings > 1 || (codings == 1 && !http_text_is_nocase(coding, "chunked")))
		return http_refuse(fault, 501, "a transfer coding other than chunked alone");
	if (lengths > 1)
		return http_refuse(fault, 400, "more than one Content-Length (RFC 9112 6.3)");
	if (lengths == 1 && !http_text_number(length, &framing->length))
		return http_refuse(fault, 400, "a Content-Length that is not a number");
	return true;
}

bool
http_version_parse(struct http_text t, unsigned *major, unsigned *minor)
{
	struct http_text name = { t.p, 5 };

	if (t.len != 8 || !http_text_is(name, "HTTP/") || t.p[6] != '.' ||
	    t.p[5] < '0' || t.p[5] > '9' || t.p[7] < '0' || t.p[7] > '9')
		return false;
	*major = (unsigned)(t.p[5] - '0');
	*minor = (unsigned)(t.p[7] - '0');
	return true;
}
