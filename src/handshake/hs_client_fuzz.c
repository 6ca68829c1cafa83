/* SPDX-License-Identifier: MIT */
#include "handshake/bench_testlib.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A whole client, against a server that has the keys and means ill. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return bench_fuzz(KTLS_CLIENT, data, len);
}
