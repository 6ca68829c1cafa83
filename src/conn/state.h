/* SPDX-License-Identifier: MIT */
#ifndef CONN_STATE_H
#define CONN_STATE_H

#include <openssl/crypto.h>
#include <ktls/offload.h>
#include <ktls/post.h>
#include <ktls/record.h>
#include "base/secret_pages.h"
#include "config/config.h"
#include "conn/core.h"
#include "offload/install.h"

/*
 * The inside of a connection, for src/conn/core*.c alone (and its tests). In the
 * handshake the engine decides; from then on, in each lane, first what TLS asks
 * for (control), then the keys' way to the kernel, then the user's goal.
 */

/* On demand: p is NULL while there is nothing in it. What is in use: [start, end). */
struct buf {
	uint8_t *p;
	size_t cap, start, end;
};

enum goal_kind {
	GOAL_NONE, GOAL_HANDSHAKE, GOAL_SEND, GOAL_SENDFILE, GOAL_RECV, GOAL_KEY_UPDATE,
	    GOAL_SHUTDOWN,
};

struct goal {
	enum goal_kind kind;
	bool finished;
	ssize_t outcome;	/* once finished */
	union {
		const uint8_t *data;	/* GOAL_SEND */
		uint8_t *into;		/* GOAL_RECV */
	};
	int flags;
	int file;
	off_t offset;
	size_t len;
	size_t taken;		/* of len: sealed, held open, given to the kernel or received */
	size_t handed;		/* of taken: certainly the kernel's */
	bool eof;		/* the file ended */
};

struct lane_state {
	struct goal goal;
	bool busy;			/* an operation is under way */
	union crypto_info crypto;	/* OP_INSTALL; wiped with its result */
	unsigned crypto_len;		/* 0: crypto is empty */
};

/* Where a direction is on its way to the kernel. */
enum off {
	OFF_USER,	/* userspace, for good */
	OFF_LAZY,	/* userspace until the first large body */
	OFF_WANTED,	/* as soon as nothing of it is under way */
	OFF_KERNEL,
};

/* Why a direction is where it is; core_status.c has the words. */
enum why {
	WHY_EARLY,		/* the handshake is not done */
	WHY_KERNEL,
	WHY_OFF,		/* KTLS_OFFLOAD_NONE */
	WHY_OTHER,		/* only the other direction is wanted */
	WHY_ROLE,		/* AUTO: this role sends, or receives, little */
	WHY_SMALL,		/* OFF_LAZY */
	WHY_SOON,		/* OFF_WANTED */
	WHY_SOCKET,		/* not TCP */
	WHY_CAPS,		/* ktls_caps_explain() knows */
	WHY_ATTACH,		/* err: TCP_ULP */
	WHY_INSTALL,		/* err: TLS_TX, TLS_RX */
	WHY_LIMIT,		/* the peer's record_size_limit */
	WHY_REKEY,		/* AUTO: a KeyUpdate of the peer would end the connection */
	WHY_PADDING,		/* the kernel doesn't pad */
};

struct direction {
	enum off off;
	enum why why;
	int why_err;
	struct ktls_record *record;	/* while records are made here */
	struct secret_slot *keys;	/* those in force, while they may still go to the kernel */
};

/* Records sealed and not sent, then at most one that is still open: plaintext, in its place. */
struct tx_state {
	struct buf sealed;
	size_t open;			/* bytes of plaintext, at sealed.end + offset */
	/* ktls_record_offset(); 0 once the kernel makes the records */
	size_t offset;
	/* taken from a goal that was abandoned: its repetition skips them */
	size_t ahead;
	uint16_t limit;			/* plaintext of one record, the peer's wish */
	bool more;			/* the kernel holds a record open (MSG_MORE) */
	bool updating;			/* our KeyUpdate is on its way */
	bool asked;			/* for one, by a call that is to be repeated */
	bool control;			/* control[0] is under way */
	bool dead;			/* nothing can be sent any more */
	uint64_t records;		/* kernel: an upper bound of those under the current key */
};

