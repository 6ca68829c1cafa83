/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "http/authority.h"
#include "http/url.h"

/* A DNS name as certificates have it: letters, digits, hyphens, underscores, labels of 1 to 63. */
static const char *
check_name(struct http_text host)
{
	bool more = true;

	while (more) {
		struct http_text label = http_text_cut(&host, '.');

		more = host.p != NULL;		/* a dot follows: so must a label */
		if (label.len == 0)
			return "the URL's host name has an empty label (two dots, or one in front)";
		if (label.len > 63)
			return "the URL's host name has a label of more than 63 characters";
		for (size_t i = 0; i < label.len; i++) {
			if ((unsigned char)label.p[i] > 0x7e)
				return "the URL's host name is not ASCII: write its xn-- form";
			if (!http_is_alnum(label.p[i]) && label.p[i] != '-' && label.p[i] != '_')
				return "the URL's host name has a character that none can have";
		}
	}
	return NULL;
}

/* WHATWG URL: where the last label is a number, the host is an IPv4 address or nothing. */
static bool
ends_in_number(struct http_text host)
{
	const char *dot = memrchr(host.p, '.', host.len);
	struct http_text last = host;

	if (dot != NULL) {
		last.p = dot + 1;
		last.len -= (size_t)(last.p - host.p);
	}
	if (last.len >= 2 && last.p[0] == '0' && http_lower(last.p[1]) == 'x')
		return true;
	for (size_t i = 0; i < last.len; i++)
		if (last.p[i] < '0' || last.p[i] > '9')
			return false;
	return last.len != 0;
}

static const char *
take_host(struct http_url *url, struct http_text host, bool bracketed)
{
	unsigned char address[16];

	if (host.len != 0 && !bracketed && host.p[host.len - 1] == '.')
		host.len--;	/* the root's dot: neither SNI nor certificates have it */
	if (host.len == 0)
		return "the URL has no host";
	if (host.len > HTTP_HOST_MAX)
		return "the URL's host name is longer than 253 characters";
	for (size_t i = 0; i < host.len; i++)
		url->host[i] = http_lower(host.p[i]);
	url->host[host.len] = '\0';

	if (bracketed) {
		url->kind = HTTP_HOST_IPV6;
		if (memchr(host.p, '%', host.len) != NULL)
			return "the URL's IPv6 address has a zone, which can't be verified";
		if (memchr(host.p, '\0', host.len) != NULL ||
		    inet_pton(AF_INET6, url->host, address) != 1)
			return "the URL has no IPv6 address in its brackets";
		return NULL;
	}
	if (ends_in_number(host)) {
		url->kind = HTTP_HOST_IPV4;
		if (memchr(host.p, '\0', host.len) != NULL ||
		    inet_pton(AF_INET, url->host, address) != 1)
			return "the URL's host looks like an IPv4 address, but is not four numbers";
		return NULL;
	}
	url->kind = HTTP_HOST_NAME;
	return check_name(host);
}

static const char *
take_authority(struct http_url *url, struct http_text authority)
{
	struct http_authority a;
	uint64_t port = 443;

	if (authority.len != 0 && memchr(authority.p, '@', authority.len) != NULL)
		return "the URL has a user name or password, which is not supported";
	if (!http_authority_split(&a, authority))
		return "the URL's IPv6 address is not of the form [address] or [address]:port";
	if (!a.bracketed && a.port.len != 0 && memchr(a.port.p, ':', a.port.len) != NULL)
		return "an IPv6 address in a URL stands in brackets: https://[::1]/";
	if (a.port.len != 0 && (!http_text_number(a.port, &port) || port == 0 || port > 65535))
		return "the URL's port is not a number from 1 to 65535";
	url->port = (uint16_t)port;
	return take_host(url, a.host, a.bracketed);
}

static const char *
check_target(struct http_text target)
{
	for (size_t i = 0; i < target.len; i++)
		if ((unsigned char)target.p[i] < 0x21 || target.p[i] == 0x7f)
			return "the URL has a space or control character: percent-encode it (%20)";
	return NULL;
}

static const char *
wrong_scheme(struct http_text scheme, bool has_slashes)
{
	if (http_text_is_nocase(scheme, "http"))
		return "the URL begins with http://; only https:// is spoken here";
	if (!has_slashes)
		return "not a URL: it begins with https://";
	return "the URL's scheme is unknown; only https:// is spoken here";
}

const char *
http_url_parse(struct http_url *url, struct http_text text)
{
	struct http_text rest = http_text_cut(&text, '#');	/* a fragment is never sent */
	struct http_text scheme = http_text_cut(&rest, ':');
	bool has_slashes = rest.len >= 2 && rest.p[0] == '/' && rest.p[1] == '/';
	struct http_text authority;
	const char *why;

	*url = (struct http_url){0};
	if (!http_text_is_nocase(scheme, "https") || !has_slashes)
		return wrong_scheme(scheme, has_slashes);
	authority = (struct http_text){ rest.p + 2, 0 };
	while (authority.len + 2 < rest.len && strchr("/?\\", authority.p[authority.len]) == NULL)
		authority.len++;
	url->target = (struct http_text){ authority.p + authority.len,
	    rest.len - 2 - authority.len };
	if (url->target.len != 0 && url->target.p[0] == '\\')
		return "the URL has a backslash behind its host: write /";
	if ((why = take_authority(url, authority)) != NULL)
		return why;
	return check_target(url->target);
}

void
http_url_put_host(const struct http_url *url, struct http_buf *out)
{
	bool v6 = url->kind == HTTP_HOST_IPV6;

	http_buf_str(out, v6 ? "[" : "");
	http_buf_str(out, url->host);
	http_buf_str(out, v6 ? "]" : "");
	if (url->port != 443)
		http_buf_fmt(out, ":%u", (unsigned)url->port);
}

/* What stands in a URL stays as it is; only what HTTP can't carry is encoded. */
static void
put_target(const struct http_url *url, struct http_buf *out)
{
	if (url->target.len == 0 || url->target.p[0] != '/')
		http_buf_str(out, "/");
	for (size_t i = 0; i < url->target.len; i++) {
		if ((unsigned char)url->target.p[i] < 0x80)
			http_buf_put(out, url->target.p + i, 1);
		else
			http_buf_fmt(out, "%%%02X", (unsigned)(unsigned char)url->target.p[i]);
	}
}

void
http_url_put_request(const struct http_url *url, const char *method, bool keep_alive,
    struct http_buf *out)
{
	http_buf_fmt(out, "%s ", method);
	put_target(url, out);
	http_buf_str(out, " HTTP/1.1\r\nHost: ");
	http_url_put_host(url, out);
	http_buf_str(out, "\r\nUser-Agent: ktls\r\nAccept: */*\r\nAccept-Encoding: identity\r\n");
	http_buf_str(out, keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
}
