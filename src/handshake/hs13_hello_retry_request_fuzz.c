/* SPDX-License-Identifier: MIT */
#include "handshake/message_testlib.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A HelloRetryRequest's body, at a client. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return message_fuzz(KTLS_CLIENT, ST_WAIT_SH, MT_HELLO_RETRY_REQUEST, data, len);
}
