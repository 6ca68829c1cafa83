/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "http/chunked.h"
#include "http/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct decoded {
	enum http_step step;
	size_t left;		/* bytes behind the body */
	size_t body;
	uint64_t sum;		/* of the body's bytes, each by its place */
};

static void
decode(struct http_chunked *c, struct http_text in, struct decoded *out)
{
	struct http_text data;

	do {
		out->step = http_chunked_next(c, &in, &data);
		for (size_t i = 0; i < data.len; i++)
			out->sum += ++out->body * (uint8_t)data.p[i];
	} while (out->step == HTTP_MORE && in.len != 0);
	out->left = in.len;
}

/* However the body is cut, it decodes to the same. */
static void
check_chunked(struct http_text in, size_t at)
{
	struct http_chunked whole = {0}, cut = {0};
	struct decoded one = {0}, two = {0};

	if (in.len == 0)
		return;
	decode(&whole, in, &one);
	if (one.body > in.len || one.left > in.len)
		abort();
	if (one.step == HTTP_REFUSED && whole.fault.why == NULL)
		abort();

	at %= in.len;
	decode(&cut, (struct http_text){ in.p, at }, &two);
	if (two.step == HTTP_MORE)
		decode(&cut, (struct http_text){ in.p + at, in.len - at }, &two);
	else
		two.left += in.len - at;
	if (one.step != two.step || one.sum != two.sum || one.left != two.left)
		abort();
}

/* The first byte says whether it answers a HEAD, and where the body is cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_response r = {0};
	enum http_step step;
	const char *buf;

	if (len == 0)
		return 0;
	buf = (const char *)data + 1;
	len--;
	step = http_response_parse(&r, data[0] & 1, buf, len);
	if (step == HTTP_MORE && len >= HTTP_RESPONSE_HEAD_MAX)
		abort();
	if (step == HTTP_REFUSED && r.fault.why == NULL)
		abort();
	if (step != HTTP_DONE)
		return 0;
	if (r.consumed > len || r.status < 100 || r.status > 599 || r.length > INT64_MAX)
		abort();
	if (r.body == HTTP_BODY_CHUNKED)
		check_chunked((struct http_text){ buf + r.consumed, len - r.consumed }, data[0]);
	return 0;
}
