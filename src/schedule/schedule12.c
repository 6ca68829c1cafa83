/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "crypto/aead.h"
#include "crypto/hmac.h"
#include "schedule/schedule12.h"

#define SALT_LEN	4	/* RFC 5288 3: the part of the nonce that the key block gives */
#define BLOCK_MAX	(2 * (32 + 12))

struct prf {
	struct ktls_crypto *crypto;
	enum crypto_hash hash;
	EVP_MAC_CTX *mac;		/* keyed with secret */
	struct slice secret;
	const char *label;		/* the first part of P_hash's seed */
	const struct slice *seed;	/* PRF12_SEEDS of them */
};

static bool
update(EVP_MAC_CTX *mac, struct slice s)
{
	return s.len == 0 || EVP_MAC_update(mac, s.p, s.len);
}

/* HMAC(secret, a | label | seed), a being A(i); for A(1) it is empty. */
static bool
mac_seed(const struct prf *prf, struct slice a, uint8_t *out)
{
	const struct slice label = { (const uint8_t *)prf->label, strlen(prf->label) };

	if (!hmac_begin(prf->crypto, prf->mac, prf->secret) || !update(prf->mac, a) ||
	    !update(prf->mac, label))
		return false;
	for (size_t i = 0; i < PRF12_SEEDS; i++)
		if (!update(prf->mac, prf->seed[i]))
			return false;
	return EVP_MAC_final(prf->mac, out, NULL, HASH_LEN_MAX);
}

/* A(i) = HMAC(secret, A(i-1)) */
static bool
mac_next(const struct prf *prf, struct slice a, uint8_t *out)
{
	return hmac_begin(prf->crypto, prf->mac, prf->secret) &&
	    update(prf->mac, a) &&
	    EVP_MAC_final(prf->mac, out, NULL, HASH_LEN_MAX);
}

/* RFC 5246 5: P_hash, the only part of this PRF. */
static int
prf_expand(const struct prf *prf, uint8_t *out, size_t len)
{
	uint8_t a[HASH_LEN_MAX], block[HASH_LEN_MAX];
	const struct slice last = { a, crypto_hash_len(prf->hash) };
	bool done = mac_seed(prf, (struct slice){ a, 0 }, a);
	size_t n;

	while (done && len != 0) {
		if (!(done = mac_seed(prf, last, block)))
			break;
		n = len < last.len ? len : last.len;
		memcpy(out, block, n);
		out += n;
		len -= n;
		if (len != 0)
			done = mac_next(prf, last, a);
	}
	explicit_bzero(a, sizeof(a));
	explicit_bzero(block, sizeof(block));
	return done ? 0 : crypto_error();
}

int
prf12(struct ktls_crypto *crypto, enum crypto_hash hash, struct slice secret, const char *label,
    const struct slice seed[PRF12_SEEDS], uint8_t *out, size_t out_len)
{
	struct prf prf = { crypto, hash, hmac_keyed(crypto, hash, secret), secret, label, seed };
	int err;

	if (prf.mac == NULL)
		return crypto_error();
	err = prf_expand(&prf, out, out_len);
	EVP_MAC_CTX_free(prf.mac);
	return err;
}

/* PRF(master_secret, label, seed), with the context that has the key already. */
static int
prf_master(const struct schedule12 *s, const char *label, const struct slice seed[PRF12_SEEDS],
    uint8_t *out, size_t out_len)
{
	struct prf prf = {
		s->crypto, s->hash, s->mac, { s->master, sizeof(s->master) }, label, seed,
	};

	return prf_expand(&prf, out, out_len);
}

int
schedule12_resume(struct schedule12 *s, struct ktls_crypto *crypto, enum crypto_hash hash,
    const uint8_t master[MASTER_SECRET_LEN])
{
	*s = (struct schedule12){ .crypto = crypto, .hash = hash };
	s->mac = hmac_keyed(crypto, hash, (struct slice){ master, MASTER_SECRET_LEN });
	if (s->mac == NULL)
		return crypto_error();
	memcpy(s->master, master, sizeof(s->master));
	return 0;
}

/* master_secret = PRF(pre_master_secret, label, seed)[0..47] */
static int
begin(struct schedule12 *s, struct ktls_crypto *crypto, enum crypto_hash hash,
    struct slice pre_master, const char *label, const struct slice seed[PRF12_SEEDS])
{
	uint8_t master[MASTER_SECRET_LEN];
	int err = prf12(crypto, hash, pre_master, label, seed, master, sizeof(master));

	*s = (struct schedule12){ .crypto = crypto, .hash = hash };
	if (err == 0)
		err = schedule12_resume(s, crypto, hash, master);
	explicit_bzero(master, sizeof(master));
	return err;
}

