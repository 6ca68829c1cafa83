/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_EXCHANGE_H
#define BOGO_SHIM_EXCHANGE_H

#include "bogo_shim/conn.h"

/* What the test's -expect-* flags say of a handshake that is done. False: said on stderr. */
bool expect_handshake(const struct conn *c);
/* What is to be said once more when the exchange is done. */
bool expect_exchange(const struct conn *c);

/* The application: echoes every byte XOR 0xff, or what the flags want instead. */
KTLS_CHECKED int exchange(struct conn *c);

#endif
