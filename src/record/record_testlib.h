/* SPDX-License-Identifier: MIT */
#ifndef RECORD_RECORD_TESTLIB_H
#define RECORD_RECORD_TESTLIB_H

#include <ktls/record.h>
#include "base/wire.h"

/* What the tests of record.c share. */
extern struct ktls_crypto *record_crypto;
int record_setup(void **unused);
int record_teardown(void **unused);

/* Keys that differ by cipher; TLS 1.2's explicit nonce is seq, as the engine has it. */
struct ktls_keys record_keys(uint16_t version, enum ktls_cipher cipher, uint64_t seq);
struct ktls_record *record_make(enum ktls_dir dir, struct ktls_keys keys);

/*
 * Opens a copy of exactly that length and gives what that gave. Where it opens,
 * type and text must come out; the sequence number counts then and only then.
 */
int record_open_copy(struct ktls_record *rx, const uint8_t *rec, size_t len, uint8_t want_type,
    struct slice want);

/* A record as it must be, built from the RFC's words and the AEAD alone. */
void record_reference(const struct ktls_keys *keys, uint8_t type, struct slice text, uint8_t *out);
void record_reference13(const struct ktls_keys *keys, uint8_t type, struct slice text,
    size_t padding, uint8_t *out);

#endif
