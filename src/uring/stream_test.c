/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <ktls/uring.h>
#include "config/pki_testlib.h"

/*
 * Client and server streams on one loop, over loopback TCP: every test runs on
 * io_uring, on epoll, and on a ring of the application's. kmod-tests/streams.c runs
 * them once more where KERNEL_RECORDS are to be had.
 */
#ifndef KERNEL_RECORDS
#define KERNEL_RECORDS 0
#endif
#define FILE_SIZE	(3u << 20)

enum kind { OURS_URING, OURS_EPOLL, THEIRS };

static struct loop {
	enum kind kind;
	struct ktls_uring *uring;
	struct io_uring ring;		/* THEIRS */
	bool stop;
	int listener;
	struct sockaddr_in addr;
} loop;

static struct test_pki *pki;
static struct ktls_config *server_cfg, *client_cfg;
static int file = -1;
static uint8_t *content;

struct end {
	struct ktls_stream *stream;
	ssize_t result[8];		/* of each call, in order */
	unsigned results;
	uint8_t *got;
	size_t len;
};
static struct end server, client;

static void
stop(void)
{
	loop.stop = true;
	ktls_uring_stop(loop.uring);
}

/* Until somebody says stop; or, to the end: until no stream is left. */
static void
run_theirs(bool to_the_end)
{
	struct __kernel_timespec ts = { 5, 0 };
	struct io_uring_cqe *cqe, copy;

	for (;;) {
		ktls_uring_flush(loop.uring);
		if (to_the_end ? ktls_uring_streams(loop.uring) == 0 : loop.stop)
			break;
		assert_return_code(io_uring_submit(&loop.ring), 0);
		assert_int_equal(io_uring_wait_cqe_timeout(&loop.ring, &cqe, &ts), 0);
		copy = *cqe;
		io_uring_cqe_seen(&loop.ring, cqe);
		assert_true(copy.user_data >= 1000 && copy.user_data < 1064);
		assert_true(ktls_uring_cqe(loop.uring, &copy));
	}
}

static void
run(void)
{
	loop.stop = false;
	if (loop.kind == THEIRS)
		run_theirs(false);
	else
		assert_int_equal(ktls_uring_run(loop.uring), 0);
}

static void
accepted(void *arg, int fd)
{
	struct ktls_stream **stream = arg;

	assert_return_code(fd, 0);
	assert_int_equal(ktls_stream_new(stream, loop.uring, server_cfg, KTLS_SERVER, fd, NULL,
	    &server), 0);
	stop();
}

static int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_return_code(fd, errno);
	assert_int_equal(connect(fd, (struct sockaddr *)&loop.addr, sizeof(loop.addr)), 0);
	return fd;
}

static void
connect_streams(void)
{
	static const struct ktls_hs_params params = { .server_name = "localhost", .verify_name =
	    "localhost" };

	memset(&server, 0, sizeof(server));
	memset(&client, 0, sizeof(client));
	assert_int_equal(ktls_uring_accept(loop.uring, loop.listener, accepted, &server.stream), 0);
	assert_int_equal(ktls_stream_new(&client.stream, loop.uring, client_cfg, KTLS_CLIENT,
	    dial(), &params, &client), 0);
	run();
	ktls_uring_accept_stop(loop.uring, loop.listener);
}

static void
note(struct ktls_stream *stream, void *arg, ssize_t result)
{
	struct end *end = arg;

	assert_ptr_equal(end->stream, stream);
	end->result[end->results++] = result;
}

/* Runs until n results are there, of both ends together. */
static unsigned awaited;

static void
note_and_count(struct ktls_stream *stream, void *arg, ssize_t result)
{
	note(stream, arg, result);
	if (server.results + client.results == awaited)
		stop();
}

static void
await(unsigned n)
{
	awaited = n;
	if (server.results + client.results < n)
		run();
	assert_int_equal(server.results + client.results, n);
	server.results = client.results = 0;
}

static void
handshake(void)
{
	connect_streams();
	assert_int_equal(ktls_stream_handshake(client.stream, note_and_count), 0);
	assert_int_equal(ktls_stream_handshake(server.stream, note_and_count), 0);
	assert_int_equal(ktls_stream_handshake(server.stream, note_and_count), -EALREADY);
	await(2);
	assert_int_equal(client.result[0], 0);
	assert_int_equal(server.result[0], 0);
}

static void
close_both(void)
{
	ktls_stream_close(client.stream);
	ktls_stream_close(server.stream);
}

