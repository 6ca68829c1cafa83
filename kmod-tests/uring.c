/* SPDX-License-Identifier: MIT */
/* The engines of src/uring on sockets whose records the kernel makes and opens. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "kernel_testlib.h"
#include "uring/engine_testlib.h"

#define FILE_SIZE	3000000

/* fd[0] with both keys in the kernel; keys are the peer's. */
static void
connect_with_keys(int fd[2], struct ktls_keys keys[KTLS_DIRS])
{
	wire_pair(fd);
	assert_int_equal(ktls_offload_attach(fd[0]), 0);
	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		keys[dir] = wire_keys(KTLS_TLS13, KTLS_AES_128_GCM, dir == KTLS_RX);
		assert_int_equal(ktls_offload_install(fd[0], dir, &keys[dir]), 0);
	}
}

/* One record of the peer's, as it would lie on the wire. */
static size_t
record_of(struct ktls_keys *keys, const char *text, uint8_t *to, size_t size)
{
	int pair[2];
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	wire_write(pair[0], keys, KTLS_TYPE_APPLICATION_DATA, text, strlen(text));
	assert_true((n = read(pair[1], to, size)) > 0);
	close(pair[0]);
	close(pair[1]);
	return (size_t)n;
}

/*
 * Linux 6.1 tells of it by POLLIN. Neither may a worker thread wait for the rest nor
 * a processor ask for it again and again; and it can be cancelled.
 */
static void
half_a_record(void **unused)
{
	uint8_t record[128];
	char buf[64];
	struct conn_op op = { .kind = OP_RECVMSG, .lane = LANE_RX, .buf = buf, .len = sizeof(buf) };
	struct ktls_keys keys[KTLS_DIRS];
	struct job job;
	size_t len;
	int fd[2];

	(void)unused;
	connect_with_keys(fd, keys);
	len = record_of(&keys[KTLS_RX], "in two halves", record, sizeof(record));
	assert_int_equal(send(fd[1], record, 20, 0), 20);
	test_job(&job, fd[0], &op);
	test_submit(&job);
	test_rounds(600);
	assert_false(job.done);
	assert_true(test_completions < 30);
	assert_int_equal(test_cancel(&job), -ECANCELED);
	test_submit(&job);
	test_rounds(100);
	assert_false(job.done);
	assert_int_equal(send(fd[1], record + 20, len - 20, 0), len - 20);
	assert_int_equal(test_await(&job), 13);
	assert_memory_equal(buf, "in two halves", 13);
	assert_int_equal(job.request.op.type, KTLS_TYPE_APPLICATION_DATA);
	assert_true(job.request.op.eor);
	test_close(&job, fd);
}

static int
file_of_bytes(void)
{
	int file = memfd_create("file", MFD_CLOEXEC);
	uint8_t *bytes = malloc(FILE_SIZE);

	assert_non_null(bytes);
	for (size_t i = 0; i < FILE_SIZE; i++)
		bytes[i] = test_byte(i);
	assert_int_equal(write(file, bytes, FILE_SIZE), FILE_SIZE);
	free(bytes);
	return file;
}

#define MANY	70	/* more than there are worker threads */

/* As many as like to send half a record keep no file from anybody. */
static void
half_records_of_many(void **unused)
{
	static struct job jobs[MANY];
	static char buf[MANY][64];
	uint8_t record[128];
	struct conn_op out = { .kind = OP_SENDFILE, .lane = LANE_TX, .file = file_of_bytes(),
	    .len = 5000 };
	struct ktls_keys keys[KTLS_DIRS];
	struct job job;
	int fd[MANY][2], plain[2];

	(void)unused;
	for (size_t i = 0; i < MANY; i++) {
		struct conn_op op = { .kind = OP_RECVMSG, .lane = LANE_RX, .buf = buf[i],
		    .len = sizeof(buf[i]) };

		connect_with_keys(fd[i], keys);
		(void)record_of(&keys[KTLS_RX], "in two halves", record, sizeof(record));
		assert_int_equal(send(fd[i][1], record, 20, 0), 20);
		test_job(&jobs[i], fd[i][0], &op);
		test_submit(&jobs[i]);
	}
	test_rounds(200);
	test_pair(plain);
	test_job(&job, plain[0], &out);
	test_submit(&job);
	assert_int_equal(test_await(&job), 5000);
	test_close(&job, plain);
	for (size_t i = 0; i < MANY; i++) {
		assert_false(jobs[i].done);
		assert_int_equal(test_cancel(&jobs[i]), -ECANCELED);
		test_close(&jobs[i], fd[i]);
	}
	close(out.file);
}

