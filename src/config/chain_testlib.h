/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_CHAIN_TESTLIB_H
#define CONFIG_CHAIN_TESTLIB_H

#include "config/config.h"
#include "config/pki_testlib.h"

/* For the tests of this room: a chain as a peer would send it, and what comes of it. */
struct chain {
	struct slice cert[CONFIG_PEER_CHAIN_MAX + 1];
	size_t count;
};

/* Each from memory of exactly its length, so that ASan sees one byte over. */
struct slice chain_exact(const uint8_t *data, size_t len);
struct chain chain_of(struct test_pki *pki, enum test_cert which);
void chain_free(struct chain *c);

/* config_verify_chain(), with what always holds of its results; the sentence is in chain_why. */
extern char chain_why[256];
int chain_judge_as(struct ktls_config *cfg, const struct chain *c, enum ktls_role peer_role,
    const char *name, struct peer *peer);	/* its key is the caller's to free */
int chain_judge(struct ktls_config *cfg, const struct chain *c, const char *name);
int chain_judge_one(struct ktls_config *cfg, struct test_pki *pki, enum test_cert which,
    const char *name);

#endif
