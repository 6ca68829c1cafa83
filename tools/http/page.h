/* SPDX-License-Identifier: MIT */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "http/buf.h"

/* The frame of our own pages: no scripts, light or dark as the reader's system is. */
void http_page_begin(struct http_buf *out, struct http_text title);
void http_page_end(struct http_buf *out);

/*
 * The body of an error: its status, what it is about (a path, or empty) and what
 * was wrong. As text for people at a terminal, as a page for a browser.
 */
void http_page_error(struct http_buf *out, bool html, int status, struct http_text what,
    const char *why);

#endif