static void
a_word_each_way(void **unused)
{
	char buf[64];

	(void)unused;
	handshake();
	assert_int_equal(ktls_stream_recv(server.stream, buf, sizeof(buf), 5000,
	    note_and_count), 0);
	assert_int_equal(ktls_stream_send(client.stream, "ping", 4, 0, 5000, note_and_count), 0);
	await(2);
	assert_int_equal(server.result[0], 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(ktls_stream_send(server.stream, "po", 2, KTLS_MORE, 5000,
	    note_and_count), 0);
	await(1);
	assert_int_equal(ktls_stream_send(server.stream, "ng", 2, 0, 5000, note_and_count), 0);
	assert_int_equal(ktls_stream_recv(client.stream, buf, sizeof(buf), 5000,
	    note_and_count), 0);
	await(2);
	assert_int_equal(client.result[0], 4);		/* one record */
	assert_memory_equal(buf, "pong", 4);
	close_both();
}

static void
take_all(struct ktls_stream *stream, void *arg, ssize_t result)
{
	struct end *end = arg;

	if (result <= 0) {
		end->result[end->results++] = result;
		stop();
		return;
	}
	end->len += (size_t)result;
	assert_true(end->len <= FILE_SIZE);
	if (end->len == FILE_SIZE) {
		end->result[end->results++] = (ssize_t)end->len;
		if (server.results + client.results == awaited)
			stop();
	} else {
		assert_int_equal(ktls_stream_recv(stream, end->got + end->len,
		    FILE_SIZE - end->len, 5000, take_all), 0);
	}
}

static void
a_file_then_goodbye(void **unused)
{
	char byte;

	(void)unused;
	handshake();
	client.got = malloc(FILE_SIZE);
	assert_non_null(client.got);
	assert_int_equal(ktls_stream_recv(client.stream, client.got, FILE_SIZE, 5000, take_all), 0);
	assert_int_equal(ktls_stream_sendfile(server.stream, file, 0, FILE_SIZE, 5000,
	    note_and_count), 0);
	await(2);
	assert_int_equal(server.result[0], FILE_SIZE);
	assert_memory_equal(client.got, content, FILE_SIZE);

	assert_int_equal(ktls_stream_recv(client.stream, &byte, 1, 5000, note_and_count), 0);
	assert_int_equal(ktls_stream_shutdown(server.stream, 5000, note_and_count), 0);
	await(1);
	assert_int_equal(client.result[0], 0);		/* close_notify */
	assert_int_equal(ktls_stream_shutdown(client.stream, 5000, note_and_count), 0);
	await(2);
	assert_int_equal(client.result[0], 0);
	assert_int_equal(server.result[0], 0);
	close_both();
	free(client.got);
}

static void
question(void *arg, struct ktls_hs *hs, const struct ktls_question *q)
{
	(void)arg;
	assert_int_equal(q->kind, KTLS_ASK_VERIFY);
	assert_ptr_equal(ktls_conn_hs(ktls_stream_conn(client.stream)), hs);
	stop();				/* and whoever runs the loop has time to think */
}

/* Nothing happens in the meantime; the answer, on the loop's thread, sets it going again. */
static void
a_question_is_answered_later(void **unused)
{
	struct ktls_config *saved = client_cfg;

	(void)unused;
	client_cfg = test_pki_client(pki);
	assert_int_equal(ktls_config_ask(client_cfg, KTLS_ASK_VERIFY, question, NULL), 0);
	for (int refuse = 0; refuse < 2; refuse++) {
		int verdict = refuse ? KTLS_REFUSED(KTLS_R_CERT_REVOKED) : 0;

		connect_streams();
		assert_int_equal(ktls_stream_handshake(client.stream, note_and_count), 0);
		assert_int_equal(ktls_stream_handshake(server.stream, note_and_count), 0);
		awaited = 2;
		run();
		assert_int_equal(server.results + client.results, 0);
		ktls_stream_answered(client.stream);	/* it isn't yet */
		ktls_hs_answer(ktls_conn_hs(ktls_stream_conn(client.stream)), verdict, NULL, 0);
		ktls_stream_answered(client.stream);
		await(2);
		assert_int_equal(client.result[0], verdict);
		assert_int_equal(server.result[0], refuse ? KTLS_PEER_ALERT(44) : 0);
		close_both();
	}
	ktls_config_unref(client_cfg);
	client_cfg = saved;
}

static void
a_receive_that_takes_too_long_can_be_repeated(void **unused)
{
	char buf[16];

	(void)unused;
	handshake();
	assert_int_equal(ktls_stream_recv(server.stream, buf, sizeof(buf), 50, note_and_count), 0);
	await(1);
	assert_int_equal(server.result[0], -ETIMEDOUT);
	assert_int_equal(ktls_stream_recv(server.stream, buf, sizeof(buf), 5000,
	    note_and_count), 0);
	assert_int_equal(ktls_stream_send(client.stream, "late", 4, 0, 5000, note_and_count), 0);
	await(2);
	assert_int_equal(server.result[0], 4);
	assert_memory_equal(buf, "late", 4);
	close_both();
}

static void
a_silent_peer_ends_the_handshake(void **unused)
{
	(void)unused;
	connect_streams();
	assert_int_equal(ktls_stream_handshake(server.stream, note_and_count), 0);
	await(1);
	assert_int_equal(server.result[0], -ETIMEDOUT);
	close_both();
}

static void
a_peer_that_reads_nothing_ends_a_send(void **unused)
{
	char byte;

	(void)unused;
	handshake();
	for (int i = 0; i < 64; i++) {			/* what the socket buffers take, and more */
		assert_int_equal(ktls_stream_sendfile(server.stream, file, 0, FILE_SIZE, 200,
		    note_and_count), 0);
		await(1);
		if (server.result[0] != FILE_SIZE)
			break;
	}
	assert_int_equal(server.result[0], -ETIMEDOUT);
	/* the connection's own error from now on */
	assert_int_equal(ktls_stream_send(server.stream, "x", 1, 0, 0, note), -ETIMEDOUT);
	assert_int_equal(ktls_stream_recv(server.stream, &byte, 1, 0, note), -ETIMEDOUT);
	close_both();
}

/* The peer's silence ends what is being received too, and each is told once. */
static void
both_directions_end(void **unused)
{
	char byte;

	(void)unused;
	handshake();
	assert_int_equal(ktls_stream_recv(server.stream, &byte, 1, 0, note_and_count), 0);
	for (int i = 0; i < 64 && server.results == 0; i++) {
		assert_int_equal(ktls_stream_sendfile(server.stream, file, 0, FILE_SIZE, 200,
		    note_and_count), 0);
		awaited = 1;
		run();
		if (server.result[0] == FILE_SIZE)
			server.results = 0;
	}
	await(2);
	assert_int_equal(server.result[0], -ETIMEDOUT);
	assert_int_equal(server.result[1], -ETIMEDOUT);
	close_both();
}

static void
closing_in_the_middle_tells_nobody(void **unused)
{
	char buf[16];

	(void)unused;
	handshake();
	assert_int_equal(ktls_stream_recv(server.stream, buf, sizeof(buf), 0, note_and_count), 0);
	assert_int_equal(ktls_stream_sendfile(server.stream, file, 0, FILE_SIZE, 0,
	    note_and_count), 0);
	ktls_stream_close(server.stream);
	server.stream = NULL;
	assert_int_equal(ktls_stream_recv(client.stream, buf, sizeof(buf), 5000,
	    note_and_count), 0);
	await(1);
	assert_int_equal(server.results, 0);
	close_both();
}

/* Takes the stream back, and asks for more rounds, from the callback itself. */
static void
close_and_flush(struct ktls_stream *stream, void *arg, ssize_t result)
{
	struct end *end = arg;

	(void)result;
	ktls_stream_close(stream);
	end->stream = NULL;
	ktls_uring_flush(loop.uring);
	end->results++;
	stop();
}

static void
run_until_told(const struct end *end)
{
	for (int i = 0; i < 50 && end->results == 0; i++)
		run();
	assert_int_equal(end->results, 1);
}

static void
closing_in_any_callback(void **unused)
{
	char buf[16];

	(void)unused;
	for (int call = 0; call < 5; call++) {
		if (call == 0) {
			connect_streams();
			assert_int_equal(ktls_stream_handshake(server.stream, note), 0);
			assert_int_equal(ktls_stream_handshake(client.stream, close_and_flush), 0);
		} else {
			handshake();
			assert_int_equal(ktls_stream_recv(server.stream, buf, sizeof(buf), 0,
			    note), 0);
		}
		if (call == 1)
			assert_int_equal(ktls_stream_send(client.stream, "ping", 4, 0, 0,
			    close_and_flush), 0);
		if (call == 2)
			assert_int_equal(ktls_stream_sendfile(client.stream, file, 0, 70000, 0,
			    close_and_flush), 0);
		if (call == 3)
			assert_int_equal(ktls_stream_recv(client.stream, buf, sizeof(buf), 50,
			    close_and_flush), 0);
		if (call == 4) {
			assert_int_equal(ktls_stream_recv(client.stream, buf, sizeof(buf), 0,
			    note), 0);
			assert_int_equal(ktls_stream_shutdown(client.stream, 100,
			    close_and_flush), 0);
		}
		run_until_told(&client);
		ktls_stream_close(server.stream);
	}
}

static unsigned refusals;

static void
refused(void *arg, int fd)
{
	assert_true(fd < 0);
	assert_null(arg);
	refusals++;
}

/* What can't be accepted on is tried again, but not at once. */
static void
a_socket_that_does_not_listen(void **unused)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;

	(void)unused;
	refusals = 0;
	assert_int_equal(ktls_uring_accept(loop.uring, fd, refused, NULL), 0);
	handshake();
	assert_int_equal(ktls_stream_recv(server.stream, &byte, 1, 400, note_and_count), 0);
	await(1);
	assert_true(refusals >= 2 && refusals <= 8);
	ktls_uring_accept_stop(loop.uring, fd);
	close(fd);
	close_both();
}

