/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_INPUT_H
#define HANDSHAKE_INPUT_H

#include "record/cut.h"

/* Records that bring the handshake no further: change_cipher_spec, user_canceled. */
#define USELESS_MAX		32
/* Bytes of records of refused early data. We give no tickets: it is somebody else's, and small. */
#define EARLY_DATA_SKIP_MAX	16384

/*
 * What was received: bytes not yet used, and a message of which more records
 * must come. Both buffers are made when needed. Zeroed is empty.
 */
struct input {
	uint8_t *buf;
	size_t room;			/* of buf: KTLS_RECORD_MAX at most */
	size_t off, len;		/* the unused bytes are buf[off .. len) */
	uint8_t *joined;		/* the incomplete message, header included */
	size_t joined_len, joined_room;
	struct cut cut;
	unsigned useless;
	bool any;			/* a whole record has come */
	bool ccs_dropped;		/* a change_cipher_spec, before TLS 1.2 was agreed */
	bool skip_early;		/* early data was offered and refused, and may still come */
	size_t skipped;
};

struct ktls_hs;

void input_free(struct input *in);

/* Space for what is received next, and how much of it may be filled. NULL: -ENOMEM. */
uint8_t *input_space(struct ktls_hs *hs, size_t *len);
/* The same, exact in any case: for bytes that can't be given back. */
uint8_t *input_record_space(struct ktls_hs *hs, size_t *len);
/* n bytes stand there now. */
KTLS_CHECKED int input_filled(struct ktls_hs *hs, size_t n);
/* A question has been answered: what was received meanwhile is taken up. */
KTLS_CHECKED int input_go_on(struct ktls_hs *hs);
/* Bytes behind those that nobody will use; returns how many there was room for. */
size_t input_keep(struct ktls_hs *hs, const uint8_t *data, size_t len);
/* The bytes that nobody has used. */
struct slice input_rest(const struct ktls_hs *hs);

#endif
