/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/client_hello.h"
#include "handshake/message_testlib.h"
#include "schedule/rfc8448_testlib.h"

/*
 * RFC 8448: the machines take every message of its traces that this issue knows,
 * make the same secrets of them, and write the same bytes where they have a say.
 * What is random is put in by hand, where the machine would have made it.
 */

static struct ktls_config *
make_config(void)
{
	static const uint16_t groups[] = { KTLS_GROUP_X25519, KTLS_GROUP_SECP256R1 };
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	assert_int_equal(ktls_config_verify(cfg, false), 0);
	assert_int_equal(ktls_config_groups(cfg, groups, 2), 0);
	return cfg;
}

static struct slice
body_of(struct slice message)
{
	return (struct slice){ message.p + MESSAGE_HEADER, message.len - MESSAGE_HEADER };
}

/* The client of a section, as it is after its (first) ClientHello. */
static struct ktls_hs *
make_client(struct ktls_config *cfg, int section, const char *hello)
{
	struct client_hello ch;
	struct ktls_hs *hs;

	assert_int_equal(ktls_hs_new(&hs, cfg, KTLS_CLIENT, NULL), 0);
	assert_int_equal(client_hello_decode(&ch, body_of(rfc8448(section, hello))), 0);
	flight_free(&hs->out);
	transcript_free(&hs->transcript);
	assert_int_equal(transcript_add(&hs->transcript, rfc8448(section, hello)), 0);
	memcpy(hs->client_random, ch.random.p, RANDOM_LEN);
	hs->session_id_len = ch.session_id.len;
	if (ch.session_id.len != 0)
		memcpy(hs->session_id, ch.session_id.p, ch.session_id.len);
	hs->compat = ch.session_id.len != 0;
	hs->offered = ch.seen;
	EVP_PKEY_free(hs->share_key);
	hs->share_key = rfc8448_share_key(section, "client x25519");
	return hs;
}

static void
take(struct ktls_hs *hs, unsigned msg, int section, const char *name)
{
	int err = machine_dispatch(hs, msg, rfc8448(section, name));

	if (err == 0)
		err = machine_run(hs);
	if (err != 0)
		fail_msg("section %d, %s: %s (%s)", section, name, ktls_strerror(err), hs->why);
}

static void
check_secrets(const struct ktls_hs *hs, int section)
{
	enum ktls_dir client = hs->role == KTLS_CLIENT ? KTLS_TX : KTLS_RX;
	enum ktls_dir server = hs->role == KTLS_CLIENT ? KTLS_RX : KTLS_TX;

	assert_memory_equal(hs->app_secret[client], rfc8448(section, "c ap traffic").p, 32);
	assert_memory_equal(hs->app_secret[server], rfc8448(section, "s ap traffic").p, 32);
	assert_memory_equal(hs->app_keys[client].key, rfc8448(section, "c ap key").p, 16);
	assert_memory_equal(hs->app_keys[client].iv, rfc8448(section, "c ap iv").p, 12);
	assert_memory_equal(hs->app_keys[server].key, rfc8448(section, "s ap key").p, 16);
	assert_memory_equal(hs->app_keys[server].iv, rfc8448(section, "s ap iv").p, 12);
}

/* What hs wants to send is the client's second flight, byte for byte: its Finished, sealed. */
static void
check_flight(struct ktls_hs *hs, int section)
{
	static const uint8_t ccs[] = { 20, 3, 3, 0, 1, 1 };
	const struct rfc8448_record *records;
	uint8_t wire[1024];
	size_t count, len, want = 0;
	const uint8_t *out = ktls_hs_send_buf(hs, &len);

	if (hs->compat) {
		assert_true(len > sizeof(ccs));
		assert_memory_equal(out, ccs, sizeof(ccs));
		out += sizeof(ccs);
		len -= sizeof(ccs);
	}
	records = rfc8448_records(&count);
	for (size_t i = 0; i < count; i++)
		if (records[i].section == section && records[i].client &&
		    strcmp(records[i].messages, "client Finished") == 0)
			want = rfc8448_wire(&records[i], wire, sizeof(wire));
	assert_int_not_equal(want, 0);
	assert_int_equal(len, want);
	assert_memory_equal(out, wire, len);
}

