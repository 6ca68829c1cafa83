/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include "base/check_testlib.h"
#include "record/record_testlib.h"
#include "schedule/rfc8448_testlib.h"

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
			*seal = record_make(KTLS_TX, keys);
			*open = record_make(KTLS_RX, keys);
		}
		assert_true(ktls_record_seq(*seal) == keys.seq);
		assert_int_equal(ktls_record_sealed_len(*seal, len), wire_len);
		OK(ktls_record_seal(*seal, r->type, payload, len, out));
		if (memcmp(out, wire, wire_len) != 0)
			fail_msg("section %d: %s", r->section, r->messages);
		assert_int_equal(ktls_record_len(*open, wire), wire_len);
		OK(record_open_copy(*open, wire, wire_len, r->type, (struct slice){ payload,
		    len }));
		checked++;
	}
	assert_int_equal(checked, 27);
	for (int i = 0; i < 8; i++) {
		ktls_record_free(tx[i / 4][i % 4]);
		ktls_record_free(rx[i / 4][i % 4]);
	}
}

/* One record at one sequence number, and the one after it. */
static void
at(uint16_t version, enum ktls_cipher cipher, uint64_t seq)
{
	static const uint8_t text[] = "the same bytes each time";
	const struct slice in = { text, sizeof(text) };
	uint8_t want[128], got[128];
	struct ktls_keys keys = record_keys(version, cipher, seq);
	struct ktls_record *tx = record_make(KTLS_TX, keys), *rx = record_make(KTLS_RX, keys);
	size_t len = ktls_record_sealed_len(tx, in.len);

	for (int i = 0; i < 2 && seq < UINT64_MAX - (uint64_t)i; i++) {
		keys = record_keys(version, cipher, seq + (uint64_t)i);
		record_reference(&keys, 23, in, want);
		OK(ktls_record_seal(tx, 23, text, sizeof(text), got));
		assert_memory_equal(got, want, len);
		assert_true(ktls_record_seq(tx) == keys.seq + 1);
		OK(record_open_copy(rx, want, len, 23, in));
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
	struct ktls_keys keys = record_keys(KTLS_TLS13, KTLS_AES_128_GCM, UINT64_MAX - 1);
	struct ktls_record *tx = record_make(KTLS_TX, keys), *rx = record_make(KTLS_RX, keys);
	uint8_t rec[32] = {0}, before[32], type;
	void *plain;
	size_t len;

	(void)unused;
	OK(ktls_record_seal(tx, 23, "x", 1, rec));
	OK(record_open_copy(rx, rec, 23, 23, (struct slice){ (const uint8_t *)"x", 1 }));
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

/*
 * TLS 1.2: after getsockopt(TLS_TX) the explicit nonce may be another than the number; a
 * peer's is whatever its records carry (RFC 5288 3).
 */
static void
explicit_nonce_is_the_iv_s(void **unused)
{
	static const uint8_t first[] = { 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xff, 0xff };
	static const uint8_t next[] = { 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xfa, 0, 0 };
	struct ktls_keys keys = record_keys(KTLS_TLS12, KTLS_AES_256_GCM, 1);
	struct ktls_record *tx, *rx;
	uint8_t rec[64];

	(void)unused;
	memcpy(keys.iv + 4, first, 8);
	tx = record_make(KTLS_TX, keys);
	memset(keys.iv + 4, 0, 8);
	rx = record_make(KTLS_RX, keys);
	OK(ktls_record_seal(tx, 22, "abc", 3, rec));
	assert_memory_equal(rec + 5, first, 8);
	OK(record_open_copy(rx, rec, 5 + 8 + 3 + 16, 22, (struct slice){ (const uint8_t *)"abc",
	    3 }));
	OK(ktls_record_seal(tx, 22, "abc", 3, rec));
	assert_memory_equal(rec + 5, next, 8);
	ktls_record_free(tx);
	ktls_record_free(rx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8448_byte_for_byte),
		cmocka_unit_test(nonces),
		cmocka_unit_test(numbers_end),
		cmocka_unit_test(explicit_nonce_is_the_iv_s),
	};

	return cmocka_run_group_tests(tests, record_setup, record_teardown) != 0;
}
