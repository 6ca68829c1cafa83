/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/check_testlib.h"
#include "crypto/crypto.h"
#include "record/record_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

static void
round_trip(uint16_t version, enum ktls_cipher cipher, size_t len)
{
	static const uint8_t types[] = { 21, 22, 23 };
	struct ktls_keys keys = record_keys(version, cipher, 5);
	struct ktls_record *tx = record_make(KTLS_TX, keys), *again = record_make(KTLS_TX, keys);
	struct ktls_record *rx = record_make(KTLS_RX, keys);
	size_t sealed = ktls_record_sealed_len(tx, len), offset = ktls_record_offset(tx);
	uint8_t *text = malloc(len + 1), *apart = malloc(sealed), *in_place = malloc(sealed);

	assert_true(text != NULL && apart != NULL && in_place != NULL);
	assert_true(sealed - len <= KTLS_RECORD_OVERHEAD && sealed <= KTLS_RECORD_MAX);
	memset(text, 0x5c, len + 1);
	for (size_t i = 0; i < sizeof(types); i++) {
		int err = len == 0 && types[i] != 23 ? R(RECORD_EMPTY) : 0;

		memcpy(in_place + offset, text, len);
		OK(ktls_record_seal(tx, types[i], text, len, apart));
		OK(ktls_record_seal(again, types[i], in_place + offset, len, in_place));
		assert_memory_equal(apart, in_place, sealed);
		assert_int_equal(ktls_record_len(rx, apart), sealed);
		GIVES(err, record_open_copy(rx, apart, sealed, types[i], (struct slice){ text,
		    len }));
		if (err != 0) {			/* it did not count; count it */
			keys.seq = ktls_record_seq(tx);
			ktls_record_free(rx);
			rx = record_make(KTLS_RX, keys);
		}
	}
	ktls_record_free(tx);
	ktls_record_free(again);
	ktls_record_free(rx);
	free(text);
	free(apart);
	free(in_place);
}

static void
round_trips(void **unused)
{
	static const size_t lens[] = { 0, 1, 2, 15, 16, 17, 1000, 16383, KTLS_RECORD_PLAIN_MAX };

	(void)unused;
	for (enum ktls_cipher cipher = 0; cipher < KTLS_CIPHERS; cipher++)
		for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
			round_trip(KTLS_TLS12, cipher, lens[i]);
			round_trip(KTLS_TLS13, cipher, lens[i]);
		}
}

/* Each bit changed; each truncation, with the header's length as it was and made to fit. */
static void
tampering(void **unused)
{
	static const uint8_t text[20] = { 1, 2, 3 };
	const struct slice in = { text, sizeof(text) };
	uint8_t rec[64], bytes[64];

	(void)unused;
	for (int i = 0; i < 2 * KTLS_CIPHERS; i++) {
		struct ktls_keys keys = record_keys(i % 2 ? KTLS_TLS12 : KTLS_TLS13,
		    (enum ktls_cipher)(i / 2), 1);
		struct ktls_record *tx = record_make(KTLS_TX, keys), *rx = record_make(KTLS_RX,
		    keys);
		size_t len = ktls_record_sealed_len(tx, sizeof(text));

		OK(ktls_record_seal(tx, 23, text, sizeof(text), rec));
		for (size_t j = 0; j < 8 * len; j++) {
			memcpy(bytes, rec, len);
			bytes[j / 8] ^= (uint8_t)(1 << j % 8);
			assert_int_not_equal(record_open_copy(rx, bytes, len, 23, in), 0);
			if (j / 8 >= KTLS_RECORD_HEADER)
				GIVES(R(BAD_RECORD_MAC), record_open_copy(rx, bytes, len, 23, in));
		}
		for (size_t n = 0; n < len; n++) {
			memcpy(bytes, rec, len);
			GIVES(-EINVAL, record_open_copy(rx, bytes, n, 23, in));
			if (n < KTLS_RECORD_HEADER)
				continue;
			bytes[4] = (uint8_t)(n - KTLS_RECORD_HEADER);
			GIVES(R(BAD_RECORD_MAC), record_open_copy(rx, bytes, n, 23, in));
		}
		/* After all that, the true one still opens, and only once. */
		OK(record_open_copy(rx, rec, len, 23, in));
		GIVES(R(BAD_RECORD_MAC), record_open_copy(rx, rec, len, 23, in));
		ktls_record_free(tx);
		ktls_record_free(rx);
	}
}

