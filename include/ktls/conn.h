/* SPDX-License-Identifier: MIT */
#ifndef KTLS_CONN_H
#define KTLS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <ktls/config.h>
#include <ktls/handshake.h>
#include <ktls/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A TLS connection over a TCP socket: the handshake, then for each direction the
 * best record path there is, then what TLS still asks for afterwards.
 *
 *	ktls_conn_new -> handshake -> send, sendfile, recv, key_update ... -> shutdown -> free
 *
 * Every call works on every mix of paths. On a blocking socket a call returns
 * when it is done; on a non-blocking one it may return -EAGAIN: wait for
 * ktls_conn_events() or ktls_conn_timeout(), then repeat the same call.
 *
 * Errors are final for the connection: its alert, where it has one, was sent (as
 * far as the socket took it at once), and every further call returns the same. Free
 * it and close the descriptor. Not final are -EAGAIN; -EINTR, a signal's handler ran
 * in a blocking call: repeat that as after -EAGAIN; what says that a call can't be
 * made (-EINVAL, -ENOTCONN before the handshake, -EPIPE after shutdown, -EOPNOTSUPP);
 * and what a file gave.
 *
 * An object belongs to one thread at a time. SIGPIPE is never raised.
 */
struct ktls_conn;

/*
 * Takes a reference on cfg. fd is a connected TCP socket, or another stream
 * socket (then records stay in userspace); it stays the caller's, who closes it
 * after ktls_conn_free(). Nobody else may read or write it meanwhile. params: as
 * ktls_hs_new(), NULL for nothing. -ENOMEM, or -EINVAL as ktls_hs_new(). The first
 * connection of a process finds out what the kernel can do, where the config
 * hasn't been told (ktls_config_caps()).
 */
KTLS_API KTLS_CHECKED int ktls_conn_new(struct ktls_conn **conn, struct ktls_config *cfg,
    enum ktls_role role, int fd, const struct ktls_hs_params *params);
KTLS_API void ktls_conn_free(struct ktls_conn *conn);	/* wipes; sends nothing; NULL is fine */

/*
 * 0 when done; -EAGAIN; -ETIMEDOUT after the config's handshake_timeout, which
 * begins with the first call. Call it right after accept or connect: where a
 * direction may go to the kernel it attaches the ULP first of all, which is no
 * longer possible once the peer has sent FIN.
 */
KTLS_API KTLS_CHECKED int ktls_conn_handshake(struct ktls_conn *conn);

/*
 * The engine, while the handshake goes on: to answer its questions (ktls_config_ask()), which
 * ktls_conn_handshake() waits for with -EAGAIN and no events, on a blocking socket too: call
 * it again after the answer. NULL when it is done. Where a question has brought another config,
 * the record paths and the padding are those of the config that ktls_conn_new() was given.
 */
KTLS_API struct ktls_hs *ktls_conn_hs(struct ktls_conn *conn);

/*
 * The peer's chain, as ktls_hs_peer_chain(), and ktls_post_export(); valid, callable, until
 * ktls_conn_free(). -ENOTCONN before the handshake is done.
 */
KTLS_API const void *ktls_conn_peer_chain(const struct ktls_conn *conn, size_t index, size_t *len);
KTLS_API KTLS_CHECKED int ktls_conn_export(struct ktls_conn *conn, const char *label,
    const void *context, size_t context_len, void *out, size_t out_len);

/*
 * For ktls_conn_send(): more follows at once, so the last record is held back to
 * be filled up. The next call that sends without it, or shutdown, lets it go.
 */
#define KTLS_MORE	1

/*
 * Sends len bytes. Returns how many are now the kernel's (or held back: KTLS_MORE):
 * all of them on a blocking socket, on a non-blocking one perhaps fewer, or -EAGAIN.
 * After either repeat the call with the bytes that are left, these and no others: a
 * record of them may be half-sent. More may follow them. flags: 0 or KTLS_MORE.
 */
KTLS_API KTLS_CHECKED ssize_t ktls_conn_send(struct ktls_conn *conn, const void *data,
    size_t len, int flags);

