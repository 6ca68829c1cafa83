/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "base/check_testlib.h"
#include "crypto/aead.h"
#include "record/record_testlib.h"

struct ktls_crypto *record_crypto;

int
record_setup(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&record_crypto, NULL, NULL);
}

int
record_teardown(void **unused)
{
	(void)unused;
	ktls_crypto_unref(record_crypto);
	return 0;
}

struct ktls_keys
record_keys(uint16_t version, enum ktls_cipher cipher, uint64_t seq)
{
	struct ktls_keys keys = { .cipher = cipher, .version = version, .seq = seq };

	for (uint8_t i = 0; i < sizeof(keys.key); i++)
		keys.key[i] = (uint8_t)(i * 7 + cipher + 1);
	for (uint8_t i = 0; i < sizeof(keys.iv); i++)
		keys.iv[i] = (uint8_t)(0xf0 + i);
	/* TLS 1.2: the explicit nonce is the sequence number, as the engine has it. */
	if (version == KTLS_TLS12 && cipher != KTLS_CHACHA20_POLY1305)
		for (int i = 0; i < 8; i++)
			keys.iv[4 + i] = (uint8_t)(seq >> 8 * (7 - i));
	return keys;
}

struct ktls_record *
record_make(enum ktls_dir dir, struct ktls_keys keys)
{
	struct ktls_record *record = NULL;

	OK(ktls_record_new(&record, record_crypto, dir, &keys));
	return record;
}

/* Opens a copy of exactly that length; text, where given, must come out. */
int
record_open_copy(struct ktls_record *rx, const uint8_t *rec, size_t len, uint8_t want_type,
    struct slice want)
{
	uint64_t seq = ktls_record_seq(rx);
	uint8_t *exact = malloc(len), type = 0;
	void *plain = NULL;
	size_t plain_len = 0;
	int err;

	assert_true(len == 0 || exact != NULL);
	if (len != 0)
		memcpy(exact, rec, len);
	err = ktls_record_open(rx, exact, len, &type, &plain, &plain_len);
	if (err == 0) {
		assert_int_equal(type, want_type);
		assert_int_equal(plain_len, want.len);
		assert_memory_equal(plain, want.p, want.len);
	}
	assert_true(ktls_record_seq(rx) == seq + (err == 0));
	free(exact);
	return err;
}

/* Byte i of a nonce's 12: the number, padded to the left. */
static uint8_t
seq_byte(uint64_t seq, int i)
{
	if (i < 4)
		return 0;
	return (uint8_t)(seq >> 8 * (11 - i));
}

/* RFC 8446 5.2, 5.3 once more, written another way: through the AEAD alone. */
void
record_reference13(const struct ktls_keys *keys, uint8_t type, struct slice text, size_t padding,
    uint8_t *out)
{
	static uint8_t inner[KTLS_RECORD_CIPHER_MAX];
	size_t len = text.len + 1 + padding;
	uint8_t nonce[12];
	struct aead aead;

	for (int i = 0; i < 12; i++)
		nonce[i] = keys->iv[i] ^ seq_byte(keys->seq, i);
	memset(inner, 0, len);
	if (text.len != 0)
		memcpy(inner, text.p, text.len);
	inner[text.len] = type;
	out[0] = 23;
	out[1] = out[2] = 3;
	out[3] = (uint8_t)((len + 16) >> 8);
	out[4] = (uint8_t)(len + 16);
	OK(aead_init(&aead, record_crypto, keys->cipher, KTLS_TX, keys->key));
	OK(aead_seal(&aead, nonce, (struct slice){ out, 5 }, (struct slice){ inner, len }, -1,
	    out + 5));
	aead_free(&aead);
}

/* RFC 5246 6.2.3.3, RFC 5288 3, RFC 7905 2. */
static void
reference12(const struct ktls_keys *keys, uint8_t type, struct slice text, uint8_t *out)
{
	bool chacha = keys->cipher == KTLS_CHACHA20_POLY1305;
	size_t explicit = chacha ? 0 : 8, len = explicit + text.len + 16;
	uint8_t nonce[12], aad[13];
	struct aead aead;

	for (int i = 0; i < 12; i++) {
		uint8_t seq = seq_byte(keys->seq, i);

		nonce[i] = chacha || i < 4 ? keys->iv[i] ^ seq : seq;
		if (i >= 4)
			aad[i - 4] = seq;
	}
	aad[8] = out[0] = type;
	aad[9] = aad[10] = out[1] = out[2] = 3;
	aad[11] = (uint8_t)(text.len >> 8);
	aad[12] = (uint8_t)text.len;
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)len;
	memcpy(out + 5, nonce + 4, explicit);
	OK(aead_init(&aead, record_crypto, keys->cipher, KTLS_TX, keys->key));
	OK(aead_seal(&aead, nonce, (struct slice){ aad, 13 }, text, -1, out + 5 + explicit));
	aead_free(&aead);
}

void
record_reference(const struct ktls_keys *keys, uint8_t type, struct slice text, uint8_t *out)
{
	if (keys->version == KTLS_TLS13)
		record_reference13(keys, type, text, 0, out);
	else
		reference12(keys, type, text, out);
}
