/* SPDX-License-Identifier: MIT */
#include "http/chunked.h"

static bool
refuse(struct http_chunked *c, const char *why)
{
	return http_refuse(&c->fault, 400, why);
}

static bool
go(struct http_chunked *c, enum http_chunk_state state)
{
	c->state = state;
	return true;
}

static bool
take_size(struct http_chunked *c, char byte)
{
	int digit = http_hex(byte);

	if (digit >= 0 && c->left > (INT64_MAX >> 4))
		return refuse(c, "a chunk of an impossible size");
	if (digit >= 0) {
		c->left = c->left << 4 | (uint64_t)digit;
		return true;
	}
	if (c->line == 1)
		return refuse(c, "a chunk that doesn't begin with its size");
	if (byte == '\r')
		return go(c, HTTP_CHUNK_SIZE_LF);
	if (byte == ';')
		return go(c, HTTP_CHUNK_EXT);
	if (byte == ' ' || byte == '\t')
		return go(c, HTTP_CHUNK_SPACE);
	return refuse(c, "a chunk size that is not hexadecimal");
}

/* Bad white space is taken in front of an extension only. */
static bool
take_space(struct http_chunked *c, char byte)
{
	if (byte == ' ' || byte == '\t')
		return true;
	return byte == ';' ? go(c, HTTP_CHUNK_EXT) : refuse(c, "white space behind a chunk size");
}

static bool
take_line_byte(struct http_chunked *c, char byte, enum http_chunk_state behind_cr)
{
	if (byte == '\r')
		return go(c, behind_cr);
	if (((unsigned char)byte < 0x20 && byte != '\t') || byte == 0x7f)
		return refuse(c, "a control character between chunks");
	return true;
}

static bool
take_trailer_lf(struct http_chunked *c)
{
	bool empty = c->in_line == 2;	/* CR LF */

	c->in_line = 0;
	return go(c, empty ? HTTP_CHUNK_END : HTTP_CHUNK_TRAILER);
}

static bool
take_framing(struct http_chunked *c, char byte)
{
	bool lf = c->state == HTTP_CHUNK_SIZE_LF || c->state == HTTP_CHUNK_DATA_LF ||
	    c->state == HTTP_CHUNK_TRAILER_LF;

	if (++c->line > HTTP_CHUNK_LINE_MAX)
		return refuse(c, "extensions or trailers of chunks that are too long");
	if (lf && byte != '\n')
		return refuse(c, "a CR that no LF follows, between chunks");
	switch (c->state) {
	case HTTP_CHUNK_SIZE:
		return take_size(c, byte);
	case HTTP_CHUNK_SPACE:
		return take_space(c, byte);
	case HTTP_CHUNK_EXT:
		return take_line_byte(c, byte, HTTP_CHUNK_SIZE_LF);
	case HTTP_CHUNK_SIZE_LF:
		c->line = c->in_line = 0;
		return go(c, c->left != 0 ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER);
	case HTTP_CHUNK_DATA_CR:
		if (byte != '\r')
			return refuse(c, "a chunk that is longer than its size");
		return go(c, HTTP_CHUNK_DATA_LF);
	case HTTP_CHUNK_DATA_LF:
		c->line = 0;
		return go(c, HTTP_CHUNK_SIZE);
	case HTTP_CHUNK_TRAILER:
		c->in_line++;
		return take_line_byte(c, byte, HTTP_CHUNK_TRAILER_LF);
	case HTTP_CHUNK_TRAILER_LF:
		c->in_line++;
		return take_trailer_lf(c);
	case HTTP_CHUNK_DATA:
	case HTTP_CHUNK_END:
		break;
	}
	return true;
}

static void
take_data(struct http_chunked *c, struct http_text *in, struct http_text *data)
{
	*data = *in;
	if (data->len > c->left)
		data->len = (size_t)c->left;
	in->p += data->len;
	in->len -= data->len;
	c->left -= data->len;
	if (c->left == 0)
		c->state = HTTP_CHUNK_DATA_CR;
}

enum http_step
http_chunked_next(struct http_chunked *c, struct http_text *in, struct http_text *data)
{
	*data = (struct http_text){ NULL, 0 };
	if (c->fault.why != NULL)
		return HTTP_REFUSED;
	while (in->len != 0 && c->state != HTTP_CHUNK_END) {
		if (c->state == HTTP_CHUNK_DATA) {
			take_data(c, in, data);
			return HTTP_MORE;
		}
		if (!take_framing(c, in->p[0]))
			return HTTP_REFUSED;
		in->p++;
		in->len--;
	}
	return c->state == HTTP_CHUNK_END ? HTTP_DONE : HTTP_MORE;
}
