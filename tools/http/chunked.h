/* SPDX-License-Identifier: MIT */
#ifndef HTTP_CHUNKED_H
#define HTTP_CHUNKED_H

#include "http/fields.h"

/* A size with its extensions; and all trailers together. */
#define HTTP_CHUNK_LINE_MAX	4096u

enum http_chunk_state {
	HTTP_CHUNK_SIZE, HTTP_CHUNK_SPACE, HTTP_CHUNK_EXT, HTTP_CHUNK_SIZE_LF, HTTP_CHUNK_DATA,
	HTTP_CHUNK_DATA_CR, HTTP_CHUNK_DATA_LF, HTTP_CHUNK_TRAILER, HTTP_CHUNK_TRAILER_LF,
	HTTP_CHUNK_END,
};

/* The chunked transfer coding, RFC 9112 section 7.1. Zero it for a new body. */
struct http_chunked {
	enum http_chunk_state state;
	uint64_t left;		/* bytes of this chunk */
	size_t line;		/* bytes of this line, or of the trailers */
	size_t in_line;		/* bytes of this trailer line */
	struct http_fault fault;	/* REFUSED */
};

/*
 * Takes bytes from the front of in and yields the next piece of the body, a slice
 * of in; it may be empty. MORE with in not used up: call again. MORE with in used
 * up: receive. DONE: the body is whole and in begins with what follows it.
 * Extensions and trailers are read over.
 */
HTTP_CHECKED enum http_step http_chunked_next(struct http_chunked *c, struct http_text *in,
    struct http_text *data);

#endif
