/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "serve/worker.h"

/*
 * One connection: handshake, then requests one after the other, each read whole,
 * answered whole, and what came behind it (pipelining) read next.
 */
enum state { HANDSHAKE, READING, SENDING, CLOSING };

struct client {
	struct client *next, **prev;
	struct worker *worker;
	struct ktls_stream *stream;
	enum state state;
	char *buf;			/* the request; more of the next may stand behind */
	size_t len, size;
	uint64_t since;			/* ms: when the request's first byte came */
	struct http_request request;
	struct http_answer answer;
	unsigned long long sent;	/* of the file */
	char address[64];
};

#define BUF_FIRST	1024u		/* most requests */

static void read_more(struct client *client);
static void next_request(struct client *client);

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct client *
client_next(struct client *client)
{
	return client->next;
}

void
client_close(struct client *client)
{
	struct worker *worker = client->worker;

	*client->prev = client->next;
	if (client->next != NULL)
		client->next->prev = client->prev;
	ktls_stream_close(client->stream);
	http_answer_free(&client->answer);
	free(client->buf);
	free(client);
	worker_client_gone(worker);
}

/* The connection knows more than the error's number where it refused the peer. */
static void
failed(struct client *client, const char *what, ssize_t result)
{
	const char *why = ktls_strerror((int)result);

	if (ktls_err_reason((int)result) != KTLS_R_NONE)
		why = ktls_conn_reason_text(ktls_stream_conn(client->stream));
	else if (result == -ETIMEDOUT)
		why = "it took too long (--timeout)";
	serve_log_failure(&client->worker->log, client->address, what, why);
	client_close(client);
}

void
client_cut_off(struct client *client)
{
	serve_log_failure(&client->worker->log, client->address, "ending",
	    "the server ended before it had finished");
	client_close(client);
}

static void
shut_down(struct ktls_stream *stream, void *arg, ssize_t result)
{
	(void)stream;
	(void)result;			/* a peer that is gone already is as good */
	client_close(arg);
}

static void
begin_closing(struct client *client)
{
	client->state = CLOSING;
	if (ktls_stream_shutdown(client->stream, client->worker->options->timeout, shut_down) != 0)
		client_close(client);
}

/* Answering */

/* From the buffer, not from the request: where it was refused, that may know less. */
static struct http_text
first_line(const struct client *client)
{
	struct http_text text = { client->buf, client->len }, line;

	if (text.len >= 2 && memcmp(text.p, "\r\n", 2) == 0)	/* ignored, RFC 9112 2.2 */
		text = (struct http_text){ text.p + 2, text.len - 2 };
	line = http_text_cut(&text, '\n');
	line.len -= line.len != 0 && line.p[line.len - 1] == '\r';
	return line;
}

static void
answered(struct client *client)
{
	struct worker *worker = client->worker;
	size_t rest = client->len - client->request.consumed;
	bool keep = client->answer.keep_alive && !worker->draining;

	serve_log_request(&worker->log, client->address, first_line(client), &client->answer,
	    client->answer.len - client->answer.head_len + client->sent, client->stream);
	http_answer_free(&client->answer);
	if (!keep) {
		begin_closing(client);
		return;
	}
	memmove(client->buf, client->buf + client->request.consumed, rest);
	client->len = rest;
	next_request(client);
}

static void
body_sent(struct ktls_stream *stream, void *arg, ssize_t result)
{
	struct client *client = arg;

	(void)stream;
	if (result < 0) {
		failed(client, "sending", result);
		return;
	}
	client->sent += (unsigned long long)result;
	if (client->sent < client->answer.length) {
		/*
		 * The length was promised: ending without close_notify tells
		 * the client that this isn't all.
		 */
		serve_log_failure(&client->worker->log, client->address, "sending",
		    "the file became shorter while it was sent");
		client_close(client);
		return;
	}
	answered(client);
}

static void
head_sent(struct ktls_stream *stream, void *arg, ssize_t result)
{
	struct client *client = arg;
	struct http_answer *answer = &client->answer;
	int err;

	if (result < 0) {
		failed(client, "sending", result);
	} else if (answer->fd < 0) {
		answered(client);
	} else if ((err = ktls_stream_sendfile(stream, answer->fd, answer->offset,
	    (size_t)answer->length, client->worker->options->timeout, body_sent)) != 0) {
		failed(client, "sending", err);
	}
}

/* Head and body share a record: the head waits for the file's first bytes. */
static void
send_answer(struct client *client)
{
	struct http_answer *answer = &client->answer;
	int err;

	client->state = SENDING;
	client->sent = 0;
	err = ktls_stream_send(client->stream, answer->bytes, answer->len,
	    answer->fd >= 0 ? KTLS_MORE : 0, client->worker->options->timeout, head_sent);
	if (err != 0)
		failed(client, "sending", err);
}

static void
refuse(struct client *client, const struct http_fault *fault)
{
	/* nothing behind it is a request any more */
	client->request.consumed = client->len;
	if (http_answer_error(&client->request, fault, &client->answer) != 0)
		failed(client, "answering", -ENOMEM);
	else
		send_answer(client);
}

/* Reading */

