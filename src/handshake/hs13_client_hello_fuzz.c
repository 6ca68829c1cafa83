/* SPDX-License-Identifier: MIT */
#include "handshake/message_testlib.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A ClientHello's body, at a server. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return message_fuzz(KTLS_SERVER, ST_START, MT_CLIENT_HELLO, data, len);
}
