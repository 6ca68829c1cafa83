/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_CLIENT_HELLO_H
#define HANDSHAKE_CLIENT_HELLO_H

#include "crypto/crypto.h"
#include "handshake/extension.h"

/*
 * ClientHello, RFC 8446 4.1.2, of every version: its bytes as a struct and back.
 * Both ways are pure; what the values mean is hs13_negotiate.c's business and hs12_negotiate.c's.
 */

/* One received. All slices lie in the message. */
struct client_hello {
	uint16_t legacy_version;
	struct slice random;		/* 32 bytes */
	struct slice session_id;
	struct slice suites;		/* 16-bit numbers, at least one */
	struct slice compression;
	struct slice fixed;		/* all before the extensions */
	uint32_t seen;			/* extension_bit() */
	/* Each is worth something only where seen says so. */
	struct slice server_name;	/* the host_name */
	struct slice alpn;		/* ProtocolName<1..2^8-1>, one after the other */
	/* 16-bit numbers, at least one */
	struct slice groups, schemes, schemes_cert, versions;
	struct slice shares;		/* KeyShareEntry, one after the other, well-formed */
	uint16_t record_size_limit;
	struct slice point_formats;	/* a byte each, at least one */
	struct slice ticket;		/* session_ticket, perhaps empty */
	struct slice renegotiated_connection;
	struct slice cookie;
	struct slice psk_modes;		/* bytes, at least one */
	struct slice psk_identities;	/* PskIdentity, one after the other, well-formed */
	struct slice psk_binders;	/* PskBinderEntry, as many; the message ends with them */
};

/* 0, or KTLS_REFUSED(); ch is then worth nothing. */
KTLS_CHECKED int client_hello_decode(struct client_hello *ch, struct slice body);

/*
 * One that waits for what its server asks its own side. It enters the transcript
 * when it is answered: a binder (RFC 8446 4.2.11.2) is over all that was before it.
 */
struct kept_hello {
	struct client_hello ch;		/* its slices lie in bytes */
	size_t len;
	uint8_t bytes[];		/* with the message's header */
};
/* Of a body: OPENSSL_free() it. */
KTLS_CHECKED int client_hello_keep(struct kept_hello **kept, struct slice body);

static inline bool
client_hello_has(const struct client_hello *ch, uint16_t type)
{
	return (ch->seen & extension_bit(type)) != 0;
}

/* The next KeyShareEntry of ch->shares; false at the end. */
bool client_hello_share(struct reader *shares, uint16_t *group, struct slice *share);

/* One to be sent: everything that ends up in it, random values too. */
struct client_hello_params {
	uint16_t version_min, version_max;
	const uint8_t *random;		/* 32 bytes */
	struct slice session_id;
	const enum ktls_cipher *ciphers;
	size_t cipher_count;
	const uint16_t *groups, *schemes;
	size_t group_count, scheme_count;
	uint16_t share_group;		/* of TLS 1.3, as share is */
	struct slice share;
	const char *server_name;	/* or "" */
	const char *const *alpn;
	size_t alpn_count;
	uint16_t record_size_limit;	/* 0: not sent */
	struct slice cookie;		/* empty: not sent */
	bool takes_tickets;		/* session_ticket is sent, or psk_key_exchange_modes */
	struct slice ticket;		/* TLS 1.2: in it, or empty */
	bool retry;			/* the second one: its one share is the one asked for */
	struct slice psk;		/* TLS 1.3: the ticket in pre_shared_key; empty: not sent */
	uint32_t psk_age;		/* obfuscated */
	/* its binder is left zero: it is over all that stands before */
	size_t binder_len;
	const uint16_t *grease;		/* GREASE_COUNT reserved values (RFC 8701), or NULL */
};
enum { GREASE_SUITE, GREASE_GROUP, GREASE_EXTENSION, GREASE_LAST_EXTENSION, GREASE_VERSION,
	GREASE_COUNT };
/* 0x0a0a, 0x1a1a .. 0xfafa, from random bytes; the two extensions differ. */
void client_hello_grease(const uint8_t random[GREASE_COUNT], uint16_t grease[GREASE_COUNT]);

/* Writes the body; returns the extensions in it. A full writer has latched. */
uint32_t client_hello_encode(struct writer *w, const struct client_hello_params *p);

#endif
