/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ktls/store.h>
#include "interop/peer.h"

#define COUNT(table)	(sizeof(table) / sizeof(*(table)))
#define LIST_MAX	16

static const char help[] =
"usage: ktls_peer client|server [OPTION]...\n"
"\n"
"One peer of an interoperability test, on 127.0.0.1: makes or takes connections, does\n"
"the steps in each, and prints a line of JSON for each. Lists are joined by ':'.\n"
"\n"
"  --port N               a server without it prints the port that it was given\n"
"  --connections N        one after another; default 1\n"
"  --versions 1.2|1.3     the only one; default both\n"
"  --ciphers LIST         AES-128-GCM, AES-256-GCM, AES-128-CCM, CHACHA20-POLY1305\n"
"  --groups LIST          X25519, P-256, P-384, P-521\n"
"  --sign LIST, --verify-with LIST\n"
"                         signature schemes, as in RFC 8446 4.2.3\n"
"  --identity CERT:KEY    may be given again\n"
"  --trust FILE, --crl FILE, --insecure\n"
"  --client-auth WHICH    request, require\n"
"  --alpn LIST\n"
"  --server-name NAME     SNI, and the name that is verified unless --verify-name is given\n"
"  --verify-name NAME\n"
"  --tickets              a server: gives tickets, takes them back\n"
"  --ticket-count N       after a TLS 1.3 handshake\n"
"  --sessions             keeps sessions: a client offers them, a server has session IDs\n"
"  --retry                a server: a stateless HelloRetryRequest with a cookie to everyone\n"
"  --record-size-limit N, --padding N\n"
"  --do STEP,STEP...      after the handshake; then close_notify is sent and awaited\n"
"      send=N, recv=N     N bytes of the pattern, \"%015d\\n\" of its offset and so on\n"
"      echo=N             a client: sends N bytes of it by pieces, and wants each back\n"
"      serve              a server: gives back what comes, until close_notify\n"
"      text=T, await=T    sends T; receives until T has come. \\n and \\r are understood\n"
"      drain              receives until close_notify\n"
"      update, update-request\n"
"                         KeyUpdate; update_requested\n"
"  --expect FACT=VALUE    of that line; VALUE|VALUE...: for one connection after another\n";

static bool
complain(const struct peer *p, const char *option)
{
	const char *why = ktls_config_error(p->cfg);

	fprintf(stderr, "ktls_peer: %s: %s\n", option, *why != '\0' ? why : "no such value");
	return false;
}

/* In place: the list is a word of argv. */
static size_t
split(char *list, const char **words)
{
	char *word;
	size_t count = 0;

	while (count < LIST_MAX && (word = strsep(&list, ":")) != NULL)
		words[count++] = word;
	return count;
}

static int
take_versions(struct peer *p, char *value)
{
	uint16_t version = strcmp(value, "1.2") == 0 ? KTLS_TLS12 :
	    strcmp(value, "1.3") == 0 ? KTLS_TLS13 : 0;

	return ktls_config_versions(p->cfg, version, version);
}

static int
take_ciphers(struct peer *p, char *value)
{
	const char *words[LIST_MAX];
	enum ktls_cipher ciphers[LIST_MAX];
	size_t count = split(value, words);

	for (size_t i = 0; i < count; i++) {
		int c = 0;

		while (c < KTLS_CIPHERS && strcmp(words[i],
		    ktls_cipher_name((enum ktls_cipher)c)) != 0)
			c++;
		if (c == KTLS_CIPHERS)
			return -EINVAL;
		ciphers[i] = (enum ktls_cipher)c;
	}
	return ktls_config_ciphers(p->cfg, ciphers, count);
}

static int
take_numbers(struct peer *p, char *value, uint16_t (*number)(const char *),
    int (*set)(struct ktls_config *, const uint16_t *, size_t))
{
	const char *words[LIST_MAX];
	uint16_t numbers[LIST_MAX];
	size_t count = split(value, words);

	for (size_t i = 0; i < count; i++)
		if ((numbers[i] = number(words[i])) == 0)
			return -EINVAL;
	return set(p->cfg, numbers, count);
}

static int
take_groups(struct peer *p, char *value)
{
	return take_numbers(p, value, peer_group, ktls_config_groups);
}

static int
take_sign(struct peer *p, char *value)
{
	return take_numbers(p, value, peer_scheme, ktls_config_sign_schemes);
}

static int
take_verify_with(struct peer *p, char *value)
{
	return take_numbers(p, value, peer_scheme, ktls_config_verify_schemes);
}

static int
take_identity(struct peer *p, char *value)
{
	const char *words[LIST_MAX];

	return split(value, words) == 2 ? ktls_config_identity(p->cfg, words[0],
	    words[1]) : -EINVAL;
}

static int
take_trust(struct peer *p, char *value)
{
	return ktls_config_trust_file(p->cfg, value);
}

static int
take_crl(struct peer *p, char *value)
{
	return ktls_config_crl_file(p->cfg, value);
}

static int
take_insecure(struct peer *p, char *value)
{
	(void)value;
	return ktls_config_verify(p->cfg, false);
}

static int
take_client_auth(struct peer *p, char *value)
{
	bool require = strcmp(value, "require") == 0;

	if (!require && strcmp(value, "request") != 0)
		return -EINVAL;
	return ktls_config_client_auth(p->cfg,
	    require ? KTLS_CLIENT_AUTH_REQUIRE : KTLS_CLIENT_AUTH_REQUEST);
}

