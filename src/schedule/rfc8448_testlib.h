/* SPDX-License-Identifier: MIT */
#ifndef SCHEDULE_RFC8448_TESTLIB_H
#define SCHEDULE_RFC8448_TESTLIB_H

#include "crypto/crypto.h"

/*
 * The traces of RFC 8448: what it prints, for every room's tests. Only what can
 * be had no other way stands in the table; labels and the like the code knows.
 *
 * Sections: 2 the RSA key, 3 simple 1-RTT, 4 resumed 0-RTT, 5 HelloRetryRequest,
 * 6 client authentication, 7 compatibility mode.
 *
 * Names of values, where a section has them:
 *	"client x25519 private", "server P-256 public", ...
 *	"ClientHello", "ClientHello1", "HelloRetryRequest", "ClientHello2",
 *	"ServerHello", "EncryptedExtensions", "CertificateRequest", "Certificate",
 *	"CertificateVerify", "Finished", and the client's: "client Certificate",
 *	"client CertificateVerify", "client Finished"; "EndOfEarlyData",
 *	"NewSessionTicket": whole messages, with their headers
 *	"PSK", "binder", "shared secret", "resumption"
 *	"early", "handshake", "master": the secrets of RFC 8446 7.1
 *	"c hs traffic", "exp master", ...: derived secrets, by their labels
 *	"c hs key", "c hs iv", also s, and e (early) and ap (application)
 *	"hash to ServerHello", ...: of the transcript up to there
 */
struct slice rfc8448(int section, const char *name);	/* fails the test where there is none */
bool rfc8448_has(int section, const char *name);

enum rfc8448_keys { RFC8448_PLAIN, RFC8448_EARLY, RFC8448_HANDSHAKE, RFC8448_APPLICATION };

/* A record as it was sent; a section's stand in order. */
struct rfc8448_record {
	int section;
	bool client;			/* sent by it */
	enum rfc8448_keys keys;		/* seq counts from 0 under each */
	uint8_t type;			/* the inner one */
	const char *messages;		/* names of values, joined by '+' */
	const char *hex;
};

const struct rfc8448_record *rfc8448_records(size_t *count);
size_t rfc8448_payload(const struct rfc8448_record *record, uint8_t *out, size_t room);
size_t rfc8448_wire(const struct rfc8448_record *record, uint8_t *out, size_t room);
/* The sequence number under which record was sent. */
uint64_t rfc8448_seq(const struct rfc8448_record *record);
/* The keys under which it was sent, with that number. */
void rfc8448_traffic_keys(const struct rfc8448_record *record, struct ktls_keys *keys);

/* section 2's; EVP_PKEY_free() it */
EVP_PKEY *rfc8448_rsa_key(void);
/* "client x25519", "server P-256" */
EVP_PKEY *rfc8448_share_key(int section, const char *who);

#endif
