/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <ktls/offload.h>
#include "offload/control.h"

ssize_t
ktls_offload_send(int fd, uint8_t type, const void *data, size_t len, int flags)
{
	struct control_msg m;
	ssize_t n;

	control_send_init(&m, type, data, len);
	n = sendmsg(fd, &m.msg, flags | MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

ssize_t
ktls_offload_recv(int fd, void *buf, size_t len, int flags, uint8_t *type, bool *eor)
{
	struct control_msg m;
	ssize_t n;

	control_recv_init(&m, buf, len);
	n = recvmsg(fd, &m.msg, flags);
	if (n < 0)
		return -errno;
	*type = control_recv_type(&m.msg, eor);
	return n;
}
