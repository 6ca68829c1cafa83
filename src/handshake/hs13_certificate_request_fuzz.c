/* SPDX-License-Identifier: MIT */
#include "handshake/message_testlib.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A CertificateRequest's body, at a client. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return message_fuzz(KTLS_CLIENT, ST_WAIT_CERT_CR, MT_CERTIFICATE_REQUEST, data, len);
}
