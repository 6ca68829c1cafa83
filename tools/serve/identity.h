/* SPDX-License-Identifier: MIT */
#ifndef SERVE_IDENTITY_H
#define SERVE_IDENTITY_H

#include <limits.h>
#include <stdbool.h>

/* Where the server's certificate and key lie. */
struct serve_identity {
	char cert[PATH_MAX], key[PATH_MAX];
	bool made;			/* by us: self-signed */
	char fingerprint[96];		/* SHA-256 of the leaf, "AB:CD:..." */
};

/*
 * The files that were given; or, with NULL, our own, made when they are missing or
 * have expired: ECDSA P-256, for localhost and this host, in
 * ${XDG_STATE_HOME:-~/.local/state}/libktls. false: the sentence has been printed.
 */
bool serve_identity_find(struct serve_identity *identity, const char *cert, const char *key);

#endif
