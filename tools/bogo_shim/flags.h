/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_FLAGS_H
#define BOGO_SHIM_FLAGS_H

#include <stddef.h>
#include "bogo_shim/options.h"

/*
 * Why a test can't be run here. Of several reasons the first of this list is told:
 * what will never be stands before what an issue brings.
 */
/* clang-format off */
#define SHIM_LACKS(X) \
	X(DTLS,			"no such feature: DTLS") \
	X(QUIC,			"no such feature: QUIC") \
	X(SPLIT,		"no such feature: handshake hints and split handshakes") \
	X(ECH,			"no such feature: ECH") \
	X(DELEGATED,		"no such feature: delegated credentials") \
	X(ALPS,			"no such feature: ALPS") \
	X(NPN,			"no such feature: NPN") \
	X(CHANNEL_ID,		"no such feature: Channel ID") \
	X(SRTP,			"no such feature: SRTP") \
	X(FALSE_START,		"no such feature: false start") \
	X(KYBER,		"no such feature: draft Kyber") \
	X(QUIRK,		"no such feature: BoringSSL's own quirks") \
	X(RENEGOTIATION,	"refused by design: renegotiation") \
	X(P224,			"refused by design: P-224") \
	X(OLD_TLS,		"refused by design: TLS 1.1 and older") \
	X(SHA1,			"refused by design: signatures with SHA-1") \
	X(FALLBACK,		"refused by design: a client that falls back to an older version") \
	X(EARLY_DATA,		"issue to come: 0-RTT") \
	X(PSK,			"issue to come: external PSK") \
	X(OCSP,			"issue to come: OCSP") \
	X(SCT,			"issue to come: SCT") \
	X(COMPRESSION,		"issue to come: certificate compression")
/* clang-format on */
#define LACK_ENUM(name, text)	LACK_##name,
enum lack { SHIM_LACKS(LACK_ENUM) LACK_NOTHING };

enum flag_kind {
	BOOL,		/* set */
	NUMBER, STRING,	/* its value */
	GROUP,		/* one more of them */
	SCHEME,		/* the same, of signature schemes */
	NOTHING,	/* holds anyway: the comment says why */
	NEVER,		/* not implemented: reason */
	NEVER_VALUE,	/* the same, with a value */
};

struct flag {
	const char *name;
	enum flag_kind kind;
	size_t offset;
	enum lack reason;
};

/* By its name, or NULL. */
const struct flag *flag_find(const char *name);
bool flag_has_value(const struct flag *flag);
bool flag_is_number(const struct flag *flag);

/* The sentence: "issue to come: OCSP". */
const char *lack_text(enum lack lack);

#endif
