/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <ktls/record.h>
#include "bogo_shim/mutant.h"

bool
mutant(const char *fault)
{
	const char *name = getenv("KTLS_SHIM_MUTANT");

	return name != NULL && strcmp(name, fault) == 0;
}

const void *
mutant_alert(const void *data, size_t len)
{
	static uint8_t copy[KTLS_RECORD_HEADER + 2];

	if (!mutant("alert") || (len != 2 && (len != sizeof(copy) ||
	    *(const uint8_t *)data != KTLS_TYPE_ALERT)))
		return data;
	memcpy(copy, data, len);
	copy[len - 1] ^= 1;
	return copy;
}

bool
mutant_silent(uint8_t type)
{
	return mutant("silent") && type == KTLS_TYPE_HANDSHAKE;
}
