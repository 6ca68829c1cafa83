/* SPDX-License-Identifier: MIT */
#ifndef GET_CONNECT_H
#define GET_CONNECT_H

#include "get/options.h"

/* A connection to the URL's host. The socket does not block; get_wait() waits for it. */
struct get_peer {
	const struct get_options *options;
	struct ktls_config *cfg;
	struct ktls_conn *conn;
	int fd;
};

/*
 * Connected and the handshake done; or false, and the sentence has been
 * printed. Close it in either case.
 */
bool get_connect(struct get_peer *peer, const struct get_options *options);
void get_close(struct get_peer *peer);

/* Waits for what the last -EAGAIN asked for. 0 or -ETIMEDOUT. */
int get_wait(const struct get_peer *peer);

/* As ktls_conn_send() and ktls_conn_recv(), waiting. */
int get_send_all(struct get_peer *peer, const char *data, size_t len);
ssize_t get_recv(struct get_peer *peer, void *buf, size_t len);

/* Says "URL: WHAT: WHY", the connection's own reason where it refused the peer. Returns false. */
bool get_complain(const struct get_peer *peer, const char *what, ssize_t err);

#endif
