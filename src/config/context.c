/* SPDX-License-Identifier: MIT */
#include <openssl/safestack.h>
#include "config/setter.h"

/*
 * A config in 32 bytes: what a verdict on a peer depends on (policy), and what a
 * session is bound to (context). The same settings give the same in any process.
 */

/* Takes der, of len bytes; below 0 where encoding has failed. */
static void
add_der(struct fingerprint *f, uint8_t *der, int len)
{
	f->bad |= len < 0;
	fingerprint_add(f, der, len < 0 ? 0 : (size_t)len);
	OPENSSL_free(der);
}

int
context_policy(const struct ktls_config *cfg, enum ktls_role role,
    uint8_t out[FINGERPRINT_LEN])
{
	static const char label[] = "ktls policy";
	struct fingerprint f = fingerprint_begin(cfg->crypto);
	const struct trust *trust = &cfg->trust;

	fingerprint_add(&f, label, sizeof(label));
	fingerprint_number(&f, role);
	fingerprint_number(&f, cfg->verify_depth);
	fingerprint_number(&f, trust_system(trust));
	for (int i = 0; i < sk_X509_num(trust->certs); i++) {
		uint8_t *der = NULL;
		/* with what TRUSTED CERTIFICATE adds: for which purposes */
		int len = i2d_X509_AUX(sk_X509_value(trust->certs, i), &der);

		fingerprint_add(&f, "cert", 4);
		add_der(&f, der, len);
	}
	for (int i = 0; i < sk_OPENSSL_STRING_num(trust->dirs); i++) {
		const char *dir = sk_OPENSSL_STRING_value(trust->dirs, i);

		fingerprint_add(&f, "dir", 3);
		fingerprint_add(&f, dir, strlen(dir));
	}
	for (int i = 0; i < sk_X509_CRL_num(trust->crls); i++) {
		uint8_t *der = NULL;
		int len = i2d_X509_CRL(sk_X509_CRL_value(trust->crls, i), &der);

		fingerprint_add(&f, "crl", 3);
		add_der(&f, der, len);
	}
	return fingerprint_end(&f, out);
}

int
context_of(const struct ktls_config *cfg, const uint8_t policy[FINGERPRINT_LEN],
    uint8_t out[SESSION_CONTEXT_LEN])
{
	static const char label[] = "ktls context";
	struct fingerprint f = fingerprint_begin(cfg->crypto);

	fingerprint_add(&f, label, sizeof(label));
	fingerprint_add(&f, policy, FINGERPRINT_LEN);
	fingerprint_number(&f, cfg->verify);
	/* Another judge: what the user has accepted is nothing that a config would vouch for. */
	fingerprint_number(&f, cfg->ask[KTLS_ASK_VERIFY].asked);
	fingerprint_number(&f, cfg->client_auth);
	for (size_t i = 0; i < cfg->identity_count; i++)
		fingerprint_add(&f, cfg->identity[i]->cert[0].p, cfg->identity[i]->cert[0].len);
	return fingerprint_end(&f, out);
}
