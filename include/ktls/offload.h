/* SPDX-License-Identifier: MIT */
#ifndef KTLS_OFFLOAD_H
#define KTLS_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <ktls/error.h>
#include <ktls/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The kernel's TLS, as it is: thin calls on a TCP socket that belongs to the
 * caller. Every one is a single system call unless it says otherwise, returns
 * 0 or -errno (-EINTR and -EAGAIN too), keeps no state and may be used by any
 * thread.
 */

/* An answer of this kernel. Unknown: the question could not be asked; then try the real socket. */
enum ktls_cap { KTLS_CAP_UNKNOWN, KTLS_CAP_NO, KTLS_CAP_YES };

struct ktls_cap_answer {
	uint8_t cap;		/* enum ktls_cap */
	int16_t err;		/* -errno that the kernel answered, or 0 */
};

/* What this kernel can do, found by trying: plain data. Zeroed, it knows nothing. */
struct ktls_caps {
	struct ktls_cap_answer ulp;		/* TCP_ULP "tls" */
	/* [0] TLS 1.2, [1] TLS 1.3 */
	struct ktls_cap_answer cipher[2][KTLS_CIPHERS][KTLS_DIRS];
	struct ktls_cap_answer rekey[KTLS_DIRS];	/* a second key in TLS 1.3; Linux 6.14 */
	struct ktls_cap_answer tx_zerocopy_ro;		/* accepted; in effect only on a NIC */
	struct ktls_cap_answer rx_expect_no_pad;
	struct ktls_cap_answer tx_max_payload_len;	/* Linux 6.19 */
};

/*
 * Tries everything on loopback connections that it makes and closes: about a
 * hundred system calls. It always fills caps in; what it could not try is
 * unknown. The first try makes the kernel load its tls module where the process
 * may (CAP_NET_ADMIN). -errno only where not even one connection could be had.
 */
KTLS_API KTLS_CHECKED int ktls_offload_probe(struct ktls_caps *caps);

/* The answer for one combination; version is KTLS_TLS12 or KTLS_TLS13. */
KTLS_API struct ktls_cap_answer ktls_caps_cipher(const struct ktls_caps *caps,
    uint16_t version, enum ktls_cipher cipher, enum ktls_dir dir);

/*
 * One sentence: why the kernel can't make these records and what would make it
 * able ("this kernel has no TLS ULP: modprobe tls"); "" where it can. Written to
 * buf, cut at len, always ended by a NUL where len isn't 0.
 */
KTLS_API void ktls_caps_explain(const struct ktls_caps *caps, uint16_t version,
    enum ktls_cipher cipher, enum ktls_dir dir, char *buf, size_t len);

/*
 * TCP_ULP "tls": right after accept or connect, before the handshake (a peer's
 * early FIN makes it impossible, -ENOTCONN). Until keys are installed the socket
 * passes plain bytes. -ENOENT: no such ULP, or no right to load it. 0 too where
 * it was attached before (a second call finds out).
 */
KTLS_API KTLS_CHECKED int ktls_offload_attach(int fd);

/*
 * Hands one direction of fd to the kernel; a second time, in TLS 1.3, its next
 * generation of keys (rekey; -EBUSY where the kernel can't). keys stay the
 * caller's: where the kernel refuses, the userspace record layer takes them. A
 * refusal leaves the socket, and the key in force, as they were. Nothing may be
 * in flight in a direction that is rekeyed, no MSG_MORE record be open.
 */
KTLS_API KTLS_CHECKED int ktls_offload_install(int fd, enum ktls_dir dir,
    const struct ktls_keys *keys);

/*
 * Sends data as a record of type (an alert, a handshake message) through a
 * direction that the kernel has. An open MSG_MORE record is sent before it.
 * Returns the bytes sent or -errno; never raises SIGPIPE. len 0 sends nothing.
 */
KTLS_API KTLS_CHECKED ssize_t ktls_offload_send(int fd, uint8_t type, const void *data,
    size_t len, int flags);

/*
 * Receives, and says of which type the bytes are: never of two types, never from
 * two records but where both are application data. Returns the bytes or -errno.
 * 0 with type application_data is an empty record, 0 with type 0 the end of the
 * stream. *eor: the record's end was reached; may be NULL.
 */
KTLS_API KTLS_CHECKED ssize_t ktls_offload_recv(int fd, void *buf, size_t len, int flags,
    uint8_t *type, bool *eor);

/*
 * The sequence number of the next record of a direction that the kernel has.
 * -EBUSY where it hasn't. Two system calls; the key that the kernel returns with
 * the number is wiped.
 */
KTLS_API KTLS_CHECKED int ktls_offload_seq(int fd, enum ktls_dir dir, uint64_t *seq);

/*
 * TLS_TX_MAX_PAYLOAD_LEN: the most plaintext a record may carry, 64 .. 16384.
 * After the attach, before or after the keys. -ENOPROTOOPT before Linux 6.19.
 */
KTLS_API KTLS_CHECKED int ktls_offload_max_payload(int fd, uint16_t len);

#ifdef __cplusplus
}
#endif
#endif
