/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_PAIR12_TESTLIB_H
#define HANDSHAKE_PAIR12_TESTLIB_H

#include "config/pki_testlib.h"
#include "handshake/machine.h"
#include "handshake/pair_testlib.h"

/*
 * For tests: a client and a server, by role, that agree on TLS 1.2, since the server
 * speaks nothing else. Its configs may be changed between pair12_init() and the first
 * pair12_start(), of which there may be several.
 */
struct pair12 {
	struct ktls_config *cfg[2];
	struct ktls_hs *hs[2];
};

void pair12_init(struct pair12 *p, struct test_pki *pki, enum test_cert server);
void pair12_start(struct pair12 *p);
/* Both to their end; fails the test where that isn't a connection of TLS 1.2. */
void pair12_done(struct pair12 *p, enum pair_way way);
/* Both to their end, where `who` has refused with err and the other has its alert. */
void pair12_refused(struct pair12 *p, enum ktls_role who, int err);
/* The handshakes are over; the configs stay. */
void pair12_stop(struct pair12 *p);
void pair12_free(struct pair12 *p);

/* A record each way under the keys that both hand over. */
void pair12_carry(struct pair12 *p);

#endif
