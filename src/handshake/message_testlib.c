/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config/pki_testlib.h"
#include "handshake/client_hello.h"
#include "handshake/message_testlib.h"
#include "handshake/pair_testlib.h"

static struct test_pki *pki;
static struct ktls_config *configs[2];

static void
check(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "message_testlib: %s\n", what);
		abort();
	}
}

struct ktls_config *
message_config(enum ktls_role role)
{
	static const char *const names[] = { "h2", "http/1.1" };
	struct ktls_config *cfg = configs[role];

	if (cfg != NULL)
		return cfg;
	if (pki == NULL) {
		pki = test_pki_new();
		(void)atexit(message_configs_free);	/* its directory */
	}
	cfg = role == KTLS_CLIENT ? test_pki_client(pki) : test_pki_server(pki, TEST_EC);
	check(ktls_config_alpn(cfg, names, 2) == 0, "ALPN");
	check(ktls_config_record_size_limit(cfg, 16385) == 0, "record_size_limit");
	return configs[role] = cfg;
}

void
message_configs_free(void)
{
	for (int i = 0; i < 2; i++) {
		ktls_config_unref(configs[i]);
		configs[i] = NULL;
	}
	test_pki_free(pki);
	pki = NULL;
}

/* What the ServerHello or the server's flight before state would have left behind. */
static void
prepare(struct ktls_hs *hs, enum hs_state state)
{
	hs->suite = suite_of(KTLS_AES_128_GCM);
	hs->version = KTLS_TLS13;
	check(transcript_choose(&hs->transcript, HASH_SHA256) == 0, "transcript");
	memset(hs->shared, 7, 32);
	hs->shared_len = 32;
	check(hs13_keys_handshake(hs) == 0, "handshake keys");
	if (state == ST_WAIT_CV && hs->role == KTLS_CLIENT) {
		hs->peer.key = message_config(KTLS_SERVER)->identity[0]->key;
		check(EVP_PKEY_up_ref(hs->peer.key) == 1, "key");
	}
	if (state == ST_WAIT_FINISHED && hs->role == KTLS_SERVER)
		check(hs13_keys_application(hs) == 0, "application keys");
}

struct ktls_hs *
message_hs(enum ktls_role role, enum hs_state state)
{
	static const struct ktls_hs_params params = { .server_name = "localhost" };
	struct ktls_hs *hs;
	int err;

	err = ktls_hs_new(&hs, message_config(role), role, role == KTLS_CLIENT ? &params : NULL);
	check(err == 0, ktls_strerror(err));
	flight_free(&hs->out);
	if (state != ST_START && state != ST_WAIT_SH)
		prepare(hs, state);
	hs->state = state;
	return hs;
}

static int
dispatch(struct ktls_hs *hs, unsigned msg, const void *body, size_t len)
{
	uint8_t *exact = malloc(MESSAGE_HEADER + len);
	int err;

	check(exact != NULL, "no memory");
	memset(exact, 0, MESSAGE_HEADER);
	if (len != 0)
		memcpy(exact + MESSAGE_HEADER, body, len);
	err = machine_dispatch(hs, msg, (struct slice){ exact, MESSAGE_HEADER + len });
	free(exact);
	return err;
}

int
message_receive(struct ktls_hs *hs, unsigned msg, const void *body, size_t len)
{
	int err = dispatch(hs, msg, body, len);

	/* What a ClientHello asks for belongs to it. */
	while (err == 0 && msg == MT_CLIENT_HELLO && hs->questions.due != ASK_NOTHING)
		err = question_ask(hs);
	return err;
}

void
message_hello_answered(struct ktls_hs *hs)
{
	const struct slice hello = { hs->hello->bytes, hs->hello->len };

	check(transcript_choose(&hs->transcript, hs->suite->hash) == 0 &&
	    transcript_add(&hs->transcript, hello) == 0, "transcript");
	OPENSSL_free(hs->hello);
	hs->hello = NULL;
}

static void
unchanged(const struct ktls_hs *hs, struct ktls_hs *before)
{
	before->at = hs->at;
	before->questions = hs->questions;
	memcpy(before->why, hs->why, sizeof(before->why));
	check(memcmp(before, hs, sizeof(*before)) == 0, "a refusal has changed something");
	OPENSSL_cleanse(before, sizeof(*before));
}

int
message_receive_checked(struct ktls_hs *hs, unsigned msg, const void *body, size_t len)
{
	static struct ktls_hs before;		/* its padding too */
	int err;

	memcpy(&before, hs, sizeof(before));
	err = dispatch(hs, msg, body, len);
	while (err == 0 && msg == MT_CLIENT_HELLO && hs->questions.due != ASK_NOTHING) {
		memcpy(&before, hs, sizeof(before));
		err = question_ask(hs);
	}
	if (err != 0)
		unchanged(hs, &before);
	return err;
}

void
message_truncated(enum ktls_role role, enum hs_state state, unsigned msg, const void *body,
    size_t len)
{
	struct ktls_hs *hs = message_hs(role, state);

	for (size_t n = 0; n < len; n++)
		if (message_receive_checked(hs, msg, body, n) == 0) {
			fprintf(stderr, "%s, %zu bytes: ", machine_message_name(msg), n);
			check(false, "a message cut short was accepted");
		}
	ktls_hs_free(hs);
}

int
message_fuzz(enum ktls_role role, enum hs_state state, unsigned msg, const uint8_t *data,
    size_t len)
{
	struct ktls_hs *hs = message_hs(role, state);
	int err = message_receive_checked(hs, msg, data, len);

	check(err != KTLS_REFUSED(KTLS_R_INTERNAL), "internal error");
	check(err <= 0, "a positive error");
	ktls_hs_free(hs);
	return 0;
}
