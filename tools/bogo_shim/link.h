/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_LINK_H
#define BOGO_SHIM_LINK_H

#include <sys/types.h>
#include "bogo_shim/options.h"

/* The socket, always the TCP client's end. Below 0: -errno. */
int link_open(const struct shim_options *o);

/* All of it: a byte at a time where slow. */
int link_send(int fd, const void *data, size_t len, bool slow);
ssize_t link_recv(int fd, void *buf, size_t len);

/* Half-closes, and waits for the end of what the peer still sends: a reset would eat an alert. */
void link_close(int fd);

#endif
