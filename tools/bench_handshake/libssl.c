/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include "bench_handshake/bench.h"

/*
 * libssl as its manual recommends it: one context for all connections, no compression, no
 * tickets where none are measured, and memory BIOs, the same for both sides, so that nothing
 * is copied in between.
 */

struct slot {
	SSL *ssl[SIDES];
	BIO *to[SIDES];
};

static struct {
	enum row row;
	SSL_CTX *ctx[SIDES];
	struct slot *slots;
	size_t count;
	SSL_SESSION *session;
} l;

static bool
resumes(enum row row)
{
	return row == ROW_13_PSK || row == ROW_12_TICKET;
}

static void
set_common(SSL_CTX *ctx, enum row row)
{
	const int version = row >= ROW_12_ECDSA ? TLS1_2_VERSION : TLS1_3_VERSION;

	NEED(SSL_CTX_set_min_proto_version(ctx, version));
	NEED(SSL_CTX_set_max_proto_version(ctx, version));
	NEED(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256"));
	NEED(SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256"));
	NEED(SSL_CTX_set1_groups_list(ctx, "X25519:P-256"));
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (!resumes(row))
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	NEED(SSL_CTX_set_num_tickets(ctx, 0));
}

static void
make_contexts(enum row row)
{
	enum pki_kind kind = pki_of(row);

	NEED((l.ctx[SERVER] = SSL_CTX_new(TLS_server_method())) != NULL);
	NEED((l.ctx[CLIENT] = SSL_CTX_new(TLS_client_method())) != NULL);
	for (enum side side = CLIENT; side < SIDES; side++)
		set_common(l.ctx[side], row);
	NEED(SSL_CTX_use_certificate_chain_file(l.ctx[SERVER], pki_path(kind, PKI_CERT)));
	NEED(SSL_CTX_use_PrivateKey_file(l.ctx[SERVER], pki_path(kind, PKI_KEY), SSL_FILETYPE_PEM));
	NEED(SSL_CTX_load_verify_file(l.ctx[CLIENT], pki_path(kind, PKI_ROOT)));
	SSL_CTX_set_verify(l.ctx[CLIENT], SSL_VERIFY_PEER, NULL);
}

static void
create(enum side side, struct slot *slot)
{
	SSL *ssl = SSL_new(l.ctx[side]);

	NEED(ssl != NULL);
	for (enum side s = CLIENT; s < SIDES; s++)
		NEED(BIO_up_ref(slot->to[s]));
	SSL_set_bio(ssl, slot->to[side], slot->to[1 - side]);
	if (side == SERVER) {
		SSL_set_accept_state(ssl);
	} else {
		SSL_set_connect_state(ssl);
		NEED(SSL_set_tlsext_host_name(ssl, HOST));
		NEED(SSL_set1_host(ssl, HOST));
		if (l.session != NULL)
			NEED(SSL_set_session(ssl, l.session));
	}
	slot->ssl[side] = ssl;
}

static void
end(enum side side, struct slot *slot)
{
	SSL *ssl = slot->ssl[side];

	NEED(SSL_is_init_finished(ssl));
	NEED((l.session != NULL) == (SSL_session_reused(ssl) == 1));
	/* As if close_notify had gone both ways: else the session would count as broken. */
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
}

static void
libssl_turn(enum side side, size_t i, unsigned turn)
{
	struct slot *slot = &l.slots[i];
	int n;

	if (turn == TURN_END) {
		end(side, slot);
		return;
	}
	if (turn == 0)
		create(side, slot);
	if (SSL_is_init_finished(slot->ssl[side]))
		return;
	n = SSL_do_handshake(slot->ssl[side]);
	if (n != 1 && SSL_get_error(slot->ssl[side], n) != SSL_ERROR_WANT_READ)
		die("%s, %s: libssl's handshake failed", row_name[l.row], side_name[side]);
}

/* One full handshake, from which the client has a session. */
static void
get_session(void)
{
	unsigned char byte;
	SSL_SESSION *session;

	NEED(SSL_CTX_set_num_tickets(l.ctx[SERVER], 1));
	for (unsigned turn = 0; turn < TURNS; turn++)
		for (enum side side = CLIENT; side < SIDES; side++)
			libssl_turn(side, 0, turn);
	NEED(SSL_read(l.slots[0].ssl[CLIENT], &byte, 1) <= 0);	/* TLS 1.3: the ticket */
	NEED((session = SSL_get1_session(l.slots[0].ssl[CLIENT])) != NULL);
	NEED(SSL_SESSION_is_resumable(session));
	for (enum side side = CLIENT; side < SIDES; side++)
		libssl_turn(side, 0, TURN_END);
	l.session = session;
	NEED(SSL_CTX_set_num_tickets(l.ctx[SERVER], getenv("TICKETS") ? 1 : 0));
}

static bool
libssl_open(enum row row, size_t slots)
{
	l.row = row;
	l.count = slots;
	make_contexts(row);
	NEED((l.slots = calloc(slots, sizeof(*l.slots))) != NULL);
	for (size_t i = 0; i < slots; i++)
		for (enum side side = CLIENT; side < SIDES; side++) {
			NEED((l.slots[i].to[side] = BIO_new(BIO_s_mem())) != NULL);
			BIO_set_mem_eof_return(l.slots[i].to[side], -1);
		}
	if (resumes(row))
		get_session();
	return true;
}

static bool
released_open(enum row row, size_t slots)
{
	libssl_open(row, slots);
	for (enum side side = CLIENT; side < SIDES; side++)
		SSL_CTX_set_mode(l.ctx[side], SSL_MODE_RELEASE_BUFFERS);
	return true;
}

static void
libssl_close(void)
{
	for (size_t i = 0; i < l.count; i++)
		for (enum side side = CLIENT; side < SIDES; side++)
			BIO_free(l.slots[i].to[side]);
	for (enum side side = CLIENT; side < SIDES; side++)
		SSL_CTX_free(l.ctx[side]);
	SSL_SESSION_free(l.session);
	free(l.slots);
	memset(&l, 0, sizeof(l));
}

const struct contender libssl = { "libssl", libssl_open, libssl_turn, libssl_close };
const struct contender libssl_released = {
	"libssl, buffers released", released_open, libssl_turn, libssl_close,
};
