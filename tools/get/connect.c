/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "get/connect.h"
#include "get/say.h"

bool
get_complain(const struct get_peer *peer, const char *what, ssize_t err)
{
	enum ktls_reason reason = ktls_err_reason((int)err);
	const char *why = ktls_strerror((int)err), *hint = "";

	if (reason != KTLS_R_NONE && peer->conn != NULL)
		why = ktls_conn_reason_text(peer->conn);
	else if (err == -ETIMEDOUT)
		why = "nothing came for too long (--timeout)";
	if (reason == KTLS_R_CERT_UNTRUSTED)
		hint = peer->options->cafile == NULL ? "; --cafile FILE says whom else to trust" :
		    "; the --cafile given has not who answers for it";
	get_say("%s: %s: %s%s", peer->options->url_text, what, why, hint);
	return false;
}

int
get_wait(const struct get_peer *peer)
{
	struct pollfd pollfd = { peer->fd, ktls_conn_events(peer->conn), 0 };
	int limit = (int)peer->options->timeout, conn = ktls_conn_timeout(peer->conn), n;

	do {
		n = poll(&pollfd, 1, conn >= 0 && conn < limit ? conn : limit);
	} while (n < 0 && errno == EINTR);
	/* The connection's own limit: it will say itself what is over. */
	return n != 0 || (conn >= 0 && conn < limit) ? 0 : -ETIMEDOUT;
}

static int
connect_one(const struct addrinfo *ai, unsigned timeout)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, err = 0;
	struct pollfd pollfd = { fd, POLLOUT, 0 };
	socklen_t len = sizeof(err);
	int n;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	if ((err = errno) == EINPROGRESS) {
		while ((n = poll(&pollfd, 1, (int)timeout)) < 0 && errno == EINTR)
			;
		if (n != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
			err = ETIMEDOUT;
	}
	if (err == 0)
		return fd;
	close(fd);
	return -err;
}

static bool
connect_tcp(struct get_peer *peer)
{
	const struct http_url *url = &peer->options->url;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	char port[8];
	int err, fd = -1;

	(void)snprintf(port, sizeof(port), "%u", url->port);
	if ((err = getaddrinfo(url->host, port, &hints, &list)) != 0) {
		get_say("%s: %s: %s", peer->options->url_text, url->host,
		    err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
		return false;
	}
	for (struct addrinfo *ai = list; ai != NULL && fd < 0; ai = ai->ai_next)
		fd = connect_one(ai, peer->options->timeout);
	freeaddrinfo(list);
	if (fd < 0)
		return get_complain(peer, "connect", fd);
	peer->fd = fd;
	return true;
}

static bool
make_config(struct get_peer *peer)
{
	static const char *const alpn[] = { "http/1.1" };
	const struct get_options *o = peer->options;
	int err;

	if ((err = ktls_config_new(&peer->cfg)) == 0 &&
	    (err = ktls_config_alpn(peer->cfg, alpn, 1)) == 0 &&
	    (err = ktls_config_offload(peer->cfg, o->offload)) == 0 &&
	    (err = ktls_config_offload_require(peer->cfg, false,
	    o->offload == KTLS_OFFLOAD_RX)) == 0 &&
	    (err = ktls_config_handshake_timeout(peer->cfg, o->timeout)) == 0 &&
	    (err = ktls_config_verify(peer->cfg, !o->insecure)) == 0 &&
	    (err = o->cafile != NULL ? ktls_config_trust_file(peer->cfg, o->cafile) : 0) == 0)
		return true;
	get_say("%s", peer->cfg != NULL && *ktls_config_error(peer->cfg) != '\0' ?
	    ktls_config_error(peer->cfg) : ktls_strerror(err));
	return false;
}

static void
tell(const struct get_peer *peer)
{
	struct ktls_conn_status status;

	ktls_conn_status(peer->conn, &status);
	fprintf(stderr, "TLSv1.%d %s, tx: %s, rx: %s\n", status.version == KTLS_TLS13 ? 3 : 2,
	    ktls_cipher_name(status.cipher), status.why[KTLS_TX], status.why[KTLS_RX]);
}

static bool
handshake(struct get_peer *peer)
{
	const struct http_url *url = &peer->options->url;
	struct ktls_hs_params params = {
		.server_name = url->kind == HTTP_HOST_NAME ? url->host : NULL,
		.verify_name = url->host,
	};
	int err;

	if ((err = ktls_conn_new(&peer->conn, peer->cfg, KTLS_CLIENT, peer->fd, &params)) != 0)
		return get_complain(peer, "connection", err);
	while ((err = ktls_conn_handshake(peer->conn)) == -EAGAIN && (err = get_wait(peer)) == 0)
		;
	if (err != 0)
		return get_complain(peer, "handshake", err);
	if (peer->options->verbose)
		tell(peer);
	return true;
}

bool
get_connect(struct get_peer *peer, const struct get_options *options)
{
	*peer = (struct get_peer){ .options = options, .fd = -1 };
	return make_config(peer) && connect_tcp(peer) && handshake(peer);
}

void
get_close(struct get_peer *peer)
{
	ktls_conn_free(peer->conn);
	if (peer->fd >= 0)
		close(peer->fd);
	ktls_config_unref(peer->cfg);
}

int
get_send_all(struct get_peer *peer, const char *data, size_t len)
{
	ssize_t n;
	int err;

	while (len != 0) {
		n = ktls_conn_send(peer->conn, data, len, 0);
		if (n == -EAGAIN && (err = get_wait(peer)) != 0)
			return err;
		if (n < 0 && n != -EAGAIN)
			return (int)n;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

ssize_t
get_recv(struct get_peer *peer, void *buf, size_t len)
{
	ssize_t n;
	int err;

	while ((n = ktls_conn_recv(peer->conn, buf, len)) == -EAGAIN)
		if ((err = get_wait(peer)) != 0)
			return err;
	return n;
}
