/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <ktls/record.h>
#include "uring/pipe.h"

static void
pipe_free(struct pipe *pipe)
{
	close(pipe->read);
	close(pipe->write);
	free(pipe);
}

/* Refused: as large as it is. It may be granted later, when others have closed theirs. */
static void
enlarge(struct pipe *p)
{
	int size = fcntl(p->write, F_SETPIPE_SZ, PIPE_SIZE_WANTED);

	if (size < 0)
		size = fcntl(p->write, F_GETPIPE_SZ);
	p->size = size > KTLS_RECORD_PLAIN_MAX ?
	    (size_t)size - (size_t)size % KTLS_RECORD_PLAIN_MAX : size > 0 ? (size_t)size : 4096;
}

struct pipe *
pipe_borrow(struct pipes *pipes)
{
	struct pipe *p = pipes->idle;
	int ends[2];

	if (p != NULL) {
		pipes->idle = p->next;
		pipes->count--;
		if (p->size < PIPE_SIZE_WANTED)
			enlarge(p);
		return p;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		free(p);
		return NULL;
	}
	p->read = ends[0];
	p->write = ends[1];
	enlarge(p);
	return p;
}

void
pipe_return(struct pipes *pipes, struct pipe *pipe)
{
	if (pipe->holds != 0 || pipes->count == PIPES_KEPT) {
		pipe_free(pipe);
		return;
	}
	pipe->next = pipes->idle;
	pipes->idle = pipe;
	pipes->count++;
}

void
pipes_free(struct pipes *pipes)
{
	struct pipe *pipe;

	while ((pipe = pipes->idle) != NULL) {
		pipes->idle = pipe->next;
		pipe_free(pipe);
	}
	pipes->count = 0;
}
