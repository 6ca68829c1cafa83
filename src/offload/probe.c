/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <ktls/offload.h>
#include "offload/loopback.h"
#include "offload/uapi.h"

static const uint16_t versions[2] = { KTLS_TLS12, KTLS_TLS13 };

/*
 * Only these say what the kernel is; any other is about this try: no memory, no
 * descriptors, a seccomp filter.
 */
static struct ktls_cap_answer
answer(int err)
{
	static const int no[] = { -ENOENT, -EINVAL, -EBUSY, -ENOPROTOOPT, -EOPNOTSUPP };
	struct ktls_cap_answer a = { err == 0 ? KTLS_CAP_YES : KTLS_CAP_UNKNOWN, (int16_t)err };

	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (err == no[i])
			a.cap = KTLS_CAP_NO;
	return a;
}

static struct ktls_cap_answer
option(int fd, int name, const void *value, socklen_t len)
{
	return answer(setsockopt(fd, SOL_TLS, name, value, len) == 0 ? 0 : -errno);
}

/* Without the ULP no question has another answer than its own. */
static void
all_like_ulp(struct ktls_caps *caps)
{
	struct ktls_cap_answer a = caps->ulp;

	for (size_t v = 0; v < 2; v++)
		for (size_t c = 0; c < KTLS_CIPHERS; c++)
			caps->cipher[v][c][KTLS_TX] = caps->cipher[v][c][KTLS_RX] = a;
	caps->rekey[KTLS_TX] = caps->rekey[KTLS_RX] = a;
	caps->tx_zerocopy_ro = caps->rx_expect_no_pad = caps->tx_max_payload_len = a;
}

static void
try_before_keys(struct ktls_caps *caps, int fd)
{
	const unsigned on = 1;
	const uint16_t most = 16384;

	caps->tx_zerocopy_ro = option(fd, TLS_TX_ZEROCOPY_RO, &on, sizeof(on));
	caps->tx_max_payload_len = option(fd, TLS_TX_MAX_PAYLOAD_LEN, &most, sizeof(most));
}

/* What asks for keys of TLS 1.3; keys are those that fd has. */
static void
try_after_keys(struct ktls_caps *caps, int fd, enum ktls_dir dir, struct ktls_keys *keys)
{
	const unsigned on = 1;

	if (dir == KTLS_RX && caps->rx_expect_no_pad.cap == KTLS_CAP_UNKNOWN)
		caps->rx_expect_no_pad = option(fd, TLS_RX_EXPECT_NO_PAD, &on, sizeof(on));
	if (caps->rekey[dir].cap == KTLS_CAP_UNKNOWN) {
		keys->key[0]++;
		caps->rekey[dir] = answer(ktls_offload_install(fd, dir, keys));
	}
}

/* Each direction is asked for itself, and nothing is ever sent with these keys. */
static void
try_cipher(struct ktls_caps *caps, int fd, size_t v, enum ktls_cipher cipher)
{
	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		struct ktls_keys keys = { .cipher = cipher, .version = versions[v] };
		int err = ktls_offload_install(fd, dir, &keys);

		caps->cipher[v][cipher][dir] = answer(err);
		if (err == 0 && keys.version == KTLS_TLS13)
			try_after_keys(caps, fd, dir, &keys);
	}
}

/* A connection for each pair: both directions of one must agree in version and cipher. */
static int
try_pair(struct ktls_caps *caps, const struct loopback *lo, size_t v, enum ktls_cipher cipher)
{
	int err, fd = loopback_connect(lo);

	if (fd < 0)
		return fd;
	if ((err = ktls_offload_attach(fd)) == 0)
		try_cipher(caps, fd, v, cipher);
	close(fd);
	return err;
}

/* What stops one try, a descriptor that isn't to be had, is not waited for in the next. */
static void
try_pairs(struct ktls_caps *caps, const struct loopback *lo)
{
	struct ktls_cap_answer unknown = { KTLS_CAP_UNKNOWN, 0 };

	for (size_t v = 0; v < 2; v++)
		for (enum ktls_cipher c = 0; c < KTLS_CIPHERS; c++) {
			if (unknown.err == 0)
				unknown.err = (int16_t)try_pair(caps, lo, v, c);
			if (unknown.err != 0)
				caps->cipher[v][c][KTLS_TX] = caps->cipher[v][c][KTLS_RX] = unknown;
		}
}

static int
try_ulp(struct ktls_caps *caps, const struct loopback *lo)
{
	int fd = loopback_connect(lo);

	if (fd < 0)
		return fd;
	caps->ulp = answer(ktls_offload_attach(fd));
	if (caps->ulp.cap == KTLS_CAP_YES)
		try_before_keys(caps, fd);
	else
		all_like_ulp(caps);
	close(fd);
	return 0;
}

int
ktls_offload_probe(struct ktls_caps *caps)
{
	struct loopback lo;
	int err;

	memset(caps, 0, sizeof(*caps));
	if ((err = loopback_open(&lo)) == 0) {
		if ((err = try_ulp(caps, &lo)) == 0 && caps->ulp.cap == KTLS_CAP_YES)
			try_pairs(caps, &lo);
		loopback_close(&lo);
	}
	if (err != 0) {
		caps->ulp = (struct ktls_cap_answer){ KTLS_CAP_UNKNOWN, (int16_t)err };
		all_like_ulp(caps);
	}
	return err;
}
