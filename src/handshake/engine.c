/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/wipe.h"
#include "handshake/machine.h"

/* The public functions of <ktls/handshake.h>: bytes in, bytes out, results. */

static int
set_names(struct ktls_hs *hs, const struct ktls_hs_params *params)
{
	const char *sni = params != NULL ? params->server_name : NULL;
	const char *verify = params != NULL ? params->verify_name : NULL;

	if (verify == NULL)
		verify = sni;
	if (hs->role == KTLS_SERVER)
		return sni == NULL && verify == NULL ? 0 : -EINVAL;
	hs->port = params != NULL ? params->port : 0;
	if (sni != NULL) {
		if (!extension_name_valid((struct slice){ (const uint8_t *)sni, strlen(sni) }))
			return -EINVAL;
		memcpy(hs->server_name, sni, strlen(sni) + 1);
	}
	if (verify != NULL) {
		if (strlen(verify) > SERVER_NAME_MAX)
			return -EINVAL;
		memcpy(hs->verify_name, verify, strlen(verify) + 1);
	}
	return hs->cfg->verify && hs->verify_name[0] == '\0' ? -EINVAL : 0;
}

static int
check_config(const struct ktls_config *cfg, enum ktls_role role)
{
	if (role != KTLS_CLIENT && role != KTLS_SERVER)
		return -EINVAL;
	if (cfg->cipher_count == 0 || cfg->group_count == 0)
		return -EINVAL;
	/* A server that asks may be given another config, which has one. */
	return role == KTLS_SERVER && cfg->identity_count == 0 &&
	    !cfg->ask[KTLS_ASK_CONFIG].asked ? -EINVAL : 0;
}

int
machine_use_config(struct ktls_hs *hs, struct ktls_config *cfg)
{
	int err;

	if ((err = check_config(cfg, hs->role)) != 0 ||
	    (err = config_use(cfg, hs->role == KTLS_CLIENT)) != 0)
		return err;
	ktls_config_unref(hs->cfg);
	hs->cfg = cfg;
	hs->crypto = cfg->crypto;
	transcript_init(&hs->transcript, hs->crypto);	/* nothing is in it yet */
	return 0;
}

int
ktls_hs_new(struct ktls_hs **out, struct ktls_config *cfg, enum ktls_role role,
    const struct ktls_hs_params *params)
{
	struct ktls_hs *hs;
	int err;

	if ((hs = OPENSSL_zalloc(sizeof(*hs))) == NULL)
		return fail_memory();
	hs->cfg = ktls_config_ref(cfg);
	hs->crypto = cfg->crypto;
	hs->role = role;
	hs->identity = -1;
	hs->questions.due = ASK_NOTHING;
	hs->questions.identity = KTLS_IDENTITY_AUTO;
	transcript_init(&hs->transcript, hs->crypto);
	if ((err = check_config(cfg, role)) != 0 ||
	    (err = set_names(hs, params)) != 0 ||
	    (err = config_use(cfg, role == KTLS_CLIENT)) != 0) {
		ktls_hs_free(hs);
		return err;
	}
	/* RFC 8446 4.2.2: the one before a second ClientHello that somebody else has asked for. */
	hs->in.cut.ccs = role == KTLS_SERVER && cfg->retry_tickets != NULL;
	if (role == KTLS_CLIENT && resumption_can(hs, KTLS_ASK_SESSION_GET))
		hs->questions.due = KTLS_ASK_SESSION_GET;
	if ((err = machine_run(hs)) != 0) {		/* a client's ClientHello */
		ktls_hs_free(hs);
		return err;
	}
	*out = hs;
	return 0;
}

void
ktls_hs_free(struct ktls_hs *hs)
{
	struct ktls_config *cfg;

	if (hs == NULL)
		return;
	cfg = hs->cfg;
	input_free(&hs->in);
	flight_free(&hs->out);
	for (int dir = 0; dir < KTLS_DIRS; dir++)
		ktls_record_free(hs->rec[dir]);
	transcript_free(&hs->transcript);
	schedule13_wipe(&hs->schedule);
	schedule12_wipe(&hs->schedule12);
	EVP_PKEY_free(hs->share_key);
	EVP_PKEY_free(hs->peer.key);
	OPENSSL_free(hs->peer_chain);
	OPENSSL_free(hs->wanted_data);
	OPENSSL_free(hs->hello);
	OPENSSL_free(hs->cookie);
	question_free(&hs->questions);
	resumption_free(&hs->resume);
	wipe_free(hs, sizeof(*hs));
	ktls_config_unref(cfg);
}

int
ktls_hs_want(struct ktls_hs *hs)
{
	if (hs->out.out_sent < hs->out.out_len)
		return KTLS_HS_SEND;
	if (hs->err != 0)
		return hs->err;
	if (hs->questions.open)
		return KTLS_HS_WAIT;
	return hs->state == ST_CONNECTED ? 0 : KTLS_HS_RECV;
}

void
ktls_hs_set_exact(struct ktls_hs *hs, bool exact)
{
	hs->exact = exact;
}

static bool
finished(const struct ktls_hs *hs)
{
	return hs->err != 0 || hs->state == ST_CONNECTED;
}

/* Whether bytes are of use now: not while our own side owes an answer. */
static bool
takes_bytes(const struct ktls_hs *hs)
{
	return !finished(hs) && !hs->questions.open;
}

