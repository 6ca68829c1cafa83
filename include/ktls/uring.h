/* SPDX-License-Identifier: MIT */
#ifndef KTLS_URING_H
#define KTLS_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <ktls/conn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct io_uring;
struct io_uring_cqe;

/*
 * Many TLS connections on one ring, by callbacks. Two ways to have it:
 *
 *   the ring is ours:		ktls_uring_new(), listen, ktls_uring_run()
 *   the ring is yours:		ktls_uring_attach(), then in your loop
 *
 *	io_uring_for_each_cqe(&ring, head, cqe)
 *		if (!ktls_uring_cqe(u, cqe))
 *			mine(cqe);
 *
 * On your ring libktls never submits and never waits: it only fills SQEs in. There
 * SIGPIPE must be ignored or blocked: Linux raises it, now or later, where it can't
 * send the last records of a socket that was closed.
 *
 * Everything here belongs to one thread, the one that submits to the ring; only
 * ktls_uring_stop() may come from another thread or a signal handler. Callbacks
 * run inside ktls_uring_run() or ktls_uring_cqe(), never inside the call that
 * asked for them, and may call everything here but ktls_uring_free(),
 * ktls_uring_run() and ktls_uring_cqe().
 */
struct ktls_uring;

enum ktls_engine {
	KTLS_ENGINE_AUTO,	/* io_uring, or epoll where io_uring_setup is refused */
	KTLS_ENGINE_URING,
	KTLS_ENGINE_EPOLL,
};

/* A ring of our own. -errno of io_uring_setup with KTLS_ENGINE_URING; -ENOMEM, -EMFILE. */
KTLS_API KTLS_CHECKED int ktls_uring_new(struct ktls_uring **uring, enum ktls_engine engine);

/* What libktls may use of your ring. */
struct ktls_uring_share {
	uint64_t tag;			/* our user_data are tag .. tag + tag_count - 1 */
	/* at least 4; 3 for each connection, 2 for each listener and watch, are enough for all */
	unsigned tag_count;
	unsigned short buffer_group;	/* the provided-buffer group that is ours */
};
/* -EINVAL: too few tags, one SQE only, or a ring with IORING_SETUP_SQPOLL. */
KTLS_API KTLS_CHECKED int ktls_uring_attach(struct ktls_uring **uring, struct io_uring *ring,
    const struct ktls_uring_share *share);

/*
 * Closes what is still open. On a ring of ours it waits for what is under way, two
 * seconds at most. On yours close the streams, stop the listeners, go on with your
 * loop until ktls_uring_streams() is 0, then call it, before io_uring_queue_exit();
 * what is under way all the same is never freed. Completions with a user_data of ours
 * that come after it are nobody's. NULL is fine.
 */
KTLS_API void ktls_uring_free(struct ktls_uring *uring);

/* Streams and listeners: those closed or stopped too, until nothing of them is under way. */
KTLS_API size_t ktls_uring_streams(const struct ktls_uring *uring);

/* Whether the completion was ours; then it has been dealt with, and you only mark it seen. */
KTLS_API bool ktls_uring_cqe(struct ktls_uring *uring, const struct io_uring_cqe *cqe);

/*
 * Fills in SQEs that found the SQ full, and does what waits for no completion. Call
 * it on your ring before you submit. From a callback it does nothing: the call that
 * the callback came from goes on with it.
 */
KTLS_API void ktls_uring_flush(struct ktls_uring *uring);

/* Runs a ring of ours until ktls_uring_stop(). 0, or -errno where waiting itself failed. */
KTLS_API KTLS_CHECKED int ktls_uring_run(struct ktls_uring *uring);
KTLS_API void ktls_uring_stop(struct ktls_uring *uring);

/*
 * "io_uring", "epoll"; and why it isn't the other: "" or "io_uring_setup: Operation not permitted".
 */
KTLS_API const char *ktls_uring_engine(const struct ktls_uring *uring, const char **why);

/*
 * A new connection, or -errno: fd is the callback's to keep. After an error that
 * lasts (-EMFILE, say) accepting pauses for 100 ms.
 */
typedef void ktls_accepted_fn(void *arg, int fd);
/*
 * Accepts on a listening socket, until ktls_uring_accept_stop(). It stays the caller's,
 * who may close it after that. On epoll O_NONBLOCK is set on it.
 */
