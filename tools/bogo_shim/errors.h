/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_ERRORS_H
#define BOGO_SHIM_ERRORS_H

/*
 * The names by which the runner knows what this error is: ":DECODE_ERROR:". Where
 * it makes more of a difference than we do, several of them.
 */
const char *error_names(int err);

#endif
