/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include "http/head.h"

static const struct {
	int status;
	const char *text;
} statuses[] = {
	{ 200, "OK" },
	{ 301, "Moved Permanently" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

const char *
http_status_text(int status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Unknown";
}

/* Not strftime: that speaks the locale's language. */
bool
http_date(char out[HTTP_DATE_SIZE], time_t t)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
	    "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;
	int n;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return false;
	n = snprintf(out, HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
	return n == HTTP_DATE_SIZE - 1;
}

static void
put_date(struct http_buf *out, const char *name, time_t t)
{
	char date[HTTP_DATE_SIZE];

	if (http_date(date, t))
		http_buf_fmt(out, "%s: %s\r\n", name, date);
}

static void
put_connection(struct http_buf *out, const struct http_head *head)
{
	if (!head->keep_alive)
		http_buf_str(out, "Connection: close\r\n");
	else if (head->minor == 0)
		http_buf_str(out, "Connection: keep-alive\r\n");
}

void
http_head_put(struct http_buf *out, const struct http_head *head)
{
	/* RFC 9110 section 8.8.2.1: never later than Date */
	time_t modified = head->modified > head->now ? head->now : head->modified;

	http_buf_fmt(out, "HTTP/1.1 %03d %s\r\n", head->status, http_status_text(head->status));
	put_date(out, "Date", head->now);
	http_buf_str(out, "Server: ktls\r\n");
	if (head->status == 405)		/* RFC 9110 section 15.5.6 */
		http_buf_str(out, "Allow: GET, HEAD\r\n");
	if (head->location != NULL) {
		http_buf_str(out, "Location: ");
		http_buf_put(out, head->location->p, head->location->len);
		http_buf_str(out, "\r\n");
	}
	http_buf_fmt(out, "Content-Type: %s\r\nContent-Length: %llu\r\n", head->type,
	    (unsigned long long)head->length);
	if (head->has_modified)
		put_date(out, "Last-Modified", modified);
	http_buf_str(out, "X-Content-Type-Options: nosniff\r\n");
	if (head->own_page)
		http_buf_str(out,
		    "Content-Security-Policy: default-src 'none'; "
		    "style-src 'unsafe-inline'\r\n");
	put_connection(out, head);
	http_buf_str(out, "\r\n");
}
