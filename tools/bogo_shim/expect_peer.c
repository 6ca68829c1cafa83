/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "bogo_shim/expect_peer.h"
#include "bogo_shim/mutant.h"

static const void *
peer_certificate(const struct conn *c, size_t index, size_t *len)
{
	return mutant("certificate") ? NULL : ktls_hs_peer_chain(c->hs, index, len);
}

/* The file's next certificate is the chain's next; at the end of both, true too. */
static bool
same_chain(const struct conn *c, BIO *bio)
{
	for (size_t i = 0;; i++) {
		X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		size_t got_len = 0;
		const void *got = peer_certificate(c, i, &got_len);
		uint8_t *der = NULL;
		int len = cert != NULL ? i2d_X509(cert, &der) : 0;
		bool same = got != NULL && (size_t)len == got_len && memcmp(der, got, got_len) == 0;

		OPENSSL_free(der);
		X509_free(cert);
		if (cert == NULL || !same)
			return cert == NULL && got == NULL && i != 0;
	}
}

static bool
expect_file(const struct conn *c, const char *file)
{
	BIO *bio = BIO_new_file(file, "r");
	bool same = bio != NULL && same_chain(c, bio);

	BIO_free(bio);
	if (!same)
		fprintf(stderr, "the peer's chain isn't that of %s\n", file);
	return same;
}

/* The hook is asked for each chain that is shown, and not about those of earlier. */
static bool
expect_verdict(const struct conn *c, bool resumed, bool shown)
{
	unsigned due = shown && !resumed;

	if (!c->o->expect_verify_result || c->asked[KTLS_ASK_VERIFY] == due)
		return true;
	fprintf(stderr, "the chain was judged %u times, not %u\n", c->asked[KTLS_ASK_VERIFY], due);
	return false;
}

bool
expect_peer(const struct conn *c, bool resumed)
{
	const struct shim_options *o = c->o;
	size_t len;
	bool shown = peer_certificate(c, 0, &len) != NULL;

	if (!shown && (!o->server || o->require_client_certificate)) {
		fprintf(stderr, "the peer has shown no certificate\n");
		return false;
	}
	return expect_verdict(c, resumed, shown) &&
	    (o->expect_peer_cert_file == NULL || expect_file(c, o->expect_peer_cert_file));
}
