/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_SECRETS_H
#define HANDSHAKE_SECRETS_H

#include <ktls/handshake.h>
#include "crypto/crypto.h"

/* What a finished handshake leaves to the life after it (src/post). The taker wipes it. */
struct hs_secrets {
	struct ktls_crypto *crypto;		/* a reference, the taker's */
	enum ktls_role role;
	uint16_t version;
	enum ktls_cipher cipher;
	enum crypto_hash hash;
	ktls_keylog_fn *keylog;			/* or NULL: then client_random is not filled in */
	void *keylog_arg;
	uint8_t client_random[32];
	uint8_t traffic[KTLS_DIRS][HASH_LEN_MAX];	/* application traffic secrets in force */
};

/* Once, after want returned 0; wipes the engine's own copies. -EAGAIN before, -EALREADY after. */
KTLS_CHECKED int hs_take_secrets(struct ktls_hs *hs, struct hs_secrets *secrets);

#endif
