/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>
#include <linux/inet_diag.h>
#include <linux/tls.h>
#include <netlink/attr.h>
#include "netlink/diag.h"

/* By number: the build host's headers may be older than the kernel that answers. */
enum {
	INFO_VERSION = 1, INFO_CIPHER, INFO_TXCONF, INFO_RXCONF, INFO_ZC_RO_TX, INFO_RX_NO_PAD,
	INFO_TX_MAX_PAYLOAD_LEN, INFO_MAX = INFO_TX_MAX_PAYLOAD_LEN,
};

static int
cipher_of(uint16_t id)
{
	static const uint16_t ids[KTLS_CIPHERS] = {
		[KTLS_AES_128_GCM] = TLS_CIPHER_AES_GCM_128,
		[KTLS_AES_256_GCM] = TLS_CIPHER_AES_GCM_256,
		[KTLS_AES_128_CCM] = TLS_CIPHER_AES_CCM_128,
		[KTLS_CHACHA20_POLY1305] = 54,		/* Linux 5.11 */
	};

	for (int i = 0; i < KTLS_CIPHERS; i++)
		if (ids[i] == id)
			return i;
	return -1;
}

/* TLS_CONF_HW_RECORD, 4, was a NIC's too; Linux 7.2 has it no more. */
static uint8_t
path_of(uint16_t conf)
{
	switch (conf) {
	case TLS_CONF_SW: return KTLS_NL_SOFTWARE;
	case TLS_CONF_HW: return KTLS_NL_NIC;
	case TLS_CONF_HW_RECORD: return KTLS_NL_NIC;
	default: return KTLS_NL_NONE;
	}
}

static uint16_t
u16_of(struct nlattr *a)
{
	return a == NULL ? 0 : nla_get_u16(a);
}

static bool
parse_tls(struct ktls_nl_socket *s, struct nlattr *nest)
{
	static struct nla_policy policy[INFO_MAX + 1] = {
		[INFO_VERSION] = { .type = NLA_U16 },
		[INFO_CIPHER] = { .type = NLA_U16 },
		[INFO_TXCONF] = { .type = NLA_U16 },
		[INFO_RXCONF] = { .type = NLA_U16 },
		[INFO_TX_MAX_PAYLOAD_LEN] = { .type = NLA_U16 },
	};
	struct nlattr *a[INFO_MAX + 1];

	if (nla_parse_nested(a, INFO_MAX, nest, policy) != 0)
		return false;
	s->version = u16_of(a[INFO_VERSION]);
	s->cipher_id = u16_of(a[INFO_CIPHER]);
	s->cipher = cipher_of(s->cipher_id);
	s->path[KTLS_TX] = path_of(u16_of(a[INFO_TXCONF]));
	s->path[KTLS_RX] = path_of(u16_of(a[INFO_RXCONF]));
	s->tx_zerocopy_ro = a[INFO_ZC_RO_TX] != NULL;
	s->rx_no_pad = a[INFO_RX_NO_PAD] != NULL;
	s->tx_max_payload = u16_of(a[INFO_TX_MAX_PAYLOAD_LEN]);
	return true;
}

/* { INET_ULP_INFO_NAME "tls", INET_ULP_INFO_TLS {...} }: other ULPs have other names. */
static bool
parse_ulp(struct ktls_nl_socket *s, struct nlattr *nest)
{
	static struct nla_policy policy[INET_ULP_INFO_TLS + 1] = {
		[INET_ULP_INFO_NAME] = { .type = NLA_STRING },
		[INET_ULP_INFO_TLS] = { .type = NLA_NESTED },
	};
	struct nlattr *a[INET_ULP_INFO_TLS + 1];

	if (nla_parse_nested(a, INET_ULP_INFO_TLS, nest, policy) != 0)
		return false;
	return a[INET_ULP_INFO_NAME] != NULL && a[INET_ULP_INFO_TLS] != NULL &&
	    nla_len(a[INET_ULP_INFO_NAME]) == sizeof("tls") &&
	    memcmp(nla_data(a[INET_ULP_INFO_NAME]), "tls", sizeof("tls")) == 0 &&
	    parse_tls(s, a[INET_ULP_INFO_TLS]);
}

static void
parse_identity(struct ktls_nl_socket *s, const struct inet_diag_msg *m)
{
	s->family = m->idiag_family;
	memcpy(s->local, m->id.idiag_src, sizeof(s->local));
	memcpy(s->peer, m->id.idiag_dst, sizeof(s->peer));
	s->local_port = ntohs(m->id.idiag_sport);
	s->peer_port = ntohs(m->id.idiag_dport);
	s->inode = m->idiag_inode;
	s->uid = m->idiag_uid;
}

bool
diag_parse(struct ktls_nl_socket *s, const void *msg, size_t len)
{
	const struct inet_diag_msg *m = msg;
	struct nlattr *first, *ulp;

	memset(s, 0, sizeof(*s));
	if (len < sizeof(*m) || len > INT32_MAX)
		return false;
	parse_identity(s, m);
	first = (struct nlattr *)(uintptr_t)(m + 1);	/* libnl takes no const */
	ulp = nla_find(first, (int)(len - sizeof(*m)), INET_DIAG_ULP_INFO);
	return ulp != NULL && parse_ulp(s, ulp);
}
