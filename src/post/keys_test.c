/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/wipe_testlib.h"
#include "post/state.h"
#include "schedule/schedule13.h"

static struct ktls_crypto *crypto;
static char logged[8][200];
static size_t lines;

static void
keylog(void *arg, const char *line)
{
	assert_ptr_equal(arg, logged);
	assert_true(lines < 8);
	snprintf(logged[lines++], sizeof(logged[0]), "%s", line);
}

/* Secrets that differ by direction, TX 0x11.. and RX 0x22.. */
static struct ktls_post *
post_of(enum ktls_role role, enum ktls_cipher cipher, enum crypto_hash hash, bool log)
{
	struct hs_secrets secrets = { .crypto = crypto, .role = role, .version = KTLS_TLS13,
	    .cipher = cipher, .hash = hash };
	struct ktls_post *post;

	memset(secrets.traffic[KTLS_TX], 0x11, HASH_LEN_MAX);
	memset(secrets.traffic[KTLS_RX], 0x22, HASH_LEN_MAX);
	if (log) {
		secrets.keylog = keylog;
		secrets.keylog_arg = logged;
		memset(secrets.client_random, 0xab, sizeof(secrets.client_random));
	}
	lines = 0;
	assert_int_equal(post_alloc(&post), 0);
	post_begin(post, &secrets);
	return post;
}

/* The secret of the n-th generation, by RFC 8446 7.2. */
static void
secret_of(const struct ktls_post *post, enum ktls_dir dir, unsigned n, uint8_t secret[HASH_LEN_MAX])
{
	memset(secret, dir == KTLS_TX ? 0x11 : 0x22, HASH_LEN_MAX);
	while (n-- > 0)
		assert_int_equal(traffic_update(crypto, post->hash, secret), 0);
}

static void
expect_generation(struct ktls_post *post, enum ktls_dir dir, unsigned n)
{
	uint8_t secret[HASH_LEN_MAX];
	struct ktls_keys expected, keys;

	memset(&expected, 0, sizeof(expected));
	memset(&keys, 0xff, sizeof(keys));
	secret_of(post, dir, n, secret);
	assert_int_equal(traffic_keys(crypto, post->hash, post->cipher, secret, &expected), 0);
	assert_int_equal(ktls_post_rekey(post, dir, &keys), 0);
	assert_int_equal(keys.cipher, post->cipher);
	assert_int_equal(keys.version, KTLS_TLS13);
	assert_int_equal(keys.seq, 0);
	assert_memory_equal(keys.iv, expected.iv, sizeof(keys.iv));
	assert_memory_equal(keys.key, expected.key, post->cipher == KTLS_AES_128_GCM ? 16 : 32);
}

static void
expect_slot(struct ktls_post *post, enum ktls_dir dir, unsigned n)
{
	uint8_t secret[HASH_LEN_MAX];

	secret_of(post, dir, n, secret);
	assert_memory_equal(post_secret(post, dir), secret, crypto_hash_len(post->hash));
}

static const struct {
	enum ktls_cipher cipher;
	enum crypto_hash hash;
} suites[] = {
	{ KTLS_AES_128_GCM, HASH_SHA256 },
	{ KTLS_AES_256_GCM, HASH_SHA384 },
	{ KTLS_CHACHA20_POLY1305, HASH_SHA256 },
};

/* CURRENT in userspace; NEXT, so that the keys in force can't be derived, in the kernel. */
static void
each_direction_goes_its_own_way(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++) {
		struct ktls_post *post = post_of(KTLS_SERVER, suites[i].cipher,
		    suites[i].hash, false);

		expect_slot(post, KTLS_TX, 0);
		expect_generation(post, KTLS_TX, 1);
		expect_slot(post, KTLS_TX, 1);
		expect_generation(post, KTLS_TX, 2);

		assert_int_equal(ktls_post_in_kernel(post, KTLS_TX), 0);
		expect_slot(post, KTLS_TX, 3);
		expect_generation(post, KTLS_TX, 3);
		expect_slot(post, KTLS_TX, 4);
		expect_generation(post, KTLS_TX, 4);
		assert_int_equal(ktls_post_in_kernel(post, KTLS_TX), -EALREADY);
		expect_slot(post, KTLS_TX, 5);

		expect_slot(post, KTLS_RX, 0);
		assert_int_equal(ktls_post_in_kernel(post, KTLS_RX), 0);
		expect_slot(post, KTLS_RX, 1);
		expect_generation(post, KTLS_RX, 1);
		ktls_post_free(post);
	}
}

