/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <ktls/uring.h>
#include "probe/probe.h"

const char *
probe_word(struct ktls_cap_answer answer)
{
	switch (answer.cap) {
	case KTLS_CAP_YES: return "yes";
	case KTLS_CAP_NO: return "no";
	default: return "unknown";
	}
}

void
probe_explain_ulp(const struct ktls_caps *caps, char *buf, size_t len)
{
	buf[0] = '\0';
	if (caps->ulp.cap != KTLS_CAP_YES)	/* then it is the reason for every cipher */
		ktls_caps_explain(caps, KTLS_TLS13, KTLS_AES_128_GCM, KTLS_TX, buf, len);
}

/* remedy: what makes a no a yes. An unknown has its error instead. */
static void
add(struct probe *p, struct probe_row row)
{
	if (row.answer.cap == KTLS_CAP_YES)
		row.remedy = NULL;
	else if (row.answer.cap == KTLS_CAP_UNKNOWN && row.remedy != NULL)
		row.remedy = row.answer.err != 0 ? ktls_strerror(row.answer.err) :
		    "needs keys that this kernel refused";
	p->rows[p->count++] = row;
}

static void
ask_kernel_tls(struct probe *p)
{
	const struct ktls_caps *c = &p->caps;
	const struct probe_row rows[] = {
		{ "rekey", "tx", "new keys, TX (TLS 1.3)", c->rekey[KTLS_TX],
		    "Linux 6.14 or newer", NULL },
		{ "rekey", "rx", "new keys, RX (TLS 1.3)", c->rekey[KTLS_RX],
		    "Linux 6.14 or newer", NULL },
		{ "options", "TLS_TX_ZEROCOPY_RO", "TLS_TX_ZEROCOPY_RO", c->tx_zerocopy_ro,
		    "Linux 5.19 or newer", "in effect only where a NIC makes the records" },
		{ "options", "TLS_RX_EXPECT_NO_PAD", "TLS_RX_EXPECT_NO_PAD", c->rx_expect_no_pad,
		    "Linux 6.0 or newer", NULL },
		{ "options", "TLS_TX_MAX_PAYLOAD_LEN", "TLS_TX_MAX_PAYLOAD_LEN",
		    c->tx_max_payload_len, "Linux 6.19 or newer", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct probe_row row = rows[i];

		if (c->ulp.cap != KTLS_CAP_YES)
			row.remedy = NULL;	/* the ULP's own line has it */
		add(p, row);
	}
}

static const char *
setup_remedy(int err)
{
	switch (-err) {
	case ENOSYS: return "Linux 5.1 or newer with CONFIG_IO_URING";
	case EPERM: return "sysctl kernel.io_uring_disabled=0, and in a container a seccomp "
			   "profile that allows io_uring";
	default: return ktls_strerror(err);
	}
}

static struct ktls_cap_answer
yes_or_no(bool yes)
{
	return (struct ktls_cap_answer){ yes ? KTLS_CAP_YES : KTLS_CAP_NO, 0 };
}

/* Without a ring its own line says why, and every operation is a no. */
static void
ask_operations(struct probe *p, const struct ktls_uring_caps *c)
{
	const struct {
		const char *name, *title, *remedy;
		bool yes;
	} rows[] = {
		{ "splice", "SPLICE", "Linux 5.7 or newer", c->splice },
		{ "sendmsg", "SENDMSG", "Linux 5.3 or newer", c->sendmsg },
		{ "recvmsg", "RECVMSG", "Linux 5.3 or newer", c->recvmsg },
		{ "shutdown", "SHUTDOWN", "Linux 5.11 or newer", c->shutdown },
		{ "accept_multishot", "ACCEPT, multishot", "Linux 5.19 or newer",
		    c->accept_multishot },
		{ "recv_multishot", "RECV, multishot", "Linux 6.0 or newer", c->recv_multishot },
		{ "buffer_ring", "provided buffers in a ring", "Linux 5.19 or newer",
		    c->buffer_ring },
		{ "setsockopt", "SETSOCKOPT", "Linux 6.7 or newer", c->setsockopt },
		{ "single_issuer", "SINGLE_ISSUER", "Linux 6.0 or newer", c->single_issuer },
		{ "defer_taskrun", "DEFER_TASKRUN", "Linux 6.1 or newer", c->defer_taskrun },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		add(p, (struct probe_row){ "io_uring", rows[i].name, rows[i].title,
		    yes_or_no(rows[i].yes), c->setup_err == 0 ? rows[i].remedy : NULL, NULL });
}

static void
ask_uring(struct probe *p)
{
	struct probe_row setup = { "io_uring", "setup", "io_uring", { 0 }, NULL, NULL };
	struct ktls_uring_caps c;

	ktls_uring_probe(&c);
	setup.answer = yes_or_no(c.setup_err == 0);
	setup.answer.err = (int16_t)c.setup_err;
	setup.remedy = setup_remedy(c.setup_err);
	add(p, setup);
	ask_operations(p, &c);
}

void
probe_ask(struct probe *p)
{
	memset(p, 0, sizeof(*p));
	if (uname(&p->host) != 0)
		strcpy(p->host.release, "of unknown release");
	if (ktls_offload_probe(&p->caps) != 0)
		p->caps.ulp.cap = KTLS_CAP_UNKNOWN;	/* its err is there already */
	ask_kernel_tls(p);
	ask_uring(p);
}
