/* SPDX-License-Identifier: MIT */
#include "handshake/message_testlib.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A Certificate's body, at a client: its form; X.509 is libcrypto's. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return message_fuzz(KTLS_CLIENT, ST_WAIT_CERT_CR, MT_CERTIFICATE, data, len);
}