KTLS_API KTLS_CHECKED int ktls_uring_accept(struct ktls_uring *uring, int listener,
    ktls_accepted_fn *accepted, void *arg);
KTLS_API void ktls_uring_accept_stop(struct ktls_uring *uring, int listener);

/* Tells whenever fd (a signalfd, timerfd, eventfd ...) is readable, until ktls_uring_free(). */
typedef void ktls_readable_fn(void *arg, int fd);
KTLS_API KTLS_CHECKED int ktls_uring_watch(struct ktls_uring *uring, int fd,
    ktls_readable_fn *readable, void *arg);

/*
 * One connection of the ring. It owns its descriptor. At most one call of each
 * direction is under way: handshake, send, sendfile and shutdown are one
 * direction, recv the other; -EALREADY otherwise. A call returns 0 when it was
 * begun, and then done is called once, unless the stream is closed before; or
 * -EAGAIN, nothing changed, where the SQ of your ring is full: submit, and call again.
 *
 * timeout: milliseconds that may pass without progress; 0 for ever. When it ends,
 * done gets -ETIMEDOUT: after a recv the stream can go on, after all else it has failed.
 * O_NONBLOCK may get set on the descriptor.
 */
struct ktls_stream;

/* result: what the function of the same name in conn.h returns on a blocking socket. */
typedef void ktls_done_fn(struct ktls_stream *stream, void *arg, ssize_t result);

/* fd is the stream's from now on; on failure it stays the caller's. arg goes to the callbacks. */
KTLS_API KTLS_CHECKED int ktls_stream_new(struct ktls_stream **stream, struct ktls_uring *uring,
    struct ktls_config *cfg, enum ktls_role role, int fd, const struct ktls_hs_params *params,
    void *arg);

/*
 * Takes the stream back: no callback comes any more, and the memory that calls under
 * way were given is the caller's again at once. The descriptor is closed and the
 * stream freed in the loop. Sends nothing: ktls_stream_shutdown() first where the peer
 * should learn of it. NULL is fine.
 */
KTLS_API void ktls_stream_close(struct ktls_stream *stream);

KTLS_API KTLS_CHECKED int ktls_stream_handshake(struct ktls_stream *stream, ktls_done_fn *done);
KTLS_API KTLS_CHECKED int ktls_stream_recv(struct ktls_stream *stream, void *buf, size_t len,
    unsigned timeout, ktls_done_fn *done);
/* data stays valid and unchanged until done. flags: 0 or KTLS_MORE. */
KTLS_API KTLS_CHECKED int ktls_stream_send(struct ktls_stream *stream, const void *data, size_t len,
    int flags, unsigned timeout, ktls_done_fn *done);
/* file stays open until done. */
KTLS_API KTLS_CHECKED int ktls_stream_sendfile(struct ktls_stream *stream, int file, off_t offset,
    size_t len, unsigned timeout, ktls_done_fn *done);
KTLS_API KTLS_CHECKED int ktls_stream_shutdown(struct ktls_stream *stream, unsigned timeout,
    ktls_done_fn *done);

/*
 * A question of the stream's handshake was left open (ktls_config_ask(), which then needs
 * a function: nothing else tells of it here), and has now been answered, by ktls_hs_answer() on
 * ktls_conn_hs(ktls_stream_conn(stream)): goes on. In the ring's thread, as everything here.
 */
KTLS_API void ktls_stream_answered(struct ktls_stream *stream);

/*
 * For status, reason_text, plain, hs, peer_chain, export: the functions of conn.h that do no I/O.
 */
KTLS_API struct ktls_conn *ktls_stream_conn(struct ktls_stream *stream);
KTLS_API int ktls_stream_fd(const struct ktls_stream *stream);

/* What io_uring can do here, found by trying. Zeroed, where there is none. */
struct ktls_uring_caps {
	int setup_err;		/* 0, or -errno of io_uring_setup */
	bool single_issuer, defer_taskrun;
	bool accept_multishot, recv_multishot;
	bool buffer_ring;	/* provided buffers in a shared ring */
	bool splice, sendmsg, recvmsg, shutdown;
	bool setsockopt;	/* IORING_OP_URING_CMD, SOCKET_URING_OP_SETSOCKOPT */
};
KTLS_API void ktls_uring_probe(struct ktls_uring_caps *caps);

#ifdef __cplusplus
}
#endif
#endif
