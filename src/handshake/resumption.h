/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_RESUMPTION_H
#define HANDSHAKE_RESUMPTION_H

#include <ktls/handshake.h>
#include "session/session.h"

/*
 * What a handshake makes a session of, and whether it may go on from one: the same
 * for both versions and roles, but for the few words of each.
 */

/* Of one handshake. */
struct resumption {
	struct session session;		/* offered by a client; resumed, where `resumed` */
	uint8_t *data;			/* in which its slices lie */
	size_t data_len;
	bool resumed;
	struct slice ticket;		/* server: the one under question, in the ClientHello */
	/* TLS 1.3: which of the offered identities that is, or was taken */
	unsigned identity;
	uint8_t *encoded;		/* what is to be sealed, or kept */
	size_t encoded_len;
	int64_t expires;		/* s since 1970: of that */
	unsigned tickets;		/* TLS 1.3 server: still to be given */
	uint8_t nonce;			/* and of the one under work */
	uint32_t age_add;
	uint8_t secret[HASH_LEN_MAX];	/* TLS 1.3: resumption_master_secret, once it is known */
};

/* 8 of them: a longer list is read no further. */
#define RESUME_IDENTITIES_MAX	8

/* Whether somebody would answer: a store of the config's, or its user. */
bool resumption_can(const struct ktls_hs *hs, enum ktls_question_kind kind);

/*
 * Takes a copy of an encoded session, where it is one, of this version, bound to this config
 * and not expired: hs->resume.session. True where it may be resumed as far as both
 * versions agree; their own rules follow.
 */
bool resumption_take(struct ktls_hs *hs, struct slice encoded, uint16_t version);
/* It isn't resumed after all. */
void resumption_drop(struct ktls_hs *hs);
/* It is: the facts that it carries over, of the peer. -ENOMEM; then nothing has changed. */
KTLS_CHECKED int resumption_accept(struct ktls_hs *hs);

/*
 * The session of this handshake, but for its secret, which is the caller's to fill in: the
 * slices lie in hs. lifetime: of the store or the ticket, in seconds.
 */
void resumption_describe(const struct ktls_hs *hs, uint32_t lifetime, struct session *session);
/* Sets hs->resume.encoded; -EMSGSIZE where it is too long to be kept: then there is none. */
KTLS_CHECKED int resumption_encode(struct ktls_hs *hs, const struct session *session);
/* Its answer: hs->resume.encoded is the ticket from now on. */
KTLS_CHECKED int resumption_sealed(struct ktls_hs *hs, struct slice ticket);
/* Seconds that a ticket or session of this config lives. */
uint32_t resumption_lifetime(const struct ktls_hs *hs);

/*
 * Under what a client keeps its sessions, and finds them: a digest of whom it asked for
 * and under which policy.
 */
#define RESUMPTION_KEY_LEN	32
KTLS_CHECKED int resumption_key(struct ktls_hs *hs, uint8_t key[RESUMPTION_KEY_LEN]);

void resumption_free(struct resumption *r);

#endif
