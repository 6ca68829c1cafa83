/* SPDX-License-Identifier: MIT */
#ifndef BASE_SECRET_PAGES_H
#define BASE_SECRET_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <ktls/error.h>

/*
 * Slots for the secrets that outlive a handshake, in pages that stay out of core
 * dumps (MADV_DONTDUMP) and are wiped in forked children (MADV_WIPEONFORK). Many
 * slots a page: an idle connection must stay small. Thread-safe (base/lock.h).
 */
#define SECRET_SLOT_LEN		120	/* two traffic secrets of 48, and what belongs to them */

struct secret_slot {
	uint64_t tag;			/* checked before use: a wiped page (fork) has none */
	uint8_t bytes[SECRET_SLOT_LEN];
};

KTLS_CHECKED int secret_slot_new(struct secret_slot **slot);
void secret_slot_free(struct secret_slot *slot);	/* wipes; NULL is fine */
/* The bytes, or NULL where the slot was lost (we are a forked child). */
uint8_t *secret_slot_bytes(struct secret_slot *slot);

#endif