static void
take_protected(struct ktls_hs *hs, int section)
{
	take(hs, MT_ENCRYPTED_EXTENSIONS, section, "EncryptedExtensions");
	if (rfc8448_has(section, "CertificateRequest"))
		take(hs, MT_CERTIFICATE_REQUEST, section, "CertificateRequest");
	take(hs, MT_CERTIFICATE, section, "Certificate");
	take(hs, MT_CERTIFICATE_VERIFY, section, "CertificateVerify");
	take(hs, MT_FINISHED, section, "Finished");
	assert_int_equal(hs->state, ST_CONNECTED);
	check_secrets(hs, section);
}

static void
take_flight(struct ktls_hs *hs, int section)
{
	take(hs, MT_SERVER_HELLO, section, "ServerHello");
	take_protected(hs, section);
}

/* Section 7: in middlebox compatibility mode. */
static void
client_simple(void **unused)
{
	struct ktls_config *cfg = make_config();

	(void)unused;
	for (int section = 3; section <= 7; section += 4) {
		struct ktls_hs *hs = make_client(cfg, section, "ClientHello");

		take_flight(hs, section);
		check_flight(hs, section);
		ktls_hs_free(hs);
	}
	ktls_config_unref(cfg);
}

/* Its answer differs, as it has no certificate; but it answers. */
static void
client_is_asked_for_a_certificate(void **unused)
{
	static const uint8_t none[] = { MT_CERTIFICATE, 0, 0, 4, 0, 0, 0, 0 };
	struct ktls_config *cfg = make_config();
	struct ktls_hs *hs = make_client(cfg, 6, "ClientHello");
	struct ktls_record *rec;
	struct ktls_keys keys;
	const uint8_t *secret;
	uint8_t wire[256], type;
	void *plain;
	size_t len;
	const void *out;

	(void)unused;
	take(hs, MT_SERVER_HELLO, 6, "ServerHello");
	secret = rfc8448(6, "c hs traffic").p;
	assert_int_equal(traffic_keys(hs->crypto, HASH_SHA256, KTLS_AES_128_GCM, secret, &keys), 0);
	take_protected(hs, 6);
	assert_int_equal(ktls_record_new(&rec, hs->crypto, KTLS_RX, &keys), 0);
	out = ktls_hs_send_buf(hs, &len);
	assert_in_range(len, 1, sizeof(wire));
	memcpy(wire, out, len);
	assert_int_equal(ktls_record_open(rec, wire, len, &type, &plain, &len), 0);
	assert_int_equal(type, KTLS_TYPE_HANDSHAKE);
	assert_int_equal(len, sizeof(none) + MESSAGE_HEADER + 32);
	assert_memory_equal(plain, none, sizeof(none));
	ktls_record_free(rec);
	ktls_hs_free(hs);
	ktls_config_unref(cfg);
}

/* The machine would make a ClientHello of its own here: the RFC's takes its place. */
static void
client_hello_retry_request(void **unused)
{
	struct ktls_config *cfg = make_config();
	struct ktls_hs *hs = make_client(cfg, 5, "ClientHello1");
	struct client_hello ch;
	struct slice hrr;

	(void)unused;
	hrr = rfc8448(5, "HelloRetryRequest");
	assert_int_equal(machine_dispatch(hs, MT_HELLO_RETRY_REQUEST, hrr), 0);
	assert_int_equal(hs->state, ST_START);
	assert_int_equal(hs->group, KTLS_GROUP_SECP256R1);
	assert_int_equal(client_hello_decode(&ch, body_of(rfc8448(5, "ClientHello2"))), 0);
	assert_int_equal(transcript_add(&hs->transcript, rfc8448(5, "ClientHello2")), 0);
	hs->share_key = rfc8448_share_key(5, "client P-256");
	hs->state = ST_WAIT_SH;
	take_flight(hs, 5);
	check_flight(hs, 5);
	ktls_hs_free(hs);
	ktls_config_unref(cfg);
}

