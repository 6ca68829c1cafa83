/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "base/check_testlib.h"
#include "base/hex_testlib.h"
#include "base/wipe_testlib.h"
#include "crypto/group.h"
#include "schedule/rfc8448_testlib.h"

#define INVALID	KTLS_REFUSED(KTLS_R_SHARE_INVALID)

static const uint16_t groups[] = { KTLS_GROUP_X25519, KTLS_GROUP_SECP256R1,
	KTLS_GROUP_SECP384R1, KTLS_GROUP_SECP521R1 };
#define GROUPS	(sizeof(groups) / sizeof(*groups))

static struct ktls_crypto *crypto;

/* The shared secrets of RFC 8448, from either end. */
static void
known_secrets(void **unused)
{
	static const char *const curves[] = { "x25519", "P-256" };

	(void)unused;
	for (int section = 3; section <= 7; section++) {
		const char *curve = curves[section == 5];
		uint16_t id = groups[section == 5];
		struct slice want = rfc8448(section, "shared secret");

		for (int client = 0; client < 2; client++) {
			uint8_t secret[GROUP_SECRET_MAX];
			char own[40], theirs[40];
			size_t len = 0;
			EVP_PKEY *key;

			(void)snprintf(own, sizeof(own), "%s %s",
			    client ? "client" : "server", curve);
			(void)snprintf(theirs, sizeof(theirs), "%s %s public",
			    client ? "server" : "client", curve);
			key = rfc8448_share_key(section, own);
			OK(group_accept(crypto, id, key, rfc8448(section, theirs), secret, &len));
			assert_int_equal(len, want.len);
			assert_memory_equal(secret, want.p, len);
			EVP_PKEY_free(key);
		}
	}
}

static void
both_ends_agree(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < GROUPS; i++) {
		uint8_t share[GROUP_SHARE_MAX], answer[GROUP_SHARE_MAX];
		uint8_t client[GROUP_SECRET_MAX], server[GROUP_SECRET_MAX];
		size_t share_len, answer_len, client_len, server_len;
		EVP_PKEY *key = NULL;

		assert_true(group_known(crypto, groups[i]));
		OK(group_offer(crypto, groups[i], &key, share, &share_len));
		assert_int_equal(share_len, group_share_len(groups[i]));
		OK(group_answer(crypto, groups[i], (struct slice){ share, share_len }, answer,
		    &answer_len, server, &server_len));
		OK(group_accept(crypto, groups[i], key, (struct slice){ answer, answer_len },
		    client, &client_len));
		assert_int_equal(client_len, server_len);
		assert_memory_equal(client, server, client_len);
		assert_memory_not_equal(share, answer, share_len);
		EVP_PKEY_free(key);
	}
}

/* The generators, less their last byte (FIPS 186-4 D.1.2). */
#define P384_X	"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38" \
		"5502f25dbf55296c3a545e3872760ab7"
#define P384_Y	"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0" \
		"0a60b1ce1d7e819d7a431d7c90ea0e"
#define P521_X	"00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d" \
		"3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66"
