/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <ktls/record.h>
#include "crypto/aead.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct ktls_crypto *crypto;

/* Seals data as it is, padding, type and all: what a hostile peer that has the keys can send. */
static size_t
authentic(const struct ktls_keys *keys, struct slice data, uint8_t *out)
{
	struct writer w = wr_init(out, KTLS_RECORD_HEADER);
	struct aead aead;

	wr_u8(&w, KTLS_TYPE_APPLICATION_DATA);
	wr_u16(&w, 0x0303);
	wr_uint(&w, 2, data.len + AEAD_TAG_LEN);
	if (aead_init(&aead, crypto, keys->cipher, KTLS_TX, keys->key) != 0 ||
	    aead_seal(&aead, keys->iv, wr_written(&w), data, -1, out + KTLS_RECORD_HEADER) != 0)
		abort();
	aead_free(&aead);
	return KTLS_RECORD_HEADER + data.len + AEAD_TAG_LEN;
}

/* Whatever is opened lies inside the record; whatever is refused has a reason and did not count. */
static void
open_one(struct ktls_record *record, uint8_t *rec, size_t len)
{
	uint8_t type, *begin = rec + ktls_record_offset(record);
	void *plain;
	size_t plain_len;
	int err, whole;

	if (len < KTLS_RECORD_HEADER)
		return;
	if ((whole = ktls_record_len(record, rec)) < 0) {
		if (ktls_err_reason(whole) == KTLS_R_NONE)
			abort();
		return;
	}
	if ((size_t)whole > len)
		return;
	err = ktls_record_open(record, rec, (size_t)whole, &type, &plain, &plain_len);
	if (err != 0 && (ktls_err_reason(err) == KTLS_R_NONE || ktls_record_seq(record) != 0))
		abort();
	if (err == 0 && ((uint8_t *)plain != begin || plain_len > KTLS_RECORD_PLAIN_MAX ||
	    begin + plain_len + AEAD_TAG_LEN > rec + whole || ktls_record_seq(record) != 1 ||
	    type < KTLS_TYPE_ALERT || type > KTLS_TYPE_APPLICATION_DATA))
		abort();
}

/* The first byte: cipher, version, and whether the rest is a record or what one protects. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ktls_keys keys = { .version = KTLS_TLS13 };
	struct ktls_record *record;
	uint8_t *rec;

	if (len == 0 || len > KTLS_RECORD_CIPHER_MAX - AEAD_TAG_LEN)
		return 0;
	if (crypto == NULL && ktls_crypto_new(&crypto, NULL, NULL) != 0)
		abort();
	keys.cipher = (enum ktls_cipher)(data[0] % KTLS_CIPHERS);
	if (data[0] & 0x40)
		keys.version = KTLS_TLS12;
	if (ktls_record_new(&record, crypto, KTLS_RX, &keys) != 0)
		abort();
	if ((rec = malloc(len + KTLS_RECORD_OVERHEAD)) == NULL)
		abort();
	memcpy(rec, data + 1, len - 1);
	len--;
	if (data[0] & 0x80 && keys.version == KTLS_TLS13)
		len = authentic(&keys, (struct slice){ data + 1, len }, rec);
	open_one(record, rec, len);
	ktls_record_free(record);
	free(rec);
	return 0;
}
