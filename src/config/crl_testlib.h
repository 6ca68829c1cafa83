/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_CRL_TESTLIB_H
#define CONFIG_CRL_TESTLIB_H

#include "config/pki_testlib.h"

/* A revocation list of issuer's, valid from `from` to `to` seconds from now. */
struct test_crl {
	enum test_cert issuer;
	enum test_cert signer;		/* whose key signs it; else than issuer: a forgery */
	enum test_cert revoked;		/* TEST_CERTS: nobody is on it */
	long from, to;
};

/* A file of `count` lists in PEM; the path is pki's. */
const char *test_crl_file(struct test_pki *pki, const char *name, const struct test_crl *lists,
    size_t count);

#endif
