/* SPDX-License-Identifier: MIT */
#include "http/response.h"

static const struct http_limits limits = { HTTP_RESPONSE_LINE_MAX, HTTP_RESPONSE_HEAD_MAX };

/*
 * RFC 9112 section 4: HTTP-version SP status-code SP [ reason-phrase ]. Servers
 * that leave out the second space with the reason are common; nothing hangs on it.
 */
static bool
parse_line(struct http_response *r, struct http_text line)
{
	struct http_text reason = line;
	struct http_text version = http_text_cut(&reason, ' ');
	struct http_text status = http_text_cut(&reason, ' ');
	unsigned major;
	uint64_t code;

	if (!http_version_parse(version, &major, &r->minor))
		return http_refuse(&r->fault, 400, "the answer is not HTTP/1.1");
	if (major != 1)
		return http_refuse(&r->fault, 505, "the answer is neither HTTP/1.1 nor HTTP/1.0");
	if (status.len != 3 || !http_text_number(status, &code) || code < 100 || code > 599)
		return http_refuse(&r->fault, 400,
		    "the answer's status is not a number from 100 to 599");
	if (code == 101)
		return http_refuse(&r->fault, 400,
		    "the server switches to a protocol that nobody asked for");
	r->minor = r->minor != 0;
	r->status = (int)code;
	r->reason = reason;
	return true;
}

/* RFC 9112 section 6.3, in its order. */
static bool
decide_body(struct http_response *r, bool is_head)
{
	struct http_framing framing;

	if (!http_framing_parse(&r->fields, r->minor, &framing, &r->fault))
		return false;
	r->length = framing.length;
	if (is_head || r->status < 200 || r->status == 204 || r->status == 304)
		r->body = HTTP_BODY_NONE;
	else if (framing.chunked)
		r->body = HTTP_BODY_CHUNKED;
	else
		r->body = framing.has_length ? HTTP_BODY_LENGTH : HTTP_BODY_CLOSE;
	r->keep_alive = r->body != HTTP_BODY_CLOSE &&
	    http_fields_keep_alive(&r->fields, r->minor);
	return true;
}

static bool
parse_head(struct http_response *r, bool is_head, struct http_text head)
{
	struct http_text rest = head, line = http_text_cut(&rest, '\n');

	line.len--;		/* its CR */
	if (!parse_line(r, line) || !http_fields_parse(&r->fields, rest, &r->fault) ||
	    !decide_body(r, is_head))
		return false;
	r->consumed = head.len;
	return true;
}

enum http_step
http_response_parse(struct http_response *r, bool is_head, const char *buf, size_t len)
{
	struct http_text in = { buf, len }, line;
	enum http_step step;

	while ((step = http_lines_next(&r->lines, in, &limits, &line, &r->fault)) == HTTP_DONE) {
		if (r->lines.count == 1 && !parse_line(r, line))
			return HTTP_REFUSED;
		if (line.len != 0)
			continue;
		in.len = r->lines.pos;
		return parse_head(r, is_head, in) ? HTTP_DONE : HTTP_REFUSED;
	}
	return step;
}
