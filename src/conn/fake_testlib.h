/* SPDX-License-Identifier: MIT */
#ifndef CONN_FAKE_TESTLIB_H
#define CONN_FAKE_TESTLIB_H

#include "config/pki_testlib.h"
#include "conn/state.h"

/*
 * For tests: two connections' cores with a driver in memory, byte queues for the
 * network, and a kernel that makes records with ktls_record, as KERNEL-FACTS says
 * the real ones do. What a system call answers is data. What goes wrong in here
 * ends the test program with a sentence.
 */
struct fake_wire {
	uint8_t *data;
	size_t at;		/* where the bytes begin; 0 where there are none */
	size_t cap;
	size_t len, room;	/* room: what the socket takes at most; 0: everything */
	size_t total;		/* ever put in */
	bool fin, reset;
};

/* fake_kernel_testlib.c */
struct fake_kernel {
	bool ulp;
	struct ktls_record *tx, *rx;
	uint8_t open[KTLS_RECORD_PLAIN_MAX];	/* MSG_MORE */
	size_t open_len;
	uint8_t *record;			/* a record that is being received */
	uint8_t *plain;
	size_t plain_len;
	uint8_t type;
	/* KeyUpdate was read: EKEYEXPIRED until the next key */
	bool expired;
	unsigned installs[KTLS_DIRS];
	size_t seals;				/* records of application data */
};

struct fake_side;
void fake_wire_put(struct fake_wire *wire, const void *data, size_t len);
size_t fake_wire_room(const struct fake_wire *wire);
ssize_t fake_wire_recv(struct fake_wire *wire, void *buf, size_t len);
void fake_kernel_send(struct fake_side *side, const uint8_t *data, size_t len, bool more);
void fake_kernel_seal(struct fake_side *side, uint8_t type, const void *data, size_t len);
void fake_kernel_flush(struct fake_side *side);
ssize_t fake_kernel_sendfile(struct fake_side *side, const struct conn_op *op, size_t len);
ssize_t fake_kernel_recvmsg(struct fake_side *side, struct conn_op *op, size_t len);
ssize_t fake_kernel_install(struct fake_side *side, const struct conn_op *op);

#define FAKE_OPS	(OP_WAIT + 1)

/* What is out of the ordinary. Zeroed: nothing. */
struct fake_script {
	/* bytes that a send, receive or file operation carries at most */
	size_t chunk;
	unsigned again_every;		/* each n-th try of an operation is -EAGAIN */
	/* the at-th operation (from 1 on) fails with at_err, not carried out */
	int at, at_err;
	int err[FAKE_OPS];		/* or every operation of a kind */
	int install_err[KTLS_DIRS];
	bool own_buffers;		/* where it may, receives by core_result_data() */
	bool no_rekey;			/* Linux 6.1 */
};

struct fake_side {
	struct ktls_conn *conn;
	struct fake_wire *out, *in;
	struct fake_kernel kernel;
	struct fake_script script;
	int ops;			/* carried out, or failed by the script */
	enum op_kind failed;		/* what fake_script.at met */
	unsigned tries;
	unsigned count[FAKE_OPS];
	size_t waited;
	/* by fake_receive: bytes, and a checksum over them in order */
	uint64_t received, sum;
};

struct fake_pair {
	struct fake_wire wire[2];
	struct fake_side client, server;
};

/* a kernel that can do everything, but perhaps that */
struct ktls_caps fake_caps(bool rekey);

/* Sets up; takes references on the configs. A refusal of core_new() is returned. */
KTLS_CHECKED int fake_pair_init(struct fake_pair *pair, struct ktls_config *client,
    struct ktls_config *server, const struct ktls_caps *caps);
void fake_pair_free(struct fake_pair *pair);

/* One operation of a lane, where there is one. Whether something happened. */
bool fake_step(struct fake_side *side, enum lane lane);

/* Both sides until nothing happens any more. */
void fake_run(struct fake_pair *pair);

/* The goal's outcome, -EAGAIN where it is not reached (and abandoned). */
ssize_t fake_outcome(struct fake_side *side, enum lane lane);

/* A handshake of both. */
KTLS_CHECKED int fake_handshake(struct fake_pair *pair);

/* Sends on one side while the other receives all there is; what send returned. */
ssize_t fake_send(struct fake_pair *pair, struct fake_side *from, const void *data, size_t len,
    int flags);
ssize_t fake_sendfile(struct fake_pair *pair, struct fake_side *from, int file, off_t offset,
    size_t len);

/* Receives all that has arrived, in pieces of `piece` bytes; 0, or what recv ended with. */
ssize_t fake_receive(struct fake_side *side, size_t piece, ssize_t *end);

/* The checksum of received, over any bytes. */
uint64_t fake_sum(uint64_t sum, const void *data, size_t len);

/* While nobody receives: as far as the socket takes it. */
ssize_t fake_send_alone(struct fake_side *side, const void *data, size_t len, int flags);
ssize_t fake_sendfile_alone(struct fake_side *side, int file, off_t offset, size_t len);

/* fake_setup_testlib.c: what every test program has, by fake_group_setup(). */
#define R(r)	KTLS_REFUSED(KTLS_R_##r)
#define BODY	200000

extern struct test_pki *fake_pki;
extern uint8_t body[BODY];
int fake_group_setup(void **unused);
int fake_group_teardown(void **unused);
/* the first bytes of body; closed by the end of the program */
int fake_file(const char *name, size_t len);

/* A configuration of each side, and of the kernel. */
struct fake_setting {
	enum ktls_offload client, server;
	bool require[2][KTLS_DIRS];		/* [1]: the server */
	uint16_t limit, server_limit;		/* record_size_limit */
	enum ktls_cipher cipher;
	bool unknown;				/* nothing is known of the kernel */
	bool no_rekey;
	unsigned padding;			/* of what the server sends */
	uint64_t seq;				/* fake_connect12(): of the next records */
};

struct ktls_config *fake_config(const struct fake_setting *s, bool server);
void fake_make(struct fake_pair *pair, const struct fake_setting *s);
/* and the handshake */
void fake_connect(struct fake_pair *pair, const struct fake_setting *s);

/* Instead: as TLS 1.2's handshake leaves it, with keys from nowhere. */
void fake_connect12(struct fake_pair *pair, const struct fake_setting *s);

/* Sockets of all sorts. */
#define FAKE_SCRIPTS	5
extern const struct fake_script fake_scripts[FAKE_SCRIPTS];

/* Data of many sizes, both ways and mixed; compared. */
void fake_exchange(struct fake_pair *pair);

enum ktls_path fake_path(const struct fake_side *side, enum ktls_dir dir);
void fake_assert_why(const struct fake_side *side, enum ktls_dir dir, const char *why);

#endif
