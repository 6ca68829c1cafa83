/* SPDX-License-Identifier: MIT */
#include "handshake/negotiate.h"

/* What a TLS 1.2 server makes of a ClientHello. */
int
hs12_negotiate(struct ktls_hs *hs, const struct client_hello *ch)
{
	(void)ch;
	return fail_refuse(hs, KTLS_R_CH_VERSION,
	    "the client offers TLS 1.2 at most, we speak 1.3 (RFC 8446 4.2.1)");
}
