/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
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
 * sendfile and splice know no MSG_NOSIGNAL. So SIGPIPE is blocked while the loop
 * runs, and one that came of it is taken away before the mask is put back.
 */
int
ktls_uring_run(struct ktls_uring *uring)
{
	static const struct timespec now = {0};
	sigset_t pipe, before, pending;
	int err = 0;

	if (!uring->ours)
		return -EINVAL;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	while (!atomic_load(&uring->stop) && (err = turn(uring, -1)) == 0)
		;
	(void)streams_run(uring);
	if (!sigismember(&before, SIGPIPE) && sigpending(&pending) == 0 && sigismember(&pending,
	    SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
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
	if (uring->ours || !engine_uring_cqe(uring->engine, cqe))
		return false;
	ktls_uring_flush(uring);
	return true;
}

void
ktls_uring_flush(struct ktls_uring *uring)
{
	bool more = true;

	while (more) {
		uring->engine->ops->flush(uring->engine);
		more = engine_run_ready(uring->engine);
		more = streams_run(uring) || more;
	}
}

const char *
ktls_uring_engine(const struct ktls_uring *uring, const char **why)
{
	if (why != NULL)
		*why = uring->why;
	return uring->engine->ops->name;
}

/* Sources */

static struct source *
source_of(struct request *request)
{
	return (struct source *)((char *)request - offsetof(struct source, request));
}

static void
source_free(struct source *source)
{
	struct source **at = &source->uring->sources;

	while (*at != source)
		at = &(*at)->next;
	*at = source->next;
	timer_clear(&source->uring->timers, &source->pause);
	source->uring->engine->ops->forget(source->uring->engine, &source->channel);
	free(source);
}

static bool
out_of_room(ssize_t result)
{
	return result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM;
}

static void
accept_completed(struct request *request, ssize_t result)
{
	struct source *source = source_of(request);
	struct engine *engine = source->uring->engine;

	if (!request->busy) {				/* the last completion: cancelled */
		if (source->stopping)
			source_free(source);
		else if (result != -ECANCELED)
			source->accepted(source->arg, (int)result);
	} else if (source->stopping) {
		if (result >= 0)
			close((int)result);
	} else {
		if (out_of_room(result)) {		/* trying again at once would only spin */
			uring_timer(source->uring, &source->pause, 100);
			engine->ops->cancel(engine, request);
		}
		source->accepted(source->arg, (int)result);
	}
}

static void
accept_resume(struct timer *timer)
{
	struct source *source = (struct source *)((char *)timer - offsetof(struct source, pause));

	if (source->request.busy)
		/* its cancellation is still to come */
		uring_timer(source->uring, timer, 100);
	else
		source->uring->engine->ops->submit(source->uring->engine, &source->request);
}

static void
watch_completed(struct request *request, ssize_t result)
{
	struct source *source = source_of(request);

	(void)result;
	if (!request->busy)
		source_free(source);
	else if (!source->stopping)
		source->readable(source->arg, source->channel.fd);
}

static struct source *
source_new(struct ktls_uring *uring, int fd, enum request_kind kind, request_fn *completed,
    void *arg)
{
	struct source *source = calloc(1, sizeof(*source));

	if (source == NULL)
		return NULL;
	source->uring = uring;
	source->channel.fd = fd;
	source->request.kind = kind;
	source->request.channel = &source->channel;
	source->request.completed = completed;
	source->pause.expired = accept_resume;
	source->arg = arg;
	source->next = uring->sources;
	uring->sources = source;
	return source;
}

int
ktls_uring_accept(struct ktls_uring *uring, int listener, ktls_accepted_fn *accepted, void *arg)
{
	struct source *source;

	if (uring->engine->ops->full(uring->engine))
		return -EAGAIN;
	if ((source = source_new(uring, listener, REQUEST_ACCEPT, accept_completed, arg)) == NULL)
		return -ENOMEM;
	source->accepted = accepted;
	uring->engine->ops->submit(uring->engine, &source->request);
	return 0;
}

int
ktls_uring_watch(struct ktls_uring *uring, int fd, ktls_readable_fn *readable, void *arg)
{
	struct source *source;

	if (uring->engine->ops->full(uring->engine))
		return -EAGAIN;
	if ((source = source_new(uring, fd, REQUEST_WATCH, watch_completed, arg)) == NULL)
		return -ENOMEM;
	source->readable = readable;
	uring->engine->ops->submit(uring->engine, &source->request);
	return 0;
}

static void
source_stop(struct source *source)
{
	source->stopping = true;
	if (source->request.busy)
		source->uring->engine->ops->cancel(source->uring->engine, &source->request);
	else
		source_free(source);
}

void
ktls_uring_accept_stop(struct ktls_uring *uring, int listener)
{
	for (struct source *source = uring->sources; source != NULL; source = source->next) {
		if (source->channel.fd == listener && source->accepted != NULL &&
		    !source->stopping) {
			source_stop(source);
			return;
		}
	}
}

size_t
ktls_uring_streams(const struct ktls_uring *uring)
{
	return uring->stream_count;
}

/*
 * On a ring of ours what is under way is waited for: it reads and writes memory
 * that is about to go.
 */
void
ktls_uring_free(struct ktls_uring *uring)
{
	uint64_t until;

	if (uring == NULL)
		return;
	while (uring->streams != NULL)
		ktls_stream_close(uring->streams);
	for (struct source *source = uring->sources, *next; source != NULL; source = next) {
		next = source->next;
		if (!source->stopping)
			source_stop(source);
	}
	until = uring_now() + DRAIN_MS;
	while (uring->ours && uring->engine->under_way != 0 && uring_now() < until)
		if (turn(uring, 50) != 0)
			break;
	(void)streams_run(uring);
	while (uring->closing != NULL)
		stream_free(uring->closing);
	uring->engine->ops->free(uring->engine);
	while (uring->sources != NULL) {
		struct source *source = uring->sources;

		uring->sources = source->next;
		free(source);
	}
	if (uring->wake >= 0)
		close(uring->wake);
	if (uring->clock >= 0)
		close(uring->clock);
	free(uring);
}
