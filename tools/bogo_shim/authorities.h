/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_AUTHORITIES_H
#define BOGO_SHIM_AUTHORITIES_H

#include <ktls/config.h>
#include "bogo_shim/options.h"

/*
 * The names of certificate authorities, in a flag: DER in hex, with commas between;
 * "<EMPTY>" and "<NULL>": none.
 */

/* Trusts those of the runner's certificates whose subject -use-client-ca-list names. */
KTLS_CHECKED int authorities_trust(struct ktls_config *cfg, const struct shim_options *o);

/* Whether a CertificateRequest's names, as on the wire, are those of the list. */
bool authorities_match(const char *list, const void *wire, size_t len);

#endif