/* Streams, a listener, a watch: all under way. */
static void
freed_with_everything_under_way(void **unused)
{
	char buf[16];

	(void)unused;
	handshake();
	assert_int_equal(ktls_uring_accept(loop.uring, loop.listener, accepted, NULL), 0);
	assert_int_equal(ktls_stream_recv(server.stream, buf, sizeof(buf), 0, note), 0);
	assert_int_equal(ktls_stream_sendfile(server.stream, file, 0, FILE_SIZE, 1000, note), 0);
	assert_int_equal(ktls_stream_recv(client.stream, buf, sizeof(buf), 0, note_and_count), 0);
	await(1);
	ktls_uring_free(loop.uring);
	loop.uring = NULL;
}

static void
note_and_stop(struct ktls_stream *stream, void *arg, ssize_t result)
{
	note(stream, arg, result);
	stop();
}

static void
send_goodbye(struct ktls_stream *stream, void *arg, ssize_t result)
{
	note(stream, arg, result);
	assert_int_equal(ktls_stream_shutdown(stream, 5000, note_and_stop), 0);
}

/* The reader takes its time, so that goodbye is said while much is still on its way. */
static void
goodbye_behind_a_file(void **unused)
{
	static const int small = 65536;
	size_t got = 0;
	ssize_t n;

	(void)unused;
	handshake();
	assert_int_equal(setsockopt(ktls_stream_fd(server.stream), SOL_SOCKET, SO_SNDBUF, &small,
	    sizeof(small)), 0);
	client.got = malloc(FILE_SIZE);
	assert_non_null(client.got);
	assert_int_equal(ktls_stream_sendfile(server.stream, file, 0, FILE_SIZE, 0,
	    send_goodbye), 0);
	do {
		assert_int_equal(ktls_stream_recv(client.stream, client.got + got, got < FILE_SIZE ?
		    FILE_SIZE - got : 1, 5000, note_and_stop), 0);
		while (client.results == 0)
			run();
		client.results = 0;
		n = client.result[0];
		got += n > 0 ? (size_t)n : 0;
		usleep(1000);
	} while (n > 0);
	assert_int_equal(n, 0);
	assert_int_equal(got, FILE_SIZE);
	assert_memory_equal(client.got, content, FILE_SIZE);
	assert_int_equal(ktls_stream_shutdown(client.stream, 5000, note), 0);
	while (server.results < 2)
		run();
	assert_int_equal(server.result[0], FILE_SIZE);
	assert_int_equal(server.result[1], 0);
	close_both();
	free(client.got);
}

