/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_SIGN_H
#define BOGO_SHIM_SIGN_H

#include <stddef.h>
#include <stdint.h>

#define SIGN_MAX	512		/* bytes of a signature */

/* What a key that the engine doesn't have does: 0, or -EINVAL. */
int sign(const char *key_file, uint16_t scheme, const void *data, size_t len, uint8_t *out,
    size_t *out_len);

#endif
