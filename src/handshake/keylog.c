/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/machine.h"

static void
hex(struct writer *w, struct slice s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		wr_u8(w, (uint8_t)digits[s.p[i] >> 4]);
		wr_u8(w, (uint8_t)digits[s.p[i] & 15]);
	}
}

/* "CLIENT_TRAFFIC_SECRET_0 <client_random> <secret>" */
static void
log_line(struct ktls_hs *hs, const char *label, struct slice secret)
{
	char line[32 + 2 * RANDOM_LEN + 2 * HASH_LEN_MAX + 3];
	struct writer w = wr_init(line, sizeof(line));

	if (hs->cfg->keylog == NULL)
		return;
	wr_bytes(&w, label, strlen(label));
	wr_u8(&w, ' ');
	hex(&w, (struct slice){ hs->client_random, RANDOM_LEN });
	wr_u8(&w, ' ');
	hex(&w, secret);
	wr_u8(&w, '\0');
	if (wr_done(&w))
		hs->cfg->keylog(hs->cfg->keylog_arg, line);
	explicit_bzero(line, sizeof(line));
}

void
keylog_secret(struct ktls_hs *hs, const char *label, const uint8_t *secret)
{
	log_line(hs, label, (struct slice){ secret, crypto_hash_len(hs->suite->hash) });
}

void
keylog_master(struct ktls_hs *hs)
{
	log_line(hs, "CLIENT_RANDOM", (struct slice){ hs->schedule12.master, MASTER_SECRET_LEN });
}
