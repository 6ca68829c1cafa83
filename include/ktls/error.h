/* SPDX-License-Identifier: MIT */
#ifndef KTLS_ERROR_H
#define KTLS_ERROR_H

/*
 * One int carries every failure in this library:
 *
 *        0              success
 *   -1 .. -4095         -errno, from a system call or from ourselves (-ENOMEM)
 *   KTLS_REFUSED(r)     we refused the peer; r, a ktls_reason, has an alert and a sentence
 *   KTLS_PEER_ALERT(d)  the peer refused us; d is the alert it sent
 *
 * Nothing here touches errno, and nothing is allocated to report a failure.
 * All functions of this header may be called from any thread at any time.
 */
#include <ktls/reasons.h>

/* What a shared library shows; everything else is hidden. */
#define KTLS_API		__attribute__((visibility("default")))

/* A result that is not looked at does not compile (with -Werror). */
#define KTLS_CHECKED		__attribute__((warn_unused_result))

#ifdef __cplusplus
extern "C" {
#endif

#define KTLS_REFUSED(reason)	(-(0x10000 + (int)(reason)))
#define KTLS_PEER_ALERT(desc)	(-(0x20000 + (int)(desc)))

/* The alert in an error, 0 .. 255: the one we send, or the one we got. -1 where there is none. */
KTLS_API int ktls_err_alert(int err);

/* The reason in a KTLS_REFUSED(), KTLS_R_NONE for every other value. */
KTLS_API enum ktls_reason ktls_err_reason(int err);

/* One static line for any value above: "record_size_limit below 64 (RFC 8449 4)". Never NULL. */
KTLS_API const char *ktls_strerror(int err);

/* "decode_error" for 50, "unknown alert" for what RFC 8446 section 6 doesn't name. */
KTLS_API const char *ktls_alert_name(int alert);

#ifdef __cplusplus
}
#endif
#endif
