/* SPDX-License-Identifier: MIT */
#include "bench_handshake/primitives.h"

/*
 * The floor of each row: its primitives, one after the other, and no TLS.
 *
 * TLS 1.3: 19 HMACs, as neither the Early Secret without a PSK nor the salt derived
 * from it change (RFC 8446 7.1). With one, both, and the binder's three, are added. Each HMAC
 * but has a key of its own. The transcript's hash is asked for after ServerHello, Certificate,
 * CertificateVerify, and each Finished.
 * TLS 1.2: P_SHA256 of n bytes is A(1), then A(i) and a hash for each 32 bytes (RFC 5246 5);
 * three blocks of one key: master secret (of the pre-master secret), key block of 40 bytes,
 * two Finished of 12.
 */

struct flow {
	bool exchange;			/* X25519: a key, a secret */
	unsigned sign[SIDES];		/* CertificateVerify, or ServerKeyExchange */
	unsigned verify[SIDES], verify_chain[SIDES];
	unsigned hmac_keys, hmacs;
	size_t transcript;		/* bytes */
	unsigned hashes;
	unsigned gcm_keys;
	size_t flight[SIDES];		/* bytes in the record that it seals */
	size_t ticket;			/* bytes that the server opens */
};

/* clang-format off */
static const struct flow flows[ROWS] = {
	[ROW_13_ECDSA]  = { true,  { 0, 1 }, { 1, 0 }, { 1, 0 }, 19, 19, 1000, 4, 4, { 37, 650 },  0 },
	[ROW_13_RSA]    = { true,  { 0, 1 }, { 1, 0 }, { 1, 0 }, 19, 19, 1650, 4, 4, { 37, 1300 }, 0 },
	[ROW_13_PSK]    = { true,  { 0, 0 }, { 0, 0 }, { 0, 0 }, 24, 24, 600,  4, 4, { 37, 43 },   160 },
	[ROW_12_ECDSA]  = { true,  { 0, 1 }, { 1, 0 }, { 1, 0 }, 2,  12, 1000, 3, 2, { 16, 16 },   0 },
	[ROW_12_TICKET] = { false, { 0, 0 }, { 0, 0 }, { 0, 0 }, 1,  8,  500,  2, 2, { 16, 16 },   160 },
};
/* clang-format on */

static const struct flow *flow;

static bool
floor_open(enum row row, size_t slots)
{
	(void)slots;
	flow = &flows[row];
	primitives_open(pki_of(row));
	return true;
}

static void
times(void (*primitive)(void), unsigned count)
{
	while (count-- != 0)
		primitive();
}

static void
floor_turn(enum side side, size_t slot, unsigned turn)
{
	(void)slot;
	if (turn != 0)
		return;
	if (flow->exchange) {
		x25519_keygen();
		x25519_derive();
	}
	times(sign, flow->sign[side]);
	times(verify, flow->verify[side]);
	times(verify_chain, flow->verify_chain[side]);
	times(hmac_key, flow->hmac_keys);
	times(hmac, flow->hmacs);
	sha256(flow->transcript, flow->hashes);
	times(gcm_key, flow->gcm_keys);
	gcm_seal(flow->flight[side]);
	gcm_open(flow->flight[1 - side]);
	if (side == SERVER && flow->ticket != 0)
		gcm_open(flow->ticket);
}

const struct contender the_floor = { "floor", floor_open, floor_turn, primitives_close };
