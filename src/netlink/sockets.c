/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include "netlink/diag.h"

/* One list under way: what to call, and what ended it. */
struct list {
	ktls_nl_socket_fn *each;
	void *arg;
	int result;		/* not 0: each has had enough */
	int err;		/* -errno that the kernel answered */
};

static int
on_socket(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct list *list = arg;
	struct ktls_nl_socket s;

	if (list->result == 0 && diag_parse(&s, nlmsg_data(h), (size_t)nlmsg_datalen(h)))
		list->result = list->each(&s, list->arg);
	return list->result == 0 ? NL_OK : NL_STOP;
}

/* libnl makes errors of its own of the kernel's, several to one. */
static int
on_error(struct sockaddr_nl *from, struct nlmsgerr *answer, void *arg)
{
	struct list *list = arg;

	(void)from;
	list->err = answer->error;
	return NL_STOP;
}

/* A list that fails half way, or at once, ends with its errno in NLMSG_DONE; libnl doesn't look. */
static int
on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct list *list = arg;

	if (nlmsg_datalen(h) >= (int)sizeof(int))
		memcpy(&list->err, nlmsg_data(h), sizeof(int));
	return NL_OK;
}

static int
errno_of(int nle)
{
	switch (-nle) {
	case 0: return 0;
	case NLE_INTR: return -EINTR;
	case NLE_AGAIN: return -EAGAIN;
	case NLE_NOMEM: return -ENOMEM;
	case NLE_PERM: return -EPERM;
	case NLE_NOACCESS: return -EACCES;
	case NLE_PROTO_MISMATCH: return -EPROTONOSUPPORT;
	case NLE_OBJ_NOTFOUND: return -ENOENT;
	case NLE_DUMP_INTR: return 0;	/* sockets came or went meanwhile */
	default: return -EIO;
	}
}

static int
list_family(struct nl_sock *sk, struct list *list, uint8_t family)
{
	/* Without asking for tcp_info one isn't told of the ULP. No other state can have one. */
	struct inet_diag_req_v2 req = {
		.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = 1 << (INET_DIAG_INFO - 1),
		.idiag_states = 1 << TCP_ESTABLISHED | 1 << TCP_FIN_WAIT1 | 1 << TCP_FIN_WAIT2 |
		    1 << TCP_CLOSE_WAIT | 1 << TCP_LAST_ACK | 1 << TCP_CLOSING,
	};
	int n = nl_send_simple(sk, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, sizeof(req));

	if (n >= 0)
		n = nl_recvmsgs_default(sk);
	if (list->result != 0)
		return list->result;
	if (list->err != 0)
		return list->err;
	return n < 0 ? errno_of(n) : 0;
}

/* A socket for each family: a list that each() ended has answers left over. */
static int
list_with(struct list *list, uint8_t family)
{
	struct nl_sock *sk = nl_socket_alloc();
	int err;

	if (sk == NULL)
		return -ENOMEM;
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_socket, list);
	nl_socket_modify_cb(sk, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, list);
	nl_socket_modify_err_cb(sk, NL_CB_CUSTOM, on_error, list);
	if ((err = nl_connect(sk, NETLINK_SOCK_DIAG)) == 0)
		err = list_family(sk, list, family);
	else
		err = errno_of(err);
	nl_socket_free(sk);
	return err;
}

int
ktls_nl_sockets(ktls_nl_socket_fn *each, void *arg)
{
	struct list list = { .each = each, .arg = arg };
	int err = list_with(&list, AF_INET);

	return err != 0 ? err : list_with(&list, AF_INET6);
}
