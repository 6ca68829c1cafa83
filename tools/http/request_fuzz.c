/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_inside(struct http_text t, const char *buf, size_t len)
{
	if (t.len != 0 && (t.p < buf || t.p + t.len > buf + len))
		abort();
}

static void
check_done(const struct http_request *req, const char *buf, size_t len)
{
	if (req->consumed < 18 || req->consumed > len || req->method == HTTP_METHOD_NONE)
		abort();
	check_inside(req->target, buf, req->consumed);
	check_inside(req->host, buf, req->consumed);
	for (size_t i = 0; i < req->fields.count; i++) {
		check_inside(req->fields.at[i].name, buf, req->consumed);
		check_inside(req->fields.at[i].value, buf, req->consumed);
	}
}

/*
 * The first byte cuts the rest in two: the verdict must not depend on how the bytes
 * come in, and a buffer that is full must not be answered with "more".
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_request whole = {0}, cut = {0};
	enum http_step one, two;
	size_t at;
	const char *buf;
	char *front;

	if (len == 0)
		return 0;
	buf = (const char *)data + 1;
	len--;
	at = len * data[0] / 255;
	one = http_request_parse(&whole, buf, len);
	if (one == HTTP_MORE && len >= HTTP_REQUEST_HEAD_MAX)
		abort();
	if (one == HTTP_DONE)
		check_done(&whole, buf, len);
	if (one == HTTP_REFUSED && (whole.fault.status < 400 || whole.fault.why == NULL))
		abort();

	if ((front = malloc(at + 1)) == NULL)
		return 0;
	memcpy(front, buf, at);
	two = http_request_parse(&cut, front, at);
	free(front);
	if (two == HTTP_MORE)
		two = http_request_parse(&cut, buf, len);
	if (two != one || cut.consumed != whole.consumed || cut.fault.status != whole.fault.status)
		abort();
	return 0;
}
