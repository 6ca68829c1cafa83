/* SPDX-License-Identifier: MIT */
#ifndef KTLS_POST_H
#define KTLS_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ktls/config.h>
#include <ktls/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a live connection still needs of TLS: it is fed the records that are not
 * application data, and yields what the holder of the record paths has to do.
 * It does no I/O and knows nothing of sockets.
 *
 * It keeps the traffic secrets, one a direction, in pages that stay out of core
 * dumps and are wiped in forked children: the CURRENT generation's while the
 * direction is in userspace, the NEXT one's once the kernel has it, so that the
 * keys in use can't be derived from what the process holds.
 *
 * An object belongs to one thread at a time.
 */
struct ktls_post;
struct ktls_hs;

/*
 * From a handshake that is done (ktls_hs_want() has returned 0), once: takes its
 * secrets, so that hs can be freed. -EAGAIN before, -EALREADY the second time, -ENOMEM.
 */
KTLS_API KTLS_CHECKED int ktls_post_new(struct ktls_post **post, struct ktls_hs *hs);
KTLS_API void ktls_post_free(struct ktls_post *post);	/* wipes; NULL is fine */

enum ktls_action_kind {
	KTLS_ACTION_NONE,
	KTLS_ACTION_SEND,	/* send data[0 .. len) as one record of type, before more data */
	KTLS_ACTION_REKEY,	/* put ktls_post_rekey(dir) in force before dir's next record */
	KTLS_ACTION_CLOSED,	/* the peer's close_notify: no more will come; sending goes on */
};

struct ktls_action {
	enum ktls_action_kind kind;
	enum ktls_dir dir;	/* of KTLS_ACTION_REKEY */
	uint8_t type;		/* of KTLS_ACTION_SEND: KTLS_TYPE_ALERT, KTLS_TYPE_HANDSHAKE */
	uint8_t data[8];
	size_t len;
};

/*
 * A record of the peer that is not application data: its type and plaintext, in
 * the order received. 0: go on with ktls_post_next(). A message in several
 * records is joined in a buffer that exists only while it is incomplete, 64 KiB
 * at most. What comes behind close_notify is ignored. Below 0 the connection has
 * failed, finally: send the alert that ktls_post_alert() gives where it has one, and
 * close. KTLS_PEER_ALERT(): the peer has. Only -EINVAL changes nothing: the last
 * record has left a KTLS_ACTION_REKEY for KTLS_RX, and nobody has taken it.
 */
KTLS_API KTLS_CHECKED int ktls_post_record(struct ktls_post *post, uint8_t type,
    const void *data, size_t len);

/*
 * Application data arrived on the record path, len bytes: refused (unexpected_message)
 * where a handshake message is still incomplete (RFC 8446 5.1), or where too many
 * empty records have come in a row; else 0.
 */
KTLS_API KTLS_CHECKED int ktls_post_application_data(struct ktls_post *post, size_t len);

/*
 * The next thing to do, in the order in which it must be done; kind is
 * KTLS_ACTION_NONE when there is nothing. Each action is yielded once.
 */
KTLS_API void ktls_post_next(struct ktls_post *post, struct ktls_action *action);

/*
 * The next generation's keys of dir (seq 0); the slot moves on with it. keys is the
 * caller's to wipe. -EOWNERDEAD in a forked child: the secrets were wiped there.
 */
KTLS_API KTLS_CHECKED int ktls_post_rekey(struct ktls_post *post, enum ktls_dir dir,
    struct ktls_keys *keys);

/*
 * The kernel has taken dir: from now on the slot keeps the next generation's
 * secret. -EALREADY, -EOWNERDEAD.
 */
KTLS_API KTLS_CHECKED int ktls_post_in_kernel(struct ktls_post *post, enum ktls_dir dir);

/*
 * Ask for what ktls_post_next() then yields: our own KeyUpdate (and the peer's
 * too, where request), our close_notify. -EBADF after close_notify was asked for.
 */
KTLS_API KTLS_CHECKED int ktls_post_key_update(struct ktls_post *post, bool request);
KTLS_API KTLS_CHECKED int ktls_post_close(struct ktls_post *post);

/*
 * Keying material (RFC 8446 7.5, RFC 5705), as ktls_hs_export(). -EOPNOTSUPP where the config
 * didn't ask for it to be kept (ktls_config_exporter()).
 */
KTLS_API KTLS_CHECKED int ktls_post_export(struct ktls_post *post, const char *label,
    const void *context, size_t context_len, void *out, size_t out_len);

/* Whether the peer's close_notify has come: EOF without it is truncation. */
KTLS_API bool ktls_post_peer_closed(const struct ktls_post *post);

/*
 * The action that tells the peer of err (-ENOMEM too); kind is KTLS_ACTION_NONE
 * where there is no alert for it.
 */
KTLS_API void ktls_post_alert(int err, struct ktls_action *action);

/*
 * Whether a direction whose next record has this sequence number has used half
 * of what RFC 8446 5.5 allows its key (2^24.5 records with AES-GCM, 2^23 with CCM),
 * or all of it. What follows is ktls_post_key_update(), or the end.
 */
enum ktls_key_use { KTLS_KEY_FRESH, KTLS_KEY_HALF, KTLS_KEY_SPENT };
KTLS_API enum ktls_key_use ktls_post_key_use(const struct ktls_post *post, enum ktls_dir dir,
    uint64_t seq);

#ifdef __cplusplus
}
#endif
#endif
