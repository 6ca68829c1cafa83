/* SPDX-License-Identifier: MIT */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <arpa/inet.h>
#include "http/buf.h"

#define HTTP_HOST_MAX	253	/* RFC 1035 section 2.3.4, as text */

enum http_host { HTTP_HOST_NAME, HTTP_HOST_IPV4, HTTP_HOST_IPV6 };

/* An https URL taken apart. The slice points into the URL's text. */
struct http_url {
	/* a name is verified and sent as SNI, an address verified */
	enum http_host kind;
	char host[HTTP_HOST_MAX + 1];	/* lower case, no brackets, no dot at the end */
	uint16_t port;			/* 443 where none is written */
	struct http_text target;	/* path and query, as written; may be empty */
};

/* NULL, or one static sentence that says what is wrong with it. The fragment is dropped. */
HTTP_CHECKED const char *http_url_parse(struct http_url *url, struct http_text text);

/* host[:port] as the Host field and people want it, an IPv6 address in brackets. */
void http_url_put_host(const struct http_url *url, struct http_buf *out);

/* The whole request: method GET or HEAD. Bytes above ASCII are percent-encoded. */
void http_url_put_request(const struct http_url *url, const char *method, bool keep_alive,
    struct http_buf *out);

#endif
