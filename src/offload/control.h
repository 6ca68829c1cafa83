/* SPDX-License-Identifier: MIT */
#ifndef OFFLOAD_CONTROL_H
#define OFFLOAD_CONTROL_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

/*
 * A msghdr that carries a record's type as a control message, for sendmsg(2),
 * recvmsg(2) and the SQEs of both. msg points into the struct, which therefore
 * stays where it is until the call, or the completion, is done.
 */
struct control_msg {
	struct msghdr msg;
	struct iovec iov;
	alignas(struct cmsghdr) uint8_t cmsg[CMSG_SPACE(1)];
};

/* A record of type with what lies at buf; the kernel makes several of more than a record holds. */
void control_send_init(struct control_msg *m, uint8_t type, const void *buf, size_t len);

void control_recv_init(struct control_msg *m, void *buf, size_t len);

/*
 * The type in a msghdr that the kernel has filled in, or in one that was put
 * together from io_uring_recvmsg_out (msg_control, msg_controllen, msg_flags).
 * 0: none, which is the end of the stream, or plain bytes before TLS_RX was
 * installed. *eor: the record's end was reached; may be NULL.
 */
uint8_t control_recv_type(const struct msghdr *msg, bool *eor);

#endif
