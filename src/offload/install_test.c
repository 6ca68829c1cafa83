/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <ktls/offload.h>
#include "offload/install.h"

/* The struct, and bytes behind it that must not change. */
struct guarded {
	union crypto_info ci;
	uint8_t tail[8];
};

/* linux/tls.h, written down once more: where each byte of a key must come to lie. */
/* clang-format off */
static const struct {
	enum ktls_cipher cipher;
	uint16_t id;
	socklen_t size;
	size_t iv, iv_len, key, key_len, salt, salt_len, seq;
} wanted[] = {
	{ KTLS_AES_128_GCM,	  51, 40, 4, 8,  12, 16, 28, 4, 32 },
	{ KTLS_AES_256_GCM,	  52, 56, 4, 8,  12, 32, 44, 4, 48 },
	{ KTLS_AES_128_CCM,	  53, 40, 4, 8,  12, 16, 28, 4, 32 },
	{ KTLS_CHACHA20_POLY1305, 54, 56, 4, 12, 16, 32, 48, 0, 48 },
};
/* clang-format on */
#define WANTED	(sizeof(wanted) / sizeof(*wanted))

static struct ktls_keys
keys_of(enum ktls_cipher cipher)
{
	struct ktls_keys keys = { .cipher = cipher, .version = KTLS_TLS13,
	    .seq = 0x0102030405060708 };

	for (size_t i = 0; i < sizeof(keys.key); i++)
		keys.key[i] = (uint8_t)(0x40 + i);
	for (size_t i = 0; i < sizeof(keys.iv); i++)
		keys.iv[i] = (uint8_t)(0xa0 + i);
	return keys;
}

static void
each_field_lies_where_the_kernel_reads_it(void **unused)
{
	static const uint8_t seq[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	(void)unused;
	for (size_t i = 0; i < WANTED; i++) {
		struct ktls_keys keys = keys_of(wanted[i].cipher);
		struct guarded got, blank;
		const uint8_t *b = (const uint8_t *)&got.ci;

		memset(&got, 0x5a, sizeof(got));
		blank = got;
		assert_int_equal(crypto_info_set(&got.ci, &keys), wanted[i].size);
		assert_int_equal(got.ci.info.version, 0x0304);
		assert_int_equal(got.ci.info.cipher_type, wanted[i].id);
		assert_memory_equal(b + wanted[i].key, keys.key, wanted[i].key_len);
		assert_memory_equal(b + wanted[i].salt, keys.iv, wanted[i].salt_len);
		assert_memory_equal(b + wanted[i].iv, keys.iv + wanted[i].salt_len,
		    wanted[i].iv_len);
		assert_memory_equal(b + wanted[i].seq, seq, sizeof(seq));
		assert_memory_equal(b + wanted[i].size, (uint8_t *)&blank + wanted[i].size,
		    sizeof(got) - wanted[i].size);
		assert_int_equal(crypto_info_len(&got.ci), wanted[i].size);
		assert_int_equal(crypto_info_seq(&got.ci), keys.seq);
	}
}

static void
the_table_knows_every_cipher_once(void **unused)
{
	(void)unused;
	assert_int_equal(WANTED, KTLS_CIPHERS);
	for (size_t i = 0; i < WANTED; i++)
		assert_int_equal(wanted[i].cipher, i);
}

static void
a_cipher_out_of_the_enum_is_refused(void **unused)
{
	struct ktls_keys keys = keys_of((enum ktls_cipher)KTLS_CIPHERS);
	union crypto_info ci = {0}, blank = {0};

	(void)unused;
	assert_int_equal(crypto_info_set(&ci, &keys), 0);
	assert_memory_equal(&ci, &blank, sizeof(ci));
	assert_int_equal(ktls_offload_install(-1, KTLS_TX, &keys), -EINVAL);
	ci.info.cipher_type = TLS_CIPHER_AES_GCM_128 - 1;
	assert_int_equal(crypto_info_len(&ci), 0);
	assert_int_equal(crypto_info_seq(&ci), 0);
}

static void
directions_have_their_option(void **unused)
{
	(void)unused;
	assert_int_equal(crypto_info_optname(KTLS_TX), TLS_TX);
	assert_int_equal(crypto_info_optname(KTLS_RX), TLS_RX);
}

/* What is no TCP socket gets the kernel's own errno from every call, and keys aren't touched. */
static void
errors_are_the_kernels(void **unused)
{
	struct ktls_keys keys = keys_of(KTLS_AES_128_GCM), before = keys;
	uint64_t seq = 7;
	int pair[2];

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_not_equal(ktls_offload_attach(pair[0]), 0);
	assert_int_not_equal(ktls_offload_install(pair[0], KTLS_TX, &keys), 0);
	assert_int_not_equal(ktls_offload_max_payload(pair[0], 1024), 0);
	assert_int_not_equal(ktls_offload_seq(pair[0], KTLS_TX, &seq), 0);
	assert_int_equal(seq, 7);
	assert_memory_equal(&keys, &before, sizeof(keys));
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(ktls_offload_attach(-1), -EBADF);
	assert_int_equal(ktls_offload_install(-1, KTLS_RX, &keys), -EBADF);
	assert_int_equal(ktls_offload_max_payload(-1, 1024), -EBADF);
	assert_int_equal(ktls_offload_seq(-1, KTLS_RX, &seq), -EBADF);
}

static struct ktls_keys secret;

static void *
install_secret(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)ktls_offload_install(-1, KTLS_TX, &secret);
}

/* On a stack that we can look through afterwards. */
static void
no_key_stays_on_the_stack(void **unused)
{
	enum { STACK = 1 << 20 };
	pthread_attr_t attr;
	pthread_t thread;
	void *stack, *err;

	(void)unused;
#ifdef __clang__
	if (__has_feature(address_sanitizer))	/* its own memcpy leaves copies behind */
		skip();
#endif
	secret = keys_of(KTLS_AES_256_GCM);
	assert_int_equal(posix_memalign(&stack, 4096, STACK), 0);
	memset(stack, 0, STACK);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK), 0);
	assert_int_equal(pthread_create(&thread, &attr, install_secret, NULL), 0);
	assert_int_equal(pthread_join(thread, &err), 0);
	pthread_attr_destroy(&attr);
	assert_int_equal((intptr_t)err, -EBADF);
	assert_null(memmem(stack, STACK, secret.key, 8));
	assert_null(memmem(stack, STACK, secret.iv, sizeof(secret.iv)));
	free(stack);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_lies_where_the_kernel_reads_it),
		cmocka_unit_test(the_table_knows_every_cipher_once),
		cmocka_unit_test(a_cipher_out_of_the_enum_is_refused),
		cmocka_unit_test(directions_have_their_option),
		cmocka_unit_test(errors_are_the_kernels),
		cmocka_unit_test(no_key_stays_on_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
