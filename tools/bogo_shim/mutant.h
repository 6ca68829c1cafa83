/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_MUTANT_H
#define BOGO_SHIM_MUTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether KTLS_SHIM_MUTANT names this fault: the shim then has it, and the runner
 * must notice (tools/check/conformance --selftest, which has the list).
 */
bool mutant(const char *fault);

/* "alert": a copy in which the alert, the body of one or its whole record, is another. */
const void *mutant_alert(const void *data, size_t len);

/* "silent": whether this record is not sent. */
bool mutant_silent(uint8_t type);

#endif
