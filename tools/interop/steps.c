/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "interop/peer.h"

#define COUNT(table)	(sizeof(table) / sizeof(*(table)))
#define CELL		16			/* bytes: "000000000000000\n" */
#define CELL_MAX	1000000000000000	/* what its digits hold */
#define PIECE		65536
#define TEXT_MAX	256

/* Where a connection stands; the pattern goes on from step to step, each way. */
struct state {
	struct ktls_conn *conn;
	struct peer_received *received;
	uint64_t sent, expected;
	char buf[PIECE];
};

static void
fill(char *p, uint64_t offset, size_t len)
{
	char cell[32];

	for (size_t i = 0; i < len; i++) {
		if (i == 0 || (offset + i) % CELL == 0)
			(void)snprintf(cell, sizeof(cell), "%015" PRIu64 "\n",
			    (offset + i) / CELL * CELL % CELL_MAX);
		p[i] = cell[(offset + i) % CELL];
	}
}

static bool
matches(const char *p, uint64_t offset, size_t len)
{
	char want[CELL];

	for (size_t i = 0; i < len; i += sizeof(want)) {
		size_t n = len - i < sizeof(want) ? len - i : sizeof(want);

		fill(want, offset + i, n);
		if (memcmp(p + i, want, n) != 0)
			return false;
	}
	return true;
}

static void
note(struct peer_received *r, const char *p, size_t len)
{
	size_t keep;

	r->bytes += len;
	if (len > sizeof(r->tail)) {
		p += len - sizeof(r->tail);
		len = sizeof(r->tail);
	}
	keep = sizeof(r->tail) - len < r->tail_len ? sizeof(r->tail) - len : r->tail_len;
	memmove(r->tail, r->tail + r->tail_len - keep, keep);
	memcpy(r->tail + keep, p, len);
	r->tail_len = keep + len;
}

static int
send_all(struct state *s, const char *p, size_t len)
{
	ssize_t n = ktls_conn_send(s->conn, p, len, 0);

	return n < 0 ? (int)n : n == (ssize_t)len ? 0 : -EIO;
}

/* More than 0; 0 at close_notify; or an error. */
static ssize_t
receive(struct state *s, size_t len)
{
	ssize_t n = ktls_conn_recv(s->conn, s->buf, len < sizeof(s->buf) ? len : sizeof(s->buf));

	if (n > 0)
		note(s->received, s->buf, (size_t)n);
	return n;
}

static int
do_send(struct state *s, uint64_t len, const char *text)
{
	(void)text;
	while (len != 0) {
		size_t n = len < sizeof(s->buf) ? (size_t)len : sizeof(s->buf);
		int err;

		fill(s->buf, s->sent, n);
		if ((err = send_all(s, s->buf, n)) != 0)
			return err;
		s->sent += n;
		len -= n;
	}
	return 0;
}

