/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <ktls/offload.h>
#include "offload/uapi.h"

/* EEXIST says that there is a ULP, not that it is ours. */
static bool
is_tls(int fd)
{
	char name[16] = "";		/* TCP_ULP_NAME_MAX */
	socklen_t len = sizeof(name);

	return getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &len) == 0 &&
	    strncmp(name, "tls", sizeof(name)) == 0;
}

int
ktls_offload_attach(int fd)
{
	static const char name[] = "tls";

	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, name, sizeof(name) - 1) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	return is_tls(fd) ? 0 : -EEXIST;
}

int
ktls_offload_max_payload(int fd, uint16_t len)
{
	if (setsockopt(fd, SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN, &len, sizeof(len)) != 0)
		return -errno;
	return 0;
}
