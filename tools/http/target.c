/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "http/target.h"

/* One byte of a segment from the front of t. */
static bool
decode_byte(struct http_text *t, char *byte, struct http_fault *fault)
{
	int hi, lo;

	*byte = t->p[0];
	if (*byte == '%') {
		hi = t->len > 2 ? http_hex(t->p[1]) : -1;
		lo = t->len > 2 ? http_hex(t->p[2]) : -1;
		if (hi < 0 || lo < 0)
			return http_refuse(fault, 400, "a % that two hex digits don't follow");
		*byte = (char)(hi << 4 | lo);
		if (*byte == '/')
			return http_refuse(fault, 404, "no file's name has a slash (%2F) in it");
		t->p += 2;
		t->len -= 2;
	}
	if (*byte == '\0')
		return http_refuse(fault, 400, "a zero byte in the path");
	t->p++;
	t->len--;
	return true;
}

/* Appends a segment, behind a slash where it isn't the first. */
static bool
append(struct http_path *path, struct http_text segment, struct http_fault *fault)
{
	char byte = '/';
	bool first = path->len == 0;

	do {
		if (!first && path->len == sizeof(path->name) - 1)
			return http_refuse(fault, 414, "the path is too long");
		if (!first)
			path->name[path->len++] = byte;
		first = false;
		if (segment.len == 0)
			return true;
	} while (decode_byte(&segment, &byte, fault));
	return false;
}

static void
remove_last(struct http_path *path)
{
	const char *slash = memrchr(path->name, '/', path->len);

	path->len = slash != NULL ? (size_t)(slash - path->name) : 0;
}

/* Decodes a segment to the end of the path, and takes it off again if it is a dot segment. */
static bool
take_segment(struct http_path *path, struct http_text segment, struct http_fault *fault)
{
	size_t before = path->len;
	struct http_text name;

	path->slash = true;
	if (segment.len == 0)
		return true;
	if (!append(path, segment, fault))
		return false;
	name.p = path->name + before + (before != 0);
	name.len = path->len - before - (before != 0);
	if (http_text_is(name, ".")) {
		path->len = before;
	} else if (http_text_is(name, "..")) {
		path->len = before;
		remove_last(path);
	} else {
		path->slash = false;
	}
	return true;
}

bool
http_target_path(struct http_path *path, struct http_text target, struct http_fault *fault)
{
	struct http_text rest = target, segments = http_text_cut(&rest, '?');

	path->len = 0;
	path->slash = true;
	path->query = (struct http_text){ NULL, 0 };
	if (segments.len != target.len)
		path->query = (struct http_text){ segments.p + segments.len,
		    target.len - segments.len };
	while (segments.len != 0) {
		bool more = memchr(segments.p, '/', segments.len) != NULL;

		if (!take_segment(path, http_text_cut(&segments, '/'), fault))
			return false;
		path->slash |= more && segments.len == 0;
	}
	path->name[path->len] = '\0';
	path->hidden = path->name[0] == '.' || strstr(path->name, "/.") != NULL;
	return true;
}