/* RFC 8446 5.2 and 5.4: what authentic records may hold. */
static const struct {
	const char *rule;
	uint8_t type;
	size_t len, padding;
	int err;
} inner[] = {
	{ "no padding", 23, 5, 0, 0 },
	{ "padding", 23, 5, 100, 0 },
	{ "padding of an empty record", 23, 0, 100, 0 },
	{ "an empty record", 23, 0, 0, 0 },
	{ "padding of a handshake record", 22, 5, 3, 0 },
	{ "as long as can be", 23, 16384, 0, 0 },
	{ "as long as can be with padding", 23, 1, 16383, 0 },
	{ "a byte of padding too many", 23, 16384, 1, R(RECORD_OVERFLOW) },
	{ "padding to the ciphertext's limit", 23, 1, 16384 + 256 - 16 - 2, R(RECORD_OVERFLOW) },
	{ "nothing but padding", 0, 0, 0, R(RECORD_NO_TYPE) },
	{ "nothing but much padding", 0, 0, 1000, R(RECORD_NO_TYPE) },
	{ "an empty handshake record", 22, 0, 0, R(RECORD_EMPTY) },
	{ "an empty alert record", 21, 0, 9, R(RECORD_EMPTY) },
	{ "a protected change_cipher_spec", 20, 1, 0, R(RECORD_TYPE) },
	{ "heartbeat", 24, 5, 0, R(RECORD_TYPE) },
	{ "type 255", 255, 5, 0, R(RECORD_TYPE) },
};

static void
inner_plaintexts(void **unused)
{
	static uint8_t text[KTLS_RECORD_PLAIN_MAX], rec[KTLS_RECORD_MAX];

	(void)unused;
	memset(text, 0x77, sizeof(text));
	for (size_t i = 0; i < sizeof(inner) / sizeof(*inner); i++) {
		struct ktls_keys keys = record_keys(KTLS_TLS13, KTLS_CHACHA20_POLY1305, 3);
		struct ktls_record *rx = record_make(KTLS_RX, keys);
		struct slice in = { text, inner[i].len };
		int err;

		record_reference13(&keys, inner[i].type, in, inner[i].padding, rec);
		err = ktls_record_len(rx, rec);
		assert_true(err > 0);
		err = record_open_copy(rx, rec, (size_t)err, inner[i].type, in);
		if (err != inner[i].err)
			fail_msg("%s: %#x", inner[i].rule, (unsigned)-err);
		ktls_record_free(rx);
	}
}

