/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_EXPECT_PEER_H
#define BOGO_SHIM_EXPECT_PEER_H

#include "bogo_shim/conn.h"

/* The certificates that the peer has shown, or shown earlier, and who judged them. */
bool expect_peer(const struct conn *c, bool resumed);

#endif
