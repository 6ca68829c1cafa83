/* SPDX-License-Identifier: MIT */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "http/fields.h"

#define HTTP_REQUEST_LINE_MAX	8192u	/* beyond: 414 */
#define HTTP_REQUEST_HEAD_MAX	16384u	/* beyond: 431; so large a buffer is enough */

enum http_method { HTTP_METHOD_NONE, HTTP_METHOD_GET, HTTP_METHOD_HEAD };

/* Every slice points into the buffer that http_request_parse() last saw. */
struct http_request {
	enum http_method method;	/* NONE until known: also in a refused request */
	unsigned minor;			/* of HTTP/1.x; above 1 counts as 1 */
	bool keep_alive;
	struct http_text target;	/* path and query; of a URL they may lack their '/' */
	struct http_text host;		/* with its port; the target's where that has one */
	struct http_fields fields;
	size_t consumed;		/* DONE: bytes of this request; the next stands behind */
	struct http_fault fault;	/* REFUSED: answer it, then close */

	struct http_lines lines;	/* private */
};

/*
 * The head of one request, RFC 9112 section 3, strictly. Zero req for a new
 * request; on MORE call again with what has come since. A request with a body
 * is refused, so that consumed is always where the next one starts.
 */
HTTP_CHECKED enum http_step http_request_parse(struct http_request *req, const char *buf,
    size_t len);

#endif
