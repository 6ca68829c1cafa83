/* SPDX-License-Identifier: MIT */
#ifndef CONN_CORE_H
#define CONN_CORE_H

#include <linux/tls.h>
#include <sys/types.h>
#include <ktls/conn.h>

/*
 * The connection decides and does not do: it makes no system call. A driver
 * (sync.c by system calls, src/uring by SQEs or epoll) sets a goal, then asks for
 * one operation after the other and brings back each one's outcome:
 *
 *	core_want_send(c, data, len, 0);
 *	while (core_next(c, LANE_TX, &op))
 *		core_result(c, &op, carry_out(&op));
 *	n = core_outcome(c, LANE_TX);
 *
 * Two lanes, so that receiving can wait while a file is sent. Each lane has at
 * most one operation under way and one goal. What happens in one lane can give
 * the other work (a KeyUpdate to answer, an alert to send), goal or not: after
 * each core_result() a driver asks both lanes. The handshake is a goal of
 * LANE_TX and has the connection to itself.
 */
enum lane { LANE_TX, LANE_RX, LANES };

/* clang-format off */
enum op_kind {
	OP_ATTACH,	/* setsockopt TCP_ULP "tls" */
	OP_RECV,	/* recv(buf, len): raw bytes. 0 is the end of the stream */
	OP_RECVMSG,	/* the kernel has RX: recvmsg(buf, len) and the record's type into op->type */
	OP_SEND,	/* send(buf, len, flags): ciphertext of ours; or plaintext, where the kernel has TX */
	OP_SENDMSG,	/* the kernel has TX: a record of op->type by cmsg. len 0: only to have an open record sent */
	OP_INSTALL,	/* setsockopt TLS_TX or TLS_RX with crypto/crypto_len; a second time: rekey */
	OP_READ_FILE,	/* pread(file, buf, len, offset), to be sealed here */
	OP_SENDFILE,	/* the kernel has TX: file, offset, len go into the socket without passing through us; the end isn't held back */
	OP_SHUTDOWN,	/* shutdown(SHUT_WR) */
	/* SIOCOUTQ: the bytes that the peer hasn't acknowledged; -ECONNRESET: nor ever will */
	OP_DRAINED,
	OP_WAIT,	/* nothing to be done for op->len milliseconds: result 0; or, where cut short, those that have passed */
};

/* Data only: it may lie anywhere and outlive the stack, as long as the connection does. */
struct conn_op {
	enum op_kind kind;
	enum lane lane;
	enum ktls_dir dir;		/* OP_INSTALL */
	uint8_t type;			/* OP_SENDMSG: in; OP_RECVMSG: out */
	bool eor;			/* OP_RECVMSG: out, MSG_EOR was there */
	bool large;			/* OP_RECV: any number of bytes is welcome, from a buffer of the driver's own too: core_result_data() */
	int flags;			/* OP_SEND, OP_SENDMSG: MSG_MORE; MSG_DONTWAIT for a last alert. The driver adds MSG_NOSIGNAL */
	int file;
	off_t offset;
	void *buf;
	size_t len;
	const void *crypto;		/* OP_INSTALL: the optval, valid until core_result(), which wipes it */
	unsigned crypto_len;
};
/* clang-format on */

/*
 * libktls-uring is a library of its own: what a driver calls is exported by
 * libktls, for it alone, in no public header and without a promise.
 */
#define core_new	ktls_core_new
#define core_fd	ktls_core_fd
#define core_config	ktls_core_config
#define core_handshake_timeout	ktls_core_handshake_timeout
#define core_want_handshake	ktls_core_want_handshake
#define core_want_send	ktls_core_want_send
#define core_want_sendfile	ktls_core_want_sendfile
#define core_want_shutdown	ktls_core_want_shutdown
#define core_want_key_update	ktls_core_want_key_update
#define core_want_recv	ktls_core_want_recv
#define core_next	ktls_core_next
#define core_result	ktls_core_result
#define core_result_data	ktls_core_result_data
#define core_waits	ktls_core_waits
#define core_done	ktls_core_done
#define core_outcome	ktls_core_outcome
#define core_abandon	ktls_core_abandon
#define core_fail	ktls_core_fail
#pragma GCC visibility push(default)

/*
 * params as ktls_hs_new(). caps: what the kernel can do, copied; NULL: as
 * the config was told, or else nothing is known and everything is tried. fd is
 * only kept (core_fd), tcp says whether it can have the ULP at all.
 */
KTLS_CHECKED int core_new(struct ktls_conn **conn, struct ktls_config *cfg, enum ktls_role role,
    int fd, bool tcp, const struct ktls_caps *caps, const struct ktls_hs_params *params);
int core_fd(const struct ktls_conn *conn);
struct ktls_config *core_config(const struct ktls_conn *conn);
/* Milliseconds, 0: none. Drivers enforce it. */
unsigned core_handshake_timeout(const struct ktls_conn *conn);

/*
 * Goals. -EALREADY where the lane has another one, the connection's own error
 * where it has failed, -ENOTCONN before the handshake. The memory that a goal
 * names stays valid and unchanged until its outcome.
 */
KTLS_CHECKED int core_want_handshake(struct ktls_conn *conn);
KTLS_CHECKED int core_want_send(struct ktls_conn *conn, const void *data, size_t len,
    int flags);
KTLS_CHECKED int core_want_sendfile(struct ktls_conn *conn, int file, off_t offset,
    size_t len);
KTLS_CHECKED int core_want_shutdown(struct ktls_conn *conn);
KTLS_CHECKED int core_want_key_update(struct ktls_conn *conn, bool request);
KTLS_CHECKED int core_want_recv(struct ktls_conn *conn, void *buf, size_t len);

/*
 * Whether the lane has an operation to be carried out now; asks again for one under way get false.
 */
bool core_next(struct ktls_conn *conn, enum lane lane, struct conn_op *op);

/*
 * The outcome of op: >= 0 as the system call returns it, or -errno. -EAGAIN,
 * -EINTR and -ECANCELED mean that nothing was done: core_next() yields the same
 * operation again.
 */
void core_result(struct ktls_conn *conn, struct conn_op *op, ssize_t result);

/*
 * OP_RECV with `large` only: len bytes that the driver has received elsewhere (a
 * provided buffer); taken in whole. -ENOMEM fails the connection.
 */
void core_result_data(struct ktls_conn *conn, struct conn_op *op, const void *data, size_t len);

/*
 * Whether the handshake stands still for an answer to a question of its own
 * (KTLS_HS_WAIT): then LANE_TX has nothing to do, and has when it has come.
 */
bool core_waits(const struct ktls_conn *conn);

/*
 * Whether the lane's goal is reached or has failed; the outcome is then taken
 * once: bytes, 0, or an error, as the public functions return it.
 */
bool core_done(const struct ktls_conn *conn, enum lane lane);
ssize_t core_outcome(struct ktls_conn *conn, enum lane lane);

/*
 * The driver gives up on a goal (a timeout, or -EAGAIN handed to the user). What
 * was sealed stays and is sent before anything else. Bytes that a partly reached
 * goal has handed over are its outcome: 0 where there are none. No operation of
 * the lane is under way then: its result has been told, be it -ECANCELED.
 */
ssize_t core_abandon(struct ktls_conn *conn, enum lane lane);

/* The connection ends here with err (a driver's timeout, say): every call returns it. */
void core_fail(struct ktls_conn *conn, int err);

/* In the core too: ktls_conn_free(), and the functions of conn.h that only look. */

#pragma GCC visibility pop

#endif
