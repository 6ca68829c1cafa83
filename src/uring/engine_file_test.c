/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "uring/engine_testlib.h"

/* OP_SENDFILE, on every engine: a file into a plain socket, as a connection would ask for it. */
#define FILE_SIZE	((3u << 20) + 777)

static int file = -1;
static uint8_t *content;

struct transfer {
	int fd[2];
	struct job job;
	off_t begin;
	size_t first;		/* test_byte() of the first byte */
	size_t want, sent, got;
	size_t gulp;		/* the peer reads so much in a round */
	size_t sure;		/* what comes after is not looked at */
	bool asked, over;
	ssize_t end;		/* the result that ended it, <= 0; 1: all was sent */
};

static void
start(struct transfer *t, int from, off_t begin, size_t want, size_t gulp)
{
	struct conn_op op = { .kind = OP_SENDFILE, .lane = LANE_TX, .file = from };

	memset(t, 0, sizeof(*t));
	test_pair(t->fd);
	test_job(&t->job, t->fd[0], &op);
	t->begin = begin;
	t->first = (size_t)begin;
	t->want = want;
	t->gulp = gulp;
	t->sure = SIZE_MAX;
}

/* What the core does: the next operation begins where the last one has ended. */
static void
ask(struct transfer *t)
{
	if (t->over || (t->asked && !t->job.done))
		return;
	if (t->asked && t->job.result <= 0) {
		t->over = true;
		t->end = t->job.result;
		return;
	}
	t->sent += t->asked ? (size_t)t->job.result : 0;
	t->asked = true;
	if (t->sent == t->want) {
		t->over = true;
		t->end = 1;
		return;
	}
	t->job.request.op.offset = t->begin + (off_t)t->sent;
	t->job.request.op.len = t->want - t->sent;
	test_submit(&t->job);
}

static void
read_some(struct transfer *t)
{
	uint8_t buf[65536];
	ssize_t n = recv(t->fd[1], buf, t->gulp < sizeof(buf) ? t->gulp : sizeof(buf),
	    MSG_DONTWAIT);

	for (ssize_t i = 0; i < n; i++, t->got++)
		if (t->got < t->sure && buf[i] != test_byte(t->first + t->got))
			fail_msg("byte %zu is wrong", t->got);
}

/* Until it has ended and the peer has all of it. */
static void
carry_out(struct transfer *t)
{
	unsigned idle = 0;

	while (idle < 1000) {
		size_t before = t->got + t->sent;

		ask(t);
		if (t->over && t->got == t->sent)
			return;
		test_round(idle == 0 ? 0 : 5);
		read_some(t);
		idle = t->got + t->sent == before ? idle + 1 : 0;
	}
	fail_msg("stands still at %zu of %zu", t->got, t->want);
}

static void
whole(int from, size_t gulp, bool small)
{
	struct transfer t;

	start(&t, from, 777, FILE_SIZE - 777, gulp);
	if (small)
		test_small_buffers(t.fd);
	carry_out(&t);
	assert_int_equal(t.end, 1);
	assert_int_equal(t.got, t.want);
	test_close(&t.job, t.fd);
}

static void
every_byte_of_it(void **unused)
{
	(void)unused;
	whole(file, 65536, false);
}

static void
a_slow_reader_with_small_buffers(void **unused)
{
	(void)unused;
	whole(file, 20011, true);
}

static void
the_file_is_shorter(void **unused)
{
	struct transfer t;

	(void)unused;
	start(&t, file, FILE_SIZE - 100000, 4000000, 65536);
	carry_out(&t);
	assert_int_equal(t.end, 0);
	assert_int_equal(t.got, 100000);
	test_close(&t.job, t.fd);
}

static void
the_file_shrinks(void **unused)
{
	char name[] = "/tmp/ktls-engine-XXXXXX";
	int shrinks = mkstemp(name);
	struct transfer t;

	(void)unused;
	unlink(name);
	assert_int_equal(write(shrinks, content, FILE_SIZE), FILE_SIZE);
	start(&t, shrinks, 0, FILE_SIZE, 65536);
	test_small_buffers(t.fd);
	t.sure = 150000;
	ask(&t);
	while (t.got < 100000) {
		test_round(5);
		read_some(&t);
		ask(&t);
	}
	assert_int_equal(ftruncate(shrinks, 150000), 0);
	for (unsigned i = 0; i < 2000 && !t.over; i++) {
		test_round(5);
		read_some(&t);
		ask(&t);
	}
	/* it ends: with less, or with zeros for what was in the pipe */
	assert_true(t.over);
	assert_int_equal(t.end, 0);
	assert_true(t.sent < FILE_SIZE);
	test_close(&t.job, t.fd);
	close(shrinks);
}

static void
a_directory(void **unused)
{
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct transfer t;

	(void)unused;
	start(&t, dir, 0, 1000, 65536);
	carry_out(&t);
	assert_int_equal(t.end, -EISDIR);
	test_close(&t.job, t.fd);
	close(dir);
}

