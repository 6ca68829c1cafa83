/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_VERDICT_H
#define CONFIG_VERDICT_H

#include <openssl/x509_vfy.h>
#include <ktls/handshake.h>

/* What libcrypto says of a chain, as a reason of ours and in words. */

#define VERDICT_NAME	72	/* bytes of a name of the peer's in a sentence */

enum ktls_reason verdict_reason(int verdict);

/* The first DNS name, or the subject; the peer wrote it: nothing of it can move a terminal. */
void verdict_name(X509 *cert, char *buf, size_t len);

/* The sentence of the verdict that ctx has come to. */
void verdict_say(X509_STORE_CTX *ctx, enum ktls_role peer_role, const char *name, char *why,
    size_t why_len);

#endif
