/* SPDX-License-Identifier: MIT */
#ifndef URING_ENGINE_TESTLIB_H
#define URING_ENGINE_TESTLIB_H

#include <liburing.h>
#include "uring/engine.h"

/*
 * For tests: an engine of each kind, and requests made by hand over plain TCP. The
 * application's ring has 8 SQEs and lends 16 tags: it is full at times.
 */
enum test_engine { TEST_URING, TEST_EPOLL, TEST_THEIRS };

extern struct engine *test_engine;
extern enum test_engine test_kind;
extern unsigned test_completions;	/* of the application's ring, so far */

/* cmocka's set-up and tear-down. The latter fails where something is still under way. */
int test_on_uring(void **unused);
int test_on_epoll(void **unused);
int test_on_theirs(void **unused);
int test_end(void **unused);

#define TEST_ON_ALL(test) \
	{ #test " (io_uring)", test, test_on_uring, test_end, NULL }, \
	{ #test " (epoll)", test, test_on_epoll, test_end, NULL }, \
	{ #test " (the application's ring)", test, test_on_theirs, test_end, NULL }

/* A request and what came of it. */
struct job {
	struct request request;
	struct channel channel;
	bool done;
	ssize_t result;
	unsigned times;		/* completed() so far */
};

/* fd[0] is the engine's, fd[1] the peer's, which the test reads and writes itself. */
void test_pair(int fd[2]);
void test_small_buffers(int fd[2]);	/* both send and receive little at a time */
void test_close(struct job *job, int fd[2]);

void test_job(struct job *job, int fd, const struct conn_op *op);
void test_submit(struct job *job);
/* One round of the loop, that waits for ms at most. */
void test_round(int ms);
void test_rounds(int ms);		/* for so long */
ssize_t test_await(struct job *job);	/* ten seconds at most */
/* Cancels it, and waits for its end. */
ssize_t test_cancel(struct job *job);
uint8_t test_byte(size_t i);		/* what stands at i in every stream and file of a test */

#endif
