/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "http/request.h"
#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A URL that is taken makes one request, with nothing in it but what we wrote. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_buf out = { .grows = true };
	struct http_request req = {0};
	struct http_url url;
	size_t lines = 0;

	if (http_url_parse(&url, (struct http_text){ (const char *)data, len }) != NULL)
		return 0;
	if (url.host[0] == '\0' || url.port == 0 ||
	    strnlen(url.host, sizeof(url.host)) > HTTP_HOST_MAX)
		abort();
	http_url_put_request(&url, "GET", false, &out);
	for (size_t i = 0; i < out.len; i++)
		lines += out.p[i] == '\r' || out.p[i] == '\n';
	if (out.full || lines != 14)
		abort();
	/* Our own server takes it, but for its length. */
	if (http_request_parse(&req, out.p, out.len) != HTTP_DONE && req.fault.status != 414)
		abort();
	http_buf_free(&out);
	return 0;
}
