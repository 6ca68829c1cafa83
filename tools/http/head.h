/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <time.h>
#include "http/buf.h"

/* What the head of a response says. */
struct http_head {
	int status;
	unsigned minor;			/* of the request's version */
	bool keep_alive;
	bool own_page;			/* our own HTML: allowed its styles alone */
	const char *type;		/* media type */
	uint64_t length;
	time_t now;
	bool has_modified;
	time_t modified;
	const struct http_buf *location;	/* percent-encoded; NULL for none */
};

const char *http_status_text(int status);	/* never NULL */
void http_head_put(struct http_buf *out, const struct http_head *head);

#define HTTP_DATE_SIZE	30	/* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL */

/* IMF-fixdate, RFC 9110 section 5.6.7. False for a time in no year from 0 to 9999. */
HTTP_CHECKED bool http_date(char out[HTTP_DATE_SIZE], time_t t);

#endif
