/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "http/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whatever comes in, the name can't leave the directory by itself. */
static void
check_name(const struct http_path *path)
{
	struct http_text rest = { path->name, path->len };
	bool hidden = false;

	if (strlen(path->name) != path->len)
		abort();
	while (rest.p != NULL && path->len != 0) {
		struct http_text segment = http_text_cut(&rest, '/');

		if (segment.len == 0 || http_text_is(segment, ".") || http_text_is(segment, ".."))
			abort();
		hidden |= segment.p[0] == '.';
	}
	if (hidden != path->hidden || (path->len == 0 && !path->slash))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_text target = { (const char *)data, len };
	struct http_fault fault = {0};
	struct http_path path;

	if (!http_target_path(&path, target, &fault)) {
		if (fault.status < 400 || fault.why == NULL)
			abort();
		return 0;
	}
	check_name(&path);
	if (path.query.len > len || (path.query.len != 0 && path.query.p[0] != '?'))
		abort();
	return 0;
}
