/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "session/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is read as a session is the one encoding of it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct session session;
	uint8_t *out;
	size_t out_len;
	int err = session_decode(&session, (struct slice){ data, len });

	if (err != 0) {
		if (err != -EINVAL || session.secret_len != 0)
			abort();
		return 0;
	}
	if (session_encode(&session, &out, &out_len) != 0 || out_len != len ||
	    memcmp(out, data, len) != 0)
		abort();
	OPENSSL_clear_free(out, out_len);
	session_wipe(&session);
	return 0;
}
