/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <ktls/record.h>
#include "base/check_testlib.h"
#include "base/wipe_testlib.h"
#include "crypto/aead.h"
#include "schedule/rfc8448_testlib.h"

#define R(name)	KTLS_REFUSED(KTLS_R_##name)

static struct ktls_crypto *crypto;

static struct ktls_keys
some_keys(uint16_t version, enum ktls_cipher cipher, uint64_t seq)
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

static struct ktls_record *
make(enum ktls_dir dir, struct ktls_keys keys)
{
	struct ktls_record *record = NULL;

	OK(ktls_record_new(&record, crypto, dir, &keys));
	return record;
}

/* Opens a copy of exactly that length; text, where given, must come out. */
static int
open_copy(struct ktls_record *rx, const uint8_t *rec, size_t len, uint8_t want_type,
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

/* Every protected record of RFC 8448, in order: sealed it is the RFC's, opened the payload. */
static void
rfc8448_byte_for_byte(void **unused)
{
	struct ktls_record *tx[2][4] = {{0}}, *rx[2][4] = {{0}};
	size_t count, checked = 0;
	const struct rfc8448_record *records = rfc8448_records(&count);
	static uint8_t payload[2048], wire[2048], out[2048];

	(void)unused;
	for (size_t i = 0; i < count; i++) {
		const struct rfc8448_record *r = &records[i];
		size_t len = rfc8448_payload(r, payload, sizeof(payload));
		size_t wire_len = rfc8448_wire(r, wire, sizeof(wire));
		struct ktls_record **seal = &tx[r->client][r->keys];
		struct ktls_record **open = &rx[r->client][r->keys];
		struct ktls_keys keys;

		if (r->keys == RFC8448_PLAIN)
			continue;
		rfc8448_traffic_keys(r, &keys);
		if (keys.seq == 0) {			/* of another section */
			ktls_record_free(*seal);
			ktls_record_free(*open);
			*seal = make(KTLS_TX, keys);
			*open = make(KTLS_RX, keys);
		}
		assert_true(ktls_record_seq(*seal) == keys.seq);
		assert_int_equal(ktls_record_sealed_len(*seal, len), wire_len);
		OK(ktls_record_seal(*seal, r->type, payload, len, out));
		if (memcmp(out, wire, wire_len) != 0)
			fail_msg("section %d: %s", r->section, r->messages);
		assert_int_equal(ktls_record_len(*open, wire), wire_len);
		OK(open_copy(*open, wire, wire_len, r->type, (struct slice){ payload, len }));
		checked++;
	}
	assert_int_equal(checked, 27);
	for (int i = 0; i < 8; i++) {
		ktls_record_free(tx[i / 4][i % 4]);
		ktls_record_free(rx[i / 4][i % 4]);
	}
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
static void
reference13(const struct ktls_keys *keys, uint8_t type, struct slice text, size_t padding,
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
	OK(aead_init(&aead, crypto, keys->cipher, KTLS_TX, keys->key));
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
	OK(aead_init(&aead, crypto, keys->cipher, KTLS_TX, keys->key));
	OK(aead_seal(&aead, nonce, (struct slice){ aad, 13 }, text, -1, out + 5 + explicit));
	aead_free(&aead);
}

static void
reference(const struct ktls_keys *keys, uint8_t type, struct slice text, uint8_t *out)
{
	if (keys->version == KTLS_TLS13)
		reference13(keys, type, text, 0, out);
	else
		reference12(keys, type, text, out);
}

/* One record at one sequence number, and the one after it. */
static void
at(uint16_t version, enum ktls_cipher cipher, uint64_t seq)
{
	static const uint8_t text[] = "the same bytes each time";
	const struct slice in = { text, sizeof(text) };
	uint8_t want[128], got[128];
	struct ktls_keys keys = some_keys(version, cipher, seq);
	struct ktls_record *tx = make(KTLS_TX, keys), *rx = make(KTLS_RX, keys);
	size_t len = ktls_record_sealed_len(tx, in.len);

	for (int i = 0; i < 2 && seq < UINT64_MAX - (uint64_t)i; i++) {
		keys = some_keys(version, cipher, seq + (uint64_t)i);
		reference(&keys, 23, in, want);
		OK(ktls_record_seal(tx, 23, text, sizeof(text), got));
		assert_memory_equal(got, want, len);
		assert_true(ktls_record_seq(tx) == keys.seq + 1);
		OK(open_copy(rx, want, len, 23, in));
	}
	ktls_record_free(tx);
	ktls_record_free(rx);
}

static void
nonces(void **unused)
{
	static const uint64_t seqs[] = {
		0, 1, 255, 256, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(0x0102030405060708),
		UINT64_MAX - 3, UINT64_MAX - 1,
	};

	(void)unused;
	for (enum ktls_cipher cipher = 0; cipher < KTLS_CIPHERS; cipher++)
		for (size_t i = 0; i < sizeof(seqs) / sizeof(*seqs); i++) {
			at(KTLS_TLS12, cipher, seqs[i]);
			at(KTLS_TLS13, cipher, seqs[i]);
		}
}

/* RFC 8446 5.3: the number never wraps; and the one that would is refused for ever. */
static void
numbers_end(void **unused)
{
	struct ktls_keys keys = some_keys(KTLS_TLS13, KTLS_AES_128_GCM, UINT64_MAX - 1);
	struct ktls_record *tx = make(KTLS_TX, keys), *rx = make(KTLS_RX, keys);
	uint8_t rec[32] = {0}, before[32], type;
	void *plain;
	size_t len;

	(void)unused;
	OK(ktls_record_seal(tx, 23, "x", 1, rec));
	OK(open_copy(rx, rec, 23, 23, (struct slice){ (const uint8_t *)"x", 1 }));
	memcpy(before, rec, sizeof(before));
	GIVES(-EOVERFLOW, ktls_record_seal(tx, 23, "x", 1, rec));
	GIVES(-EOVERFLOW, ktls_record_seal(tx, 23, "x", 1, rec));
	assert_memory_equal(rec, before, sizeof(before));
	GIVES(-EOVERFLOW, ktls_record_open(rx, rec, 23, &type, &plain, &len));
	/* New keys, new numbers. */
	keys.seq = 0;
	OK(ktls_record_rekey(tx, &keys));
	OK(ktls_record_seal(tx, 23, "x", 1, rec));
	ktls_record_free(tx);
	ktls_record_free(rx);
}

/* TLS 1.2: after getsockopt(TLS_TX) the explicit nonce may be another than the number. */
static void
explicit_nonce_is_the_iv_s(void **unused)
{
	static const uint8_t first[] = { 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xff, 0xff };
	static const uint8_t next[] = { 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xfa, 0, 0 };
	struct ktls_keys keys = some_keys(KTLS_TLS12, KTLS_AES_256_GCM, 1);
	struct ktls_record *tx, *rx;
	uint8_t rec[64];

	(void)unused;
	memcpy(keys.iv + 4, first, 8);
	tx = make(KTLS_TX, keys);
	rx = make(KTLS_RX, keys);
	OK(ktls_record_seal(tx, 22, "abc", 3, rec));
	assert_memory_equal(rec + 5, first, 8);
	OK(open_copy(rx, rec, 5 + 8 + 3 + 16, 22, (struct slice){ (const uint8_t *)"abc", 3 }));
	OK(ktls_record_seal(tx, 22, "abc", 3, rec));
	assert_memory_equal(rec + 5, next, 8);
	ktls_record_free(tx);
	ktls_record_free(rx);
}

static void
round_trip(uint16_t version, enum ktls_cipher cipher, size_t len)
{
	static const uint8_t types[] = { 21, 22, 23 };
	struct ktls_keys keys = some_keys(version, cipher, 5);
	struct ktls_record *tx = make(KTLS_TX, keys), *again = make(KTLS_TX, keys);
	struct ktls_record *rx = make(KTLS_RX, keys);
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
		GIVES(err, open_copy(rx, apart, sealed, types[i], (struct slice){ text, len }));
		if (err != 0) {			/* it did not count; count it */
			keys.seq = ktls_record_seq(tx);
			ktls_record_free(rx);
			rx = make(KTLS_RX, keys);
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
		struct ktls_keys keys = some_keys(i % 2 ? KTLS_TLS12 : KTLS_TLS13,
		    (enum ktls_cipher)(i / 2), 1);
		struct ktls_record *tx = make(KTLS_TX, keys), *rx = make(KTLS_RX, keys);
		size_t len = ktls_record_sealed_len(tx, sizeof(text));

		OK(ktls_record_seal(tx, 23, text, sizeof(text), rec));
		for (size_t j = 0; j < 8 * len; j++) {
			memcpy(bytes, rec, len);
			bytes[j / 8] ^= (uint8_t)(1 << j % 8);
			assert_int_not_equal(open_copy(rx, bytes, len, 23, in), 0);
			if (j / 8 >= KTLS_RECORD_HEADER)
				GIVES(R(BAD_RECORD_MAC), open_copy(rx, bytes, len, 23, in));
		}
		for (size_t n = 0; n < len; n++) {
			memcpy(bytes, rec, len);
			GIVES(-EINVAL, open_copy(rx, bytes, n, 23, in));
			if (n < KTLS_RECORD_HEADER)
				continue;
			bytes[4] = (uint8_t)(n - KTLS_RECORD_HEADER);
			GIVES(R(BAD_RECORD_MAC), open_copy(rx, bytes, n, 23, in));
		}
		/* After all that, the true one still opens, and only once. */
		OK(open_copy(rx, rec, len, 23, in));
		GIVES(R(BAD_RECORD_MAC), open_copy(rx, rec, len, 23, in));
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
		struct ktls_keys keys = some_keys(KTLS_TLS13, KTLS_CHACHA20_POLY1305, 3);
		struct ktls_record *rx = make(KTLS_RX, keys);
		struct slice in = { text, inner[i].len };
		int err;

		reference13(&keys, inner[i].type, in, inner[i].padding, rec);
		err = ktls_record_len(rx, rec);
		assert_true(err > 0);
		err = open_copy(rx, rec, (size_t)err, inner[i].type, in);
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
		struct ktls_keys keys = some_keys(headers[i].version, KTLS_AES_128_GCM, 0);
		struct ktls_record *rx = make(KTLS_RX, keys);
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
	struct ktls_record *tx13 = make(KTLS_TX, some_keys(KTLS_TLS13, KTLS_AES_128_GCM, 0));
	struct ktls_record *tx12 = make(KTLS_TX, some_keys(KTLS_TLS12, KTLS_AES_128_GCM, 0));

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

static void
rekeyed(void **unused)
{
	struct ktls_keys old = some_keys(KTLS_TLS13, KTLS_AES_256_GCM, 7), new = old;
	struct ktls_record *tx = make(KTLS_TX, old), *rx = make(KTLS_RX, old);
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
	OK(open_copy(rx, rec, ktls_record_sealed_len(tx, in.len), 23, in));

	OK(ktls_record_rekey(tx, &new));
	assert_true(ktls_record_seq(tx) == 0);
	OK(ktls_record_seal(tx, 23, in.p, in.len, rec));
	GIVES(R(BAD_RECORD_MAC), open_copy(rx, rec, ktls_record_sealed_len(tx, in.len), 23, in));
	OK(ktls_record_rekey(rx, &new));
	OK(open_copy(rx, rec, ktls_record_sealed_len(tx, in.len), 23, in));
	ktls_record_free(tx);
	ktls_record_free(rx);
}

static void
what_cannot_be_made(void **unused)
{
	struct ktls_keys keys = some_keys(KTLS_TLS13, KTLS_AES_128_GCM, 0);
	struct ktls_crypto without = *crypto;
	struct ktls_record *record = NULL;

	(void)unused;
	keys.version = 0x0302;
	GIVES(-EINVAL, ktls_record_new(&record, crypto, KTLS_TX, &keys));
	keys.version = KTLS_TLS13;
	keys.cipher = (enum ktls_cipher)KTLS_CIPHERS;
	GIVES(-EINVAL, ktls_record_new(&record, crypto, KTLS_TX, &keys));
	keys.cipher = KTLS_AES_128_CCM;
	without.aead[KTLS_AES_128_CCM] = NULL;
	GIVES(-ENOTSUP, ktls_record_new(&record, &without, KTLS_TX, &keys));
	assert_null(record);
	ktls_record_free(NULL);
}

static const uint8_t masked_key[32] = {
	0x12, 0xe9, 0x7b, 0x44, 0xcd, 0x36, 0xaf, 0x90,
	0x59, 0xe2, 0x0b, 0x74, 0xbd, 0x26, 0xdf, 0x68,
	0x81, 0x1a, 0x33, 0xfc, 0x45, 0x9e, 0x67, 0xd0,
	0x29, 0xb2, 0x5b, 0xc4, 0x0d, 0x96, 0x7f, 0xe8,
};
static const uint8_t masked_iv[12] = {
	0x6f, 0xd8, 0x01, 0x8a, 0x53, 0xfc, 0x25, 0xae, 0x77, 0xc0, 0x49, 0x92,
};

static struct ktls_record *
secret_record(enum ktls_dir dir, uint16_t version, enum ktls_cipher cipher)
{
	struct ktls_keys keys = some_keys(version, cipher, 0);
	struct ktls_record *record;

	wipe_unmask(masked_key, sizeof(keys.key), keys.key);
	wipe_unmask(masked_iv, sizeof(keys.iv), keys.iv);
	OK(ktls_record_new(&record, crypto, dir, &keys));
	ktls_keys_wipe(&keys);
	return record;
}

static struct ktls_record *secret_tx, *secret_rx;
static uint8_t secret_rec[64];

static void
step_seal(void *unused)
{
	(void)unused;
	OK(ktls_record_seal(secret_tx, 23, "x", 1, secret_rec));
}

static void
step_open(void *unused)
{
	size_t len = ktls_record_sealed_len(secret_rx, 1);
	uint8_t type;
	void *plain;

	(void)unused;
	OK(ktls_record_open(secret_rx, secret_rec, len, &type, &plain, &len));
}

static void
step_free(void *unused)
{
	(void)unused;
	ktls_record_free(secret_tx);
	ktls_record_free(secret_rx);
}

/* Nothing of the key and the iv is left, in freed memory and on used stack. */
static void
no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	for (int i = 0; i < 2 * KTLS_CIPHERS; i++) {
		enum ktls_cipher cipher = (enum ktls_cipher)(i / 2);
		uint16_t version = i % 2 ? KTLS_TLS12 : KTLS_TLS13;

		secret_tx = secret_record(KTLS_TX, version, cipher);
		secret_rx = secret_record(KTLS_RX, version, cipher);
		assert_int_equal(wipe_find(masked_iv, sizeof(masked_iv)), 2);
		/* The nonce, which is the iv at first. */
		wipe_deep(step_seal, NULL);
		if (wipe_find_on_stack(masked_iv, sizeof(masked_iv)) != 0)
			fail_msg("%s: sealing leaves the iv", ktls_cipher_name(cipher));
		wipe_deep(step_open, NULL);
		if (wipe_find_on_stack(masked_iv, sizeof(masked_iv)) != 0)
			fail_msg("%s: opening leaves the iv", ktls_cipher_name(cipher));
		wipe_deep(step_free, NULL);
		if (wipe_find(masked_key, aead_key_len(cipher)) != 0)
			fail_msg("%s: the key is still there", ktls_cipher_name(cipher));
		if (wipe_find(masked_iv, sizeof(masked_iv)) != 0)
			fail_msg("%s: the iv is still there", ktls_cipher_name(cipher));
	}
}

static void
rekeying_leaves_no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	for (enum ktls_cipher cipher = 0; cipher < KTLS_CIPHERS; cipher++) {
		struct ktls_record *record = secret_record(KTLS_TX, KTLS_TLS13, cipher);
		struct ktls_keys keys = some_keys(KTLS_TLS13, cipher, 0);

		OK(ktls_record_rekey(record, &keys));
		assert_int_equal(wipe_find(masked_key, aead_key_len(cipher)), 0);
		assert_int_equal(wipe_find(masked_iv, sizeof(masked_iv)), 0);
		ktls_record_free(record);
	}
}

static int
setup(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL);
}

static int
teardown(void **unused)
{
	(void)unused;
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8448_byte_for_byte),
		cmocka_unit_test(nonces),
		cmocka_unit_test(numbers_end),
		cmocka_unit_test(explicit_nonce_is_the_iv_s),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(tampering),
		cmocka_unit_test(inner_plaintexts),
		cmocka_unit_test(each_header),
		cmocka_unit_test(limits_when_sealing),
		cmocka_unit_test(rekeyed),
		cmocka_unit_test(what_cannot_be_made),
		cmocka_unit_test(no_trace),
		cmocka_unit_test(rekeying_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
