/* SPDX-License-Identifier: MIT */
#ifndef URING_URING_H
#define URING_URING_H

#include <signal.h>
#include <stdatomic.h>
#include <ktls/uring.h>
#include "uring/engine.h"
#include "uring/timer.h"

/* A listening socket, or a watched descriptor. Freed when its last completion has come. */
struct source {
	struct source *next;
	struct ktls_uring *uring;
	struct channel channel;
	struct request request;
	struct timer pause;		/* a listener that is out of descriptors */
	ktls_accepted_fn *accepted;
	ktls_readable_fn *readable;
	void *arg;
	bool stopping;
};

struct ktls_uring {
	struct engine *engine;
	bool ours;
	atomic_bool stop;
	int wake;			/* an eventfd: ktls_uring_stop() */
	/* a timerfd, where the ring is the application's: its ticks drive the timers */
	int clock;
	bool clock_runs;
	struct timers timers;
	struct source *sources;
	bool sigpipe_blocked;
	sigset_t before;		/* the signal mask, to be put back */
	bool inside;			/* callbacks are running: no second round of them */
	size_t open;			/* streams, in both lists, and listeners */
	struct ktls_stream *streams;	/* those that have an owner */
	/* those that were closed, and still have something under way */
	struct ktls_stream *closing;
	/* whose callbacks, or whose end, are due without a completion */
	struct ktls_stream *deferred;
	char why[96];
};

uint64_t uring_now(void);		/* ms, monotonic */
void uring_close(struct ktls_uring *uring, int fd);	/* without SIGPIPE */
void uring_timer(struct ktls_uring *uring, struct timer *timer, unsigned after_ms);

/* source.c: begins to end all of them; forgets those that are left when the engine is gone. */
void sources_stop(struct ktls_uring *uring);
void sources_free(struct ktls_uring *uring);

/* stream.c: runs what is deferred, frees what is dying. Whether there was any. */
bool streams_run(struct ktls_uring *uring);
/* Of those that were closed, all that nothing is under way of. */
void streams_free(struct ktls_uring *uring);

#endif