static void
later_generations_are_logged(void **unused)
{
	static const char label[] = "CLIENT_TRAFFIC_SECRET_2 ";
	char expected[200] = "", *end;
	uint8_t secret[HASH_LEN_MAX];
	struct ktls_post *post = post_of(KTLS_SERVER, KTLS_AES_128_GCM, HASH_SHA256, true);

	(void)unused;
	expect_generation(post, KTLS_TX, 1);
	assert_int_equal(ktls_post_in_kernel(post, KTLS_RX), 0);
	assert_int_equal(lines, 1);
	expect_generation(post, KTLS_RX, 1);
	expect_generation(post, KTLS_RX, 2);
	assert_int_equal(lines, 3);

	secret_of(post, KTLS_RX, 2, secret);
	end = stpcpy(expected, label);
	for (size_t i = 0; i < 32; i++)
		end = stpcpy(end, "ab");	/* client_random */
	end = stpcpy(end, " ");
	for (size_t i = 0; i < 32; i++)
		end += sprintf(end, "%02x", secret[i]);
	assert_string_equal(logged[2], expected);
	assert_memory_equal(logged[0], "SERVER_TRAFFIC_SECRET_1 ", 24);
	assert_memory_equal(logged[1], "CLIENT_TRAFFIC_SECRET_1 ", 24);
	ktls_post_free(post);

	post = post_of(KTLS_CLIENT, KTLS_AES_256_GCM, HASH_SHA384, true);
	expect_generation(post, KTLS_TX, 1);
	assert_memory_equal(logged[0], "CLIENT_TRAFFIC_SECRET_1 ", 24);
	assert_int_equal(strlen(logged[0]), 24 + 64 + 1 + 96);
	ktls_post_free(post);

	post = post_of(KTLS_CLIENT, KTLS_AES_256_GCM, HASH_SHA384, false);
	expect_generation(post, KTLS_TX, 1);
	assert_int_equal(lines, 0);
	ktls_post_free(post);
}

