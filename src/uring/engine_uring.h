/* SPDX-License-Identifier: MIT */
#ifndef URING_ENGINE_URING_H
#define URING_ENGINE_URING_H

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include "uring/compat.h"
#include "uring/engine.h"
#include "uring/pipe.h"
#include "uring/tags.h"

/*
 * The io_uring engine: engine_uring.c makes submissions of requests,
 * engine_uring_done.c reads completions, engine_uring_life.c sets the ring up,
 * waits on it, ends it.
 */
#define BUFFER_SIZE	4096	/* requests are small; what asks for more has a buffer of its own */
#define BUFFERS		64	/* a power of two */

/* Provided buffers: the kernel takes one when bytes have come, so idle connections hold none. */
struct buffers {
	struct io_uring_buf_ring *ring;		/* NULL: this kernel has none (before 5.19) */
	uint8_t *memory;
	unsigned short group;
};

enum stage {
	STAGE_FIRST,
	STAGE_POLL,		/* wait for POLLIN or POLLOUT, then go on */
	STAGE_PAUSE,		/* wait a while: poll says yes, and there is nothing */
	STAGE_NO_BUFFER,	/* receive into op.buf */
	STAGE_DRAIN,		/* the pipe still holds bytes */
	STAGE_COPY,		/* no splicing */
};

#define VAIN_MAX	2	/* so often in vain: no coincidence */
#define PAUSES		5

enum part { PART_OP, PART_POLL, PART_FILL, PART_DRAIN };

struct engine_uring {
	struct engine engine;
	struct io_uring *ring, own;
	bool ours;			/* we submit and wait */
	bool no_multishot, no_setsockopt;	/* found by trying */
	struct tags tags;
	struct queue backlog;		/* requests that found no room */
	struct buffers buffers;
	struct pipes pipes;
};

void engine_uring_submit(struct engine *engine, struct request *request);
void engine_uring_cancel(struct engine *engine, struct request *request);
bool engine_uring_full(struct engine *engine);
void engine_uring_flush(struct engine *engine);

/* For engine_uring_done.c. request's next stage, now or as soon as there is room. */
void engine_uring_again(struct engine_uring *e, struct request *request, enum stage stage);
/* Takes its pipe away. */
void engine_uring_unpipe(struct engine_uring *e, struct request *request);

/* A ring with the cheapest set-up that this kernel has. */
KTLS_CHECKED int ring_setup(struct io_uring *ring, unsigned entries, bool *single_issuer,
    bool *defer_taskrun);

/* Where the ring can't have them, buffers->ring stays NULL: no failure. */
void buffers_init(struct buffers *buffers, struct io_uring *ring, unsigned short group);
void buffers_free(struct buffers *buffers, struct io_uring *ring);
const void *buffers_at(const struct buffers *buffers, const struct io_uring_cqe *cqe);
void buffers_return(struct buffers *buffers, const struct io_uring_cqe *cqe);

#endif
