/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "http/authority.h"

static bool
split_bracketed(struct http_authority *a, struct http_text t)
{
	struct http_text rest = { t.p + 1, t.len - 1 };

	a->host = http_text_cut(&rest, ']');
	a->bracketed = true;
	if (rest.p == NULL)
		return false;		/* no ']' */
	if (rest.len == 0)
		return true;
	a->has_port = true;
	a->port = (struct http_text){ rest.p + 1, rest.len - 1 };
	return rest.p[0] == ':';
}

bool
http_authority_split(struct http_authority *a, struct http_text t)
{
	*a = (struct http_authority){0};
	if (t.len != 0 && t.p[0] == '[')
		return split_bracketed(a, t);
	a->port = t;
	a->host = http_text_cut(&a->port, ':');
	a->has_port = a->port.p != NULL;
	return true;
}

static bool
all_of(struct http_text t, bool letters, const char *marks)
{
	for (size_t i = 0; i < t.len; i++) {
		bool ok = letters ? http_is_unreserved(t.p[i]) : http_hex(t.p[i]) >= 0;

		if (!ok && (t.p[i] == '\0' || strchr(marks, t.p[i]) == NULL))
			return false;
	}
	return t.len != 0;
}

bool
http_authority_valid(struct http_text t)
{
	struct http_authority a;
	uint64_t port = 0;

	if (!http_authority_split(&a, t))
		return false;
	if (a.port.len != 0 && (!http_text_number(a.port, &port) || port > 65535))
		return false;
	return a.bracketed ? all_of(a.host, false, ":.") : all_of(a.host, true, "%!$&'()*+,;=");
}
