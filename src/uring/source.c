/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include "uring/uring.h"

/* Listening sockets and watched descriptors. */

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
	source->uring->open -= source->accepted != NULL;
	timer_clear(&source->uring->timers, &source->pause);
	source->uring->engine->ops->forget(source->uring->engine, &source->channel);
	free(source);
}

/* Trying again at once would only spin. The others are one connection's trouble. */
static bool
lasts(ssize_t result)
{
	return result < 0 && result != -ECONNABORTED && result != -EPROTO && result != -EINTR;
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
		if (lasts(result)) {
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

	if (!request->busy)
		source_free(source);
	else if (result < 0)			/* it was closed */
		source->uring->engine->ops->cancel(source->uring->engine, request);
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
	uring->open++;
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

void
sources_stop(struct ktls_uring *uring)
{
	for (struct source *source = uring->sources, *next; source != NULL; source = next) {
		next = source->next;
		if (!source->stopping)
			source_stop(source);
	}
}

void
sources_free(struct ktls_uring *uring)
{
	struct source *source;

	while ((source = uring->sources) != NULL) {
		uring->sources = source->next;
		free(source);
	}
}