int
schedule12_master(struct schedule12 *s, struct ktls_crypto *crypto, enum crypto_hash hash,
    struct slice pre_master, const uint8_t client_random[RANDOM_LEN],
    const uint8_t server_random[RANDOM_LEN])
{
	const struct slice seed[PRF12_SEEDS] = {
		{ client_random, RANDOM_LEN }, { server_random, RANDOM_LEN },
	};

	return begin(s, crypto, hash, pre_master, "master secret", seed);
}

int
schedule12_extended_master(struct schedule12 *s, struct ktls_crypto *crypto,
    enum crypto_hash hash, struct slice pre_master, const uint8_t *session_hash)
{
	const struct slice seed[PRF12_SEEDS] = { { session_hash, crypto_hash_len(hash) } };

	return begin(s, crypto, hash, pre_master, "extended master secret", seed);
}

void
schedule12_wipe(struct schedule12 *s)
{
	EVP_MAC_CTX_free(s->mac);
	explicit_bzero(s, sizeof(*s));
}

/*
 * The next key of the block, an IV or salt; the keys of both directions come before
 * the IVs of both (RFC 5246 6.3).
 */
static void
take(struct reader *r, uint8_t *out, size_t len)
{
	struct slice bytes = rd_bytes(r, len);

	memcpy(out, bytes.p, bytes.len);
}

int
schedule12_keys(const struct schedule12 *s, enum ktls_cipher cipher,
    const uint8_t client_random[RANDOM_LEN], const uint8_t server_random[RANDOM_LEN],
    struct ktls_keys *client, struct ktls_keys *server)
{
	/* The server's stands first here. */
	const struct slice randoms[PRF12_SEEDS] = {
		{ server_random, RANDOM_LEN }, { client_random, RANDOM_LEN },
	};
	size_t key_len = aead_key_len(cipher);
	/* RFC 7905 2: a whole nonce for ChaCha20. */
	size_t iv_len = cipher == KTLS_CHACHA20_POLY1305 ? sizeof(client->iv) : SALT_LEN;
	uint8_t block[BLOCK_MAX];
	size_t block_len = 2 * (key_len + iv_len);
	struct reader r = rd_init((struct slice){ block, block_len });
	int err = prf_master(s, "key expansion", randoms, block, block_len);

	*client = *server = (struct ktls_keys){ .cipher = cipher, .version = KTLS_TLS12 };
	if (err == 0) {
		take(&r, client->key, key_len);
		take(&r, server->key, key_len);
		take(&r, client->iv, iv_len);
		take(&r, server->iv, iv_len);
	}
	explicit_bzero(block, sizeof(block));
	return err;
}

int
schedule12_finished(const struct schedule12 *s, bool client, const uint8_t *transcript_hash,
    uint8_t out[VERIFY_DATA_LEN])
{
	const struct slice seed[PRF12_SEEDS] = { { transcript_hash, crypto_hash_len(s->hash) } };

	return prf_master(s, client ? "client finished" : "server finished", seed, out,
	    VERIFY_DATA_LEN);
}

void
keys12_set_seq(struct ktls_keys *keys, uint64_t seq)
{
	keys->seq = seq;
	if (keys->cipher == KTLS_CHACHA20_POLY1305)
		return;
	for (size_t i = sizeof(keys->iv); i-- > SALT_LEN; seq >>= 8)
		keys->iv[i] = (uint8_t)seq;
}

/* RFC 5705 4: what would give the protocol's own secrets away. */
static bool
label_reserved(const char *label)
{
	static const char *const reserved[] = {
		"client finished", "server finished", "master secret", "extended master secret",
		"key expansion",
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcmp(label, reserved[i]) == 0)
			return true;
	return false;
}

int
exporter12(struct ktls_crypto *crypto, enum crypto_hash hash,
    const uint8_t master[MASTER_SECRET_LEN], const uint8_t client_random[RANDOM_LEN],
    const uint8_t server_random[RANDOM_LEN], const char *label, const struct slice *context,
    uint8_t *out, size_t out_len)
{
	struct slice seed[PRF12_SEEDS] = {
		{ client_random, RANDOM_LEN }, { server_random, RANDOM_LEN },
	};
	uint8_t len[2];

	if (label_reserved(label) || (context != NULL && context->len > UINT16_MAX))
		return -EINVAL;
	if (context != NULL) {
		len[0] = (uint8_t)(context->len >> 8);
		len[1] = (uint8_t)context->len;
		seed[2] = (struct slice){ len, sizeof(len) };
		seed[3] = *context;
	}
	return prf12(crypto, hash, (struct slice){ master, MASTER_SECRET_LEN }, label, seed,
	    out, out_len);
}
