/* SPDX-License-Identifier: MIT */
#ifndef HTTP_MIME_H
#define HTTP_MIME_H

/* The media type for a file's name, by its extension; application/octet-stream for others. */
const char *http_mime_type(const char *name);

#endif
