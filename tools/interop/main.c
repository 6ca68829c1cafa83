/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "interop/peer.h"

/*
 * ktls_peer: our side of the interoperability tests. Exit status 0: every connection went
 * as expected; an error is expected where --expect error=..., or alert=..., says so.
 */

static bool
expects_failure(const struct peer *p)
{
	for (size_t i = 0; i < p->expect_count; i++)
		if (strncmp(p->expect[i], "error=", 6) == 0 || strncmp(p->expect[i], "alert=",
		    6) == 0)
			return true;
	return false;
}

static int
talk(struct ktls_conn *conn, const char *steps, struct peer_received *received)
{
	int err;

	if ((err = ktls_conn_handshake(conn)) != 0 ||
	    (err = peer_steps(conn, steps, received)) != 0)
		return err;
	return ktls_conn_shutdown(conn);
}

static bool
run_one(const struct peer *p, unsigned number, int fd)
{
	const struct ktls_hs_params params = {
		.server_name = p->server_name,
		.verify_name = p->verify_name,
		.port = p->port,
	};
	struct peer_received received = { 0 };
	struct ktls_conn *conn;
	bool ok;
	int err = ktls_conn_new(&conn, p->cfg, p->role, fd, p->role == KTLS_CLIENT ?
	    &params : NULL);

	if (err != 0) {
		fprintf(stderr, "ktls_peer: %s\n", ktls_strerror(err));
		return false;
	}
	err = talk(conn, p->steps, &received);
	ok = peer_facts(p, number, conn, err, &received) && (err == 0 || expects_failure(p));
	ktls_conn_free(conn);
	return ok;
}

static bool
run(struct peer *p)
{
	int listener = p->role == KTLS_SERVER ? peer_listen(&p->port) : -1;
	bool ok = true;

	if (listener >= 0) {
		printf("{\"port\":%d}\n", p->port);
		(void)fflush(stdout);
	}
	for (unsigned i = 0; i < p->connections; i++) {
		int fd = p->role == KTLS_SERVER ? peer_accept(listener) : peer_connect(p->port);

		if (fd < 0) {
			fprintf(stderr, "ktls_peer: port %d: %s\n", p->port, strerror(-fd));
			ok = false;
			break;
		}
		ok = run_one(p, i, fd) && ok;
		close(fd);
	}
	if (listener >= 0)
		close(listener);
	return ok;
}

int
main(int argc, char **argv)
{
	struct peer p = { 0 };
	bool ok = argc > 0 && ktls_config_new(&p.cfg) == 0 && peer_options(&p, argv + 1);

	ok = ok && run(&p);
	ktls_config_unref(p.cfg);
	return ok ? 0 : 1;
}
