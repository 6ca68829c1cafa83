/* SPDX-License-Identifier: MIT */
#ifndef INTEROP_PEER_H
#define INTEROP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ktls/config.h>
#include <ktls/conn.h>

#define PEER_EXPECT_MAX	16

/* What one run does; all connections share the config. */
struct peer {
	enum ktls_role role;
	struct ktls_config *cfg;
	const char *server_name, *verify_name;
	uint16_t port;
	unsigned connections;
	const char *steps;
	const char *expect[PEER_EXPECT_MAX];	/* FACT=VALUE */
	size_t expect_count;
};

/* false: the sentence has been printed. */
bool peer_options(struct peer *peer, char **argv);

/* The groups and schemes by name; 0 and NULL for what there isn't. */
uint16_t peer_group(const char *name);
const char *peer_group_name(uint16_t group);
uint16_t peer_scheme(const char *name);
const char *peer_scheme_name(uint16_t scheme);

/* A listening socket, or the next connection: of `listener`, or to 127.0.0.1. Below 0: -errno. */
int peer_listen(uint16_t *port);
int peer_accept(int listener);
int peer_connect(uint16_t port);

/* What a connection received, in all. */
struct peer_received {
	uint64_t bytes;
	char tail[1024];		/* the last of it, for await= */
	size_t tail_len;
};

/*
 * The steps, "send=N,recv=N,update,...", as peer_options()'s help has them. 0, an error of
 * the connection, or -EBADMSG where other bytes came than were expected.
 */
int peer_steps(struct ktls_conn *conn, const char *steps, struct peer_received *received);
bool peer_steps_valid(const char *steps);

/* One line of JSON on standard output. false: it isn't as expected, and says how not. */
bool peer_facts(const struct peer *peer, unsigned number, const struct ktls_conn *conn, int err,
    const struct peer_received *received);

#endif
