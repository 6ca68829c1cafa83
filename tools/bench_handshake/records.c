/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>
#include <ktls/record.h>
#include "bench_handshake/bench.h"

/*
 * The userspace record layer's speed, of EVP's own: AES-128-GCM, a context kept, an IV, the
 * header as additional data, the text and the tag. Both open the same records, copied
 * before the clock is read.
 */

#define RECORD_LEN	(KTLS_RECORD_HEADER + KTLS_RECORD_PLAIN_MAX + 17)
#define RECORDS		64
#define REPEATS		40
#define ROUNDS_MAX	99

static unsigned char sealed[RECORDS][RECORD_LEN], opened[RECORDS][RECORD_LEN];
static unsigned char text[KTLS_RECORD_PLAIN_MAX];
static struct ktls_crypto *crypto;
static const struct ktls_keys keys = { .cipher = KTLS_AES_128_GCM, .version = KTLS_TLS13 };

static struct ktls_record *
new_record(enum ktls_dir dir)
{
	struct ktls_record *record;

	NEED(ktls_record_new(&record, crypto, dir, &keys) == 0);
	return record;
}

static int64_t
ours_seal(size_t len)
{
	struct ktls_record *record = new_record(KTLS_TX);
	int64_t before = cpu_now();

	for (size_t i = 0; i < RECORDS; i++)
		NEED(ktls_record_seal(record, KTLS_TYPE_APPLICATION_DATA, text, len,
		    sealed[i]) == 0);
	before = cpu_now() - before;
	ktls_record_free(record);
	return before;
}

static int64_t
ours_open(size_t len)
{
	struct ktls_record *record = new_record(KTLS_RX);
	int64_t before;
	size_t plain_len;
	uint8_t type;
	void *plain;

	memcpy(opened, sealed, sizeof(opened));
	before = cpu_now();
	for (size_t i = 0; i < RECORDS; i++)
		NEED(ktls_record_open(record, opened[i], KTLS_RECORD_HEADER + len + 17, &type,
		    &plain, &plain_len) == 0 && plain_len == len);
	before = cpu_now() - before;
	ktls_record_free(record);
	return before;
}

static EVP_CIPHER_CTX *
evp_context(int seal)
{
	static EVP_CIPHER *gcm;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (gcm == NULL)
		gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	NEED(ctx != NULL && EVP_CipherInit_ex2(ctx, gcm, keys.key, keys.iv, seal, NULL));
	return ctx;
}

static int64_t
evp_seal(size_t len)
{
	EVP_CIPHER_CTX *ctx = evp_context(1);
	unsigned char nonce[12] = { 0 };
	int64_t before = cpu_now();
	int n;

	for (size_t i = 0; i < RECORDS; i++) {
		unsigned char *rec = sealed[i] + KTLS_RECORD_HEADER;

		nonce[11] = (unsigned char)i;
		NEED(EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, -1, NULL) &&
		    EVP_CipherUpdate(ctx, NULL, &n, sealed[i], KTLS_RECORD_HEADER) &&
		    EVP_CipherUpdate(ctx, rec, &n, text, (int)len + 1) &&
		    EVP_CipherFinal_ex(ctx, rec + len + 1, &n) &&
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, rec + len + 1));
	}
	before = cpu_now() - before;
	EVP_CIPHER_CTX_free(ctx);
	return before;
}

static int64_t
evp_open(size_t len)
{
	EVP_CIPHER_CTX *ctx = evp_context(0);
	unsigned char nonce[12] = { 0 };
	int64_t before;
	int n;

	memcpy(opened, sealed, sizeof(opened));
	before = cpu_now();
	for (size_t i = 0; i < RECORDS; i++) {
		unsigned char *rec = opened[i] + KTLS_RECORD_HEADER;

		nonce[11] = (unsigned char)i;
		NEED(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, rec + len + 1) &&
		    EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, -1, NULL) &&
		    EVP_CipherUpdate(ctx, NULL, &n, opened[i], KTLS_RECORD_HEADER) &&
		    EVP_CipherUpdate(ctx, rec, &n, rec, (int)len + 1) &&
		    EVP_CipherFinal_ex(ctx, rec, &n));
	}
	before = cpu_now() - before;
	EVP_CIPHER_CTX_free(ctx);
	return before;
}

/* The speed of ours as a part of EVP's. */
static void
compare(const char *what, size_t len, int64_t (*mine)(size_t), int64_t (*evp)(size_t),
    double reach, unsigned rounds)
{
	double ratio[ROUNDS_MAX], middle;

	for (unsigned i = 0; i < rounds; i++) {
		int64_t ns[2] = { 0, 0 };

		for (unsigned n = 0; n < REPEATS; n++) {
			ns[0] += mine(len);
			ns[1] += evp(len);
		}
		ratio[i] = (double)ns[1] / (double)ns[0];
	}
	middle = median(ratio, rounds);
	printf("%-6s %6zu bytes  %5.2f (%5.2f ..%5.2f)  %5.2f  %s\n", what, len, middle, ratio[0],
	    ratio[rounds - 1], reach, middle >= reach ? "met" : "MISSED");
}

void
records_table(unsigned rounds)
{
	/* EVP seals without the type: an open of its records would refuse them. Ours first. */
	NEED(rounds <= ROUNDS_MAX && ktls_crypto_new(&crypto, NULL, NULL) == 0);
	printf("\nThe userspace record layer, AES-128-GCM: its speed as a part of EVP's\n\n"
	    "%-19s %-22s %6s\n", "", "ours", "reach");
	compare("seal", 16384, ours_seal, evp_seal, 0.97, rounds);
	(void)ours_seal(16384);
	compare("open", 16384, ours_open, evp_open, 0.95, rounds);
	compare("seal", 1350, ours_seal, evp_seal, 0.97, rounds);
	(void)ours_seal(1350);
	compare("open", 1350, ours_open, evp_open, 0.95, rounds);
	ktls_crypto_unref(crypto);
}
