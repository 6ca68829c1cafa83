/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "get/output.h"
#include "get/say.h"

static bool
complain(const struct get_output *out, const char *what)
{
	get_say("%s %s: %s", what, *out->part != '\0' ? out->part : out->name, strerror(errno));
	return false;
}

/*
 * The last part of the path; what a server may not choose for us (a hidden
 * file, "..") is index.html.
 */
static void
name_from_url(char name[PATH_MAX], const struct http_url *url)
{
	struct http_text target = url->target, path = http_text_cut(&target, '?');
	size_t start = path.len;

	while (start > 0 && path.p[start - 1] != '/')
		start--;
	if (start == path.len || path.p[start] == '.' || path.len - start >= 250)
		(void)snprintf(name, PATH_MAX, "index.html");
	else
		(void)snprintf(name, PATH_MAX, "%.*s", (int)(path.len - start), path.p + start);
}

/* Interrupted */

static struct {
	struct get_output *volatile out;	/* NULL: nothing to be done */
	char sentence[PATH_MAX + 64];
} unfinished;

/* Only what signal-safety(7) allows. The signal itself is delivered again on return. */
static void
interrupted(int signal)
{
	struct get_output *out = unfinished.out;
	struct stat st;

	if (out != NULL && fstat(out->fd, &st) == 0 && st.st_size != 0)
		get_say_in_signal(unfinished.sentence);
	else if (out != NULL)
		(void)unlink(out->part);
	(void)raise(signal);
}

static void
watch_signals(struct get_output *out)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND }, old;

	(void)snprintf(unfinished.sentence, sizeof(unfinished.sentence),
	    "ktls get: interrupted: what came is in %s\n", out->part);
	unfinished.out = out;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
}

/* Opening */

/* An existing target that is no regular file; 0 where there is none: all else is said. */
static int
open_special(struct get_output *out)
{
	struct stat st;

	if (stat(out->name, &st) != 0 || S_ISREG(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode))
		errno = EISDIR;
	else
		out->fd = open(out->name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return out->fd >= 0 ? 1 : -1;
}

static bool
choose_name(struct get_output *out, const struct get_options *options)
{
	if (options->output == NULL) {
		name_from_url(out->name, &options->url);
		return true;
	}
	errno = ENAMETOOLONG;
	return snprintf(out->name, PATH_MAX, "%s", options->output) < PATH_MAX;
}

bool
get_output_open(struct get_output *out, const struct get_options *options)
{
	int special;

	*out = (struct get_output){ .name = "standard output", .fd = STDOUT_FILENO };
	if (options->output != NULL && strcmp(options->output, "-") == 0)
		return true;
	out->fd = -1;
	if (!choose_name(out, options) || (special = open_special(out)) < 0)
		return complain(out, "can't write");
	if (special > 0)
		return true;
	(void)snprintf(out->part, sizeof(out->part), "%s.part", out->name);
	out->fd = open(out->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out->fd < 0)
		return complain(out, "can't write");
	watch_signals(out);
	return true;
}

bool
get_output_write(struct get_output *out, const void *data, size_t len)
{
	struct pollfd pollfd = { out->fd, POLLOUT, 0 };
	const char *p = data;
	ssize_t n;

	for (; len != 0; p += n, len -= (size_t)n) {
		while ((n = write(out->fd, p, len)) < 0 && (errno == EINTR || errno == EAGAIN))
			if (errno == EAGAIN)	/* a standard output that doesn't block */
				(void)poll(&pollfd, 1, -1);
		if (n < 0)
			return complain(out, "can't write");
	}
	return true;
}

bool
get_output_finish(struct get_output *out)
{
	unfinished.out = NULL;
	if (close(out->fd) != 0 || (*out->part != '\0' && rename(out->part, out->name) != 0))
		return complain(out, "can't finish");
	return true;
}

void
get_output_abandon(struct get_output *out)
{
	struct stat st;

	unfinished.out = NULL;
	if (*out->part != '\0' && fstat(out->fd, &st) == 0 && st.st_size != 0)
		get_say("what came (%lld bytes) is in %s", (long long)st.st_size, out->part);
	else if (*out->part != '\0')
		(void)unlink(out->part);
	(void)close(out->fd);
}