/* The error that it leaves on the socket doesn't keep our alert back. */
static void
an_alert_after_a_bad_record(void **unused)
{
	uint8_t record[128], alert[] = { 2, 20 };
	char buf[64];
	struct conn_op in = { .kind = OP_RECVMSG, .lane = LANE_RX, .buf = buf, .len = sizeof(buf) };
	struct conn_op out = { .kind = OP_SENDMSG, .lane = LANE_TX, .type = KTLS_TYPE_ALERT,
	    .buf = alert, .len = sizeof(alert) };
	struct ktls_keys keys[KTLS_DIRS];
	struct job job;
	size_t len;
	int fd[2];

	(void)unused;
	connect_with_keys(fd, keys);
	len = record_of(&keys[KTLS_RX], "changed on its way", record, sizeof(record));
	record[len - 1] ^= 1;
	assert_int_equal(send(fd[1], record, len, 0), len);
	test_job(&job, fd[0], &in);
	test_submit(&job);
	assert_int_equal(test_await(&job), -EBADMSG);
	job.request.op = out;
	test_submit(&job);
	assert_int_equal(test_await(&job), 2);
	expect_record(fd[1], &keys[KTLS_TX], KTLS_TYPE_ALERT, alert, 2);
	test_close(&job, fd);
}

/* What the peer has of the wire. */
static struct {
	uint8_t bytes[FILE_SIZE + FILE_SIZE / 2];
	size_t len, opened;		/* so many of them were whole records */
	size_t plain;			/* of the file */
} wire;

static bool
read_wire(int fd, int flags)
{
	size_t room = sizeof(wire.bytes) - wire.len;
	ssize_t n = recv(fd, wire.bytes + wire.len, room < 65536 ? room : 65536, flags);

	wire.len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void
open_records(struct ktls_keys *keys)
{
	static uint8_t got[WIRE_MAX];
	uint8_t type;
	size_t len;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	while (wire.len - wire.opened > 5) {
		const uint8_t *record = wire.bytes + wire.opened;
		size_t record_len = 5 + ((size_t)record[3] << 8 | record[4]);

		if (wire.len - wire.opened < record_len)
			break;
		assert_int_equal(send(pair[0], record, record_len, 0), record_len);
		wire.opened += record_len;
		len = wire_read(pair[1], keys, &type, got);
		assert_int_equal(type, KTLS_TYPE_APPLICATION_DATA);
		for (size_t at = 0; at < len; at++, wire.plain++)
			if (got[at] != test_byte(wire.plain))
				fail_msg("byte %zu is wrong", wire.plain);
	}
	close(pair[0]);
	close(pair[1]);
}

/* It goes into the socket piece by piece. */
static void
a_file_for_a_slow_reader(void **unused)
{
	static const int small = 65536;
	int fd[2], file = file_of_bytes();
	struct conn_op op = { .kind = OP_SENDFILE, .lane = LANE_TX, .file = file };
	struct ktls_keys keys[KTLS_DIRS];
	struct job job;
	off_t sent = 0;

	(void)unused;
	memset(&wire, 0, sizeof(wire));
	connect_with_keys(fd, keys);
	assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	assert_int_equal(setsockopt(fd[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	test_job(&job, fd[0], &op);
	while (sent < FILE_SIZE) {
		job.request.op.offset = sent;
		job.request.op.len = (size_t)(FILE_SIZE - sent);
		test_submit(&job);
		for (int i = 0; i < 4000 && !job.done; i++) {
			test_round(5);
			(void)read_wire(fd[1], MSG_DONTWAIT);
		}
		assert_true(job.done && job.result > 0);
		sent += job.result;
		open_records(&keys[KTLS_TX]);
	}
	while (wire.plain < FILE_SIZE && read_wire(fd[1], 0))
		open_records(&keys[KTLS_TX]);
	assert_int_equal(wire.plain, FILE_SIZE);
	test_close(&job, fd);
	close(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ON_ALL(half_a_record),
		cmocka_unit_test_setup_teardown(half_records_of_many, test_on_uring, test_end),
		TEST_ON_ALL(an_alert_after_a_bad_record),
		TEST_ON_ALL(a_file_for_a_slow_reader),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
