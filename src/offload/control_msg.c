/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "offload/control.h"
#include "offload/uapi.h"

static void
msg_init(struct control_msg *m, void *buf, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->iov = (struct iovec){ buf, len };
	m->msg.msg_iov = &m->iov;
	m->msg.msg_iovlen = 1;
	m->msg.msg_control = m->cmsg;
	m->msg.msg_controllen = sizeof(m->cmsg);
}

void
control_send_init(struct control_msg *m, uint8_t type, const void *buf, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)m->cmsg;

	msg_init(m, (void *)(uintptr_t)buf, len);	/* sendmsg only reads */
	c->cmsg_level = SOL_TLS;
	c->cmsg_type = TLS_SET_RECORD_TYPE;
	c->cmsg_len = CMSG_LEN(sizeof(type));
	*CMSG_DATA(c) = type;
}

void
control_recv_init(struct control_msg *m, void *buf, size_t len)
{
	msg_init(m, buf, len);
}

uint8_t
control_recv_type(const struct msghdr *msg, bool *eor)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	if (eor != NULL)
		*eor = (msg->msg_flags & MSG_EOR) != 0;
	if (c == NULL || c->cmsg_level != SOL_TLS || c->cmsg_type != TLS_GET_RECORD_TYPE ||
	    c->cmsg_len < CMSG_LEN(1) || c->cmsg_len > msg->msg_controllen)
		return 0;
	return *CMSG_DATA(c);
}