static int
do_recv(struct state *s, uint64_t len, const char *text)
{
	(void)text;
	while (len != 0) {
		ssize_t n = receive(s, len < sizeof(s->buf) ? (size_t)len : sizeof(s->buf));

		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		if (!matches(s->buf, s->expected, (size_t)n))
			return -EBADMSG;
		s->expected += (size_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* In pieces that the buffers between hold: a peer that echoes doesn't read while it writes. */
static int
do_echo(struct state *s, uint64_t len, const char *text)
{
	while (len != 0) {
		uint64_t n = len < PIECE ? len : PIECE;
		int err;

		if ((err = do_send(s, n, text)) != 0 || (err = do_recv(s, n, text)) != 0)
			return err;
		len -= n;
	}
	return 0;
}

static int
do_serve(struct state *s, uint64_t len, const char *text)
{
	ssize_t n;
	int err;

	(void)len, (void)text;
	while ((n = receive(s, sizeof(s->buf))) > 0)
		if ((err = send_all(s, s->buf, (size_t)n)) != 0)
			return err;
	return (int)n;
}

static int
do_drain(struct state *s, uint64_t len, const char *text)
{
	ssize_t n;

	(void)len, (void)text;
	while ((n = receive(s, sizeof(s->buf))) > 0)
		;
	return (int)n;
}

static int
do_text(struct state *s, uint64_t len, const char *text)
{
	(void)len;
	return send_all(s, text, strlen(text));
}

/* Byte by byte: what stands behind the text is another step's. */
static int
do_await(struct state *s, uint64_t len, const char *text)
{
	struct peer_received *r = s->received;
	ssize_t n;

	(void)len;
	while (memmem(r->tail, r->tail_len, text, strlen(text)) == NULL)
		if ((n = receive(s, 1)) <= 0)
			return n < 0 ? (int)n : -EBADMSG;
	return 0;
}

static int
do_update(struct state *s, uint64_t len, const char *text)
{
	(void)len, (void)text;
	return ktls_conn_key_update(s->conn, false);
}

static int
do_update_request(struct state *s, uint64_t len, const char *text)
{
	(void)len, (void)text;
	return ktls_conn_key_update(s->conn, true);
}

static const struct step {
	const char *name;
	int (*run)(struct state *s, uint64_t len, const char *text);
	enum { NOTHING, NUMBER, TEXT } takes;
} table[] = {
	{ "send", do_send, NUMBER },
	{ "recv", do_recv, NUMBER },
	{ "echo", do_echo, NUMBER },
	{ "serve", do_serve, NOTHING },
	{ "drain", do_drain, NOTHING },
	{ "text", do_text, TEXT },
	{ "await", do_await, TEXT },
	{ "update", do_update, NOTHING },
	{ "update-request", do_update_request, NOTHING },
};

/* The text between p and end, where \n and \r stand for what they do in C. */
static bool
unescape(char *to, const char *p, const char *end)
{
	size_t n = 0;

	for (; p != end; p++) {
		bool escape = *p == '\\' && p + 1 != end && (p[1] == 'n' || p[1] == 'r');

		if (n + 1 == TEXT_MAX)
			return false;
		p += escape;
		to[n++] = !escape ? *p : *p == 'n' ? '\n' : '\r';
	}
	to[n] = '\0';
	return true;
}

/* The step that p begins with, what it takes, and where the next begins; NULL: it isn't one. */
static const struct step *
parse(const char *p, uint64_t *len, char *text, const char **next)
{
	const char *end = strchrnul(p, ','), *equal = memchr(p, '=', (size_t)(end - p));
	size_t name = (size_t)((equal != NULL ? equal : end) - p);
	char *stop;

	*next = *end == ',' ? end + 1 : end;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct step *s = &table[i];

		if (strlen(s->name) != name || strncmp(p, s->name, name) != 0 ||
		    (equal == NULL) != (s->takes == NOTHING))
			continue;
		*len = s->takes == NUMBER ? strtoull(equal + 1, &stop, 10) : 0;
		if (s->takes == NUMBER && stop != end)
			return NULL;
		return s->takes != TEXT || unescape(text, equal + 1, end) ? s : NULL;
	}
	return NULL;
}

bool
peer_steps_valid(const char *steps)
{
	char text[TEXT_MAX];
	uint64_t len;

	while (*steps != '\0')
		if (parse(steps, &len, text, &steps) == NULL)
			return false;
	return true;
}

int
peer_steps(struct ktls_conn *conn, const char *steps, struct peer_received *received)
{
	struct state *s = calloc(1, sizeof(*s));
	char text[TEXT_MAX] = "";
	uint64_t len = 0;
	int err = 0;

	if (s == NULL)
		return -ENOMEM;
	s->conn = conn;
	s->received = received;
	while (err == 0 && *steps != '\0') {
		const struct step *step = parse(steps, &len, text, &steps);

		err = step != NULL ? step->run(s, len, text) : -EINVAL;
	}
	free(s);
	return err;
}
