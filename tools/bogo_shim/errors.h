/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_ERRORS_H
#define BOGO_SHIM_ERRORS_H

#include "bogo_shim/options.h"

/*
 * The names by which the runner knows what this error is: ":DECODE_ERROR:". Where
 * it makes more of a difference than we do, several of them.
 */
const char *error_names(int err);

/* The same of a configuration that can't be. */
const char *config_error_names(const struct shim_options *o);

#endif
