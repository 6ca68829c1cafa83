/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <cmocka.h>
#include "wire_testlib.h"

enum { TAG = 16, NONCE = 12, EXPLICIT = 8, HEADER = 5 };

static const EVP_CIPHER *
cipher_of(const struct ktls_keys *keys)
{
	switch (keys->cipher) {
	case KTLS_AES_128_GCM: return EVP_aes_128_gcm();
	case KTLS_AES_256_GCM: return EVP_aes_256_gcm();
	case KTLS_AES_128_CCM: return EVP_aes_128_ccm();
	default: return EVP_chacha20_poly1305();
	}
}

/* RFC 5288 3, RFC 6655 3: eight bytes of the nonce stand in the record. Not so in RFC 7905 2. */
static bool
has_explicit_nonce(const struct ktls_keys *keys)
{
	return keys->version == KTLS_TLS12 && keys->cipher != KTLS_CHACHA20_POLY1305;
}

static void
big_endian(uint8_t *to, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static void
nonce_of(const struct ktls_keys *keys, uint8_t nonce[NONCE])
{
	uint8_t seq[8];

	memcpy(nonce, keys->iv, NONCE);
	if (has_explicit_nonce(keys))
		return;
	big_endian(seq, keys->seq, 8);
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= seq[i];
}

static void
advance(struct ktls_keys *keys)
{
	keys->seq++;
	if (has_explicit_nonce(keys))
		for (int i = NONCE - 1; i >= 4 && ++keys->iv[i] == 0; i--)
			;
}

/* What is authenticated and not encrypted: RFC 8446 5.2, RFC 5246 6.2.3.3. */
static int
aad_of(const struct ktls_keys *keys, uint8_t type, size_t plain, size_t body, uint8_t aad[13])
{
	if (keys->version == KTLS_TLS13) {
		memcpy(aad, (const uint8_t[]){ 23, 3, 3 }, 3);
		big_endian(aad + 3, body, 2);
		return 5;
	}
	big_endian(aad, keys->seq, 8);
	memcpy(aad + 8, (const uint8_t[]){ type, 3, 3 }, 3);
	big_endian(aad + 11, plain, 2);
	return 13;
}

/* in -> out, len bytes, and the tag behind: written where enc, checked where not. */
static bool
aead(const struct ktls_keys *keys, int enc, const uint8_t *aad, int aad_len, const uint8_t *in,
    uint8_t *out, size_t len, uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ccm = keys->cipher == KTLS_AES_128_CCM, ok;
	uint8_t nonce[NONCE];
	int n, size = (int)len;

	assert_non_null(ctx);
	nonce_of(keys, nonce);
	ok = EVP_CipherInit_ex(ctx, cipher_of(keys), NULL, NULL, NULL, enc) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, NONCE, NULL) == 1 &&
	    ((enc && !ccm) || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG,
	    enc ? NULL : tag) == 1) &&
	    EVP_CipherInit_ex(ctx, NULL, NULL, keys->key, nonce, enc) == 1 &&
	    (!ccm || EVP_CipherUpdate(ctx, NULL, &n, NULL, size) == 1) &&
	    EVP_CipherUpdate(ctx, NULL, &n, aad, aad_len) == 1 &&
	    EVP_CipherUpdate(ctx, out, &n, in, size) == 1 &&
	    (ccm || EVP_CipherFinal_ex(ctx, out + len, &n) == 1) &&
	    (!enc || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1);
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

void
wire_write(int fd, struct ktls_keys *keys, uint8_t type, const void *data, size_t len)
{
	uint8_t plain[WIRE_MAX], rec[WIRE_MAX], aad[13];
	size_t skip = has_explicit_nonce(keys) ? EXPLICIT : 0, body;
	int aad_len;

	assert_true(len <= 16384);
	memcpy(plain, data, len);
	if (keys->version == KTLS_TLS13)
		plain[len++] = type;		/* TLSInnerPlaintext */
	body = skip + len + TAG;
	rec[0] = keys->version == KTLS_TLS13 ? 23 : type;
	rec[1] = rec[2] = 3;
	big_endian(rec + 3, body, 2);
	memcpy(rec + HEADER, keys->iv + 4, skip);
	aad_len = aad_of(keys, type, len, body, aad);
	assert_true(aead(keys, 1, aad, aad_len, plain, rec + HEADER + skip, len,
	    rec + HEADER + skip + len));
	assert_int_equal(send(fd, rec, HEADER + body, MSG_NOSIGNAL), HEADER + body);
	advance(keys);
}

size_t
wire_read(int fd, struct ktls_keys *keys, uint8_t *type, uint8_t data[WIRE_MAX])
{
	uint8_t rec[WIRE_MAX], aad[13];
	size_t skip = has_explicit_nonce(keys) ? EXPLICIT : 0, body, len;
	int aad_len;

	*type = 0;
	if (recv(fd, rec, HEADER, MSG_WAITALL) != HEADER)
		return 0;
	body = (size_t)rec[3] << 8 | rec[4];
	assert_true(body >= skip + TAG && body <= WIRE_MAX - HEADER);
	assert_int_equal(recv(fd, rec + HEADER, body, MSG_WAITALL), body);
	len = body - skip - TAG;
	assert_memory_equal(rec + HEADER, keys->iv + 4, skip);	/* the nonce we wait for */
	aad_len = aad_of(keys, rec[0], len, body, aad);
	if (!aead(keys, 0, aad, aad_len, rec + HEADER + skip, data, len, rec + HEADER + skip + len))
		return 0;
	advance(keys);
	*type = rec[0];
	if (keys->version == KTLS_TLS13) {
		assert_int_equal(rec[0], 23);
		*type = data[--len];		/* the kernel pads nothing */
	}
	return len;
}

struct ktls_keys
wire_keys(uint16_t version, enum ktls_cipher cipher, unsigned generation)
{
	struct ktls_keys keys = { .cipher = cipher, .version = version };

	for (size_t i = 0; i < sizeof(keys.key); i++)
		keys.key[i] = (uint8_t)(0x11 + 0x31 * generation + i);
	for (size_t i = 0; i < sizeof(keys.iv); i++)
		keys.iv[i] = (uint8_t)(0x81 + 0x31 * generation + i);
	return keys;
}

void
wire_pair(int pair[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval ten = { .tv_sec = 10 };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(connect(pair[0], (struct sockaddr *)&a, len), 0);
	assert_true((pair[1] = accept(listener, NULL, NULL)) >= 0);
	for (int i = 0; i < 2; i++)
		if (setsockopt(pair[i], SOL_SOCKET, SO_RCVTIMEO, &ten, sizeof(ten)) != 0)
			fail();
	close(listener);
}