static const struct {
	const char *rule;
	uint16_t version;
	uint8_t header[5];
	uint16_t limit;
	int len;
} headers[] = {
	{ "TLS 1.3", KTLS_TLS13, { 23, 3, 3, 0, 17 }, 0, 22 },
	{ "no length", KTLS_TLS13, { 23, 3, 3, 0, 0 }, 0, 5 },
	{ "2^14 + 256", KTLS_TLS13, { 23, 3, 3, 0x41, 0 }, 0, 5 + 16384 + 256 },
	{ "2^14 + 257", KTLS_TLS13, { 23, 3, 3, 0x41, 1 }, 0, R(RECORD_OVERFLOW) },
	{ "65535", KTLS_TLS13, { 23, 3, 3, 0xff, 0xff }, 0, R(RECORD_OVERFLOW) },
	{ "plain alert", KTLS_TLS13, { 21, 3, 3, 0, 2 }, 0, R(RECORD_TYPE) },
	{ "plain handshake", KTLS_TLS13, { 22, 3, 3, 0, 20 }, 0, R(RECORD_TYPE) },
	{ "change_cipher_spec", KTLS_TLS13, { 20, 3, 3, 0, 1 }, 0, R(RECORD_TYPE) },
	{ "version 3.1", KTLS_TLS13, { 23, 3, 1, 0, 17 }, 0, R(RECORD_VERSION) },
	{ "version 3.4", KTLS_TLS13, { 23, 3, 4, 0, 17 }, 0, R(RECORD_VERSION) },
	{ "version 2.3", KTLS_TLS13, { 23, 2, 3, 0, 17 }, 0, R(RECORD_VERSION) },
	{ "HTTP", KTLS_TLS13, { 'H', 'T', 'T', 'P', '/' }, 0, R(RECORD_TYPE) },
	{ "limit 64", KTLS_TLS13, { 23, 3, 3, 0, 80 }, 64, 85 },
	{ "limit 64, a byte more", KTLS_TLS13, { 23, 3, 3, 0, 81 }, 64, R(RECORD_OVERFLOW) },
	{ "limit 65535 is 2^14 + 1", KTLS_TLS13, { 23, 3, 3, 0x40, 17 }, 65535, 5 + 16385 + 16 },
	{ "limit 65535, and more", KTLS_TLS13, { 23, 3, 3, 0x40, 18 }, 65535, R(RECORD_OVERFLOW) },
	{ "1.2 alert", KTLS_TLS12, { 21, 3, 3, 0, 26 }, 0, 31 },
	{ "1.2 handshake", KTLS_TLS12, { 22, 3, 3, 0, 40 }, 0, 45 },
	{ "1.2 change_cipher_spec", KTLS_TLS12, { 20, 3, 3, 0, 25 }, 0, R(RECORD_TYPE) },
	{ "1.2 type 24", KTLS_TLS12, { 24, 3, 3, 0, 25 }, 0, R(RECORD_TYPE) },
	{ "1.2 limit 64", KTLS_TLS12, { 23, 3, 3, 0, 88 }, 64, 93 },
	{ "1.2 limit 64, a byte more", KTLS_TLS12, { 23, 3, 3, 0, 89 }, 64, R(RECORD_OVERFLOW) },
};

static void
each_header(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct ktls_keys keys = record_keys(headers[i].version, KTLS_AES_128_GCM, 0);
		struct ktls_record *rx = record_make(KTLS_RX, keys);
		int len;

		ktls_record_set_limit(rx, headers[i].limit);
		len = ktls_record_len(rx, headers[i].header);
		if (len != headers[i].len)
			fail_msg("%s: %d", headers[i].rule, len);
		ktls_record_free(rx);
	}
}

/* RFC 8449 4: TLS 1.3 counts the type, TLS 1.2 does not. */
static void
limits_when_sealing(void **unused)
{
	static uint8_t text[KTLS_RECORD_PLAIN_MAX + 1], rec[KTLS_RECORD_MAX + 1];
	struct ktls_record *tx13 = record_make(KTLS_TX, record_keys(KTLS_TLS13,
	    KTLS_AES_128_GCM, 0));
	struct ktls_record *tx12 = record_make(KTLS_TX, record_keys(KTLS_TLS12,
	    KTLS_AES_128_GCM, 0));

	(void)unused;
	GIVES(-EMSGSIZE, ktls_record_seal(tx13, 23, text, KTLS_RECORD_PLAIN_MAX + 1, rec));
	GIVES(-EMSGSIZE, ktls_record_seal(tx12, 23, text, KTLS_RECORD_PLAIN_MAX + 1, rec));
	GIVES(-EMSGSIZE, ktls_record_seal(tx12, 23, text, SIZE_MAX, rec));
	ktls_record_set_limit(tx13, 64);
	ktls_record_set_limit(tx12, 64);
	OK(ktls_record_seal(tx13, 23, text, 63, rec));
	GIVES(-EMSGSIZE, ktls_record_seal(tx13, 23, text, 64, rec));
	OK(ktls_record_seal(tx12, 23, text, 64, rec));
	GIVES(-EMSGSIZE, ktls_record_seal(tx12, 23, text, 65, rec));
	ktls_record_set_limit(tx13, 16385);
	OK(ktls_record_seal(tx13, 23, text, KTLS_RECORD_PLAIN_MAX, rec));
	assert_true(ktls_record_seq(tx13) == 2);	/* what was refused did not count */
	ktls_record_free(tx13);
	ktls_record_free(tx12);
}

