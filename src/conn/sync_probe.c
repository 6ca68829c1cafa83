/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include "config/config.h"
#include "conn/sync.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct ktls_caps found;

/* What could not be tried stays unknown: the connections' own sockets are then tried. */
static void
probe(void)
{
	if (ktls_offload_probe(&found) != 0)
		found = (struct ktls_caps){0};
}

const struct ktls_caps *
sync_caps(const struct ktls_config *cfg)
{
	if (cfg->caps_given)
		return &cfg->caps;
	if (cfg->offload == KTLS_OFFLOAD_NONE && !cfg->require[KTLS_TX] && !cfg->require[KTLS_RX])
		return NULL;
	(void)pthread_once(&once, probe);
	return &found;
}

bool
sync_is_tcp(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	    protocol == IPPROTO_TCP;
}