struct rx_state {
	struct buf in;			/* records, or pieces of one that the kernel opened */
	uint8_t *plain;			/* inside in: opened, not yet received by the user */
	size_t plain_len;
	uint16_t limit;			/* our record_size_limit, where the peer knows it */
	bool much;			/* the last read filled its buffer: lend a large one */
	bool more;			/* kernel: poll() may not tell of what is there */
	/* kernel: nothing is received before the new key is installed */
	bool rekey;
	bool closed;			/* the peer's close_notify */
	bool eof;
	bool reset;			/* the end was an RST, after our FIN */
};

/* After close_notify was asked for. */
enum shut { SHUT_NONE, SHUT_NOTIFY, SHUT_FIN };

#define CONTROL_MAX	4
#define CONN_WHY_MAX	128

struct ktls_conn {
	struct ktls_config *cfg;
	enum ktls_role role;
	int fd;
	bool tcp;
	struct ktls_caps caps;

	bool attach, attached;		/* the ULP: still to be tried; there */
	struct ktls_hs *hs;		/* until it is done; kept where it failed */
	/* received with the handshake's bytes, and not taken by it */
	struct buf early;
	struct ktls_post *post;
	bool open;			/* the handshake's keys are in force */

	/* Facts, once open. */
	uint16_t version, group, signature_scheme;
	enum ktls_cipher cipher;
	bool resumed;
	char *alpn, *server_name;
	uint8_t *peer_chain;		/* each certificate behind its length in 3 bytes, or NULL */
	size_t peer_chain_len;
	uint64_t bytes[KTLS_DIRS];

	struct direction dir[KTLS_DIRS];
	struct tx_state tx;
	struct rx_state rx;
	struct lane_state lane[LANES];
	/* what LANE_TX has to do before anything else */
	struct ktls_action control[CONTROL_MAX];
	unsigned controls;

	enum shut shut;
	bool drained;			/* the peer has acknowledged everything */
	bool wait;			/* next: OP_WAIT, else OP_DRAINED */
	unsigned waits, waited;		/* how often; ms */

	int err;			/* the first; final */
	char *why;			/* more than ktls_strerror(err) says, or NULL */

	/* The system call driver's own; the core never looks. Times are ms, monotonic; 0: none. */
	struct {
		/* what the last call's -EAGAIN waits for; 0: it returned something else */
		short events;
		int64_t deadline;	/* of the handshake, then of the shutdown */
		int64_t wake;		/* the end of an OP_WAIT */
	} sync;
};

/* What a planning function has found. */
enum step {
	STEP_NONE,	/* nothing to do */
	STEP_AGAIN,	/* something changed: look again */
	STEP_OP,	/* op is filled in */
};

static inline bool
core_in_kernel(const struct ktls_conn *c, enum ktls_dir dir)
{
	return c->dir[dir].off == OFF_KERNEL;
}

/* core.c */
void core_refuse(struct ktls_conn *c, enum ktls_reason reason, const char *why);
void core_finish(struct ktls_conn *c, enum lane lane, ssize_t outcome);

/*
 * core_buf.c. Room for n bytes behind end; moves what is in use, so nothing of it may be under way.
 */
KTLS_CHECKED int buf_room(struct buf *b, size_t n);
void buf_take(struct buf *b, size_t n);			/* n bytes from the start; empty: rewound */
void buf_free(struct buf *b);

static inline size_t
buf_len(const struct buf *b)
{
	return b->end - b->start;
}

/* core_handshake.c */
bool core_handshake_next(struct ktls_conn *c, struct conn_op *op);
void core_handshake_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result);
void core_handshake_data(struct ktls_conn *c, const void *data, size_t len);