static int
take_alpn(struct peer *p, char *value)
{
	const char *words[LIST_MAX];

	return ktls_config_alpn(p->cfg, words, split(value, words));
}

static int
take_server_name(struct peer *p, char *value)
{
	p->server_name = value;
	return 0;
}

static int
take_verify_name(struct peer *p, char *value)
{
	p->verify_name = value;
	return 0;
}

static int
take_tickets(struct peer *p, char *value)
{
	struct ktls_tickets *tickets;
	int err;

	(void)value;
	if ((err = ktls_tickets_new(&tickets, NULL, NULL, 0, 0)) != 0)
		return err;
	err = ktls_config_tickets(p->cfg, tickets);
	ktls_tickets_unref(tickets);
	return err;
}

static int
take_retry(struct peer *p, char *value)
{
	struct ktls_tickets *tickets;
	int err;

	(void)value;
	if ((err = ktls_tickets_new(&tickets, NULL, NULL, 0, 0)) != 0)
		return err;
	err = ktls_config_stateless_retry(p->cfg, tickets);
	ktls_tickets_unref(tickets);
	return err;
}

static int
take_sessions(struct peer *p, char *value)
{
	struct ktls_sessions *sessions;
	int err;

	(void)value;
	if ((err = ktls_sessions_new(&sessions, 64)) != 0)
		return err;
	err = ktls_config_sessions(p->cfg, sessions);
	ktls_sessions_unref(sessions);
	return err;
}

static int
number(const char *value, unsigned long max, unsigned long *n)
{
	char *end;

	*n = strtoul(value, &end, 10);
	return *value == '\0' || *end != '\0' || *n > max ? -EINVAL : 0;
}

static int
take_ticket_count(struct peer *p, char *value)
{
	unsigned long n;
	int err;

	if ((err = number(value, 8, &n)) != 0)
		return err;
	return ktls_config_ticket_count(p->cfg, (unsigned)n);
}

static int
take_record_size_limit(struct peer *p, char *value)
{
	unsigned long n;
	int err;

	if ((err = number(value, UINT16_MAX, &n)) != 0)
		return err;
	return ktls_config_record_size_limit(p->cfg, (uint16_t)n);
}

static int
take_padding(struct peer *p, char *value)
{
	unsigned long n;
	int err;

	if ((err = number(value, UINT16_MAX, &n)) != 0)
		return err;
	return ktls_config_padding(p->cfg, (unsigned)n);
}

static int
take_port(struct peer *p, char *value)
{
	unsigned long n;
	int err = number(value, UINT16_MAX, &n);

	p->port = (uint16_t)n;
	return err;
}

static int
take_connections(struct peer *p, char *value)
{
	unsigned long n;
	int err = number(value, 1000, &n);

	p->connections = (unsigned)n;
	return err;
}

static int
take_do(struct peer *p, char *value)
{
	p->steps = value;
	return peer_steps_valid(value) ? 0 : -EINVAL;
}

static int
take_expect(struct peer *p, char *value)
{
	if (p->expect_count == PEER_EXPECT_MAX || strchr(value, '=') == NULL)
		return -EINVAL;
	p->expect[p->expect_count++] = value;
	return 0;
}

static const struct option {
	const char *name;
	int (*take)(struct peer *peer, char *value);
	bool alone;			/* it has no value */
} options[] = {
	{ "--port", take_port, false },
	{ "--connections", take_connections, false },
	{ "--versions", take_versions, false },
	{ "--ciphers", take_ciphers, false },
	{ "--groups", take_groups, false },
	{ "--sign", take_sign, false },
	{ "--verify-with", take_verify_with, false },
	{ "--identity", take_identity, false },
	{ "--trust", take_trust, false },
	{ "--crl", take_crl, false },
	{ "--insecure", take_insecure, true },
	{ "--client-auth", take_client_auth, false },
	{ "--alpn", take_alpn, false },
	{ "--server-name", take_server_name, false },
	{ "--verify-name", take_verify_name, false },
	{ "--tickets", take_tickets, true },
	{ "--ticket-count", take_ticket_count, false },
	{ "--sessions", take_sessions, true },
	{ "--retry", take_retry, true },
	{ "--record-size-limit", take_record_size_limit, false },
	{ "--padding", take_padding, false },
	{ "--do", take_do, false },
	{ "--expect", take_expect, false },
};

static const struct option *
find(const char *name)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static bool
take_all(struct peer *p, char **argv)
{
	for (; *argv != NULL; argv++) {
		const char *name = *argv;
		char *value = *argv;
		const struct option *o = find(name);

		if (o == NULL || (!o->alone && (value = *++argv) == NULL)) {
			fprintf(stderr, "ktls_peer: %s: %s\n", name,
			    o == NULL ? "no such option" : "its value is missing");
			return false;
		}
		if (o->take(p, value) != 0)
			return complain(p, name);
	}
	return true;
}

bool
peer_options(struct peer *p, char **argv)
{
	if (*argv == NULL || (strcmp(*argv, "client") != 0 && strcmp(*argv, "server") != 0)) {
		fputs(help, stderr);
		return false;
	}
	p->role = **argv == 'c' ? KTLS_CLIENT : KTLS_SERVER;
	p->connections = 1;
	p->steps = "";
	return take_all(p, argv + 1);
}
