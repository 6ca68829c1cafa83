/* SPDX-License-Identifier: MIT */
#ifndef POST_POST_TESTLIB_H
#define POST_POST_TESTLIB_H

#include "post/state.h"

/* For the tests of this room. All but the secrets, which are zeros, is as a handshake leaves it. */
struct ktls_post *post_of_role(enum ktls_role role);	/* TLS 1.3 */
struct ktls_post *post_of_version(enum ktls_role role, uint16_t version);

/* ktls_post_record() from memory of exactly that length, so that ASan sees one byte over. */
int post_feed(struct ktls_post *post, uint8_t type, const void *data, size_t len);

/*
 * What post wants done, a letter each: R, T rekey receiving, sending; u a KeyUpdate, U one
 * that asks for the peer's; c our close_notify; x the peer's. Valid until the next call.
 */
const char *post_actions(struct ktls_post *post);

#endif
