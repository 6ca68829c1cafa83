/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "get/output.h"

static bool
complain(const struct get_output *out, const char *what)
{
	fprintf(stderr, "ktls get: %s%s: %s\n", what, *out->name != '\0' ?
	    out->part : "standard output",
	    strerror(errno));
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

bool
get_output_open(struct get_output *out, const struct get_options *options)
{
	*out = (struct get_output){ .fd = STDOUT_FILENO };
	if (options->output != NULL && strcmp(options->output, "-") == 0)
		return true;
	if (options->output == NULL)
		name_from_url(out->name, &options->url);
	else if (snprintf(out->name, PATH_MAX, "%s", options->output) >= PATH_MAX) {
		fprintf(stderr, "ktls get: --output: the name is too long\n");
		return false;
	}
	(void)snprintf(out->part, sizeof(out->part), "%s.part", out->name);
	out->fd = open(out->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return out->fd >= 0 || complain(out, "can't write ");
}

bool
get_output_write(struct get_output *out, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len != 0; p += n, len -= (size_t)n) {
		while ((n = write(out->fd, p, len)) < 0 && errno == EINTR)
			;
		if (n < 0)
			return complain(out, "can't write ");
	}
	return true;
}

bool
get_output_finish(struct get_output *out)
{
	if (*out->name == '\0')
		return true;
	if (close(out->fd) != 0 || rename(out->part, out->name) != 0)
		return complain(out, "can't finish ");
	return true;
}

void
get_output_abandon(struct get_output *out)
{
	struct stat st;

	if (*out->name == '\0' || out->fd < 0)
		return;
	if (fstat(out->fd, &st) == 0 && st.st_size != 0)
		fprintf(stderr, "ktls get: what came (%lld bytes) is in %s\n",
		    (long long)st.st_size, out->part);
	else
		(void)unlink(out->part);
	close(out->fd);
}
