/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "record/cut.h"

/* A TLSPlaintext's header. Its minor version is to be ignored (RFC 8446 5.1). */
static int
plain_len(const struct cut *cut, uint8_t type, uint8_t major, size_t len)
{
	if (major != 3)
		return KTLS_REFUSED(KTLS_R_RECORD_VERSION);
	if (len > KTLS_RECORD_PLAIN_MAX)
		return KTLS_REFUSED(KTLS_R_RECORD_OVERFLOW);
	switch (type) {
	case KTLS_TYPE_CHANGE_CIPHER_SPEC:
		if (!cut->ccs)
			return KTLS_REFUSED(KTLS_R_RECORD_TYPE);
		if (len != 1)
			return KTLS_REFUSED(KTLS_R_RECORD_CCS);
		break;
	case KTLS_TYPE_ALERT:
	case KTLS_TYPE_HANDSHAKE:
		if (len == 0)
			return KTLS_REFUSED(KTLS_R_RECORD_EMPTY);
		break;
	case KTLS_TYPE_APPLICATION_DATA:
		return KTLS_REFUSED(KTLS_R_APPLICATION_DATA);
	default:
		return KTLS_REFUSED(KTLS_R_RECORD_TYPE);
	}
	return KTLS_RECORD_HEADER + (int)len;
}

int
cut_len(const struct cut *cut, struct slice in)
{
	struct reader r = rd_init(in);
	uint8_t type = rd_u8(&r), major = rd_u8(&r);
	size_t len;

	(void)rd_u8(&r);
	len = rd_u16(&r);
	if (r.bad)
		return 0;
	if (cut->rec == NULL || type == KTLS_TYPE_CHANGE_CIPHER_SPEC ||
	    (type == KTLS_TYPE_ALERT && cut->plain_alert))
		return plain_len(cut, type, major, len);
	return ktls_record_len(cut->rec, in.p);
}

int
cut_ccs(struct slice body)
{
	return body.len == 1 && body.p[0] == 1 ? 0 : KTLS_REFUSED(KTLS_R_RECORD_CCS);
}

/* What a request begins with, RFC 9110 section 9 and HTTP/2's preface. */
bool
cut_is_http(struct slice in)
{
	static const char *const methods[] = {
		"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ",
		"PATCH ", "PRI ",
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		size_t n = strlen(methods[i]);

		if (n > KTLS_RECORD_HEADER)
			n = KTLS_RECORD_HEADER;		/* nobody has read more yet */
		if (in.len >= n && memcmp(in.p, methods[i], n) == 0)
			return true;
	}
	return false;
}