static void
next_request(struct client *client)
{
	memset(&client->request, 0, sizeof(client->request));
	client->since = client->len != 0 ? now_ms() : 0;
	client->state = READING;
	read_more(client);
}

static void
request_late(struct client *client)
{
	static const struct http_fault late = { 408, "the request did not arrive in time" };

	if (client->len == 0)
		begin_closing(client);
	else
		refuse(client, &late);
}

static void
received(struct ktls_stream *stream, void *arg, ssize_t result)
{
	struct client *client = arg;

	(void)stream;
	if (client->state == CLOSING)
		return;				/* the receive that was under way when we drained */
	if (result == -ETIMEDOUT) {
		request_late(client);
	} else if (result < 0) {
		failed(client, client->len != 0 ?
		    "in the middle of a request" : "between requests", result);
	} else if (result == 0) {
		begin_closing(client);
	} else {
		if (client->since == 0)
			client->since = now_ms();
		client->len += (size_t)result;
		read_more(client);
	}
}

/* The peer has so long for a whole request, however many pieces it sends. 0: its time is over. */
static unsigned
time_left(const struct client *client)
{
	const struct serve_options *options = client->worker->options;
	uint64_t used;

	if (client->since == 0)
		return options->idle_timeout;
	used = now_ms() - client->since;
	return used < options->timeout ? options->timeout - (unsigned)used : 0;
}

static void
receive(struct client *client)
{
	unsigned timeout = time_left(client);
	char *larger;
	int err;

	if (timeout == 0) {
		request_late(client);
		return;
	}
	if (client->len == client->size) {
		size_t size = client->size != 0 ? client->size * 2 : BUF_FIRST;

		if ((larger = realloc(client->buf, size)) == NULL) {
			failed(client, "reading", -ENOMEM);
			return;
		}
		client->buf = larger;
		client->size = size;
	}
	err = ktls_stream_recv(client->stream, client->buf + client->len,
	    client->size - client->len, timeout, received);
	if (err != 0)
		failed(client, "reading", err);
}

static void
answer(struct client *client)
{
	if (client->worker->draining)
		client->request.keep_alive = false;	/* and the answer says so */
	if (http_answer(client->worker->site, &client->request, &client->answer) != 0)
		failed(client, "answering", -ENOMEM);
	else
		send_answer(client);
}

/* What has come may be a whole request, more than one, or a part. */
static void
read_more(struct client *client)
{
	enum http_step step = client->len != 0 ?
	    http_request_parse(&client->request, client->buf, client->len) : HTTP_MORE;

	if (step == HTTP_MORE)
		receive(client);
	else if (step == HTTP_REFUSED)
		refuse(client, &client->request.fault);
	else
		answer(client);
}

/* Beginning */

/* Whoever speaks HTTP without TLS is told so, in his own language. */
static void
answer_plain(struct client *client)
{
	static const struct http_fault plain = { 400, "this is an HTTPS port: use https://" };
	int fd = ktls_stream_fd(client->stream);
	char unread[4096];

	if (http_answer_error(NULL, &plain, &client->answer) == 0) {
		(void)send(fd, client->answer.bytes, client->answer.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		(void)shutdown(fd, SHUT_WR);
		/* Closing with bytes unread resets the connection, and the answer with it. */
		for (int i = 0; i < 16 && recv(fd, unread, sizeof(unread), MSG_DONTWAIT) > 0; i++)
			;
	}
	serve_log_failure(&client->worker->log, client->address, "handshake",
	    "plain HTTP: answered that this is an HTTPS port");
	client_close(client);
}

static void
handshaken(struct ktls_stream *stream, void *arg, ssize_t result)
{
	struct client *client = arg;

	(void)stream;
	if (result == 0 && client->worker->draining)
		begin_closing(client);
	else if (result == 0)
		next_request(client);
	else if (result == KTLS_REFUSED(KTLS_R_PLAIN_HTTP))
		answer_plain(client);
	else
		failed(client, "handshake", result);
}

static void
note_address(struct client *client, int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getpeername(fd, (struct sockaddr *)&addr, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&addr, len, client->address, sizeof(client->address),
	    NULL, 0, NI_NUMERICHOST) != 0)
		(void)snprintf(client->address, sizeof(client->address), "-");
}

void
client_accepted(struct worker *worker, int fd)
{
	struct client *client = calloc(1, sizeof(*client));
	int err = client == NULL ? -ENOMEM : ktls_stream_new(&client->stream, worker->uring,
	    worker->cfg, KTLS_SERVER, fd, NULL, client);

	if (err != 0) {
		serve_log_failure(&worker->log, "-", "accepting", ktls_strerror(err));
		free(client);
		close(fd);
		return;
	}
	client->worker = worker;
	client->answer.fd = -1;
	note_address(client, fd);
	client->next = worker->clients;
	client->prev = &worker->clients;
	if (client->next != NULL)
		client->next->prev = &client->next;
	worker->clients = client;
	worker_client_came(worker);
	if (ktls_stream_handshake(client->stream, handshaken) != 0)
		client_close(client);
}

void
client_drain(struct client *client)
{
	if (client->state == READING && client->len == 0)
		begin_closing(client);
}
