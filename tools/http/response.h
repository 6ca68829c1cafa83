/* SPDX-License-Identifier: MIT */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "http/fields.h"

#define HTTP_RESPONSE_LINE_MAX	8192u
#define HTTP_RESPONSE_HEAD_MAX	65536u	/* a buffer of this size is enough */

/* How a client knows where the body ends. */
enum http_body {
	HTTP_BODY_NONE,
	HTTP_BODY_LENGTH,	/* length bytes */
	HTTP_BODY_CHUNKED,	/* chunked.h reads it */
	HTTP_BODY_CLOSE,	/* at the peer's close, which must be a close_notify */
};

/* Every slice points into the buffer that http_response_parse() last saw. */
struct http_response {
	int status;		/* 100 .. 599, but for 101, which nobody here asks for */
	struct http_text reason;
	unsigned minor;		/* of HTTP/1.x */
	bool keep_alive;
	enum http_body body;
	uint64_t length;	/* what the header says, with HTTP_BODY_NONE too (HEAD) */
	struct http_fields fields;	/* Location: http_fields_find() */
	size_t consumed;	/* DONE: bytes of the head */
	struct http_fault fault;	/* REFUSED: what was wrong; its status means nothing here */

	struct http_lines lines;	/* private */
};

/*
 * The head of one response, RFC 9112 sections 4 and 6. Zero r for a new one; on
 * MORE call again with what has come since. An interim one (status below 200) is
 * followed by another. is_head: it answers a HEAD request, so that no body follows.
 */
HTTP_CHECKED enum http_step http_response_parse(struct http_response *r, bool is_head,
    const char *buf, size_t len);

#endif