/* RFC 8446 5.4: bytes in, the multiple, the limit; the length of TLSInnerPlaintext. */
static const struct {
	size_t len;
	unsigned multiple;
	uint16_t limit;
	size_t inner;
} padded[] = {
	{ 0, 0, 0, 1 }, { 5, 1, 0, 6 },				/* none */
	{ 0, 64, 0, 64 }, { 62, 64, 0, 64 }, { 63, 64, 0, 64 }, { 64, 64, 0, 128 },
	{ 5, 100, 0, 100 }, { 99, 100, 0, 100 }, { 100, 100, 0, 200 },
	{ 1, 16384, 0, 16384 }, { 16383, 16384, 0, 16384 },
	{ 16384, 16384, 0, 16385 }, { 16384, 64, 0, 16385 },	/* as far as can be */
	{ 60, 64, 100, 64 }, { 70, 64, 100, 100 }, { 99, 64, 100, 100 },	/* RFC 8449 4 */
	{ 1, 100000, 0, 16385 },
};

static void
padding(void **unused)
{
	static uint8_t text[KTLS_RECORD_PLAIN_MAX], want[KTLS_RECORD_MAX], rec[KTLS_RECORD_MAX];

	(void)unused;
	memset(text, 0x6b, sizeof(text));
	for (size_t i = 0; i < sizeof(padded) / sizeof(*padded) * KTLS_CIPHERS; i++) {
		size_t row = i / KTLS_CIPHERS, len = padded[row].len, inner_len = padded[row].inner;
		struct ktls_keys keys = record_keys(KTLS_TLS13,
		    (enum ktls_cipher)(i % KTLS_CIPHERS),
		    9);
		struct ktls_record *tx = record_make(KTLS_TX, keys);
		struct slice in = { text, len };
		size_t sealed = 5 + inner_len + 16;

		ktls_record_set_padding(tx, padded[row].multiple);
		ktls_record_set_limit(tx, padded[row].limit);
		if (ktls_record_sealed_len(tx, len) != sealed)
			fail_msg("row %zu: %zu", row, ktls_record_sealed_len(tx, len));
		record_reference13(&keys, 23, in, inner_len - len - 1, want);
		OK(ktls_record_seal(tx, 23, text, len, rec));
		assert_memory_equal(rec, want, sealed);
		ktls_record_free(tx);

		tx = record_make(KTLS_TX, keys);	/* once more, in place */
		ktls_record_set_padding(tx, padded[row].multiple);
		ktls_record_set_limit(tx, padded[row].limit);
		memset(rec, 0xff, sizeof(rec));
		memcpy(rec + 5, text, len);
		OK(ktls_record_seal(tx, 23, rec + 5, len, rec));
		assert_memory_equal(rec, want, sealed);
		assert_int_equal(rec[sealed], 0xff);
		ktls_record_free(tx);
	}
}