static void
a_file_that_ends_early(void **unused)
{
	(void)unused;
	handshake();
	client.got = malloc(FILE_SIZE);
	assert_non_null(client.got);
	assert_int_equal(ktls_stream_recv(client.stream, client.got, FILE_SIZE, 5000,
	    note_and_count), 0);
	assert_int_equal(ktls_stream_sendfile(server.stream, file, FILE_SIZE - 1000, 5000, 5000,
	    note_and_count), 0);
	await(2);
	assert_int_equal(server.result[0], 1000);
	assert_memory_equal(client.got, content + FILE_SIZE - 1000, (size_t)client.result[0]);
	close_both();
	free(client.got);
}

static void
listen_somewhere(void)
{
	socklen_t len = sizeof(loop.addr);

	loop.addr = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr =
	    { htonl(INADDR_LOOPBACK) } };
	loop.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(loop.listener, errno);
	assert_int_equal(listen(loop.listener, 16), 0);
	assert_int_equal(getsockname(loop.listener, (struct sockaddr *)&loop.addr, &len), 0);
}

static int
begin(enum kind kind)
{
	static const struct ktls_uring_share share = { .tag = 1000, .tag_count = 64,
	    .buffer_group = 9 };

	memset(&loop, 0, sizeof(loop));
	loop.kind = kind;
	signal(SIGPIPE, kind == THEIRS ? SIG_IGN : SIG_DFL);
	if (kind == THEIRS) {
		/* small: it is full at times */
		assert_int_equal(io_uring_queue_init(8, &loop.ring, 0), 0);
		assert_int_equal(ktls_uring_attach(&loop.uring, &loop.ring, &share), 0);
	} else {
		assert_int_equal(ktls_uring_new(&loop.uring, kind == OURS_EPOLL ?
		    KTLS_ENGINE_EPOLL : KTLS_ENGINE_URING), 0);
		assert_string_equal(ktls_uring_engine(loop.uring, NULL), kind == OURS_EPOLL ?
		    "epoll" : "io_uring");
	}
	listen_somewhere();
	return 0;
}

