/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <ktls.h>

/*
 * storm PORT CONNECTIONS AT_ONCE DIR: bad clients for `ktls serve DIR`, of every
 * kind in turn, so many at once. Each knows how it must be treated. A line a kind, TAP.
 */

static uint16_t port;
static unsigned connections;
static atomic_uint next_connection;
static struct ktls_config *cfg;
static const char *site;

#define PATIENCE_MS	20000		/* after which a server that hasn't closed has failed */
#define WINDOW		16384		/* little is under way: the server has to wait for us */

static int
dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), window = WINDOW;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* What the server says before it closes; -1 where it doesn't. A reset is a close too. */
static ssize_t
listen_to_end(int fd, char *buf, size_t size)
{
	struct pollfd pollfd = { fd, POLLIN, 0 };
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size) {
		if (poll(&pollfd, 1, PATIENCE_MS) != 1)
			return -1;
		n = recv(fd, buf + len, size - len, 0);
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

static bool
send_and_end(int fd, const void *data, size_t len, char *answer, size_t size, ssize_t *got)
{
	if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		return false;
	*got = listen_to_end(fd, answer, size);
	return *got >= 0;
}

/* A ClientHello that any server would begin to read. */
static size_t
client_hello(uint8_t *out, size_t size)
{
	struct ktls_hs *hs;
	const void *hello = NULL;
	size_t len = 0;

	if (ktls_hs_new(&hs, cfg, KTLS_CLIENT, NULL) != 0)
		return 0;
	if (ktls_hs_want(hs) == KTLS_HS_SEND)
		hello = ktls_hs_send_buf(hs, &len);
	if (hello != NULL && len <= size)
		memcpy(out, hello, len);
	ktls_hs_free(hs);
	return len <= size ? len : 0;
}

static bool
plain_http(int fd)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char answer[2048];
	ssize_t n;

	return send_and_end(fd, request, sizeof(request) - 1, answer, sizeof(answer), &n) &&
	    n > 12 && memcmp(answer, "HTTP/1.1 400", 12) == 0 && memmem(answer, (size_t)n,
	    "https", 5) != NULL;
}

/* An alert and the end, or the end alone. */
static bool
garbage(int fd)
{
	uint8_t noise[600];
	char answer[2048];
	ssize_t n;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 37 + 0xa5);
	return send_and_end(fd, noise, sizeof(noise), answer, sizeof(answer), &n) && (n == 0 ||
	    answer[0] == 21);
}

static bool
silent(int fd)
{
	char answer[64];

	return listen_to_end(fd, answer, sizeof(answer)) >= 0;
}

static bool
half_hello(int fd)
{
	uint8_t hello[2048];
	size_t len = client_hello(hello, sizeof(hello));
	char answer[64];
	ssize_t n;

	return len > 100 && send_and_end(fd, hello, len / 2, answer, sizeof(answer), &n);
}

static bool
goes_at_once(int fd)
{
	static const struct linger reset = { 1, 0 };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0;
}