/* core_tx.c */
bool core_tx_next(struct ktls_conn *c, struct conn_op *op);
void core_tx_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result);
void core_tx_handed(struct ktls_conn *c);
void core_tx_kernel(struct ktls_conn *c);	/* TX was installed */
/* A record, behind the open one. */
KTLS_CHECKED int core_tx_seal(struct ktls_conn *c, uint8_t type, const void *data, size_t len);
KTLS_CHECKED int core_tx_seal_open(struct ktls_conn *c);
KTLS_CHECKED int core_tx_take(struct ktls_conn *c, const uint8_t *data, size_t len, bool more,
    size_t *taken);
KTLS_CHECKED int core_tx_file_room(struct ktls_conn *c, size_t *len, void **at);
KTLS_CHECKED int core_tx_file(struct ktls_conn *c, const void *data, size_t len);
void core_tx_op_open(struct ktls_conn *c, struct conn_op *op, int flags);

/* core_send.c: goals of application data */
enum step core_send_step(struct ktls_conn *c, struct conn_op *op);
/* OP_READ_FILE */
void core_send_read(struct ktls_conn *c, const struct conn_op *op, ssize_t result);
/* into the kernel's TX */
void core_send_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result);

/* core_shutdown.c */
enum step core_shutdown_step(struct ktls_conn *c, struct conn_op *op);
bool core_shutdown_left(struct ktls_conn *c, ssize_t err);
void core_shutdown_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result);

/* core_rx.c */
bool core_rx_next(struct ktls_conn *c, struct conn_op *op);
void core_rx_result(struct ktls_conn *c, const struct conn_op *op, ssize_t result);
void core_rx_data(struct ktls_conn *c, const void *data, size_t len);

/* core_control.c */
void core_control_pull(struct ktls_conn *c);		/* what post wants done */
void core_control_fail(struct ktls_conn *c);		/* only the alert of c->err is left to do */
enum step core_control_step(struct ktls_conn *c, struct conn_op *op);
void core_control_sent(struct ktls_conn *c);		/* control[0] is done */
KTLS_CHECKED int core_control_update(struct ktls_conn *c, bool request);
/* Before n more records of ours. STEP_AGAIN: the keys change first; or it has failed. */
enum step core_control_key_use(struct ktls_conn *c, uint64_t n);

/* core_policy.c */
/* go to the kernel, as far as known */
bool core_policy_may(const struct ktls_conn *c, enum ktls_dir dir);
/* of what multiple our records are, 0: no padding */
unsigned core_policy_padding(const struct ktls_conn *c);
void core_policy_begin(struct ktls_conn *c);
void core_policy_attached(struct ktls_conn *c, ssize_t result);
void core_policy_decide(struct ktls_conn *c);			/* the handshake is done */
void core_policy_body(struct ktls_conn *c, size_t len);		/* so much is about to be sent */
void core_policy_refused(struct ktls_conn *c, enum ktls_dir dir, int err);
/* ends a connection that required more */
void core_policy_check(struct ktls_conn *c, enum ktls_dir dir);

/* core_install.c: a direction's keys, on their way */
KTLS_CHECKED int core_install_keep(struct ktls_conn *c, enum ktls_dir dir,
    const struct ktls_keys *keys);
/* made here, from now on */
KTLS_CHECKED int core_install_record(struct ktls_conn *c, enum ktls_dir dir);
enum step core_install_op(struct ktls_conn *c, enum lane lane, enum ktls_dir dir,
    struct conn_op *op);
enum step core_install_rekey_op(struct ktls_conn *c, enum lane lane, enum ktls_dir dir,
    struct conn_op *op);
KTLS_CHECKED int core_install_rekey_user(struct ktls_conn *c, enum ktls_dir dir);
void core_install_result(struct ktls_conn *c, enum ktls_dir dir, ssize_t result);

/* core_status.c */
void core_status_why(const struct ktls_conn *c, enum ktls_dir dir, char *buf, size_t len);
void core_status_required(enum ktls_dir dir, const char *why, char *buf, size_t len);

#endif
