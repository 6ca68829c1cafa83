/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <ktls/record.h>
#include "uring/pipe.h"

#define MANY	100	/* more large ones than a user may have */

static void
kept_for_the_next(void **unused)
{
	struct pipes pipes = {0};
	struct pipe *first = pipe_borrow(&pipes), *second;
	int end;

	(void)unused;
	assert_non_null(first);
	assert_true(first->size >= 4096);
	end = first->read;
	pipe_return(&pipes, first);
	second = pipe_borrow(&pipes);
	assert_ptr_equal(second, first);
	assert_int_equal(second->read, end);
	assert_int_equal(pipes.count, 0);
	pipe_return(&pipes, second);
	pipes_free(&pipes);
	assert_int_equal(pipes.count, 0);
}

static void
not_kept_with_bytes_in_it(void **unused)
{
	struct pipes pipes = {0};
	struct pipe *pipe = pipe_borrow(&pipes);
	int end;

	(void)unused;
	assert_non_null(pipe);
	end = pipe->read;
	assert_int_equal(write(pipe->write, "of somebody", 11), 11);
	pipe->holds = 11;
	pipe_return(&pipes, pipe);
	assert_int_equal(pipes.count, 0);
	assert_int_equal(close(end), -1);
	assert_int_equal(errno, EBADF);
}

static void
no_more_than_so_many(void **unused)
{
	struct pipes pipes = {0};
	struct pipe *p[PIPES_KEPT + 3];

	(void)unused;
	for (size_t i = 0; i < PIPES_KEPT + 3; i++)
		assert_non_null(p[i] = pipe_borrow(&pipes));
	for (size_t i = 0; i < PIPES_KEPT + 3; i++)
		pipe_return(&pipes, p[i]);
	assert_int_equal(pipes.count, PIPES_KEPT);
	pipes_free(&pipes);
}

static void
no_descriptor(void **unused)
{
	struct rlimit before, none;
	struct pipes pipes = {0};

	(void)unused;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_null(pipe_borrow(&pipes));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static bool
sound(const struct pipe *p)
{
	return p->size != 0 && p->size <= PIPE_SIZE_WANTED &&
	    (p->size < KTLS_RECORD_PLAIN_MAX || p->size % KTLS_RECORD_PLAIN_MAX == 0);
}

/* In a child that is a user without rights. 0, or the number of what went wrong. */
static int
as_a_user(void)
{
	struct pipes pipes = {0};
	struct pipe *p[MANY];
	size_t small = 0;

	if (setgid(54321) != 0 || setuid(54321) != 0)
		return 77;
	for (size_t i = 0; i < MANY; i++) {
		if ((p[i] = pipe_borrow(&pipes)) == NULL || !sound(p[i]))
			return 1;
		small += p[i]->size < PIPE_SIZE_WANTED;
	}
	if (small == 0)
		return 77;			/* this system has another limit */
	if (p[MANY - 1]->size == PIPE_SIZE_WANTED)
		return 2;
	/* From the first: the small ones are kept, and may grow as soon as there is room. */
	for (size_t i = 0; i < MANY - PIPES_KEPT; i++) {
		p[i]->holds = 1;
		pipe_return(&pipes, p[i]);
	}
	for (size_t i = MANY - PIPES_KEPT; i < MANY; i++)
		pipe_return(&pipes, p[i]);
	p[0] = pipe_borrow(&pipes);
	return p[0]->size == PIPE_SIZE_WANTED ? 0 : 3;
}

static void
a_user_may_have_few_large_ones(void **unused)
{
	pid_t child = fork();
	int status;

	(void)unused;
	assert_return_code(child, errno);
	if (child == 0)
		_exit(as_a_user());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("not root, or no limit\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_for_the_next),
		cmocka_unit_test(not_kept_with_bytes_in_it),
		cmocka_unit_test(no_more_than_so_many),
		cmocka_unit_test(no_descriptor),
		cmocka_unit_test(a_user_may_have_few_large_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
