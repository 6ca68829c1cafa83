/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "conn/state.h"

/* What only looks. */

static const char *const words[] = {
	[WHY_EARLY] = "not yet: the handshake is not done",
	[WHY_KERNEL] = "kernel",
	[WHY_OFF] = "user: offload is off",
	[WHY_OTHER] = "user: only the other direction is wanted in the kernel",
	[WHY_SOON] = "user: the kernel gets the keys with the next operation",
	[WHY_SOCKET] = "user: not a TCP socket",
	[WHY_REKEY] =
	    "user: this kernel can't change keys when the peer does (KeyUpdate): Linux 6.14",
	[WHY_PADDING] = "user: padding is asked for, and the kernel makes none",
};

void
core_status_why(const struct ktls_conn *c, enum ktls_dir dir, char *buf, size_t len)
{
	const struct direction *d = &c->dir[dir];
	int head;

	switch (d->why) {
	case WHY_CAPS:
		head = snprintf(buf, len, "user: ");
		ktls_caps_explain(&c->caps, c->open ? c->version : KTLS_TLS13, c->cipher, dir,
		    buf + head, len - (size_t)head);
		break;
	case WHY_ATTACH:
		snprintf(buf, len, "user: TCP_ULP was refused: %s", ktls_strerror(d->why_err));
		break;
	case WHY_INSTALL:
		snprintf(buf, len, "user: %s was refused: %s", dir == KTLS_TX ? "TLS_TX" : "TLS_RX",
		    ktls_strerror(d->why_err));
		break;
	case WHY_LIMIT:
		snprintf(buf, len,
		    "user: a record has %u bytes at most (record_size_limit, send_limit)",
		    c->tx.limit);
		break;
	case WHY_SMALL:
		snprintf(buf, len, "user: no body of more than %llu bytes was sent",
		    (unsigned long long)c->cfg->offload_after);
		break;
	case WHY_ROLE:
		snprintf(buf, len, "user: a %s little", dir == KTLS_RX ?
		    "server receives" : "client sends");
		break;
	default:
		snprintf(buf, len, "%s", words[d->why]);
	}
}

/* why is "user: ..." */
void
core_status_required(enum ktls_dir dir, const char *why, char *buf, size_t len)
{
	snprintf(buf, len, "%s must be in the kernel and can't: %s", dir == KTLS_TX ? "tx" : "rx",
	    why + strlen("user: "));
}

void
ktls_conn_status(const struct ktls_conn *c, struct ktls_conn_status *s)
{
	*s = (struct ktls_conn_status){
		.version = c->version, .group = c->group,
		.signature_scheme = c->signature_scheme, .cipher = c->cipher,
		.resumed = c->resumed, .alpn = c->alpn, .server_name = c->server_name,
	};
	if (!c->open) {
		s->version = ktls_hs_version(c->hs);
		s->cipher = ktls_hs_cipher(c->hs);
		s->group = ktls_hs_group(c->hs);
		s->signature_scheme = ktls_hs_signature_scheme(c->hs);
		s->resumed = ktls_hs_resumed(c->hs);
		s->alpn = ktls_hs_alpn(c->hs);
		s->server_name = ktls_hs_server_name(c->hs);
	}
	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		s->path[dir] = !c->open ? KTLS_PATH_NONE :
		    core_in_kernel(c, dir) ? KTLS_PATH_KERNEL : KTLS_PATH_USER;
		s->bytes[dir] = c->bytes[dir];
		core_status_why(c, dir, s->why[dir], sizeof(s->why[dir]));
	}
}

const char *
ktls_conn_reason_text(const struct ktls_conn *c)
{
	if (c->why != NULL)
		return c->why;
	if (c->hs != NULL && c->err != 0 && ktls_err_reason(c->err) != KTLS_R_NONE)
		return ktls_hs_reason_text(c->hs);
	return ktls_strerror(c->err);
}

const void *
ktls_conn_plain(const struct ktls_conn *c, size_t *len)
{
	*len = 0;
	if (c->hs == NULL || ktls_err_reason(c->err) != KTLS_R_PLAIN_HTTP)
		return NULL;
	return ktls_hs_rest(c->hs, len);
}

struct ktls_hs *
ktls_conn_hs(struct ktls_conn *c)
{
	return c->hs;
}

const void *
ktls_conn_peer_chain(const struct ktls_conn *c, size_t index, size_t *len)
{
	struct reader r = rd_init((struct slice){ c->peer_chain, c->peer_chain_len });
	struct slice cert;

	*len = 0;
	if (c->hs != NULL)
		return ktls_hs_peer_chain(c->hs, index, len);
	while (rd_more(&r)) {
		cert = rd_vec(&r, 3);
		if (index-- != 0)
			continue;
		*len = cert.len;
		return cert.p;
	}
	return NULL;
}

int
ktls_conn_export(struct ktls_conn *c, const char *label, const void *context, size_t context_len,
    void *out, size_t out_len)
{
	if (!c->open)
		return -ENOTCONN;
	return ktls_post_export(c->post, label, context, context_len, out, out_len);
}

static bool
whole_record(const struct ktls_conn *c)
{
	const struct buf *in = &c->rx.in;
	int len;

	if (c->dir[KTLS_RX].record == NULL || buf_len(in) < KTLS_RECORD_HEADER)
		return false;
	len = ktls_record_len(c->dir[KTLS_RX].record, in->p + in->start);
	return len < 0 || (size_t)len <= buf_len(in);
}

bool
ktls_conn_pending(const struct ktls_conn *c)
{
	return c->rx.plain_len != 0 || c->rx.more || whole_record(c);
}

int
ktls_conn_fd(const struct ktls_conn *c, enum ktls_dir dir)
{
	return core_in_kernel(c, dir) ? c->fd : -EOPNOTSUPP;
}
