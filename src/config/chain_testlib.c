/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include "config/chain_testlib.h"

char chain_why[256];

struct slice
chain_exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);

	assert_true(copy != NULL || len == 0);
	if (len != 0)
		memcpy(copy, data, len);
	return (struct slice){ copy, len };
}

struct chain
chain_of(struct test_pki *pki, enum test_cert which)
{
	BIO *bio = BIO_new_mem_buf(test_pki_cert(pki, which), -1);
	struct chain c = {0};
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		uint8_t *der = NULL;
		int len = i2d_X509(cert, &der);

		assert_true(len > 0);
		c.cert[c.count++] = chain_exact(der, (size_t)len);
		OPENSSL_free(der);
		X509_free(cert);
	}
	BIO_free(bio);
	return c;
}

void
chain_free(struct chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		free((void *)(uintptr_t)c->cert[i].p);
}

int
chain_judge_as(struct ktls_config *cfg, const struct chain *c, enum ktls_role peer_role,
    const char *name, struct peer *peer)
{
	int err;

	*peer = (struct peer){0};
	assert_int_equal(config_use(cfg, peer_role == KTLS_SERVER), 0);
	memset(chain_why, 'x', sizeof(chain_why));
	err = config_verify_chain(cfg, c->cert, c->count, peer_role, name, peer, chain_why,
	    sizeof(chain_why));
	assert_non_null(memchr(chain_why, '\0', sizeof(chain_why)));
	assert_int_equal(*chain_why == '\0', err == 0);
	assert_int_equal(peer->key != NULL, err == 0);
	assert_int_equal(peer->verified, err == 0 && cfg->verify);
	return err;
}

int
chain_judge(struct ktls_config *cfg, const struct chain *c, const char *name)
{
	struct peer peer;
	int err = chain_judge_as(cfg, c, KTLS_SERVER, name, &peer);

	EVP_PKEY_free(peer.key);
	return err;
}

int
chain_judge_one(struct ktls_config *cfg, struct test_pki *pki, enum test_cert which,
    const char *name)
{
	struct chain c = chain_of(pki, which);
	int err = chain_judge(cfg, &c, name);

	chain_free(&c);
	return err;
}
