/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "uring/engine_uring.h"

#define ENTRIES		256	/* of our own ring */
#define CQ_FACTOR	16	/* completions come in bursts; overflow costs an allocation each */
#define WORKERS_MAX	64	/* io-wq threads that may block: each splice under way holds one */

int
ring_setup(struct io_uring *ring, unsigned entries, bool *single_issuer, bool *defer_taskrun)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,	/* Linux 6.1 */
		IORING_SETUP_SINGLE_ISSUER,					/* 6.0 */
		0,
	};
	int err = -EINVAL;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags) && err == -EINVAL; i++) {
		struct io_uring_params params = { .flags = flags[i] | IORING_SETUP_CQSIZE,
		    .cq_entries = CQ_FACTOR * entries };

		err = io_uring_queue_init_params(entries, ring, &params);
		*single_issuer = (flags[i] & IORING_SETUP_SINGLE_ISSUER) != 0;
		*defer_taskrun = (flags[i] & IORING_SETUP_DEFER_TASKRUN) != 0;
	}
	return err;
}

void
buffers_init(struct buffers *buffers, struct io_uring *ring, unsigned short group)
{
	size_t ring_size = BUFFERS * sizeof(struct io_uring_buf), size =
	    ring_size + BUFFERS * BUFFER_SIZE;
	struct io_uring_buf_reg reg = { .ring_entries = BUFFERS, .bgid = group };
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return;
	reg.ring_addr = (uint64_t)(uintptr_t)memory;
	if (io_uring_register_buf_ring(ring, &reg, 0) != 0) {
		munmap(memory, size);
		return;
	}
	buffers->ring = memory;
	buffers->memory = (uint8_t *)memory + ring_size;
	buffers->group = group;
	io_uring_buf_ring_init(buffers->ring);
	for (unsigned short i = 0; i < BUFFERS; i++)
		io_uring_buf_ring_add(buffers->ring, buffers->memory + (size_t)i * BUFFER_SIZE,
		    BUFFER_SIZE,
		    i, io_uring_buf_ring_mask(BUFFERS), i);
	io_uring_buf_ring_advance(buffers->ring, BUFFERS);
}

void
buffers_free(struct buffers *buffers, struct io_uring *ring)
{
	if (buffers->ring == NULL)
		return;
	(void)io_uring_unregister_buf_ring(ring, buffers->group);
	/* Plaintext never lies here, only what came from the wire: nothing to wipe. */
	munmap(buffers->ring, BUFFERS * (sizeof(struct io_uring_buf) + BUFFER_SIZE));
	buffers->ring = NULL;
}

const void *
buffers_at(const struct buffers *buffers, const struct io_uring_cqe *cqe)
{
	return buffers->memory + (size_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT) * BUFFER_SIZE;
}

void
buffers_return(struct buffers *buffers, const struct io_uring_cqe *cqe)
{
	unsigned short id = (unsigned short)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);

	io_uring_buf_ring_add(buffers->ring, buffers->memory + (size_t)id * BUFFER_SIZE,
	    BUFFER_SIZE,
	    id, io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(buffers->ring, 1);
}

/* Completions that are there, each copied out: its callbacks may submit and so move the ring on. */
static void
reap(struct engine_uring *e)
{
	struct io_uring_cqe *cqe, copy;

	for (unsigned n = 0; n < 2 * ENTRIES && io_uring_peek_cqe(e->ring, &cqe) == 0; n++) {
		copy = *cqe;
		io_uring_cqe_seen(e->ring, cqe);
		(void)engine_uring_cqe(&e->engine, &copy);
	}
}

static int
wait_completions(struct engine *engine, int timeout_ms)
{
	struct engine_uring *e = (struct engine_uring *)engine;
	struct __kernel_timespec ts = { timeout_ms / 1000,
	    (long long)(timeout_ms % 1000) * 1000000 };
	struct io_uring_cqe *cqe;
	int err;

	engine_uring_flush(engine);
	if (engine_run_ready(engine) || e->backlog.head != NULL)
		timeout_ms = 0;
	if (timeout_ms == 0)
		err = io_uring_submit_and_get_events(e->ring);
	else
		err = io_uring_submit_and_wait_timeout(e->ring, &cqe, 1, timeout_ms < 0 ?
		    NULL : &ts, NULL);
	reap(e);
	return err >= 0 || err == -ETIME || err == -EINTR || err == -EAGAIN || err == -EBUSY ?
	    0 : err;
}

static void
forget(struct engine *engine, struct channel *channel)
{
	(void)engine;		/* io_uring knows descriptors only while something is under way */
	(void)channel;
}

static void
free_uring(struct engine *engine)
{
	struct engine_uring *e = (struct engine_uring *)engine;

	buffers_free(&e->buffers, e->ring);
	if (e->ours)
		io_uring_queue_exit(&e->own);
	pipes_free(&e->pipes);
	tags_free(&e->tags);
	free(e);
}

static const struct engine_ops ops = {
	.name = "io_uring", .submit = engine_uring_submit, .full = engine_uring_full,
	.flush = engine_uring_flush, .cancel = engine_uring_cancel, .forget = forget,
	.wait = wait_completions, .free = free_uring,
};

static struct engine_uring *
allocate(uint64_t tag, unsigned tag_count, bool grows)
{
	struct engine_uring *e = calloc(1, sizeof(*e));

	if (e == NULL || tags_init(&e->tags, tag, tag_count, grows) != 0) {
		free(e);
		return NULL;
	}
	engine_init(&e->engine, &ops);
	queue_init(&e->backlog);
	return e;
}

int
engine_uring_new(struct engine **engine)
{
	struct engine_uring *e = allocate(0, 2 * ENTRIES, true);
	/* bounded: as it is; unbounded: sockets, pipes */
	unsigned workers[2] = { 0, WORKERS_MAX };
	bool single_issuer, defer_taskrun;
	int err;

	if (e == NULL)
		return -ENOMEM;
	if ((err = ring_setup(&e->own, ENTRIES, &single_issuer, &defer_taskrun)) != 0) {
		tags_free(&e->tags);
		free(e);
		return err;
	}
	e->ring = &e->own;
	e->ours = true;
	(void)io_uring_register_iowq_max_workers(e->ring, workers);
	buffers_init(&e->buffers, e->ring, 0);
	*engine = &e->engine;
	return 0;
}

int
engine_uring_attach(struct engine **engine, struct io_uring *ring,
    const struct ktls_uring_share *share)
{
	struct engine_uring *e;

	/*
	 * One that is read while it is filled in can't have SQEs taken back (engine_uring_cancel).
	 */
	if ((ring->flags & IORING_SETUP_SQPOLL) != 0 || ring->sq.ring_entries < 2)
		return -EINVAL;
	if (share->tag_count < 4 || share->tag + (share->tag_count - 1) < share->tag)
		return -EINVAL;
	if ((e = allocate(share->tag, share->tag_count, false)) == NULL)
		return -ENOMEM;
	e->ring = ring;
	buffers_init(&e->buffers, ring, share->buffer_group);
	*engine = &e->engine;
	return 0;
}