void *
ktls_hs_recv_buf(struct ktls_hs *hs, size_t *len)
{
	void *buf;

	*len = 0;
	if (!takes_bytes(hs))
		return NULL;
	if ((buf = input_space(hs, len)) == NULL)
		fail_with(hs, fail_memory());
	return buf;
}

void
ktls_hs_received(struct ktls_hs *hs, size_t n)
{
	int err;

	if (finished(hs))
		return;
	hs->at = 0;
	hs->why[0] = '\0';
	if ((err = n != 0 ? input_filled(hs, n) : KTLS_REFUSED(KTLS_R_TRUNCATED_HANDSHAKE)) != 0)
		fail_with(hs, err);
}

/* A record at a time, so that nothing behind the last one is taken. */
size_t
ktls_hs_feed(struct ktls_hs *hs, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t taken = 0, n;
	uint8_t *space;

	while (taken < len && takes_bytes(hs)) {
		space = input_record_space(hs, &n);
		if (space == NULL) {
			fail_with(hs, fail_memory());
			break;
		}
		if (n > len - taken)
			n = len - taken;
		memcpy(space, p + taken, n);
		taken += n;
		ktls_hs_received(hs, n);
	}
	if (hs->err == KTLS_REFUSED(KTLS_R_PLAIN_HTTP))
		taken += input_keep(hs, p + taken, len - taken);
	return taken;
}

const void *
ktls_hs_send_buf(const struct ktls_hs *hs, size_t *len)
{
	*len = hs->out.out_len - hs->out.out_sent;
	return *len != 0 ? hs->out.out + hs->out.out_sent : NULL;
}

void
ktls_hs_sent(struct ktls_hs *hs, size_t n)
{
	flight_sent(&hs->out, n);
}

const void *
ktls_hs_rest(const struct ktls_hs *hs, size_t *len)
{
	struct slice rest = { NULL, 0 };

	if (hs->state == ST_CONNECTED || hs->err == KTLS_REFUSED(KTLS_R_PLAIN_HTTP))
		rest = input_rest(hs);
	*len = rest.len;
	return rest.len != 0 ? rest.p : NULL;
}

/*
 * A client's RX once the server's Finished is verified, its TX once its own
 * flight has left; a server's both after the client's Finished.
 */
bool
ktls_hs_ready(const struct ktls_hs *hs, enum ktls_dir dir)
{
	if (hs->err != 0 || !hs->derived)
		return false;
	if (hs->role == KTLS_CLIENT && dir == KTLS_RX)
		return true;
	return hs->state == ST_CONNECTED && hs->out.out_sent == hs->out.out_len;
}

int
ktls_hs_take_keys(struct ktls_hs *hs, enum ktls_dir dir, struct ktls_keys *keys)
{
	if ((unsigned)dir >= KTLS_DIRS)
		return -EINVAL;
	if (!ktls_hs_ready(hs, dir))
		return -EAGAIN;
	if (hs->keys_taken[dir])
		return -EALREADY;
	*keys = hs->app_keys[dir];
	ktls_keys_wipe(&hs->app_keys[dir]);
	hs->keys_taken[dir] = true;
	return 0;
}

const char *
ktls_hs_alpn(const struct ktls_hs *hs)
{
	return hs->alpn;
}

const char *
ktls_hs_server_name(const struct ktls_hs *hs)
{
	return hs->server_name[0] != '\0' ? hs->server_name : NULL;
}

uint16_t
ktls_hs_version(const struct ktls_hs *hs)
{
	return hs->version;
}

enum ktls_cipher
ktls_hs_cipher(const struct ktls_hs *hs)
{
	return hs->suite != NULL ? hs->suite->cipher : KTLS_AES_128_GCM;
}

uint16_t
ktls_hs_group(const struct ktls_hs *hs)
{
	return hs->version != 0 ? hs->group : 0;
}

uint16_t
ktls_hs_signature_scheme(const struct ktls_hs *hs)
{
	if (hs->version == 0)
		return 0;
	return hs->role == KTLS_CLIENT ? hs->peer_scheme : hs->scheme;
}

uint16_t
ktls_hs_peer_signature_scheme(const struct ktls_hs *hs)
{
	return hs->version != 0 ? hs->peer_scheme : 0;
}

bool
ktls_hs_resumed(const struct ktls_hs *hs)
{
	return hs->resume.resumed;
}

const void *
ktls_hs_peer_chain(const struct ktls_hs *hs, size_t index, size_t *len)
{
	struct slice chain[CONFIG_PEER_CHAIN_MAX];

	*len = 0;
	if (index >= chain_split(hs, chain))
		return NULL;
	*len = chain[index].len;
	return chain[index].p;
}

int
ktls_hs_identity(const struct ktls_hs *hs)
{
	return hs->identity;
}

uint16_t
ktls_hs_tx_limit(const struct ktls_hs *hs)
{
	/* TLS 1.3 counts the type's byte. */
	const uint16_t limit = (uint16_t)(hs->peer_limit - (hs->version == KTLS_TLS12 ? 0 : 1));

	return hs->peer_limit == 0 || limit > hs->cfg->send_limit ? hs->cfg->send_limit : limit;
}

uint16_t
ktls_hs_rx_limit(const struct ktls_hs *hs)
{
	return hs->our_limit;
}

enum ktls_reason
ktls_hs_reason(const struct ktls_hs *hs)
{
	return ktls_err_reason(hs->err);
}

const char *
ktls_hs_reason_text(const struct ktls_hs *hs)
{
	return hs->reason;
}
