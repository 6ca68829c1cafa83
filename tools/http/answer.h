/* SPDX-License-Identifier: MIT */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <sys/types.h>
#include "http/request.h"

/* A served directory. */
struct http_site {
	int root;
};

/* 0 or -errno: -ENOTDIR, -ENOENT, -EACCES. */
HTTP_CHECKED int http_site_open(struct http_site *site, const char *dir);
void http_site_close(struct http_site *site);

/*
 * What to send, in this order: len bytes of bytes, then length bytes of fd from
 * offset (fd is -1 and length 0 where there are none), then close unless
 * keep_alive. A short body stands in bytes, right behind the head, so that one
 * record takes both. HEAD and empty files are nothing special to the sender.
 */
struct http_answer {
	int status;
	const char *why;	/* for a log: what was refused; static, or NULL */
	bool keep_alive;
	char *bytes;
	size_t len;
	size_t head_len;	/* of len; the rest is body */
	int fd;
	off_t offset;
	uint64_t length;
};

/*
 * Decides about a request that http_request_parse() has found whole. Reads the file
 * system, and nothing else. 0, or -ENOMEM: then nothing can be sent. In either case
 * free the answer.
 */
HTTP_CHECKED int http_answer(const struct http_site *site, const struct http_request *req,
    struct http_answer *answer);

/*
 * The answer to a refused request, or to what the server itself finds wrong (408,
 * 500). Always closes. req may be NULL: then it is plain text, as for a client that
 * spoke HTTP without TLS.
 */
HTTP_CHECKED int http_answer_error(const struct http_request *req,
    const struct http_fault *fault, struct http_answer *answer);

/* Closes fd. May be called twice. */
void http_answer_free(struct http_answer *answer);

#endif
