/* SPDX-License-Identifier: MIT */
#include "http/authority.h"
#include "http/request.h"

static const struct http_limits limits = { HTTP_REQUEST_LINE_MAX, HTTP_REQUEST_HEAD_MAX };

/* RFC 9110 section 9.1: known and not allowed here is 405, never heard of is 501. */
static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
	{ "GET", HTTP_METHOD_GET }, { "HEAD", HTTP_METHOD_HEAD },
	{ "POST", HTTP_METHOD_NONE }, { "PUT", HTTP_METHOD_NONE },
	{ "DELETE", HTTP_METHOD_NONE }, { "CONNECT", HTTP_METHOD_NONE },
	{ "OPTIONS", HTTP_METHOD_NONE }, { "TRACE", HTTP_METHOD_NONE },
	{ "PATCH", HTTP_METHOD_NONE },
};

static bool
parse_method(struct http_request *req, struct http_text name)
{
	if (!http_text_is_token(name))
		return http_refuse(&req->fault, 400, "a method that is not a token");
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		if (!http_text_is(name, methods[i].name))
			continue;
		req->method = methods[i].method;
		if (req->method == HTTP_METHOD_NONE)
			return http_refuse(&req->fault, 405, "only GET and HEAD are served here");
		return true;
	}
	return http_refuse(&req->fault, 501, "an unknown method; GET and HEAD are served here");
}

/* RFC 9112 section 3.2.2: a scheme, an authority, then what origin-form has. */
static bool
parse_absolute(struct http_request *req, struct http_text target)
{
	struct http_text rest = target, scheme = http_text_cut(&rest, ':');
	size_t n = 2;

	if (!http_text_is_nocase(scheme, "https") && !http_text_is_nocase(scheme, "http"))
		return http_refuse(&req->fault, 400,
		    "a target that is neither a path nor a http(s) URL");
	if (rest.len < 2 || rest.p[0] != '/' || rest.p[1] != '/')
		return http_refuse(&req->fault, 400, "a URL without // as target");
	while (n < rest.len && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	req->host = (struct http_text){ rest.p + 2, n - 2 };
	req->target = (struct http_text){ rest.p + n, rest.len - n };
	if (!http_authority_valid(req->host))
		return http_refuse(&req->fault, 400, "a target whose host is not valid");
	return true;
}

static bool
parse_target(struct http_request *req, struct http_text target)
{
	for (size_t i = 0; i < target.len; i++) {
		if ((unsigned char)target.p[i] < 0x21 || (unsigned char)target.p[i] > 0x7e)
			return http_refuse(&req->fault, 400,
			    "a target with a byte that must be percent-encoded");
		if (target.p[i] == '#')
			return http_refuse(&req->fault, 400, "a target with a fragment (#)");
	}
	req->host = (struct http_text){ NULL, 0 };
	req->target = target;
	return target.p[0] == '/' || parse_absolute(req, target);
}

/* RFC 9112 section 3: method SP request-target SP HTTP-version */
static bool
parse_line(struct http_request *req, struct http_text line)
{
	struct http_text version = line;
	struct http_text method = http_text_cut(&version, ' ');
	struct http_text target = http_text_cut(&version, ' ');
	unsigned major, minor;

	if (method.len == 0 || target.len == 0 || !http_version_parse(version, &major, &minor))
		return http_refuse(&req->fault, 400,
		    "a first line that is not of the form \"GET /path HTTP/1.1\"");
	if (major != 1)
		return http_refuse(&req->fault, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	req->minor = minor != 0;
	return parse_method(req, method) && parse_target(req, target);
}

/* RFC 9112 section 3.2: exactly one, and one that is a host. The target's goes first. */
static bool
check_host(struct http_request *req)
{
	struct http_text host = { NULL, 0 };
	size_t n = http_fields_find(&req->fields, "Host", &host);

	if (n > 1)
		return http_refuse(&req->fault, 400, "more than one Host field");
	if (n == 0 && req->minor != 0)
		return http_refuse(&req->fault, 400, "no Host field, which HTTP/1.1 demands");
	if (n == 1 && !http_authority_valid(host))
		return http_refuse(&req->fault, 400, "a Host field that is not a host");
	if (req->host.len == 0)
		req->host = host;
	return true;
}

/* Refused and closed, not skipped: nothing that was a body is ever read as a request. */
static bool
check_body(struct http_request *req)
{
	struct http_framing framing;

	if (!http_framing_parse(&req->fields, req->minor, &framing, &req->fault))
		return false;
	if (framing.chunked || framing.length != 0)
		return http_refuse(&req->fault, 413, "a request with a body; none is taken here");
	return true;
}

static bool
parse_head(struct http_request *req, struct http_text head, size_t start)
{
	struct http_text rest = { head.p + start, head.len - start };
	struct http_text line = http_text_cut(&rest, '\n');

	line.len--;		/* its CR */
	if (!parse_line(req, line) || !http_fields_parse(&req->fields, rest, &req->fault) ||
	    !check_host(req) || !check_body(req))
		return false;
	req->keep_alive = http_fields_keep_alive(&req->fields, req->minor);
	req->consumed = head.len;
	return true;
}

/* RFC 9112 section 2.2: one empty line in front is ignored. */
static size_t
skip_empty_line(const char *buf, size_t len)
{
	return len >= 2 && buf[0] == '\r' && buf[1] == '\n' ? 2 : 0;
}

enum http_step
http_request_parse(struct http_request *req, const char *buf, size_t len)
{
	size_t first = skip_empty_line(buf, len);
	struct http_text in = { buf, len }, line;
	struct http_lines *lines = &req->lines;
	enum http_step step;

	if (lines->start < first) {
		lines->start = first;
		if (lines->pos < first)
			lines->pos = first;
	}
	while ((step = http_lines_next(lines, in, &limits, &line, &req->fault)) == HTTP_DONE) {
		/* A first line that will be refused is, before the rest has come. */
		if (lines->count == 1 && !parse_line(req, line))
			return HTTP_REFUSED;
		if (line.len != 0)
			continue;
		in.len = lines->pos;
		return parse_head(req, in, first) ? HTTP_DONE : HTTP_REFUSED;
	}
	return step;
}