/* The RFC's identity: its key is too small for ktls_config_identity(). */
static void
give_identity(struct ktls_config *cfg)
{
	struct reader r = rd_init(body_of(rfc8448(3, "Certificate")));
	struct identity *who = OPENSSL_zalloc(sizeof(*who));
	struct slice cert;
	uint8_t *copy;

	assert_non_null(who);
	(void)rd_vec(&r, 1);
	(void)rd_open(&r, 3);
	cert = rd_vec(&r, 3);
	assert_false(r.bad);
	copy = OPENSSL_memdup(cert.p, cert.len);
	assert_non_null(copy);
	who->cert[0] = (struct slice){ copy, cert.len };
	who->cert_count = 1;
	who->key = rfc8448_rsa_key();
	who->public_key = rfc8448_rsa_key();
	assert_int_equal(identity_prepare(who, cfg->crypto), 0);
	cfg->identity[0] = who;
	cfg->identity_count = 1;
}

static void
check_sent(struct ktls_hs *hs, hs_send_fn *send, int section, const char *name)
{
	struct slice want = rfc8448(section, name);
	uint8_t buf[1024];
	struct writer w = wr_init(buf, sizeof(buf));

	assert_int_equal(send(hs, &w), 0);
	assert_true(wr_done(&w));
	assert_int_equal(wr_len(&w), want.len - MESSAGE_HEADER);
	assert_memory_equal(buf, want.p + MESSAGE_HEADER, wr_len(&w));
}

static void
add(struct ktls_hs *hs, int section, const char *name)
{
	assert_int_equal(transcript_add(&hs->transcript, rfc8448(section, name)), 0);
}

static void
receive(struct ktls_hs *hs, unsigned msg, int section, const char *name)
{
	const struct slice body = body_of(rfc8448(section, name));

	assert_int_equal(message_receive(hs, msg, body.p, body.len), 0);
}

static void
server_side(int section)
{
	struct ktls_config *cfg = make_config();
	struct ktls_hs *hs;

	give_identity(cfg);
	assert_int_equal(ktls_hs_new(&hs, cfg, KTLS_SERVER, NULL), 0);
	receive(hs, MT_CLIENT_HELLO, section, "ClientHello");
	assert_int_equal(hs->state, ST_NEGOTIATED);
	message_hello_answered(hs);
	assert_int_equal(hs->scheme, SIG_RSA_PSS_RSAE_SHA256);
	memcpy(hs->shared, rfc8448(section, "shared secret").p, 32);
	hs->shared_len = 32;
	add(hs, section, "ServerHello");
	assert_int_equal(hs13_keys_handshake(hs), 0);
	add(hs, section, "EncryptedExtensions");
	check_sent(hs, hs13_certificate_send, section, "Certificate");
	hs->questions.due = ASK_NOTHING;	/* the RFC has signed */
	add(hs, section, "Certificate");
	add(hs, section, "CertificateVerify");
	check_sent(hs, hs13_finished_send, section, "Finished");
	add(hs, section, "Finished");
	assert_int_equal(hs13_keys_application(hs), 0);
	hs->state = ST_WAIT_FINISHED;
	take(hs, MT_FINISHED, section, "client Finished");
	assert_int_equal(hs->state, ST_CONNECTED);
	check_secrets(hs, section);
	ktls_hs_free(hs);
	ktls_config_unref(cfg);
}

static void
server_simple(void **unused)
{
	(void)unused;
	server_side(3);
	server_side(7);
}

