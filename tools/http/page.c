/* SPDX-License-Identifier: MIT */
#include "http/head.h"
#include "http/page.h"

void
http_page_begin(struct http_buf *out, struct http_text title)
{
	http_buf_str(out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	http_buf_html(out, title);
	http_buf_str(out,
	    "</title>\n<style>\n"
	    ":root { color-scheme: light dark; --line: #ddd; --faint: #666; --link: #0b57d0 }\n"
	    "@media (prefers-color-scheme: dark) {\n"
	    "\t:root { --line: #444; --faint: #aaa; --link: #8ab4f8 }\n}\n"
	    "body { font: 15px/1.6 system-ui, sans-serif; max-width: 60em; margin: 2em auto;"
	    " padding: 0 1em }\n"
	    "h1 { font-size: 1.3em; overflow-wrap: anywhere }\n"
	    "a { color: var(--link); text-decoration: none }\n"
	    "a:hover { text-decoration: underline }\n"
	    "table { border-collapse: collapse; width: 100% }\n"
	    "td, th { padding: .25em .5em; border-bottom: 1px solid var(--line);"
	    " text-align: left }\n"
	    "td:first-child { overflow-wrap: anywhere }\n"
	    "th { font-weight: normal }\nth, .n, p { color: var(--faint) }\n"
	    ".n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }\n"
	    "</style>\n</head>\n<body>\n<h1>");
	http_buf_html(out, title);
	http_buf_str(out, "</h1>\n");
}

void
http_page_end(struct http_buf *out)
{
	http_buf_str(out, "</body>\n</html>\n");
}

void
http_page_error(struct http_buf *out, bool html, int status, struct http_text what,
    const char *why)
{
	char title[64];
	struct http_buf line = { .p = title, .cap = sizeof(title) };

	http_buf_fmt(&line, "%d %s", status, http_status_text(status));
	if (!html) {
		http_buf_put(out, line.p, line.len);
		http_buf_str(out, "\n");
		http_buf_plain(out, what);
		http_buf_str(out, what.len != 0 ? ": " : "");
		http_buf_str(out, why);
		http_buf_str(out, "\n");
		return;
	}
	http_page_begin(out, (struct http_text){ line.p, line.len });
	http_buf_str(out, "<p>");
	http_buf_html(out, what);
	http_buf_str(out, what.len != 0 ? ": " : "");
	http_buf_html(out, http_text(why));
	http_buf_str(out, "</p>\n");
	http_page_end(out);
}
