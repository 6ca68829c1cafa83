/* SPDX-License-Identifier: MIT */
#ifndef WIRE_TESTLIB_H
#define WIRE_TESTLIB_H

#include <stddef.h>
#include <stdint.h>
#include <ktls/keys.h>

/*
 * Records after the letter of RFC 8446 5.2 and RFC 5246 6.2.3.3, by libcrypto and
 * nothing of ours: what the kernel makes and takes is held against these. keys
 * move on with each record: seq, and in TLS 1.2 the explicit nonce too.
 */
enum { WIRE_MAX = 5 + 16384 + 256 };

/* Two connected TCP sockets that give up after 10 seconds. */
void wire_pair(int pair[2]);

/* Keys of which no two bytes are alike; generation 0, 1, ... */
struct ktls_keys wire_keys(uint16_t version, enum ktls_cipher cipher, unsigned generation);

/* Writes one record to fd. */
void wire_write(int fd, struct ktls_keys *keys, uint8_t type, const void *data, size_t len);

/* Reads one record from fd; *type is 0 where it can't be opened. Returns its plaintext's length. */
size_t wire_read(int fd, struct ktls_keys *keys, uint8_t *type, uint8_t data[WIRE_MAX]);

#endif
