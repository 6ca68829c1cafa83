/* SPDX-License-Identifier: MIT */
#ifndef CONN_SYNC_H
#define CONN_SYNC_H

#include "conn/core.h"

/* What every driver asks the system before core_new(). Exported as core.h is. */
#define sync_is_tcp	ktls_sync_is_tcp
#define sync_caps	ktls_sync_caps
#define sync_drained	ktls_sync_drained
#pragma GCC visibility push(default)

bool sync_is_tcp(int fd);

/*
 * What the kernel can do, for a connection of cfg: as the config was told, or
 * found by trying, once a process; NULL where no direction is wanted in the kernel.
 */
const struct ktls_caps *sync_caps(const struct ktls_config *cfg);

/* OP_DRAINED */
ssize_t sync_drained(int fd);

#pragma GCC visibility pop

/*
 * sync_io.c: carries op out. Never raises SIGPIPE; waits only where may_wait,
 * and the socket is a blocking one.
 */
ssize_t sync_carry_out(int fd, struct conn_op *op, bool may_wait);

#endif
