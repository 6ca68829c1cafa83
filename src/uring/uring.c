/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "uring/uring.h"

#define CLOCK_TICK_MS	100	/* how exact time-outs are on the application's ring */
#define DRAIN_MS	2000	/* what ktls_uring_free() gives to what is under way */

uint64_t
uring_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* On the application's ring nobody waits for us: a timerfd ticks while a timer is set. */
static void
set_clock(struct ktls_uring *uring, bool run)
{
	struct itimerspec ticks = {0};

	if (uring->ours || uring->clock_runs == run)
		return;
	if (run)
		ticks.it_value.tv_nsec = ticks.it_interval.tv_nsec = CLOCK_TICK_MS * 1000000;
	if (timerfd_settime(uring->clock, 0, &ticks, NULL) == 0)
		uring->clock_runs = run;
}

void
uring_timer(struct ktls_uring *uring, struct timer *timer, unsigned after_ms)
{
	timer_set(&uring->timers, timer, uring_now(), after_ms);
	set_clock(uring, true);
}

static void
clock_ticked(void *arg, int fd)
{
	struct ktls_uring *uring = arg;
	uint64_t ticks;

	if (read(fd, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	timers_run(&uring->timers, uring_now());
	set_clock(uring, uring->timers.count != 0);
}

static void
woken(void *arg, int fd)
{
	uint64_t count;

	(void)arg;
	(void)!read(fd, &count, sizeof(count));		/* what it says is in uring->stop */
}

/* Nothing in it but the descriptor that wakes it, or that ticks. */
static int
begin(struct ktls_uring **out, struct ktls_uring *uring)
{
	int err;

	timers_init(&uring->timers, uring_now());
	uring->wake = uring->clock = -1;
	if (uring->ours) {
		uring->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		err = uring->wake < 0 ? -errno : ktls_uring_watch(uring, uring->wake, woken, uring);
	} else {
		uring->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		err = uring->clock < 0 ? -errno : ktls_uring_watch(uring, uring->clock,
		    clock_ticked, uring);
	}
	if (err != 0) {
		ktls_uring_free(uring);
		return err;
	}
	*out = uring;
	return 0;
}

int
ktls_uring_new(struct ktls_uring **out, enum ktls_engine engine)
{
	struct ktls_uring *uring = calloc(1, sizeof(*uring));
	int err = -EINVAL;

	if (uring == NULL)
		return -ENOMEM;
	uring->ours = true;
	if (engine != KTLS_ENGINE_EPOLL && (err = engine_uring_new(&uring->engine)) != 0)
		(void)snprintf(uring->why, sizeof(uring->why), "io_uring_setup: %s",
		    ktls_strerror(err));
	if (engine == KTLS_ENGINE_EPOLL || (err != 0 && engine == KTLS_ENGINE_AUTO))
		err = engine_epoll_new(&uring->engine);
	if (err != 0) {
		free(uring);
		return err;
	}
	return begin(out, uring);
}

int
ktls_uring_attach(struct ktls_uring **out, struct io_uring *ring,
    const struct ktls_uring_share *share)
{
	struct ktls_uring *uring = calloc(1, sizeof(*uring));
	int err;

	if (uring == NULL)
		return -ENOMEM;
	if ((err = engine_uring_attach(&uring->engine, ring, share)) != 0) {
		free(uring);
		return err;
	}
	return begin(out, uring);
}

/* One round of our own loop: what is deferred, then what has completed or expired. */
static int
turn(struct ktls_uring *uring, int limit_ms)
{
	int timeout = timers_next(&uring->timers, uring_now()), err;

	if (streams_run(uring))
		timeout = 0;
	if (limit_ms >= 0 && (timeout < 0 || timeout > limit_ms))
		timeout = limit_ms;
	err = uring->engine->ops->wait(uring->engine, timeout);
	timers_run(&uring->timers, uring_now());
	return err;
}

/*
 * sendfile and splice know no MSG_NOSIGNAL, nor does close() of a socket whose records
 * the kernel still has: it tries to send them. So SIGPIPE is blocked while the loop
 * runs, and one that came of it is taken away before the mask is put back.
 */
static void
block_sigpipe(struct ktls_uring *uring)
{
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &uring->before);
	uring->sigpipe_blocked = true;
}

static void
restore_sigpipe(struct ktls_uring *uring)
{
	static const struct timespec now = {0};
	sigset_t pipe, pending;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (!sigismember(&uring->before, SIGPIPE) && sigpending(&pending) == 0 &&
	    sigismember(&pending, SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &uring->before, NULL);
	uring->sigpipe_blocked = false;
}

void
uring_close(struct ktls_uring *uring, int fd)
{
	bool block = !uring->sigpipe_blocked;

	if (block)
		block_sigpipe(uring);
	close(fd);
	if (block)
		restore_sigpipe(uring);
}

int
ktls_uring_run(struct ktls_uring *uring)
{
	int err = 0;

	if (!uring->ours || uring->inside)
		return -EINVAL;
	block_sigpipe(uring);
	uring->inside = true;
	while (!atomic_load(&uring->stop) && (err = turn(uring, -1)) == 0)
		;
	(void)streams_run(uring);
	uring->inside = false;
	restore_sigpipe(uring);
	atomic_store(&uring->stop, false);
	return err;
}

void
ktls_uring_stop(struct ktls_uring *uring)
{
	static const uint64_t one = 1;

	atomic_store(&uring->stop, true);
	if (uring->wake >= 0)
		(void)!write(uring->wake, &one, sizeof(one));
}

bool
ktls_uring_cqe(struct ktls_uring *uring, const struct io_uring_cqe *cqe)
{
	bool was_inside = uring->inside, was_ours;

	if (uring->ours)
		return false;
	uring->inside = true;
	was_ours = engine_uring_cqe(uring->engine, cqe);
	uring->inside = was_inside;
	if (was_ours)
		ktls_uring_flush(uring);
	return was_ours;
}

void
ktls_uring_flush(struct ktls_uring *uring)
{
	bool more = true;

	/* A callback's own call: what called it goes on here, and may hold what would be freed. */
	if (uring->inside)
		return;
	uring->inside = true;
	while (more) {
		uring->engine->ops->flush(uring->engine);
		more = engine_run_ready(uring->engine);
		more = streams_run(uring) || more;
	}
	uring->inside = false;
}

const char *
ktls_uring_engine(const struct ktls_uring *uring, const char **why)
{
	if (why != NULL)
		*why = uring->why;
	return uring->engine->ops->name;
}

size_t
ktls_uring_streams(const struct ktls_uring *uring)
{
	return uring->open;
}

/* On a ring of ours: until nothing is under way. */
static void
drain(struct ktls_uring *uring)
{
	uint64_t until = uring_now() + DRAIN_MS;

	while (uring->engine->under_way != 0 && uring_now() < until)
		if (turn(uring, 50) != 0)
			break;
}

/*
 * On a ring of ours what is under way is waited for: it reads and writes memory
 * that is about to go.
 */
void
ktls_uring_free(struct ktls_uring *uring)
{
	if (uring == NULL)
		return;
	block_sigpipe(uring);
	while (uring->streams != NULL)
		ktls_stream_close(uring->streams);
	sources_stop(uring);
	if (uring->ours)
		drain(uring);
	(void)streams_run(uring);
	streams_free(uring);
	uring->engine->ops->free(uring->engine);
	sources_free(uring);
	restore_sigpipe(uring);
	if (uring->wake >= 0)
		close(uring->wake);
	if (uring->clock >= 0)
		close(uring->clock);
	free(uring);
}
