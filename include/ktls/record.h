/* SPDX-License-Identifier: MIT */
#ifndef KTLS_RECORD_H
#define KTLS_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <ktls/config.h>
#include <ktls/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The userspace record layer: one direction of a connection whose records the
 * kernel does not make. It takes and gives what the kernel's TLS_TX and TLS_RX
 * do: (type, plaintext) on one side, whole records on the other.
 *
 * An object belongs to one thread at a time. It holds the key: freeing wipes it.
 */
struct ktls_record;

enum {
	KTLS_TYPE_CHANGE_CIPHER_SPEC = 20,	/* RFC 8446 B.1 */
	KTLS_TYPE_ALERT = 21,
	KTLS_TYPE_HANDSHAKE = 22,
	KTLS_TYPE_APPLICATION_DATA = 23,
};

#define KTLS_RECORD_HEADER	5
#define KTLS_RECORD_PLAIN_MAX	16384			/* RFC 8446 5.1 */
#define KTLS_RECORD_CIPHER_MAX	(16384 + 256)		/* RFC 8446 5.2 */
#define KTLS_RECORD_MAX		(KTLS_RECORD_HEADER + KTLS_RECORD_CIPHER_MAX)
/* never more, in any version and cipher, without padding */
#define KTLS_RECORD_OVERHEAD	(KTLS_RECORD_HEADER + 8 + 1 + 16)

/*
 * Borrows keys (copies what it needs); takes a reference on crypto. dir KTLS_TX
 * makes an object that seals, KTLS_RX one that opens. -ENOMEM, or -ENOTSUP where
 * crypto lacks the cipher.
 */
KTLS_API KTLS_CHECKED int ktls_record_new(struct ktls_record **record, struct ktls_crypto *crypto,
    enum ktls_dir dir, const struct ktls_keys *keys);
KTLS_API void ktls_record_free(struct ktls_record *record);	/* NULL is fine */

/* Bytes of the record that seals len bytes of plaintext, padding included. */
KTLS_API size_t ktls_record_sealed_len(const struct ktls_record *record, size_t len);

/*
 * Seals len bytes, at most KTLS_RECORD_PLAIN_MAX, as one record of type into
 * out, which has room for ktls_record_sealed_len(). in and out are disjoint, or
 * in is out + ktls_record_offset(), where the plaintext is sealed in place.
 * -EMSGSIZE where len is too large; -EOVERFLOW when the sequence number is used
 * up: nothing is sealed, ever again. A first failure of libcrypto is final too.
 */
KTLS_API KTLS_CHECKED int ktls_record_seal(struct ktls_record *record, uint8_t type,
    const void *in, size_t len, void *out);
KTLS_API size_t ktls_record_offset(const struct ktls_record *record);

/*
 * Bytes of the whole record whose header, 5 bytes, is at header:
 * KTLS_RECORD_HEADER + its length. Or KTLS_REFUSED(): the record is longer than
 * RFC 8446 5.2 allows, or its type or version is impossible here.
 */
KTLS_API KTLS_CHECKED int ktls_record_len(const struct ktls_record *record, const void *header);

/*
 * Opens one whole record of len bytes in place, and says where inside it the
 * plaintext lies (padding removed) and of which type it is: alert, handshake or
 * application data. KTLS_REFUSED() where it can't be authenticated
 * (bad_record_mac), is too long (record_overflow), has no type or another one, or
 * is an empty alert or handshake record (unexpected_message); the record's bytes
 * are then undefined, and the sequence number is as before: the next record is
 * opened in its place (a server that skips early data needs that).
 */
KTLS_API KTLS_CHECKED int ktls_record_open(struct ktls_record *record, void *rec, size_t len,
    uint8_t *type, void **plain, size_t *plain_len);

/*
 * The record_size_limit in force for this direction (RFC 8449): bytes of
 * plaintext, in TLS 1.3 with the type and the padding. Longer records are refused
 * with record_overflow from their header on, and not sealed (-EMSGSIZE). 0: none.
 */
KTLS_API void ktls_record_set_limit(struct ktls_record *record, uint16_t limit);

/*
 * Seals from now on so that TLSInnerPlaintext's length is a multiple of this many bytes,
 * as far as the limit allows (RFC 8446 5.4); TLS 1.3 only. 0 and 1: no padding.
 */
KTLS_API void ktls_record_set_padding(struct ktls_record *record, unsigned multiple);

/* The sequence number of the next record: how many this key has protected, where it began at 0. */
KTLS_API uint64_t ktls_record_seq(const struct ktls_record *record);

/*
 * New keys for the same direction and cipher, TLS 1.3 only (KeyUpdate; from
 * handshake to application keys); borrows keys. On failure the old ones stay.
 */
KTLS_API KTLS_CHECKED int ktls_record_rekey(struct ktls_record *record,
    const struct ktls_keys *keys);

#ifdef __cplusplus
}
#endif
#endif
