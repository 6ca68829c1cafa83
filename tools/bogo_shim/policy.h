/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_POLICY_H
#define BOGO_SHIM_POLICY_H

#include <ktls/config.h>
#include "bogo_shim/options.h"

/* What BoringSSL knows as a policy, where one is asked for: ciphers, groups and schemes. */
KTLS_CHECKED int policy_set(struct ktls_config *cfg, const struct shim_options *o);

#endif
