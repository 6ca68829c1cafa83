/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "ktls/cmd.h"
#include "serve/worker.h"

#define BURST	16

void
worker_client_came(struct worker *worker)
{
	if (++worker->client_count > worker->client_peak)
		worker->client_peak = worker->client_count;
}

/* What a burst of clients used, the allocator keeps; when it is over it goes back to the system. */
static void
give_memory_back(struct worker *worker)
{
	if (worker->client_peak < BURST || worker->client_count > worker->client_peak / 4)
		return;
	worker->client_peak = worker->client_count;
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

void
worker_client_gone(struct worker *worker)
{
	if (--worker->client_count == 0 && worker->draining)
		ktls_uring_stop(worker->uring);
	give_memory_back(worker);
}

static void
accepted(void *arg, int fd)
{
	struct worker *worker = arg;

	if (fd >= 0)
		client_accepted(worker, fd);
	else if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS)
		serve_log_failure(&worker->log, "-", "accepting pauses", ktls_strerror(fd));
}

/* Those who haven't finished by then are left: the process ends. */
static void
out_of_time(void *arg, int fd)
{
	struct worker *worker = arg;

	(void)fd;
	ktls_uring_stop(worker->uring);
}

static void
limit_draining(struct worker *worker)
{
	struct itimerspec after = { .it_value.tv_sec = WORKER_DRAIN_SECONDS };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	/* Without a timer no time is given: better than never to end. */
	if (fd < 0 || timerfd_settime(fd, 0, &after, NULL) != 0 ||
	    ktls_uring_watch(worker->uring, fd, out_of_time, worker) != 0)
		ktls_uring_stop(worker->uring);
}

static void
drain(struct worker *worker)
{
	if (worker->draining)
		return;
	worker->draining = true;
	for (size_t i = 0; i < worker->listener_count; i++)
		ktls_uring_accept_stop(worker->uring, worker->listeners[i]);
	for (struct client *client = worker->clients, *next; client != NULL; client = next) {
		next = client_next(client);
		client_drain(client);
	}
	if (worker->client_count == 0)
		ktls_uring_stop(worker->uring);
	else
		limit_draining(worker);
}

static void
signalled(void *arg, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		drain(arg);
}

static int
watch_signals(struct worker *worker)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if ((fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return -errno;
	return ktls_uring_watch(worker->uring, fd, signalled, worker);
}

int
worker_run(struct worker *worker)
{
	int err = ktls_uring_new(&worker->uring, worker->options->engine);

	if (err == 0)
		err = watch_signals(worker);
	for (size_t i = 0; err == 0 && i < worker->listener_count; i++)
		err = ktls_uring_accept(worker->uring, worker->listeners[i], accepted, worker);
	if (err == 0)
		err = ktls_uring_run(worker->uring);
	if (err != 0)
		fprintf(stderr, "ktls serve: worker %ld: %s\n", (long)getpid(), ktls_strerror(err));
	while (worker->clients != NULL)
		client_cut_off(worker->clients);	/* no stream outlives its ring */
	ktls_uring_free(worker->uring);
	return err == 0 ? EXIT_OK : EXIT_FAILED;
}
