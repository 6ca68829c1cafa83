/* SPDX-License-Identifier: MIT */
#ifndef RECORD_CUT_H
#define RECORD_CUT_H

#include <stdbool.h>
#include <ktls/record.h>
#include "base/wire.h"

/*
 * Cuts what arrives during a handshake into records, RFC 8446 section 5. It
 * holds no bytes: whoever does asks cut_len() for the length of the record that
 * begins there, collects that many, and then
 *
 *	type CHANGE_CIPHER_SPEC:  asks cut_ccs(), and drops the record;
 *	rec NULL, or type ALERT while plain_alert is allowed:  takes the body as it is;
 *	else:  ktls_record_open(rec, ...).
 *
 * Zeroed, it expects a peer's first record.
 */
struct cut {
	/* borrowed: what opens the peer's records; NULL: not protected yet */
	const struct ktls_record *rec;
	/* compatibility mode: from the first ClientHello until the peer's Finished */
	bool ccs;
	/* a server, rec set: the client may have failed before it had keys */
	bool plain_alert;
};

/*
 * in begins with a record's first byte. Bytes of the whole record, header
 * included, at most KTLS_RECORD_MAX; 0 where in is shorter than a header; or
 * KTLS_REFUSED(), for what five bytes suffice to refuse.
 */
KTLS_CHECKED int cut_len(const struct cut *cut, struct slice in);

/* Whether the body of a change_cipher_spec is the one that may be dropped. */
KTLS_CHECKED int cut_ccs(struct slice body);

/* Whether a first record that was refused is an HTTP request: the peer took us for a plain port. */
bool cut_is_http(struct slice in);

#endif
