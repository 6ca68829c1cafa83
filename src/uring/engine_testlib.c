/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "uring/engine_testlib.h"

#define TAG	7000
#define TAGS	16

struct engine *test_engine;
enum test_engine test_kind;
unsigned test_completions;

static struct io_uring ring;

static int
begin(enum test_engine kind)
{
	static const struct ktls_uring_share share = { .tag = TAG, .tag_count = TAGS,
	    .buffer_group = 3 };

	test_kind = kind;
	test_completions = 0;
	if (kind == TEST_URING)
		return engine_uring_new(&test_engine);
	if (kind == TEST_EPOLL)
		return engine_epoll_new(&test_engine);
	assert_int_equal(io_uring_queue_init(8, &ring, 0), 0);
	return engine_uring_attach(&test_engine, &ring, &share);
}

int test_on_uring(void **unused) { (void)unused; return begin(TEST_URING); }
int test_on_epoll(void **unused) { (void)unused; return begin(TEST_EPOLL); }
int test_on_theirs(void **unused) { (void)unused; return begin(TEST_THEIRS); }

int
test_end(void **unused)
{
	unsigned under_way = test_engine->under_way;

	(void)unused;
	test_engine->ops->free(test_engine);
	if (test_kind == TEST_THEIRS)
		io_uring_queue_exit(&ring);
	return under_way == 0 ? 0 : -1;
}

static void
round_of_theirs(int ms)
{
	struct __kernel_timespec ts = { 0, (long long)ms * 1000000 };
	struct io_uring_cqe *cqe;
	bool any;

	test_engine->ops->flush(test_engine);
	any = engine_run_ready(test_engine);
	assert_return_code(io_uring_submit(&ring), 0);
	if (!any)
		(void)io_uring_wait_cqe_timeout(&ring, &cqe, &ts);
	while (io_uring_peek_cqe(&ring, &cqe) == 0) {
		test_completions++;
		assert_true(cqe->user_data - TAG < TAGS);
		assert_true(engine_uring_cqe(test_engine, cqe));
		io_uring_cqe_seen(&ring, cqe);
	}
}

void
test_round(int ms)
{
	if (test_kind == TEST_THEIRS)
		round_of_theirs(ms);
	else
		assert_int_equal(test_engine->ops->wait(test_engine, ms), 0);
}

static int64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
test_rounds(int ms)
{
	for (int64_t until = now() + ms; now() < until;)
		test_round(5);
}

static void
completed(struct request *request, ssize_t result)
{
	struct job *job = (struct job *)request;

	if (request->data != NULL && result > 0)
		memcpy(request->op.buf, request->data, (size_t)result);
	job->result = result;
	job->done = true;
	job->times++;
}

void
test_job(struct job *job, int fd, const struct conn_op *op)
{
	memset(job, 0, sizeof(*job));
	job->channel.fd = fd;
	job->request.kind = REQUEST_OP;
	job->request.channel = &job->channel;
	job->request.completed = completed;
	if (op != NULL)
		job->request.op = *op;
}

void
test_submit(struct job *job)
{
	job->done = false;
	test_engine->ops->submit(test_engine, &job->request);
	assert_false(job->done);		/* never inside submit */
}

ssize_t
test_await(struct job *job)
{
	for (int64_t until = now() + 10000; !job->done && now() < until;)
		test_round(20);
	assert_true(job->done);
	return job->result;
}

ssize_t
test_cancel(struct job *job)
{
	test_engine->ops->cancel(test_engine, &job->request);
	return test_await(job);
}

void
test_pair(int fd[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fd[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(listener, errno);
	assert_return_code(fd[1], errno);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(connect(fd[1], (struct sockaddr *)&addr, len), 0);
	fd[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_return_code(fd[0], errno);
	close(listener);
}

void
test_small_buffers(int fd[2])
{
	static const int size = 32768;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
		assert_int_equal(setsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	}
}

void
test_close(struct job *job, int fd[2])
{
	assert_false(job->request.busy);
	test_engine->ops->forget(test_engine, &job->channel);
	close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
}

uint8_t
test_byte(size_t i)
{
	return (uint8_t)((uint32_t)i * 2654435761u >> 13);
}