/* A server takes the ClientHello of each, of section 4 too: without its PSK, as a new handshake. */
static void
client_hellos_are_accepted(void **unused)
{
	struct ktls_config *cfg = make_config();
	struct ktls_hs *hs;

	(void)unused;
	give_identity(cfg);
	for (int section = 3; section <= 7; section++) {
		const char *name = section == 5 ? "ClientHello1" : "ClientHello";

		assert_int_equal(ktls_hs_new(&hs, cfg, KTLS_SERVER, NULL), 0);
		receive(hs, MT_CLIENT_HELLO, section, name);
		assert_int_equal(hs->in.skip_early, section == 4);
		assert_string_equal(ktls_hs_server_name(hs), "server");
		ktls_hs_free(hs);
	}
	ktls_config_unref(cfg);
}

/* RFC 8446 D.4: the server's change_cipher_spec is for clients with a session id. */
static void
change_cipher_spec_where_asked_for(void **unused)
{
	struct ktls_config *cfg = make_config();

	(void)unused;
	give_identity(cfg);
	for (int section = 3; section <= 7; section += 4) {
		struct slice hello = rfc8448(section, "ClientHello");
		uint8_t header[] = { 22, 3, 1, (uint8_t)(hello.len >> 8), (uint8_t)hello.len };
		const uint8_t *out;
		struct ktls_hs *hs;
		size_t len;

		assert_int_equal(ktls_hs_new(&hs, cfg, KTLS_SERVER, NULL), 0);
		assert_int_equal(ktls_hs_feed(hs, header, 5), 5);
		assert_int_equal(ktls_hs_feed(hs, hello.p, hello.len), hello.len);
		assert_int_equal(ktls_hs_want(hs), KTLS_HS_SEND);
		out = ktls_hs_send_buf(hs, &len);
		assert_int_equal(out[0], KTLS_TYPE_HANDSHAKE);
		assert_int_equal(out[5 + (out[3] << 8 | out[4])], section == 7 ? 20 : 23);
		ktls_hs_free(hs);
	}
	ktls_config_unref(cfg);
}

/* Section 6's client: its Certificate has the form of a server's, its signature another context. */
static void
client_certificate_is_read(void **unused)
{
	static const char context[] = "TLS 1.3, client CertificateVerify";
	static const char *const before[] = {
		"ClientHello", "ServerHello", "EncryptedExtensions", "CertificateRequest",
		"Certificate", "CertificateVerify", "Finished", "client Certificate",
	};
	struct ktls_config *cfg = make_config();
	struct ktls_hs *hs = make_client(cfg, 6, "ClientHello");
	struct reader r = rd_init(body_of(rfc8448(6, "client CertificateVerify")));
	uint8_t content[64 + sizeof(context) + 32], hash[HASH_LEN_MAX];
	struct transcript t;
	uint16_t scheme;
	int err;

	(void)unused;
	hs->state = ST_WAIT_CERT;
	take(hs, MT_CERTIFICATE, 6, "client Certificate");
	assert_int_equal(hs->state, ST_WAIT_CV);

	transcript_init(&t, hs->crypto);
	assert_int_equal(transcript_choose(&t, HASH_SHA256), 0);
	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++)
		assert_int_equal(transcript_add(&t, rfc8448(6, before[i])), 0);
	assert_int_equal(transcript_hash(&t, hash), 0);
	memset(content, ' ', 64);
	memcpy(content + 64, context, sizeof(context));
	memcpy(content + 64 + sizeof(context), hash, 32);
	scheme = rd_u16(&r);
	err = signature_check(hs->crypto, scheme, hs->peer.key,
	    (struct slice){ content, sizeof(content) }, rd_vec(&r, 2));
	assert_int_equal(err, 0);
	assert_true(rd_done(&r));
	transcript_free(&t);
	ktls_hs_free(hs);
	ktls_config_unref(cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_simple),
		cmocka_unit_test(client_is_asked_for_a_certificate),
		cmocka_unit_test(client_hello_retry_request),
		cmocka_unit_test(server_simple),
		cmocka_unit_test(client_hellos_are_accepted),
		cmocka_unit_test(change_cipher_spec_where_asked_for),
		cmocka_unit_test(client_certificate_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
