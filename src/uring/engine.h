/* SPDX-License-Identifier: MIT */
#ifndef URING_ENGINE_H
#define URING_ENGINE_H

#include <sys/socket.h>
#include <ktls/uring.h>
#include "conn/core.h"
#include "offload/control.h"
#include "uring/timer.h"

/*
 * What carries operations out: io_uring (engine_uring.c) or epoll
 * (engine_epoll.c). Above this line nobody knows which it is. An engine takes
 * requests and completes each one later, never inside submit.
 */
enum request_kind {
	REQUEST_OP,		/* an operation of a connection: op */
	/* completes once a connection, until cancelled; the last time with -ECANCELED */
	REQUEST_ACCEPT,
	REQUEST_WATCH,		/* completes each time that fd is readable, likewise */
};

struct pipe;
struct engine;
struct channel;
struct request;
typedef void request_fn(struct request *request, ssize_t result);

struct request {
	enum request_kind kind;
	struct channel *channel;
	request_fn *completed;
	struct conn_op op;
	/* OP_RECV with large: the bytes, valid inside completed; NULL: they are in op.buf */
	const void *data;

	/* The engine's own. */
	bool busy;
	bool cancelled;
	bool withdrawn;		/* cancelled before the kernel had seen it */
	/*
	 * a part of an OP_SENDFILE has gone: no completion yet, but progress. Who looks clears it
	 */
	bool moved;
	struct request *next;	/* in a queue */
	ssize_t result;
	uint8_t stage;		/* of an operation in several steps: splice, poll and again */
	uint8_t vain;		/* how often there was nothing where poll had said so */
	unsigned pending;	/* completions still to come */
	struct io_uring_sqe *sqe;	/* the last submission, */
	unsigned sqe_at;		/* its place in the SQ, counted from the first ever */
	uint64_t user_data;
	int first, second;	/* results of the two splices */
	struct pipe *pipe;	/* lent for an OP_SENDFILE */
	struct control_msg control;	/* OP_SENDMSG, OP_RECVMSG */
};

/* A descriptor and its two directions, as epoll sees it. */
struct channel {
	int fd;
	bool registered;
	bool nonblocking;	/* O_NONBLOCK was set: a splice must never hold a worker thread */
	struct request *waiting[LANES];
};

/* First in, first out. */
struct queue {
	struct request *head, **tail;
};

struct engine_ops {
	const char *name;
	/* Takes request, always: what goes wrong is its result. */
	void (*submit)(struct engine *engine, struct request *request);
	/* Whether requests wait for room in the submission queue. */
	bool (*full)(struct engine *engine);
	/* Submits those that there is room for now. */
	void (*flush)(struct engine *engine);
	/*
	 * It will complete soon, with -ECANCELED if it did nothing. From here on it
	 * touches no memory but the connection's, so none that a call was given. A
	 * file that is being read or spliced, or a socket that takes nothing, can
	 * hold it up: shutdown() of the socket helps. Accept and watch: the
	 * descriptor may be closed.
	 */
	void (*cancel)(struct engine *engine, struct request *request);
	/* The channel's descriptor is about to be closed; nothing of it is under way. */
	void (*forget)(struct engine *engine, struct channel *channel);
	/* Waits for completions, timeout_ms at most (-1: for ever), and runs them. */
	int (*wait)(struct engine *engine, int timeout_ms);
	void (*free)(struct engine *engine);
};

struct engine {
	const struct engine_ops *ops;
	struct queue ready;		/* completed without waiting: run by engine_run_ready() */
	unsigned under_way;
};

KTLS_CHECKED int engine_uring_new(struct engine **engine);
KTLS_CHECKED int engine_uring_attach(struct engine **engine, struct io_uring *ring,
    const struct ktls_uring_share *share);
bool engine_uring_cqe(struct engine *engine, const struct io_uring_cqe *cqe);
KTLS_CHECKED int engine_epoll_new(struct engine **engine);

/* What is the same in both. */
void engine_init(struct engine *engine, const struct engine_ops *ops);
/* The beginning of every submit: the request is under way. */
void engine_begin(struct engine *engine, struct request *request);
/* The end of every request: tells its owner. Never inside submit. */
void engine_complete(struct engine *engine, struct request *request, ssize_t result);
void queue_init(struct queue *queue);
void queue_put(struct queue *queue, struct request *request);
struct request *queue_take(struct queue *queue);
/* engine_complete() at the next engine_run_ready(). */
void engine_ready(struct engine *engine, struct request *request, ssize_t result);
bool engine_run_ready(struct engine *engine);	/* whether there was any */

/*
 * Carries out, at once, the operations that never wait: attach, install,
 * shutdown, drained. Returns their result; false where op isn't one of them.
 */
bool engine_at_once(int fd, const struct conn_op *op, ssize_t *result);

/* O_NONBLOCK on the channel's descriptor, once. */
KTLS_CHECKED int engine_nonblocking(struct channel *channel);

/* The msghdr of OP_SENDMSG and OP_RECVMSG, and what came of the latter. */
void engine_prep_msg(struct request *request);
void engine_read_msg(struct request *request, ssize_t result);

/*
 * An OP_SENDFILE of a file that can't be spliced (before Linux 6.5 some file
 * systems'), or where there is no pipe: a piece of it is read and sent. Waits for
 * the file, never for the socket: -EAGAIN.
 */
ssize_t engine_copy(int fd, const struct conn_op *op);
/* OP_READ_FILE, by the plain call: waits. */
ssize_t engine_read(const struct conn_op *op);

#endif
