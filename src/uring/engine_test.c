/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "uring/engine_testlib.h"

/* What a connection asks for, less files (engine_file_test.c), over plain sockets. */

static struct conn_op
receive(void *buf, size_t len, bool large)
{
	return (struct conn_op){ .kind = OP_RECV, .lane = LANE_RX, .buf = buf, .len = len,
	    .large = large };
}

static struct conn_op
send_op(const void *buf, size_t len)
{
	return (struct conn_op){ .kind = OP_SEND, .lane = LANE_TX, .buf = (void *)(uintptr_t)buf,
	    .len = len };
}

static void
say(int fd, const char *what)
{
	assert_int_equal(send(fd, what, strlen(what), MSG_NOSIGNAL), (ssize_t)strlen(what));
}

static void
set_nonblock(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static void
exactly_as_much_as_asked_for(void **unused)
{
	char buf[8] = "";
	struct conn_op op = receive(buf, 3, false);
	struct job job;
	int fd[2];

	(void)unused;
	test_pair(fd);
	test_job(&job, fd[0], &op);
	say(fd[1], "abcde");
	test_submit(&job);
	assert_int_equal(test_await(&job), 3);
	assert_string_equal(buf, "abc");
	test_submit(&job);
	assert_int_equal(test_await(&job), 2);
	assert_string_equal(buf, "dec");
	shutdown(fd[1], SHUT_WR);
	test_submit(&job);
	assert_int_equal(test_await(&job), 0);
	test_close(&job, fd);
}

#define MANY	100

/* More than there are provided buffers; and more than the application's ring has tags. */
static void
many_receive_at_once(void **unused)
{
	static struct job jobs[MANY];
	static char buf[MANY][2048];
	int fd[MANY][2];
	char word[32];

	(void)unused;
	for (int i = 0; i < MANY; i++) {
		struct conn_op op = receive(buf[i], sizeof(buf[i]), true);

		test_pair(fd[i]);
		test_job(&jobs[i], fd[i][0], &op);
		snprintf(word, sizeof(word), "number %d", i);
		say(fd[i][1], word);
	}
	for (int i = 0; i < MANY; i++)
		test_submit(&jobs[i]);
	for (int i = 0; i < MANY; i++) {
		snprintf(word, sizeof(word), "number %d", i);
		assert_int_equal(test_await(&jobs[i]), (ssize_t)strlen(word));
		assert_memory_equal(buf[i], word, strlen(word));
		test_close(&jobs[i], fd[i]);
	}
}

static void
much_comes_at_once(void **unused)
{
	static uint8_t buf[65536], sent[30000];
	struct conn_op op = receive(buf, sizeof(buf), true);
	struct job job;
	int fd[2];

	(void)unused;
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = test_byte(i);
	test_pair(fd);
	test_job(&job, fd[0], &op);
	assert_int_equal(send(fd[1], sent, sizeof(sent), 0), sizeof(sent));
	usleep(20000);
	test_submit(&job);
	assert_int_equal(test_await(&job), sizeof(sent));
	assert_memory_equal(buf, sent, sizeof(sent));
	test_close(&job, fd);
}

/* The length of an SQE has 32 bits; an empty receive would look like the end of the stream. */
static void
lengths_beyond_32_bits(void **unused)
{
	static char buf[16];
	struct conn_op op = receive(buf, (size_t)1 << 32, false);
	struct job job;
	int fd[2];

	(void)unused;
	test_pair(fd);
	test_job(&job, fd[0], &op);
	say(fd[1], "abc");
	test_submit(&job);
	assert_int_equal(test_await(&job), 3);
	test_close(&job, fd);
}

static void
a_socket_with_o_nonblock(void **unused)
{
	static uint8_t much[8 << 20], got[65536];
	char buf[16];
	struct conn_op in = receive(buf, sizeof(buf), false), large = receive(buf, sizeof(buf),
	    true);
	struct conn_op out = send_op(much, sizeof(much));
	struct job job;
	int fd[2];
	ssize_t n = 0, sent = 0;

	(void)unused;
	test_pair(fd);
	set_nonblock(fd[0]);
	for (int i = 0; i < 2; i++) {
		test_job(&job, fd[0], i == 0 ? &in : &large);
		test_submit(&job);
		test_rounds(30);
		assert_false(job.done);
		say(fd[1], "late");
		assert_int_equal(test_await(&job), 4);
		assert_memory_equal(buf, "late", 4);
		test_engine->ops->forget(test_engine, &job.channel);
	}
	test_job(&job, fd[0], &out);
	while ((size_t)sent < sizeof(much)) {
		test_submit(&job);
		for (int i = 0; i < 10000 && !job.done; i++) {
			test_round(5);
			n += recv(fd[1], got, sizeof(got), MSG_DONTWAIT) > 0;
		}
		assert_true(job.done && job.result > 0);
		sent += job.result;
		job.request.op.buf = much + sent;
		job.request.op.len = sizeof(much) - (size_t)sent;
	}
	assert_true(n > 0);
	test_close(&job, fd);
}

static void
a_send_that_must_not_wait(void **unused)
{
	static uint8_t much[1 << 20];
	struct conn_op op = send_op(much, sizeof(much));
	struct job job;
	int fd[2];

	(void)unused;
	op.flags = MSG_DONTWAIT;
	test_pair(fd);
	test_small_buffers(fd);
	test_job(&job, fd[0], &op);
	do
		test_submit(&job);
	while (test_await(&job) > 0);
	assert_int_equal(job.result, -EAGAIN);
	test_close(&job, fd);
}

static void
messages(void **unused)
{
	char buf[16];
	struct conn_op out = { .kind = OP_SENDMSG, .lane = LANE_TX, .type = 21, .buf = "alert",
	    .len = 5 };
	struct conn_op in = { .kind = OP_RECVMSG, .lane = LANE_RX, .type = 9, .buf = buf,
	    .len = sizeof(buf) };
	struct job job;
	int fd[2];

	(void)unused;
	test_pair(fd);
	test_job(&job, fd[0], &out);
	test_submit(&job);
	assert_int_equal(test_await(&job), 5);
	assert_int_equal(recv(fd[1], buf, sizeof(buf), 0), 5);
	test_engine->ops->forget(test_engine, &job.channel);

	test_job(&job, fd[0], &in);
	test_submit(&job);
	test_rounds(20);
	say(fd[1], "plain");
	assert_int_equal(test_await(&job), 5);
	assert_memory_equal(buf, "plain", 5);
	assert_int_equal(job.request.op.type, 0);
	assert_false(job.request.op.eor);
	test_close(&job, fd);
}

/* Once cancelled, the memory is its owner's again: not a byte is written there. */
static void
cancelled_receives_write_nothing(void **unused)
{
	static const enum op_kind kinds[] = { OP_RECV, OP_RECVMSG };
	char buf[16], read_later[16];
	struct job job;
	int fd[2];

	(void)unused;
	for (int i = 0; i < 8; i++) {
		struct conn_op op = receive(buf, sizeof(buf), false);

		memset(buf, 'x', sizeof(buf));
		op.kind = kinds[i % 2];
		test_pair(fd);
		if (i & 4)
			set_nonblock(fd[0]);
		test_job(&job, fd[0], &op);
		test_submit(&job);
		if (i & 2)
			test_rounds(20);	/* else the kernel hasn't seen it */
		test_engine->ops->cancel(test_engine, &job.request);
		say(fd[1], "too late");
		assert_int_equal(test_await(&job), -ECANCELED);
		test_rounds(10);
		for (size_t at = 0; at < sizeof(buf); at++)
			assert_int_equal(buf[at], 'x');
		assert_int_equal(job.times, 1);
		assert_int_equal(recv(fd[0], read_later, 16, MSG_DONTWAIT), 8);
		test_close(&job, fd);
	}
}

/* Nor are they read: what was taken before is all that is sent. */
static void
cancelled_sends_read_nothing(void **unused)
{
	static uint8_t much[1 << 20], got[65536];
	struct conn_op op = send_op(much, sizeof(much));
	struct job job;
	int fd[2];
	ssize_t n;

	(void)unused;
	test_pair(fd);
	test_small_buffers(fd);
	test_job(&job, fd[0], &op);
	do {
		test_submit(&job);
		test_rounds(20);
	} while (job.done);
	test_engine->ops->cancel(test_engine, &job.request);
	memset(much, 1, sizeof(much));
	assert_int_equal(test_await(&job), -ECANCELED);
	shutdown(fd[0], SHUT_WR);
	while ((n = recv(fd[1], got, sizeof(got), 0)) > 0)
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(got[i], 0);
	memset(much, 0, sizeof(much));
	test_close(&job, fd);
}

static void
at_once(void **unused)
{
	struct conn_op shut = { .kind = OP_SHUTDOWN, .lane = LANE_TX };
	struct conn_op drained = { .kind = OP_DRAINED, .lane = LANE_TX };
	struct job job;
	char byte;
	int fd[2];

	(void)unused;
	test_pair(fd);
	test_job(&job, fd[0], &shut);
	test_submit(&job);
	assert_int_equal(test_await(&job), 0);
	assert_int_equal(recv(fd[1], &byte, 1, 0), 0);
	test_engine->ops->forget(test_engine, &job.channel);
	test_job(&job, fd[0], &drained);
	test_submit(&job);
	assert_true(test_await(&job) >= 0);
	test_close(&job, fd);
}

/*
 * A kernel that can't set socket options through io_uring is asked the plain way, by
 * everybody who is under way when that shows. A pipe stands for it: -EOPNOTSUPP
 * there, -ENOTSOCK from setsockopt(2).
 */
static void
options_without_io_uring(void **unused)
{
	struct conn_op op = { .kind = OP_ATTACH, .lane = LANE_TX };
	struct job jobs[3];
	int ends[2];

	(void)unused;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (int i = 0; i < 3; i++) {
		test_job(&jobs[i], ends[0], &op);
		jobs[i].channel.registered = true;	/* epoll: one registration is enough */
		test_submit(&jobs[i]);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(test_await(&jobs[i]), -ENOTSOCK);
	close(ends[0]);
	close(ends[1]);
}

static void
reads_of_a_file(void **unused)
{
	char name[] = "/tmp/ktls-engine-XXXXXX", buf[16] = "";
	struct conn_op op = { .kind = OP_READ_FILE, .lane = LANE_TX, .buf = buf, .len = 16,
	    .offset = 4 };
	struct job job;
	int fd[2], made = mkstemp(name);

	(void)unused;
	assert_int_equal(write(made, "0123456789", 10), 10);
	op.file = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unlink(name);
	close(made);
	test_pair(fd);
	test_job(&job, fd[0], &op);
	test_submit(&job);
	assert_int_equal(test_await(&job), 6);
	assert_string_equal(buf, "456789");
	job.request.op.offset = 10;
	test_submit(&job);
	assert_int_equal(test_await(&job), 0);
	close(op.file);
	test_close(&job, fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ON_ALL(exactly_as_much_as_asked_for),
		TEST_ON_ALL(many_receive_at_once),
		TEST_ON_ALL(much_comes_at_once),
		TEST_ON_ALL(lengths_beyond_32_bits),
		TEST_ON_ALL(a_socket_with_o_nonblock),
		TEST_ON_ALL(a_send_that_must_not_wait),
		TEST_ON_ALL(messages),
		TEST_ON_ALL(cancelled_receives_write_nothing),
		TEST_ON_ALL(cancelled_sends_read_nothing),
		TEST_ON_ALL(at_once),
		TEST_ON_ALL(options_without_io_uring),
		TEST_ON_ALL(reads_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
