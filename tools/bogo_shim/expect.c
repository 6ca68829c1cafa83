/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "bogo_shim/exchange.h"
#include "bogo_shim/expect_peer.h"
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

static bool
expect_is(const char *what, bool wanted, bool got)
{
	if (wanted == got)
		return true;
	fprintf(stderr, "%s: %s, not %s\n", what, got ? "yes" : "no", wanted ? "yes" : "no");
	return false;
}

/* The AEAD is what both versions' suites agree in. */
static int
suite_aead(int suite)
{
	switch (suite) {
	case 0x1301: case 0xc02b: case 0xc02f:	return KTLS_AES_128_GCM;
	case 0x1302: case 0xc02c: case 0xc030:	return KTLS_AES_256_GCM;
	case 0x1303: case 0xcca8: case 0xcca9:	return KTLS_CHACHA20_POLY1305;
	case 0x1304:				return KTLS_AES_128_CCM;
	}
	return -1;
}

static bool
expect_cipher(const struct conn *c)
{
	if (c->o->expect_cipher == 0)
		return true;
	return expect_number("the AEAD", suite_aead(c->o->expect_cipher) + 1,
	    (int)ktls_hs_cipher(c->hs) + 1);
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
	    mutant("name") ? "another" : ktls_hs_server_name(c->hs));
}

/* A client has a new session now in TLS 1.2; in TLS 1.3 tickets come later. */
static bool
expect_session(const struct conn *c, bool resumed)
{
	const struct shim_options *o = c->o;
	bool due = !o->expect_no_session && (!resumed || o->expect_ticket_renewal);

	if (!expect_is("it was resumed", c->resumption && !o->expect_session_miss, resumed))
		return false;
	if (!o->server)
		return ktls_hs_version(c->hs) >= KTLS_TLS13 ||
		    expect_is("a new session", due, c->asked[KTLS_ASK_SESSION_PUT] != 0);
	/* A server remembers those that have an id. */
	if (c->resumption || (!o->expect_session_id && !o->expect_no_session_id))
		return true;
	return expect_is("a session id", o->expect_session_id,
	    ktls_sessions_count(c->shim->sessions) != 0);
}

/*
 * In a resumed session nobody has signed: the scheme is the earlier handshake's. An
 * exporter is what can be seen of the extended master secret: without it there is none.
 */
static bool
expect_keys(const struct conn *c, bool resumed)
{
	const struct shim_options *o = c->o;
	int scheme = ktls_hs_peer_signature_scheme(c->hs) ^ mutant("scheme");
	int group = ktls_hs_group(c->hs) ^ mutant("group");
	uint8_t exported[1];

	if (o->expect_extended_master_secret && !expect_is("the extended master secret", true,
	    ktls_hs_export(c->hs, "EXPORTER test", NULL, 0, exported, sizeof(exported)) == 0))
		return false;
	return expect_number("the version", o->expect_version, ktls_hs_version(c->hs)) &&
	    expect_cipher(c) &&
	    expect_number("the group", o->expect_curve_id, group) &&
	    expect_number("the signature scheme",
	    resumed ? 0 : o->expect_peer_signature_algorithm, scheme);
}

bool
expect_handshake(const struct conn *c)
{
	bool resumed = ktls_hs_resumed(c->hs) != mutant("resumed");

	if (c->o->handshake_never_done) {
		fprintf(stderr, "the handshake is done, and should never be\n");
		return false;
	}
	if (c->unmet != NULL) {
		fprintf(stderr, "%s\n", c->unmet);
		return false;
	}
	return expect_keys(c, resumed) && expect_retry(c) && expect_names(c) &&
	    expect_session(c, resumed) && expect_peer(c, resumed);
}

bool
expect_exchange(const struct conn *c)
{
	const struct shim_options *o = c->o;
	unsigned sessions = c->asked[KTLS_ASK_SESSION_PUT] * !mutant("session");

	if (o->server || ktls_hs_version(c->hs) < KTLS_TLS13)
		return true;
	return expect_is("a new session", !o->expect_no_session && !o->shim_shuts_down,
	    sessions != 0);
}