#define P521_Y	"011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e" \
		"662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd166"

		    static const struct {
	const char *rule;
	uint16_t id;
	const char *share;
} bad[] = {
	{ "X25519: zero (RFC 7748 6.1, RFC 8446 7.4.2)", KTLS_GROUP_X25519,
	  "0000000000000000000000000000000000000000000000000000000000000000" },
	{ "X25519: one, whose multiples are of order 4", KTLS_GROUP_X25519,
	  "0100000000000000000000000000000000000000000000000000000000000000" },
	{ "X25519: p, which is zero", KTLS_GROUP_X25519,
	  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" },
	{ "X25519: of order 8", KTLS_GROUP_X25519,
	  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800" },
	{ "X25519: a byte more", KTLS_GROUP_X25519,
	  "090000000000000000000000000000000000000000000000000000000000000000" },
	{ "X25519: nothing", KTLS_GROUP_X25519, "" },
	{ "P-256: the generator compressed (RFC 8446 4.2.8.2)", KTLS_GROUP_SECP256R1,
	  "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" },
	{ "P-256: hybrid", KTLS_GROUP_SECP256R1,
	  "076b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5" },
	{ "P-256: not on the curve", KTLS_GROUP_SECP256R1,
	  "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f6" },
	{ "P-256: zeros", KTLS_GROUP_SECP256R1,
	  "0400000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000000000000000000000000000000000000" },
	{ "P-256: y + p, the same point in a second spelling", KTLS_GROUP_SECP256R1,
	  "04ffffffff00000001000000000000000000000000fffffffffffffffffffffffe"
	  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5" },
	{ "P-256: infinity", KTLS_GROUP_SECP256R1, "00" },
	{ "P-256: infinity at full length", KTLS_GROUP_SECP256R1,
	  "0000000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000000000000000000000000000000000000" },
	{ "P-256: nothing", KTLS_GROUP_SECP256R1, "" },
	{ "P-384: not on the curve", KTLS_GROUP_SECP384R1, "04" P384_X P384_Y "60" },
	{ "P-384: compressed", KTLS_GROUP_SECP384R1, "03" P384_X },
	{ "P-384: hybrid", KTLS_GROUP_SECP384R1, "07" P384_X P384_Y "5f" },
	{ "P-521: not on the curve", KTLS_GROUP_SECP521R1, "04" P521_X P521_Y "51" },
	{ "P-521: hybrid", KTLS_GROUP_SECP521R1, "06" P521_X P521_Y "50" },
	{ "P-521: compressed", KTLS_GROUP_SECP521R1, "02" P521_X },
};

/* From memory of exactly that length. */
static int
answer(uint16_t id, const uint8_t *share, size_t share_len)
{
	static const uint8_t zeros[GROUP_SECRET_MAX];
	uint8_t ours[GROUP_SHARE_MAX], secret[GROUP_SECRET_MAX] = {0}, *exact = malloc(share_len);
	size_t ours_len, secret_len;
	int err;

	assert_true(share_len == 0 || exact != NULL);
	if (share_len != 0)
		memcpy(exact, share, share_len);
	err = group_answer(crypto, id, (struct slice){ exact, share_len }, ours, &ours_len,
	    secret, &secret_len);
	if (err != 0)
		assert_memory_equal(secret, zeros, sizeof(zeros));
	assert_int_equal(ERR_peek_error(), 0);
	free(exact);
	return err;
}

static void
no_points(void **unused)
{
	uint8_t share[160];

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int err = answer(bad[i].id, share, hex_decode(bad[i].share, share, sizeof(share)));

		if (err != INVALID)
			fail_msg("%s: %#x", bad[i].rule, (unsigned)-err);
	}
}

/* The same points as they should be, so that what was refused above is what each line says. */
static void
good_points(void **unused)
{
	uint8_t share[160];

	(void)unused;
	OK(answer(KTLS_GROUP_SECP384R1, share,
	    hex_decode("04" P384_X P384_Y "5f", share, sizeof(share))));
	OK(answer(KTLS_GROUP_SECP521R1, share,
	    hex_decode("04" P521_X P521_Y "50", share, sizeof(share))));
}

static void
every_truncation(void **unused)
{
	uint8_t share[GROUP_SHARE_MAX];
	size_t len;

	(void)unused;
	for (size_t i = 0; i < GROUPS; i++) {
		EVP_PKEY *key = NULL;

		OK(group_offer(crypto, groups[i], &key, share, &len));
		for (size_t n = 0; n < len; n++)
			GIVES(INVALID, answer(groups[i], share, n));
		GIVES(INVALID, answer(groups[i], share, len + 1));
		OK(answer(groups[i], share, len));
		EVP_PKEY_free(key);
	}
}

static void
unknown_groups(void **unused)
{
	struct ktls_crypto without = *crypto;
	uint8_t share[GROUP_SHARE_MAX];
	EVP_PKEY *key = NULL;
	size_t len;

	(void)unused;
	assert_false(group_known(crypto, 0));
	assert_false(group_known(crypto, 0x2a2a));
	assert_int_equal(group_share_len(0x2a2a), 0);
	GIVES(-ENOTSUP, group_offer(crypto, 0x2a2a, &key, share, &len));
	GIVES(-ENOTSUP, answer(0x2a2a, share, 32));

	/* Known to us, and not to this libcrypto. */
	without.group[0].ctx = NULL;
	assert_false(group_known(&without, KTLS_GROUP_X25519));
	GIVES(-ENOTSUP, group_offer(&without, KTLS_GROUP_X25519, &key, share, &len));
	assert_null(key);
}

/* A shared secret that the caller has wiped is nowhere else. */
static void
no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	for (size_t i = 0; i < GROUPS; i++) {
		uint8_t share[GROUP_SHARE_MAX], theirs[GROUP_SHARE_MAX];
		uint8_t secret[GROUP_SECRET_MAX], masked[32];
		size_t len, share_len;
		EVP_PKEY *key = NULL;

		OK(group_offer(crypto, groups[i], &key, theirs, &len));
		OK(group_answer(crypto, groups[i], (struct slice){ theirs, len }, share,
		    &share_len, secret, &len));
		for (size_t j = 0; j < sizeof(masked); j++)
			masked[j] = secret[j] ^ WIPE_MASK;
		assert_true(wipe_find(masked, sizeof(masked)) >= 1);
		explicit_bzero(secret, sizeof(secret));
		assert_int_equal(wipe_find(masked, sizeof(masked)), 0);
		EVP_PKEY_free(key);
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
		cmocka_unit_test(known_secrets),
		cmocka_unit_test(both_ends_agree),
		cmocka_unit_test(no_points),
		cmocka_unit_test(good_points),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(unknown_groups),
		cmocka_unit_test(no_trace),
	};

	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
