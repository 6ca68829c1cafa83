/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "ktls/cmd.h"
#include "serve/master.h"

struct slot {
	pid_t pid;		/* 0: none */
	time_t started;		/* 0: not yet */
};

struct master {
	const struct worker *worker;
	struct serve_listeners *listeners;
	struct slot *slots;
	sigset_t signals;
	time_t ending;		/* since when; 0: not yet */
	int status;
};

/* A worker that dies at once would do so for ever: seconds between two tries. */
#define RESTART_PAUSE	1
/* Seconds after which a worker that has not finished hangs, in the file system say. */
#define KILL_AFTER	(WORKER_DRAIN_SECONDS + 5)

/* Seconds that nobody can turn back. */
static time_t
uptime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + 1;
}

static int
be_worker(const struct master *m, size_t i, pid_t master)
{
	struct worker worker = *m->worker;

	/* Whatever ends the master ends its workers too. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != master)
		return EXIT_FAILED;
	serve_listeners_keep(m->listeners, i);
	worker.listeners = m->listeners->fd;
	worker.listener_count = m->listeners->addresses;
	return worker_run(&worker);
}

/* In the new worker: true, and *status when it has ended. */
static bool
start(struct master *m, size_t i, int *status)
{
	pid_t master = getpid(), pid = fork();

	if (pid == 0) {
		*status = be_worker(m, i, master);
		return true;
	}
	if (pid < 0)
		fprintf(stderr, "ktls serve: can't start a worker: %s\n", strerror(errno));
	m->slots[i].pid = pid > 0 ? pid : 0;
	m->slots[i].started = uptime();
	return false;
}

static void
signal_all(const struct master *m, int signal)
{
	for (size_t i = 0; i < m->listeners->workers; i++)
		if (m->slots[i].pid != 0)
			kill(m->slots[i].pid, signal);
}

/* Who comes now is refused at once, and the port is free for the next server. */
static void
begin_ending(struct master *m)
{
	if (m->ending == 0)
		m->ending = uptime();
	signal_all(m, SIGTERM);
	serve_listeners_stop(m->listeners);
}

static void
tell_end(const struct master *m, pid_t pid, int status)
{
	const char *next = m->ending != 0 ? "" : "; another one takes its place";

	if (WIFSIGNALED(status))
		fprintf(stderr, "ktls serve: worker %ld was ended by signal %d (%s)%s\n",
		    (long)pid, WTERMSIG(status), strsignal(WTERMSIG(status)), next);
	else
		fprintf(stderr, "ktls serve: worker %ld ended with status %d%s\n",
		    (long)pid, WEXITSTATUS(status), next);
}

static void
reap(struct master *m)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < m->listeners->workers; i++)
			if (m->slots[i].pid == pid)
				m->slots[i].pid = 0;
		if (m->ending != 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK)
			continue;
		tell_end(m, pid, status);
		if (m->ending != 0)
			m->status = EXIT_FAILED;
	}
}

static bool
any_left(const struct master *m)
{
	for (size_t i = 0; i < m->listeners->workers; i++)
		if (m->slots[i].pid != 0)
			return true;
	return false;
}

/* Starts what is missing. True in a new worker, when it has ended. */
static bool
fill(struct master *m, int *status)
{
	time_t now = uptime();

	for (size_t i = 0; i < m->listeners->workers; i++) {
		const struct slot *slot = &m->slots[i];
		bool may = slot->started == 0 || now - slot->started > RESTART_PAUSE;

		if (slot->pid == 0 && may && start(m, i, status))
			return true;
	}
	return false;
}

static int
supervise(struct master *m)
{
	static const struct timespec pause = { RESTART_PAUSE, 0 };
	int status = EXIT_OK, signal;

	for (;;) {
		if (m->ending == 0 && fill(m, &status))
			return status;
		signal = sigtimedwait(&m->signals, NULL, &pause);
		if (signal == SIGTERM || signal == SIGINT)
			begin_ending(m);
		if (m->ending != 0 && uptime() - m->ending > KILL_AFTER)
			signal_all(m, SIGKILL);
		reap(m);
		if (m->ending != 0 && !any_left(m))
			return m->status;
	}
}

int
master_run(const struct worker *worker, struct serve_listeners *listeners)
{
	struct master m = { .worker = worker, .listeners = listeners, .status = EXIT_OK };
	int status;

	if ((m.slots = calloc(listeners->workers, sizeof(*m.slots))) == NULL) {
		fputs("ktls serve: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	sigemptyset(&m.signals);
	sigaddset(&m.signals, SIGTERM);
	sigaddset(&m.signals, SIGINT);
	sigaddset(&m.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &m.signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);		/* a log that nobody reads any more */
	status = supervise(&m);
	free(m.slots);
	return status;
}
