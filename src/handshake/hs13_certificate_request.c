/* SPDX-License-Identifier: MIT */
#include "handshake/machine.h"

/*
 * CertificateRequest, RFC 8446 4.3.2. We have no certificate to show: what it asks
 * for is read for its form only, and answered by an empty Certificate.
 */
static int
decode(struct slice *context, uint32_t *seen, struct slice body)
{
	struct reader r = rd_init(body);
	struct extensions x;
	struct slice schemes;
	uint16_t type;
	int err;

	*context = rd_vec(&r, 1);
	extensions_open(&x, &r, IN_CR, 0);
	while (extensions_next(&x, &type)) {
		if (type == EXT_SIGNATURE_ALGORITHMS || type == EXT_SIGNATURE_ALGORITHMS_CERT) {
			schemes = rd_vec(&r, 2);
			if (schemes.len == 0 || schemes.len % 2 != 0)
				r.bad = true;
		} else {
			extensions_skip(&x);
		}
	}
	*seen = x.seen;
	if ((err = extensions_close(&x)) != 0)
		return err;
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

/* WAIT_CERT_CR -> WAIT_CERT */
int
hs13_certificate_request_recv(struct ktls_hs *hs, struct slice body)
{
	struct slice context;
	uint32_t seen;
	int err;

	if ((err = decode(&context, &seen, body)) != 0)
		return err;
	if (context.len != 0)
		return KTLS_REFUSED(KTLS_R_CERTIFICATE_CONTEXT);
	if (!(seen & extension_bit(EXT_SIGNATURE_ALGORITHMS)))
		return KTLS_REFUSED(KTLS_R_CR_MISSING);

	/* Nothing below can fail. */
	hs->certificate_requested = true;
	hs->state = ST_WAIT_CERT;
	return 0;
}