/* The slot is empty there: no key may come of it. */
static void
a_forked_child_has_no_secrets(void **unused)
{
	struct ktls_post *post = post_of(KTLS_SERVER, KTLS_AES_128_GCM, HASH_SHA256, false);
	struct ktls_keys keys;
	int status;
	pid_t pid;

	(void)unused;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(ktls_post_rekey(post, KTLS_TX, &keys) == -EOWNERDEAD &&
		    ktls_post_in_kernel(post, KTLS_RX) == -EOWNERDEAD ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect_generation(post, KTLS_TX, 1);
	ktls_post_free(post);
}

static void
freeing_wipes(void **unused)
{
	struct ktls_post *post = post_of(KTLS_SERVER, KTLS_AES_128_GCM, HASH_SHA256, false);
	const uint8_t *secret = post_secret(post, KTLS_TX);

	(void)unused;
	assert_int_equal(secret[0], 0x11);
	ktls_post_free(post);
	for (size_t i = 0; i < KTLS_DIRS * HASH_LEN_MAX; i++)
		assert_int_equal(secret[i], 0);	/* its page is kept: one empty region always is */
}

/* Masked: how the traffic secrets of a handshake begin, TX's and RX's. */
static const uint8_t masked[KTLS_DIRS][16] = {
	{ 0x1d, 0x52, 0x8e, 0x07, 0xc3, 0x99, 0x60, 0xfa,
	    0x35, 0x2b, 0xd4, 0x71, 0x0e, 0xb8, 0x46, 0xe1 },
	{ 0x81, 0x3f, 0xca, 0x56, 0x2d, 0xe7, 0x14, 0xb9,
	    0x68, 0xf3, 0x0a, 0x9c, 0xd1, 0x45, 0x7e, 0x22 },
};

static void
begin_with_masked(void *arg)
{
	struct ktls_post **post = arg;
	struct hs_secrets secrets = { .crypto = crypto, .version = KTLS_TLS13,
	    .cipher = KTLS_AES_128_GCM };

	for (int dir = 0; dir < KTLS_DIRS; dir++)
		wipe_unmask(masked[dir], sizeof(masked[dir]), secrets.traffic[dir]);
	assert_int_equal(post_alloc(post), 0);
	post_begin(*post, &secrets);
	explicit_bzero(&secrets, sizeof(secrets));
}

static void
move_on(void *arg)
{
	struct ktls_post **post = arg;
	struct ktls_keys keys;

	assert_int_equal(ktls_post_rekey(*post, KTLS_TX, &keys), 0);
	if ((*post)->in_kernel[KTLS_RX])
		assert_int_equal(ktls_post_rekey(*post, KTLS_RX, &keys), 0);
	else
		assert_int_equal(ktls_post_in_kernel(*post, KTLS_RX), 0);
	ktls_keys_wipe(&keys);
}

/* How often what the slot now has for dir stands in memory; now_masked is it, masked. */
static size_t
find_kept(struct ktls_post *post, enum ktls_dir dir, uint8_t now_masked[16])
{
	for (size_t i = 0; i < 16; i++)
		now_masked[i] = post_secret(post, dir)[i] ^ WIPE_MASK;
	return wipe_find(now_masked, 16);
}

/* What a slot had before it moved on is nowhere: keys in force can't be derived from our memory. */
static void
old_secrets_are_gone(void **unused)
{
	uint8_t tx[16], rx[16];
	struct ktls_post *post;

	(void)unused;
	wipe_begin();
	wipe_deep(begin_with_masked, &post);
	assert_int_equal(wipe_find(masked[KTLS_TX], sizeof(masked[0])), 1);
	wipe_deep(move_on, &post);
	assert_int_equal(wipe_find(masked[KTLS_TX], sizeof(masked[0])), 0);
	assert_int_equal(wipe_find(masked[KTLS_RX], sizeof(masked[0])), 0);

	/* The same from the states that this has led to; no copy beside the slot either. */
	assert_int_equal(find_kept(post, KTLS_TX, tx), 1);
	assert_int_equal(find_kept(post, KTLS_RX, rx), 1);
	wipe_deep(move_on, &post);
	assert_int_equal(wipe_find(tx, sizeof(tx)), 0);
	assert_int_equal(wipe_find(rx, sizeof(rx)), 0);
	ktls_post_free(post);
}

/* RFC 8446 5.5, RFC 9147 4.5.3 */
static void
how_much_a_key_may_do(void **unused)
{
	static const struct {
		enum ktls_cipher cipher;
		uint64_t seq;
		enum ktls_key_use use;
	} uses[] = {
		{ KTLS_AES_128_GCM, 0, KTLS_KEY_FRESH },
		{ KTLS_AES_128_GCM, 11863282, KTLS_KEY_FRESH },
		{ KTLS_AES_128_GCM, 11863283, KTLS_KEY_HALF },
		{ KTLS_AES_128_GCM, 23726565, KTLS_KEY_HALF },
		{ KTLS_AES_128_GCM, 23726566, KTLS_KEY_SPENT },
		{ KTLS_AES_256_GCM, 23726566, KTLS_KEY_SPENT },
		{ KTLS_AES_128_CCM, (1 << 22) - 1, KTLS_KEY_FRESH },
		{ KTLS_AES_128_CCM, 1 << 22, KTLS_KEY_HALF },
		{ KTLS_AES_128_CCM, 1 << 23, KTLS_KEY_SPENT },
		{ KTLS_CHACHA20_POLY1305, UINT64_C(1) << 62, KTLS_KEY_FRESH },
		{ KTLS_CHACHA20_POLY1305, UINT64_C(1) << 63, KTLS_KEY_HALF },
		{ KTLS_CHACHA20_POLY1305, UINT64_MAX, KTLS_KEY_SPENT },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		struct ktls_post *post = post_of(KTLS_SERVER, uses[i].cipher, HASH_SHA256, false);

		for (int dir = 0; dir < KTLS_DIRS; dir++)
			if (ktls_post_key_use(post, (enum ktls_dir)dir, uses[i].seq) != uses[i].use)
				fail_msg("case %zu, direction %d", i, dir);
		ktls_post_free(post);
	}
}

static int
set_up(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL);
}

static int
tear_down(void **unused)
{
	(void)unused;
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_direction_goes_its_own_way),
		cmocka_unit_test(later_generations_are_logged),
		cmocka_unit_test(a_forked_child_has_no_secrets),
		cmocka_unit_test(freeing_wipes),
		cmocka_unit_test(old_secrets_are_gone),
		cmocka_unit_test(how_much_a_key_may_do),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
