/* SPDX-License-Identifier: MIT */
#include <string.h>
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

void
probe_ask(struct probe *p)
{
	memset(p, 0, sizeof(*p));
	if (uname(&p->host) != 0)
		strcpy(p->host.release, "of unknown release");
	if (ktls_offload_probe(&p->caps) != 0)
		p->caps.ulp.cap = KTLS_CAP_UNKNOWN;	/* its err is there already */
	ask_kernel_tls(p);
}
