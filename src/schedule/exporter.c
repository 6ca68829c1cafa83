/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <ktls/keys.h>
#include "schedule/exporter.h"
#include "schedule/schedule12.h"
#include "schedule/schedule13.h"

int
exporter_make(const struct exporter *e, const char *label, const void *context,
    size_t context_len, uint8_t *out, size_t out_len)
{
	const struct slice s = { context, context != NULL ? context_len : 0 };

	if (label == NULL || (context == NULL && context_len != 0) || out_len > EXPORTER_OUT_MAX)
		return -EINVAL;
	if (e->version == KTLS_TLS13)
		return exporter13(e->crypto, e->hash, e->secret, label, s, out, out_len);
	return exporter12(e->crypto, e->hash, e->secret, e->client_random, e->server_random,
	    label, context != NULL ? &s : NULL, out, out_len);
}