static bool
hello_and_gone(int fd)
{
	uint8_t hello[2048];
	size_t len = client_hello(hello, sizeof(hello));

	return len != 0 && send(fd, hello, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Asks, and reads the answer's beginning. */
static bool
ask(struct ktls_conn **conn, int fd, const char *request, char *answer, size_t size)
{
	ssize_t n = -1;

	if (ktls_conn_new(conn, cfg, KTLS_CLIENT, fd, NULL) != 0)
		return false;
	if (ktls_conn_handshake(*conn) == 0 &&
	    ktls_conn_send(*conn, request, strlen(request), 0) == (ssize_t)strlen(request))
		n = ktls_conn_recv(*conn, answer, size - 1);
	answer[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* And then: gone, without a word. */
static bool
talk(int fd, const char *request, char *answer, size_t size)
{
	struct ktls_conn *conn = NULL;
	bool ok = ask(&conn, fd, request, answer, size);

	ktls_conn_free(conn);
	return ok;
}

static bool
gone_in_mid_file(int fd)
{
	static const struct linger reset = { 1, 0 };
	char answer[1024];

	return talk(fd, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n", answer, sizeof(answer)) &&
	    strncmp(answer, "HTTP/1.1 200", 12) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0;
}

/* The end must not look like one: no close_notify. */
static bool
read_to_truncation(struct ktls_conn *conn)
{
	char buf[4096];
	ssize_t n;

	while ((n = ktls_conn_recv(conn, buf, sizeof(buf))) > 0)
		;
	return n < 0 && n != -ETIMEDOUT;
}

/* A file of its own, which becomes short while it is sent. */
static bool
shrinking_file(int fd)
{
	static atomic_uint files;
	struct ktls_conn *conn = NULL;
	char name[32], path[512], request[96], answer[1024];
	int file;
	bool ok;

	(void)snprintf(name, sizeof(name), "shrinks%u", atomic_fetch_add(&files, 1));
	(void)snprintf(path, sizeof(path), "%s/%s", site, name);
	(void)snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    name);
	if ((file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return false;
	ok = ftruncate(file, 32 << 20) == 0 &&
	    ask(&conn, fd, request, answer, sizeof(answer)) &&
	    strncmp(answer, "HTTP/1.1 200", 12) == 0 && ftruncate(file, 1000) == 0 &&
	    read_to_truncation(conn);
	ktls_conn_free(conn);
	close(file);
	return unlink(path) == 0 && ok;
}

static bool
bad_request(int fd)
{
	char answer[1024];

	return talk(fd, "GET /../../etc/passwd HTTP/1.1\r\n\r\n", answer, sizeof(answer)) &&
	    strncmp(answer, "HTTP/1.1 400", 12) == 0;
}

static bool
half_request(int fd)
{
	char answer[1024];

	return talk(fd, "GET / HTTP/1.1\r\nHost: loc", answer, sizeof(answer)) &&
	    strncmp(answer, "HTTP/1.1 408", 12) == 0;
}

static struct kind {
	const char *name;
	bool (*run)(int fd);		/* whether it was treated as it must be */
	atomic_uint good, bad;
} kinds[] = {
	{ "plain HTTP is told that this is an HTTPS port", plain_http, 0, 0 },
	{ "garbage is refused", garbage, 0, 0 },
	{ "silence is ended", silent, 0, 0 },
	{ "half a ClientHello, then silence, is ended", half_hello, 0, 0 },
	{ "a connection reset at once", goes_at_once, 0, 0 },
	{ "a ClientHello, then gone", hello_and_gone, 0, 0 },
	{ "gone in mid-file", gone_in_mid_file, 0, 0 },
	{ "a file truncated while it is sent ends without close_notify", shrinking_file, 0, 0 },
	{ "a bad request gets 400", bad_request, 0, 0 },
	{ "half a request, then silence, gets 408", half_request, 0, 0 },
};
#define KINDS	(sizeof(kinds) / sizeof(*kinds))

static void *
clients(void *unused)
{
	unsigned i;

	(void)unused;
	while ((i = atomic_fetch_add(&next_connection, 1)) < connections) {
		struct kind *kind = &kinds[i % KINDS];
		int fd = dial();
		bool ok = fd >= 0 && kind->run(fd);

		atomic_fetch_add(ok ? &kind->good : &kind->bad, 1);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static bool
run_all(unsigned at_once)
{
	pthread_t *threads = calloc(at_once, sizeof(*threads));
	pthread_attr_t attr;
	unsigned started = 0;

	if (threads == NULL || pthread_attr_init(&attr) != 0)
		return false;
	pthread_attr_setstacksize(&attr, 256 << 10);
	while (started < at_once && pthread_create(&threads[started], &attr, clients, NULL) == 0)
		started++;
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	return started == at_once;
}

int
main(int argc, char **argv)
{
	bool ok;

	if (argc != 5) {
		fputs("usage: storm PORT CONNECTIONS AT_ONCE DIR\n", stderr);
		return 2;
	}
	port = (uint16_t)atoi(argv[1]);
	connections = (unsigned)atoi(argv[2]);
	site = argv[4];
	if (ktls_config_new(&cfg) != 0 || ktls_config_verify(cfg, false) != 0 ||
	    ktls_config_offload(cfg, KTLS_OFFLOAD_NONE) != 0)
		return 1;
	ok = run_all((unsigned)atoi(argv[3]));
	for (size_t i = 0; i < KINDS; i++) {
		unsigned good = atomic_load(&kinds[i].good), bad = atomic_load(&kinds[i].bad);

		printf("%s - %s: %u of %u\n", bad == 0 && good != 0 ? "ok" : "not ok",
		    kinds[i].name, good, good + bad);
		ok = ok && bad == 0 && good != 0;
	}
	ktls_config_unref(cfg);
	return ok ? 0 : 1;
}
