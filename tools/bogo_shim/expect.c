/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "bogo_shim/exchange.h"
#include "bogo_shim/mutant.h"

static bool
expect_number(const char *what, int wanted, int got)
{
	if (wanted == 0 || wanted == got)
		return true;
	fprintf(stderr, "%s is %#06x, not %#06x\n", what, (unsigned)got, (unsigned)wanted);
	return false;
}

static bool
expect_text(const char *what, const char *wanted, const char *got)
{
	if (wanted == NULL)
		wanted = "";
	if (got == NULL)
		got = "";
	if (strcmp(wanted, got) == 0)
		return true;
	fprintf(stderr, "%s is \"%s\", not \"%s\"\n", what, got, wanted);
	return false;
}

static int
suite_id(enum ktls_cipher cipher)
{
	switch (cipher) {
	case KTLS_AES_128_GCM:		return 0x1301;
	case KTLS_AES_256_GCM:		return 0x1302;
	case KTLS_CHACHA20_POLY1305:	return 0x1303;
	case KTLS_AES_128_CCM:		return 0x1304;
	}
	return 0;
}

static bool
expect_retry(const struct conn *c)
{
	bool retried = (c->hellos_sent > 1) != mutant("hrr");

	if ((!c->o->expect_hrr || retried) && (!c->o->expect_no_hrr || !retried))
		return true;
	fprintf(stderr, "there was %s HelloRetryRequest\n", retried ? "a" : "no");
	return false;
}

static bool
expect_names(const struct conn *c)
{
	const struct shim_options *o = c->o;
	const char *alpn = o->server ? o->select_alpn : o->expect_alpn;

	if (!expect_text("the ALPN protocol", alpn, ktls_hs_alpn(c->hs)))
		return false;
	return o->expect_server_name == NULL || expect_text("server_name", o->expect_server_name,
	    ktls_hs_server_name(c->hs));
}

bool
expect_handshake(const struct conn *c)
{
	const struct shim_options *o = c->o;
	int scheme = ktls_hs_signature_scheme(c->hs);
	int group = ktls_hs_group(c->hs) ^ mutant("group");

	if (o->handshake_never_done) {
		fprintf(stderr, "the handshake is done, and should never be\n");
		return false;
	}
	return expect_number("the version", o->expect_version, ktls_hs_version(c->hs)) &&
	    expect_number("the cipher suite", o->expect_cipher, suite_id(ktls_hs_cipher(c->hs))) &&
	    expect_number("the group", o->expect_curve_id, group) &&
	    expect_number("the signature scheme", o->expect_peer_signature_algorithm, scheme) &&
	    expect_retry(c) && expect_names(c);
}