/* TLS 1.2 has none; too much is refused with padding as without. */
static void
padding_changes_no_rule(void **unused)
{
	static uint8_t text[KTLS_RECORD_PLAIN_MAX + 1], rec[KTLS_RECORD_MAX];
	struct ktls_record *tx12 = record_make(KTLS_TX, record_keys(KTLS_TLS12,
	    KTLS_AES_128_GCM, 0));
	struct ktls_record *tx13 = record_make(KTLS_TX, record_keys(KTLS_TLS13,
	    KTLS_AES_128_GCM, 0));

	(void)unused;
	ktls_record_set_padding(tx12, 64);
	assert_int_equal(ktls_record_sealed_len(tx12, 5), 5 + 8 + 5 + 16);
	ktls_record_set_padding(tx13, 64);
	GIVES(-EMSGSIZE, ktls_record_seal(tx13, 23, text, KTLS_RECORD_PLAIN_MAX + 1, rec));
	ktls_record_set_limit(tx13, 64);
	GIVES(-EMSGSIZE, ktls_record_seal(tx13, 23, text, 64, rec));
	ktls_record_set_padding(tx13, 0);
	assert_int_equal(ktls_record_sealed_len(tx13, 5), 5 + 5 + 1 + 16);
	ktls_record_free(tx12);
	ktls_record_free(tx13);
}

static void
rekeyed(void **unused)
{
	struct ktls_keys old = record_keys(KTLS_TLS13, KTLS_AES_256_GCM, 7), new = old;
	struct ktls_record *tx = record_make(KTLS_TX, old), *rx = record_make(KTLS_RX, old);
	const struct slice in = { (const uint8_t *)"text", 4 };
	uint8_t rec[64];

	(void)unused;
	new.key[0] ^= 1;
	new.iv[0] ^= 1;
	new.seq = 0;

	/* Another cipher or version is refused, and changes nothing. */
	new.cipher = KTLS_CHACHA20_POLY1305;
	GIVES(-EINVAL, ktls_record_rekey(tx, &new));
	new.cipher = KTLS_AES_256_GCM;
	new.version = KTLS_TLS12;
	GIVES(-EINVAL, ktls_record_rekey(tx, &new));
	new.version = KTLS_TLS13;
	assert_true(ktls_record_seq(tx) == 7);
	OK(ktls_record_seal(tx, 23, in.p, in.len, rec));
	OK(record_open_copy(rx, rec, ktls_record_sealed_len(tx, in.len), 23, in));

	OK(ktls_record_rekey(tx, &new));
	assert_true(ktls_record_seq(tx) == 0);
	OK(ktls_record_seal(tx, 23, in.p, in.len, rec));
	GIVES(R(BAD_RECORD_MAC), record_open_copy(rx, rec, ktls_record_sealed_len(tx, in.len),
	    23, in));
	OK(ktls_record_rekey(rx, &new));
	OK(record_open_copy(rx, rec, ktls_record_sealed_len(tx, in.len), 23, in));
	ktls_record_free(tx);
	ktls_record_free(rx);
}

static void
what_cannot_be_made(void **unused)
{
	struct ktls_keys keys = record_keys(KTLS_TLS13, KTLS_AES_128_GCM, 0);
	struct ktls_crypto without = *record_crypto;
	struct ktls_record *record = NULL;

	(void)unused;
	keys.version = 0x0302;
	GIVES(-EINVAL, ktls_record_new(&record, record_crypto, KTLS_TX, &keys));
	keys.version = KTLS_TLS13;
	keys.cipher = (enum ktls_cipher)KTLS_CIPHERS;
	GIVES(-EINVAL, ktls_record_new(&record, record_crypto, KTLS_TX, &keys));
	keys.cipher = KTLS_AES_128_CCM;
	without.aead[KTLS_AES_128_CCM] = NULL;
	GIVES(-ENOTSUP, ktls_record_new(&record, &without, KTLS_TX, &keys));
	assert_null(record);
	ktls_record_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(tampering),
		cmocka_unit_test(inner_plaintexts),
		cmocka_unit_test(each_header),
		cmocka_unit_test(limits_when_sealing),
		cmocka_unit_test(padding),
		cmocka_unit_test(padding_changes_no_rule),
		cmocka_unit_test(rekeyed),
		cmocka_unit_test(what_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, record_setup, record_teardown) != 0;
}
