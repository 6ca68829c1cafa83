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
	time_t started;
};

struct master {
	const struct worker *worker;
	const struct serve_listeners *listeners;
	struct slot *slots;
	sigset_t signals;
	bool ending;
	int status;
};

/* A worker that dies at once would do so for ever: a second's pause between two tries. */
#define RESTART_PAUSE	1

static int
be_worker(const struct master *m, size_t i, pid_t master)
{
	struct worker worker = *m->worker;

	/* Whatever ends the master ends its workers too. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != master)
		return EXIT_FAILED;
	worker.listeners = m->listeners->fd + i * m->listeners->addresses;
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
	m->slots[i].started = time(NULL);
	return false;
}

static void
end_all(struct master *m)
{
	m->ending = true;
	for (size_t i = 0; i < m->listeners->workers; i++)
		if (m->slots[i].pid != 0)
			kill(m->slots[i].pid, SIGTERM);
}

static void
tell_end(const struct master *m, pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		fprintf(stderr, "ktls serve: worker %ld was ended by %s%s\n", (long)pid,
		    strsignal(WTERMSIG(status)), m->ending ? "" : "; another one takes its place");
	else if (!m->ending)
		fprintf(stderr,
		    "ktls serve: worker %ld ended with status %d; another one takes its place\n",
		    (long)pid, WEXITSTATUS(status));
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
		if (!m->ending || WIFSIGNALED(status))
			tell_end(m, pid, status);
		if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_OK)
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
	time_t now = time(NULL);

	for (size_t i = 0; i < m->listeners->workers; i++)
		if (m->slots[i].pid == 0 && now - m->slots[i].started >= RESTART_PAUSE &&
		    start(m, i, status))
			return true;
	return false;
}

static int
supervise(struct master *m)
{
	static const struct timespec pause = { RESTART_PAUSE, 0 };
	int status = EXIT_OK, signal;

	for (;;) {
		if (!m->ending && fill(m, &status))
			return status;
		signal = sigtimedwait(&m->signals, NULL, &pause);
		if (signal == SIGTERM || signal == SIGINT)
			end_all(m);
		reap(m);
		if (m->ending && !any_left(m))
			return m->status;
	}
}

int
master_run(const struct worker *worker, const struct serve_listeners *listeners)
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
	status = supervise(&m);
	free(m.slots);
	return status;
}