/* Read, but not spliced: our own memory. */
static void
a_file_that_cannot_be_spliced(void **unused)
{
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), ends[2];
	off_t at = 0x20000000;		/* below 2 GiB: no file of procfs is larger */
	uint8_t *mapped = mmap((void *)(uintptr_t)at, FILE_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	struct transfer t;

	(void)unused;
	assert_ptr_equal(mapped, (void *)(uintptr_t)at);
	memcpy(mapped, content, FILE_SIZE);
	assert_return_code(memory, errno);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(splice(memory, &(off_t){ at }, ends[1], NULL, 100, 0), -1);
	assert_int_equal(errno, EINVAL);
	start(&t, memory, at, FILE_SIZE, 20011);
	t.first = 0;
	test_small_buffers(t.fd);
	carry_out(&t);
	assert_int_equal(t.end, 1);
	munmap(mapped, FILE_SIZE);
	close(memory);
	close(ends[0]);
	close(ends[1]);
	test_close(&t.job, t.fd);
}

static void
no_descriptor_for_a_pipe(void **unused)
{
	struct rlimit before, none;
	struct transfer t;

	(void)unused;
	start(&t, file, 0, FILE_SIZE, 20011);
	test_small_buffers(t.fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)t.fd[0] + 1;		/* all below are in use */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	carry_out(&t);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(t.end, 1);
	test_close(&t.job, t.fd);
}

/* What has left counts, though an error ends it; and what is left in a pipe goes to nobody else. */
static void
the_peer_resets(void **unused)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct transfer t;

	(void)unused;
	start(&t, file, 0, FILE_SIZE, 20011);
	test_small_buffers(t.fd);
	while (t.got < 300000) {
		ask(&t);
		test_round(5);
		read_some(&t);
	}
	assert_int_equal(setsockopt(t.fd[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
	close(t.fd[1]);
	t.fd[1] = -1;
	for (unsigned i = 0; i < 1000 && !t.over; i++) {
		test_round(5);
		ask(&t);
	}
	assert_true(t.end == -EPIPE || t.end == -ECONNRESET);
	assert_true(t.sent >= t.got);
	test_close(&t.job, t.fd);
	whole(file, 65536, false);
}

/* In a long chunk the owner sees that the peer still reads. */
static void
progress_shows(void **unused)
{
	struct transfer t;

	(void)unused;
	start(&t, file, 0, FILE_SIZE, 20011);
	test_small_buffers(t.fd);
	ask(&t);
	for (unsigned i = 0; i < 1000 && t.got < 40000; i++) {
		test_round(5);
		read_some(&t);
	}
	assert_true(t.job.request.moved || t.job.done);
	shutdown(t.fd[0], SHUT_RDWR);
	(void)test_await(&t.job);
	test_close(&t.job, t.fd);
}

static void
cancelled_while_the_socket_is_full(void **unused)
{
	struct transfer t;

	(void)unused;
	start(&t, file, 0, FILE_SIZE, 0);
	test_small_buffers(t.fd);
	for (int i = 0; i < 40; i++) {
		ask(&t);
		test_round(5);
	}
	assert_true(!t.over && !t.job.done);
	shutdown(t.fd[0], SHUT_RDWR);
	assert_true(test_cancel(&t.job) < 0);
	test_close(&t.job, t.fd);
}

#define MANY	24

static void
many_at_once(void **unused)
{
	static struct transfer t[MANY];
	unsigned left = MANY;

	(void)unused;
	for (size_t i = 0; i < MANY; i++) {
		start(&t[i], file, (off_t)(i * 1001), 600000 + i * 4099, 10007 + i * 2000);
		test_small_buffers(t[i].fd);
	}
	for (unsigned round = 0; round < 5000 && left != 0; round++) {
		left = 0;
		for (size_t i = 0; i < MANY; i++) {
			ask(&t[i]);
			read_some(&t[i]);
			left += !t[i].over || t[i].got != t[i].sent;
		}
		test_round(1);
	}
	assert_int_equal(left, 0);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(t[i].end, 1);
		assert_int_equal(t[i].got, t[i].want);
		test_close(&t[i].job, t[i].fd);
	}
}

static int
prepare(void **unused)
{
	char name[] = "/tmp/ktls-engine-XXXXXX";

	(void)unused;
	signal(SIGPIPE, SIG_IGN);	/* sendfile's; the loop blocks it */
	content = malloc(FILE_SIZE);
	assert_non_null(content);
	for (size_t i = 0; i < FILE_SIZE; i++)
		content[i] = test_byte(i);
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
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ON_ALL(every_byte_of_it),
		TEST_ON_ALL(a_slow_reader_with_small_buffers),
		TEST_ON_ALL(the_file_is_shorter),
		TEST_ON_ALL(the_file_shrinks),
		TEST_ON_ALL(a_directory),
		TEST_ON_ALL(a_file_that_cannot_be_spliced),
		TEST_ON_ALL(no_descriptor_for_a_pipe),
		TEST_ON_ALL(the_peer_resets),
		TEST_ON_ALL(progress_shows),
		TEST_ON_ALL(cancelled_while_the_socket_is_full),
		TEST_ON_ALL(many_at_once),
	};

	return cmocka_run_group_tests(tests, prepare, clean) != 0;
}