/*
 * Receives up to len bytes of application data. 0: the peer has closed properly
 * (close_notify). An end of stream without it is KTLS_REFUSED(KTLS_R_TRUNCATED).
 */
KTLS_API KTLS_CHECKED ssize_t ktls_conn_recv(struct ktls_conn *conn, void *buf, size_t len);

/*
 * Sends len bytes of file, from offset on, without copying them through the
 * process where the kernel makes the records. Returns the bytes sent: len on a
 * blocking socket; fewer where the file ended before (KTLS_MORE data is then
 * flushed). The file's position is not moved.
 */
KTLS_API KTLS_CHECKED ssize_t ktls_conn_sendfile(struct ktls_conn *conn, int file, off_t offset,
    size_t len);

/*
 * Sends close_notify, then FIN, and waits until the peer has all of it and has
 * closed too: after 0, close(fd) loses nothing. What the peer still sends is
 * thrown away. A stream that ends without the peer's close_notify is no error
 * here, nor is one that a reset ends when the peer had all. Waits 10 seconds at most
 * (-ETIMEDOUT: close(fd) may lose data).
 */
KTLS_API KTLS_CHECKED int ktls_conn_shutdown(struct ktls_conn *conn);

/*
 * New keys for what we send, and, where request, for what the peer sends (RFC
 * 8446 4.6.3). -EOPNOTSUPP where a direction is in a kernel that can't rekey:
 * nothing has changed then.
 */
KTLS_API KTLS_CHECKED int ktls_conn_key_update(struct ktls_conn *conn, bool request);

/* POLLIN, POLLOUT: what the last -EAGAIN waits for; POLLIN where there was none. */
KTLS_API short ktls_conn_events(const struct ktls_conn *conn);

/* Milliseconds until a call must be repeated even without an event; -1: no limit. */
KTLS_API int ktls_conn_timeout(const struct ktls_conn *conn);

/*
 * Whether ktls_conn_recv() may have something to return although poll() says
 * nothing: bytes that were read from the socket before, or that the kernel has
 * opened already. Before waiting for the socket, receive until this is false.
 */
KTLS_API bool ktls_conn_pending(const struct ktls_conn *conn);

/* Who makes the records; NONE: the handshake is not done. */
enum ktls_path { KTLS_PATH_NONE, KTLS_PATH_USER, KTLS_PATH_KERNEL };

struct ktls_conn_status {
	uint16_t version;		/* KTLS_TLS12 or KTLS_TLS13, 0 before it is agreed */
	bool resumed;			/* an earlier session: nobody has signed anything */
	uint16_t group;			/* IANA's number */
	uint16_t signature_scheme;
	enum ktls_cipher cipher;
	enum ktls_path path[KTLS_DIRS];
	/* "kernel", "user: this kernel has no TLS ULP: modprobe tls" */
	char why[KTLS_DIRS][128];
	const char *alpn;		/* or NULL; valid until ktls_conn_free(), as server_name */
	const char *server_name;
	uint64_t bytes[KTLS_DIRS];	/* of application data */
};
KTLS_API void ktls_conn_status(const struct ktls_conn *conn, struct ktls_conn_status *status);

/*
 * Why it failed, as one line; ktls_strerror() of the error where there is
 * nothing more to say. Valid until ktls_conn_free().
 */
KTLS_API const char *ktls_conn_reason_text(const struct ktls_conn *conn);

/*
 * The bytes that a peer sent which doesn't speak TLS but HTTP (the handshake
 * then failed with KTLS_R_PLAIN_HTTP and no alert was sent): the socket can
 * still be used without TLS. Valid until ktls_conn_free().
 */
KTLS_API const void *ktls_conn_plain(const struct ktls_conn *conn, size_t *len);

/*
 * The raw descriptor for one direction, for send, splice or recv by the
 * caller's own hand: only where the kernel makes that direction's records,
 * -EOPNOTSUPP otherwise (a socket with the ULP and no keys sends plaintext).
 */
KTLS_API KTLS_CHECKED int ktls_conn_fd(const struct ktls_conn *conn, enum ktls_dir dir);

#ifdef __cplusplus
}
#endif
#endif
