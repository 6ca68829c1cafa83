/* SPDX-License-Identifier: MIT */
#ifndef KTLS_STORE_H
#define KTLS_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <ktls/config.h>
#include <ktls/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What changes while it is in use. Each object has its own lock: any number of threads
 * and configs may share one. Who keeps these things elsewhere, in another process
 * say, answers the engine's questions instead (ktls_config_ask()).
 */

/*
 * The keys that seal a server's tickets (RFC 5077, RFC 8446 4.6.1). A key is used
 * for one period, half the lifetime, and opens what it sealed until that is too old;
 * then it is wiped. Each period's secret is derived from an earlier one, and that is
 * wiped: processes and hosts that begin with the same secret agree without a word,
 * if their clocks do within a period, and none of them can open what is too old.
 * A clock that goes back is no error: the keys that are held serve on.
 */
struct ktls_tickets;

#define KTLS_TICKETS_SECRET	32	/* bytes */
#define KTLS_TICKETS_LIFETIME	86400	/* seconds, the default */
#define KTLS_TICKETS_OVERHEAD	48	/* bytes that sealing adds, at most */

/*
 * secret: KTLS_TICKETS_SECRET random bytes, borrowed, or NULL: it makes its own. start:
 * when the first period began, seconds since 1970, the same for all who share a secret.
 * lifetime: of a ticket, 60 .. 604,800 seconds, 0 for the default. crypto NULL:
 * libcrypto's default. -ENOMEM, -EINVAL, -ENOTSUP where it lacks AES-256-GCM.
 */
KTLS_API KTLS_CHECKED int ktls_tickets_new(struct ktls_tickets **tickets,
    struct ktls_crypto *crypto, const void *secret, int64_t start, uint32_t lifetime);
KTLS_API struct ktls_tickets *ktls_tickets_ref(struct ktls_tickets *tickets);
/* NULL is fine; the last one frees and wipes */
KTLS_API void ktls_tickets_unref(struct ktls_tickets *tickets);
KTLS_API uint32_t ktls_tickets_lifetime(const struct ktls_tickets *tickets);

/*
 * Seals len bytes at the time `now` (seconds since 1970) into out, which has room for len +
 * KTLS_TICKETS_OVERHEAD, and sets *out_len; and opens them again, into out with room
 * for len. out does not overlap data. Seal: -EOVERFLOW where the period's key has sealed
 * 2^32 times. Open: -ENOENT: sealed by none of these keys, too old, or changed.
 */
KTLS_API KTLS_CHECKED int ktls_tickets_seal(struct ktls_tickets *tickets, int64_t now,
    const void *data, size_t len, void *out, size_t *out_len);
KTLS_API KTLS_CHECKED int ktls_tickets_open(struct ktls_tickets *tickets, int64_t now,
    const void *data, size_t len, void *out, size_t *out_len);

/*
 * Sessions in memory: a client's, or a TLS 1.2 server's. Bounded: the one used longest
 * ago makes room. Each is a string of bytes under a key, wiped when it goes.
 */
struct ktls_sessions;

#define KTLS_SESSIONS_PER_KEY	4	/* a client keeps this many tickets of one server */

/* max: of sessions, 1 .. 1,000,000. -ENOMEM, -EINVAL. */
KTLS_API KTLS_CHECKED int ktls_sessions_new(struct ktls_sessions **sessions, size_t max);
KTLS_API struct ktls_sessions *ktls_sessions_ref(struct ktls_sessions *sessions);
KTLS_API void ktls_sessions_unref(struct ktls_sessions *sessions);	/* NULL is fine; wipes */
KTLS_API size_t ktls_sessions_count(struct ktls_sessions *sessions);

/*
 * Keeps a copy until `expires`, seconds since 1970; a key may have several, the newest
 * KTLS_SESSIONS_PER_KEY. once: the first who gets it takes it away. Without it, it
 * replaces what the key has. key 1 .. 512 bytes, data 1 .. 65,535. -ENOMEM, -EINVAL.
 */
KTLS_API KTLS_CHECKED int ktls_sessions_put(struct ktls_sessions *sessions,
    const void *key, size_t key_len, const void *data, size_t len, bool once, int64_t expires);
/*
 * The newest one that hasn't expired at `now`: a copy, OPENSSL_clear_free() it. -ENOENT
 * where there is none, -ENOMEM.
 */
KTLS_API KTLS_CHECKED int ktls_sessions_get(struct ktls_sessions *sessions,
    const void *key, size_t key_len, int64_t now, void **data, size_t *len);
KTLS_API void ktls_sessions_remove(struct ktls_sessions *sessions, const void *key,
    size_t key_len);

/*
 * Chains of peers that were decoded and verified, found by the whole chain and the policy
 * that judged it. Only signatures and structure are believed, and for an hour at most: name,
 * dates and revocation lists are judged every time. Bounded: the one used longest ago
 * makes room. What it keeps is of the configs' libcrypto context, which must outlive it.
 */
struct ktls_chains;

/* max: of chains, 1 .. 100,000. -ENOMEM, -EINVAL. */
KTLS_API KTLS_CHECKED int ktls_chains_new(struct ktls_chains **chains, size_t max);
KTLS_API struct ktls_chains *ktls_chains_ref(struct ktls_chains *chains);
KTLS_API void ktls_chains_unref(struct ktls_chains *chains);	/* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
