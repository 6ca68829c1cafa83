/* SPDX-License-Identifier: MIT */
#ifndef URING_PIPE_H
#define URING_PIPE_H

#include <stddef.h>

/*
 * Pipes for file -> pipe -> socket, lent for one chunk of a file. They are as
 * large as F_SETPIPE_SZ grants, up to 1 MiB: a user without CAP_SYS_RESOURCE has
 * 16,384 pages over all processes.
 */
#define PIPE_SIZE_WANTED	(1u << 20)
#define PIPES_KEPT		16	/* idle ones that wait for the next chunk */

struct pipe {
	struct pipe *next;
	int read, write;
	size_t size;		/* bytes, whole records */
	size_t holds;		/* bytes in it now */
};

struct pipes {
	struct pipe *idle;
	unsigned count;
};

struct pipe *pipe_borrow(struct pipes *pipes);		/* NULL: no descriptor, no memory */
/* One that isn't empty is closed: its bytes are of a connection that has ended. */
void pipe_return(struct pipes *pipes, struct pipe *pipe);
void pipes_free(struct pipes *pipes);

#endif
