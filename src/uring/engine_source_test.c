/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "uring/engine_testlib.h"

/* Requests that complete many times: REQUEST_ACCEPT and REQUEST_WATCH. */

static int listener = -1;
static struct sockaddr_in addr;

static struct counted {
	struct job job;
	unsigned stop_at;	/* cancels itself at this completion */
	unsigned good, bad;
	bool ended;
} counted;

static void
told(struct request *request, ssize_t result)
{
	struct counted *c = (struct counted *)request;

	if (!request->busy) {
		assert_int_equal(result, -ECANCELED);
		c->ended = true;
		test_engine->ops->forget(test_engine, &c->job.channel);
		return;
	}
	assert_false(c->ended);
	c->good += result >= 0;
	c->bad += result < 0;
	if (request->kind == REQUEST_ACCEPT && result >= 0)
		close((int)result);
	if (c->good + c->bad == c->stop_at)
		test_engine->ops->cancel(test_engine, request);
}

static void
begin(enum request_kind kind, int fd, unsigned stop_at)
{
	memset(&counted, 0, sizeof(counted));
	test_job(&counted.job, fd, NULL);
	counted.job.request.kind = kind;
	counted.job.request.completed = told;
	counted.stop_at = stop_at;
	test_submit(&counted.job);
}

static void
cancel(void)
{
	test_engine->ops->cancel(test_engine, &counted.job.request);
	for (int i = 0; i < 200 && !counted.ended; i++)
		test_round(10);
	assert_true(counted.ended);
}

static void
listen_somewhere(int flags)
{
	socklen_t len = sizeof(addr);

	addr = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr =
	    { htonl(INADDR_LOOPBACK) } };
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	assert_return_code(listener, errno);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
}

static void
dial(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
		close(fd);
	}
}

static void
accepts(int flags)
{
	listen_somewhere(flags);
	begin(REQUEST_ACCEPT, listener, 0);
	test_rounds(100);
	assert_int_equal(counted.good + counted.bad, 0);
	assert_true(test_completions < 20);	/* waiting, not spinning */
	dial(30);
	for (int i = 0; i < 200 && counted.good < 30; i++)
		test_round(10);
	dial(1);
	for (int i = 0; i < 200 && counted.good < 31; i++)
		test_round(10);
	assert_int_equal(counted.good, 31);
	assert_int_equal(counted.bad, 0);
	cancel();
	close(listener);
}

static void
a_listener(void **unused)
{
	(void)unused;
	accepts(0);
}

static void
a_listener_with_o_nonblock(void **unused)
{
	(void)unused;
	accepts(SOCK_NONBLOCK);
}

static void
cancelled_before_the_kernel_saw_it(void **unused)
{
	(void)unused;
	listen_somewhere(0);
	dial(1);
	begin(REQUEST_ACCEPT, listener, 0);
	cancel();
	assert_int_equal(counted.good + counted.bad, 0);
	close(listener);
}

/* By the callback of a connection: no other one is taken but those that had been already. */
static void
cancelled_by_its_own_callback(void **unused)
{
	unsigned good;

	(void)unused;
	listen_somewhere(0);
	begin(REQUEST_ACCEPT, listener, 3);
	test_rounds(10);
	dial(5);
	for (int i = 0; i < 200 && !counted.ended; i++)
		test_round(10);
	assert_true(counted.ended);
	assert_true(counted.good >= 3);
	good = counted.good;
	dial(3);
	test_rounds(50);
	assert_int_equal(counted.good, good);
	close(listener);
}

/* Told each time; whether trying again makes sense is the owner's to say. */
static void
a_socket_that_does_not_listen(void **unused)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unused;
	begin(REQUEST_ACCEPT, fd, 2);
	for (int i = 0; i < 200 && !counted.ended; i++)
		test_round(10);
	assert_true(counted.ended);
	assert_int_equal(counted.good, 0);
	assert_int_equal(counted.bad, 2);
	close(fd);
}

/* Its number may belong to somebody else before the last completion has come. */
static void
closed_as_soon_as_it_is_cancelled(void **unused)
{
	char buf[8];
	struct conn_op op = { .kind = OP_RECV, .lane = LANE_RX, .buf = buf, .len = sizeof(buf) };
	struct job job;
	int fd[2], number;

	(void)unused;
	test_pair(fd);
	listen_somewhere(0);
	number = listener;
	begin(REQUEST_ACCEPT, listener, 0);
	test_rounds(20);
	test_engine->ops->cancel(test_engine, &counted.job.request);
	assert_return_code(dup2(fd[0], number), errno);
	close(fd[0]);
	fd[0] = number;
	test_job(&job, number, &op);
	test_submit(&job);
	test_rounds(50);
	assert_true(counted.ended);
	assert_int_equal(send(fd[1], "word", 4, 0), 4);
	assert_int_equal(test_await(&job), 4);
	test_close(&job, fd);
}

/* As long as there is something to be read, not only when it comes. */
static void
a_watch(void **unused)
{
	int fd = eventfd(0, EFD_CLOEXEC);	/* not O_NONBLOCK, and it stays so */
	uint64_t count = 1;
	unsigned seen;

	(void)unused;
	begin(REQUEST_WATCH, fd, 0);
	test_rounds(30);
	assert_int_equal(counted.good, 0);
	assert_int_equal(write(fd, &count, sizeof(count)), sizeof(count));
	for (int i = 0; i < 200 && counted.good < 5; i++)
		test_round(10);
	assert_true(counted.good >= 5);
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	test_rounds(20);
	seen = counted.good;
	test_rounds(50);
	assert_int_equal(counted.good, seen);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	cancel();
	close(fd);
}

static void
a_watch_that_ends_itself(void **unused)
{
	int fd = eventfd(1, EFD_CLOEXEC);

	(void)unused;
	begin(REQUEST_WATCH, fd, 1);
	for (int i = 0; i < 200 && !counted.ended; i++)
		test_round(10);
	assert_true(counted.ended);
	assert_int_equal(counted.good, 1);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ON_ALL(a_listener),
		TEST_ON_ALL(a_listener_with_o_nonblock),
		TEST_ON_ALL(cancelled_before_the_kernel_saw_it),
		TEST_ON_ALL(cancelled_by_its_own_callback),
		TEST_ON_ALL(a_socket_that_does_not_listen),
		TEST_ON_ALL(closed_as_soon_as_it_is_cancelled),
		TEST_ON_ALL(a_watch),
		TEST_ON_ALL(a_watch_that_ends_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
