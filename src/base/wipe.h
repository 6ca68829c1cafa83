/* SPDX-License-Identifier: MIT */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include <string.h>
#include <openssl/crypto.h>

/*
 * OPENSSL_clear_free(), for what is large: that wipes 8 bytes at a time, and the buffer of
 * a record alone would cost a hundredth of a handshake.
 */
static inline void
wipe_free(void *p, size_t len)
{
	if (p != NULL)
		explicit_bzero(p, len);
	OPENSSL_free(p);
}

#endif
