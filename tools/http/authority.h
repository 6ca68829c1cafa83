/* SPDX-License-Identifier: MIT */
#ifndef HTTP_AUTHORITY_H
#define HTTP_AUTHORITY_H

#include "http/text.h"

/* host [ ":" port ], RFC 3986 section 3.2 without userinfo, which http(s) forbids. */
struct http_authority {
	struct http_text host;	/* of an IPv6 address without its brackets */
	bool bracketed;
	bool has_port;
	struct http_text port;	/* may be empty: "host:" means the default */
};

/* Splits only; judges neither part but for the brackets being whole. */
HTTP_CHECKED bool http_authority_split(struct http_authority *a, struct http_text t);

/* A host of the characters that RFC 3986 gives it, not empty, and a port up to 65535. */
bool http_authority_valid(struct http_text t);

#endif
