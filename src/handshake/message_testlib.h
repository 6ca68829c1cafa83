/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_MESSAGE_TESTLIB_H
#define HANDSHAKE_MESSAGE_TESTLIB_H

#include "handshake/machine.h"

/*
 * For the tests and fuzz targets of single messages: an engine in the state that
 * a message is received in, and the message given to it in memory of exactly its
 * length, so that ASan sees one byte over.
 */

/* Process-wide, made when first asked for: ALPN h2 and http/1.1, the limit 16385, TEST_EC. */
struct ktls_config *message_config(enum ktls_role role);
void message_configs_free(void);

/* role's, in state; past ServerHello it has handshake keys. free() it with ktls_hs_free(). */
struct ktls_hs *message_hs(enum ktls_role role, enum hs_state state);

/* A message's body is received; as machine_dispatch(). A ClientHello's questions are answered. */
int message_receive(struct ktls_hs *hs, unsigned msg, const void *body, size_t len);

/* A server's ClientHello enters the transcript, as it does when it is answered. */
void message_hello_answered(struct ktls_hs *hs);

/* The same; also fails the test where a refusal has changed anything. */
int message_receive_checked(struct ktls_hs *hs, unsigned msg, const void *body, size_t len);

/* Each shorter body is refused and changes nothing. */
void message_truncated(enum ktls_role role, enum hs_state state, unsigned msg, const void *body,
    size_t len);

/* What a fuzz target does with its input: no crash, no INTERNAL, a refusal changes nothing. */
int message_fuzz(enum ktls_role role, enum hs_state state, unsigned msg, const uint8_t *data,
    size_t len);

#endif
