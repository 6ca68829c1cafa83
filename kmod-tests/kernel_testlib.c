/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include "kernel_testlib.h"

enum { COMBINATIONS = 2 * KTLS_CIPHERS, FIRST13 = KTLS_CIPHERS };

struct ktls_caps kernel_caps;

static struct combination combinations[COMBINATIONS];

static int
connect_and_attach(void **state)
{
	struct combination *c = *state;

	wire_pair(c->fd);
	return ktls_offload_attach(c->fd[0]);
}

static int
disconnect(void **state)
{
	struct combination *c = *state;

	close(c->fd[0]);
	close(c->fd[1]);
	return 0;
}

struct ktls_keys
kernel_install(const struct combination *c, enum ktls_dir dir, unsigned generation, uint64_t seq)
{
	struct ktls_keys keys = wire_keys(c->version, c->cipher, generation);

	keys.seq = seq;
	assert_int_equal(ktls_offload_install(c->fd[0], dir, &keys), 0);
	return keys;
}

void
expect_record(int fd, struct ktls_keys *keys, uint8_t type, const void *data, size_t len)
{
	static uint8_t got[WIRE_MAX];
	uint8_t got_type;

	assert_int_equal(wire_read(fd, keys, &got_type, got), len);
	assert_int_equal(got_type, type);
	assert_memory_equal(got, data, len);
}

void
expect_recv(int fd, uint8_t type, const void *data, size_t len)
{
	uint8_t got[256], got_type = 99;
	bool eor = false;

	assert_int_equal(ktls_offload_recv(fd, got, sizeof(got), 0, &got_type, &eor), len);
	assert_int_equal(got_type, type);
	assert_memory_equal(got, data, len);
	assert_true(eor);
}

uint64_t
kernel_seq(int fd, enum ktls_dir dir)
{
	uint64_t seq;

	assert_int_equal(ktls_offload_seq(fd, dir, &seq), 0);
	return seq;
}

static struct CMUnitTest
test_of(const char *name, const struct kernel_case *from, struct combination *c)
{
	return (struct CMUnitTest){ name, from->run, connect_and_attach, disconnect, c };
}

static size_t
add_each(struct CMUnitTest *tests, char (*names)[96], const struct kernel_case *each, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < COMBINATIONS; i++) {
		struct combination *c = &combinations[i];

		c->version = i < FIRST13 ? KTLS_TLS12 : KTLS_TLS13;
		c->cipher = (enum ktls_cipher)(i % KTLS_CIPHERS);
		for (size_t k = 0; k < count; k++, n++) {
			snprintf(names[n], sizeof(names[n]), "TLS 1.%d %s: %s", i < FIRST13 ? 2 : 3,
			    ktls_cipher_name(c->cipher), each[k].name);
			tests[n] = test_of(names[n], &each[k], c);
		}
	}
	return n;
}

int
kernel_run(const struct kernel_case *each, size_t each_count, const struct kernel_case *once,
    size_t once_count)
{
	size_t count = each_count * COMBINATIONS + once_count, n;
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	char(*names)[96] = calloc(count, sizeof(*names));
	int failed;

	if (tests == NULL || names == NULL || ktls_offload_probe(&kernel_caps) != 0)
		return 1;
	n = add_each(tests, names, each, each_count);
	for (size_t i = 0; i < once_count; i++)
		tests[n++] = test_of(once[i].name, &once[i], &combinations[FIRST13]);
	failed = _cmocka_run_group_tests("kernel", tests, count, NULL, NULL);
	free(names);
	free(tests);
	return failed != 0;
}