static int on_uring(void **unused) { (void)unused; return begin(OURS_URING); }
static int on_epoll(void **unused) { (void)unused; return begin(OURS_EPOLL); }
static int on_theirs(void **unused) { (void)unused; return begin(THEIRS); }

static int
end(void **unused)
{
	(void)unused;
	if (loop.kind == THEIRS)
		run_theirs(true);
	ktls_uring_free(loop.uring);
	if (loop.kind == THEIRS)
		io_uring_queue_exit(&loop.ring);
	close(loop.listener);
	return 0;
}

static int
prepare(void **unused)
{
	char name[] = "/tmp/ktls-stream-XXXXXX";

	(void)unused;
	pki = test_pki_new();
	server_cfg = test_pki_server(pki, TEST_EC);
	client_cfg = test_pki_client(pki);
	assert_int_equal(ktls_config_handshake_timeout(server_cfg, 1000), 0);
	for (int i = 0; KERNEL_RECORDS && i < 2; i++) {
		struct ktls_config *cfg = i == 0 ? server_cfg : client_cfg;

		assert_int_equal(ktls_config_offload(cfg, KTLS_OFFLOAD_FULL), 0);
		assert_int_equal(ktls_config_offload_require(cfg, true, true), 0);
	}
	content = malloc(FILE_SIZE);
	for (size_t i = 0; i < FILE_SIZE; i++)
		content[i] = (uint8_t)(i * 2654435761u >> 13);
	file = mkstemp(name);
	unlink(name);
	return write(file, content, FILE_SIZE) == FILE_SIZE ? 0 : -1;
}

static int
clean(void **unused)
{
	(void)unused;
	close(file);
	free(content);
	ktls_config_unref(server_cfg);
	ktls_config_unref(client_cfg);
	test_pki_free(pki);
	return 0;
}

#define ON_OURS(test) \
	{ #test " (io_uring)", test, on_uring, end, NULL }, \
	{ #test " (epoll)", test, on_epoll, end, NULL }
#define ON_ALL(test) \
	ON_OURS(test), \
	{ #test " (the application's ring)", test, on_theirs, end, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_ALL(a_word_each_way),
		ON_ALL(a_file_then_goodbye),
		ON_ALL(a_question_is_answered_later),
		ON_ALL(a_receive_that_takes_too_long_can_be_repeated),
		ON_ALL(a_silent_peer_ends_the_handshake),
		ON_ALL(a_peer_that_reads_nothing_ends_a_send),
		ON_ALL(goodbye_behind_a_file),
		ON_ALL(both_directions_end),
		ON_ALL(closing_in_the_middle_tells_nobody),
		ON_ALL(closing_in_any_callback),
		ON_ALL(a_socket_that_does_not_listen),
		ON_OURS(freed_with_everything_under_way),	/* else its owner goes on first */
		ON_ALL(a_file_that_ends_early),
	};

	return cmocka_run_group_tests(tests, prepare, clean) != 0;
}
