/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "get/download.h"
#include "get/say.h"
#include "get/splice.h"
#include "http/chunked.h"
#include "http/response.h"

/* One answer as it comes in: its head, then its body through the same buffer. */
struct answer {
	struct get_peer *peer;
	struct get_output *out;
	struct get_progress progress;
	struct http_response response;
	struct http_chunked chunked;
	uint64_t done;			/* bytes of the body */
	size_t len;			/* of buf */
	char buf[HTTP_RESPONSE_HEAD_MAX];
};

static bool
complain(const struct answer *a, const char *what, const char *why)
{
	get_say("%s: %s%s%s", a->peer->options->url_text, what, *why != '\0' ? ": " : "", why);
	return false;
}

static bool
send_request(struct get_peer *peer)
{
	struct http_buf request = { .grows = true };
	int err;

	http_url_put_request(&peer->options->url, "GET", false, &request);
	err = request.full ? -ENOMEM : get_send_all(peer, request.p, request.len);
	http_buf_free(&request);
	return err == 0 || get_complain(peer, "sending the request", err);
}

/* More of the answer behind what buf holds. *end: the server has closed, properly. */
static bool
receive(struct answer *a, bool *end)
{
	ssize_t n = get_recv(a->peer, a->buf + a->len, sizeof(a->buf) - a->len);

	if (n < 0)
		return get_complain(a->peer, "receiving", n);
	*end = n == 0;
	a->len += (size_t)n;
	return true;
}

static void
take(struct answer *a, size_t n)
{
	memmove(a->buf, a->buf + n, a->len - n);
	a->len -= n;
}

static bool
read_head(struct answer *a)
{
	enum http_step step;
	bool end = false;

	for (;;) {
		step = a->len != 0 ? http_response_parse(&a->response, false, a->buf,
		    a->len) : HTTP_MORE;
		if (step == HTTP_REFUSED)
			return complain(a, "the answer is not HTTP/1.1", a->response.fault.why);
		if (step == HTTP_DONE && a->response.status >= 200)
			return true;
		/* an interim answer: another follows */
		if (step == HTTP_DONE) {
			take(a, a->response.consumed);
			memset(&a->response, 0, sizeof(a->response));
		} else if (!receive(a, &end)) {
			return false;
		} else if (end) {
			return complain(a, "the server closed without an answer", "");
		}
	}
}

/* Only 200 brings the file. */
static bool
judge_status(struct answer *a)
{
	struct http_text location = { "", 0 };
	char text[512];
	struct http_buf why = { .p = text, .cap = sizeof(text) - 1 };

	if (a->response.status == 200)
		return true;
	if (a->response.status / 100 == 3 &&
	    http_fields_find(&a->response.fields, "Location", &location) != 0) {
		http_buf_str(&why, "it has moved to ");
		http_buf_plain(&why, location);
	} else {
		http_buf_plain(&why, a->response.reason);
	}
	text[why.len] = '\0';
	get_say("%s: %d %s", a->peer->options->url_text, a->response.status, text);
	return false;
}

static bool
put(struct answer *a, const char *data, size_t len)
{
	if (!get_output_write(a->out, data, len))
		return false;
	a->done += len;
	get_progress_show(&a->progress, a->done);
	return true;
}

/* Up to left bytes by splice; stops where ktls_conn_recv() has to have a look. */
static bool
splice_some(struct answer *a, struct get_splice *splice)
{
	ssize_t n;
	int err;

	while (a->done < a->response.length) {
		n = get_splice_move(splice, a->peer, a->out->fd,
		    (size_t)(a->response.length - a->done));
		if (n == 0)
			return true;
		if (n == -EAGAIN && (err = get_wait(a->peer)) != 0)
			n = err;
		if (n < 0 && n != -EAGAIN)
			return get_complain(a->peer, "splice", n);
		a->done += n > 0 ? (uint64_t)n : 0;
		get_progress_show(&a->progress, a->done);
	}
	return true;
}

static bool
read_length(struct answer *a, struct get_splice *splice)
{
	size_t part;
	bool end = false;

	for (;;) {
		part = a->len < a->response.length - a->done ?
		    a->len : (size_t)(a->response.length - a->done);
		if (part != 0 && !put(a, a->buf, part))
			return false;
		a->len = 0;
		if (splice != NULL && !ktls_conn_pending(a->peer->conn) && !splice_some(a, splice))
			return false;
		if (a->done == a->response.length)
			return true;
		if (end)
			return complain(a, "the server closed before the end", "");
		if (!receive(a, &end))
			return false;
	}
}

static bool
read_chunked(struct answer *a)
{
	struct http_text in, data;
	enum http_step step;
	bool end = false;

	for (;;) {
		in = (struct http_text){ a->buf, a->len };
		do {
			step = http_chunked_next(&a->chunked, &in, &data);
			if (data.len != 0 && !put(a, data.p, data.len))
				return false;
		} while (step == HTTP_MORE && in.len != 0);
		a->len = 0;
		if (step == HTTP_DONE)
			return true;
		if (step == HTTP_REFUSED)
			return complain(a, "the body's chunks", a->chunked.fault.why);
		if (end)
			return complain(a, "the server closed before the end", "");
		if (!receive(a, &end))
			return false;
	}
}

/* Until close_notify: receive() itself refuses an end without it. */
static bool
read_to_close(struct answer *a)
{
	bool end = false;

	while (!end) {
		if (!put(a, a->buf, a->len))
			return false;
		a->len = 0;
		if (!receive(a, &end))
			return false;
	}
	return true;
}

static bool
read_body(struct answer *a)
{
	struct get_splice splice;
	int err;
	bool ok;

	if (a->response.body == HTTP_BODY_CHUNKED)
		return read_chunked(a);
	if (a->response.body == HTTP_BODY_CLOSE)
		return read_to_close(a);
	if (a->response.body == HTTP_BODY_NONE)
		return true;
	if (!a->peer->options->splice)
		return read_length(a, NULL);
	if (ktls_conn_fd(a->peer->conn, KTLS_RX) < 0)
		return complain(a, "--splice",
		    "the kernel doesn't open the records here: see -v, or leave --splice out");
	if ((err = get_splice_open(&splice)) != 0)
		return get_complain(a->peer, "--splice: a pipe", err);
	ok = read_length(a, &splice);
	get_splice_close(&splice);
	return ok;
}

bool
get_download(struct get_peer *peer, struct get_output *out)
{
	struct answer *a = calloc(1, sizeof(*a));
	bool ok = false;

	if (a == NULL)
		return get_complain(peer, "receiving", -ENOMEM);
	a->peer = peer;
	a->out = out;
	if (send_request(peer) && read_head(a) && judge_status(a)) {
		take(a, a->response.consumed);
		get_progress_begin(&a->progress, !peer->options->quiet && !isatty(out->fd),
		    a->response.body == HTTP_BODY_LENGTH ? a->response.length : 0);
		if ((ok = read_body(a)))
			get_progress_end(&a->progress, a->done);
	}
	free(a);
	return ok;
}
