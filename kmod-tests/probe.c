/* SPDX-License-Identifier: MIT */
/* What the probe says against what trying shows; what each call answers in which state. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "kernel_testlib.h"
#include "offload/uapi.h"

enum { DATA = KTLS_TYPE_APPLICATION_DATA };

static void
the_probe_says_what_trying_shows(void **state)
{
	const struct combination *c = *state;

	for (enum ktls_dir dir = KTLS_TX; dir <= KTLS_RX; dir++) {
		struct ktls_keys keys = wire_keys(c->version, c->cipher, dir);
		struct ktls_cap_answer a = ktls_caps_cipher(&kernel_caps, c->version, c->cipher,
		    dir);
		char why[128];

		assert_int_equal(ktls_offload_install(c->fd[0], dir, &keys), a.err);
		assert_int_equal(a.cap, KTLS_CAP_YES);	/* each of Debian's kernels has them all */
		ktls_caps_explain(&kernel_caps, c->version, c->cipher, dir, why, sizeof(why));
		assert_string_equal(why, "");
	}
}

static void
the_probe_knows_the_options(void **state)
{
	const struct combination *c = *state;
	const unsigned on = 1;
	int max = ktls_offload_max_payload(c->fd[0], 16384);

	assert_int_equal(kernel_caps.ulp.cap, KTLS_CAP_YES);
	assert_int_equal(kernel_caps.tx_max_payload_len.err, max);
	assert_int_equal(kernel_caps.tx_max_payload_len.cap, max == 0 ? KTLS_CAP_YES : KTLS_CAP_NO);
	assert_true(max == 0 || max == -ENOPROTOOPT);
	assert_int_equal(setsockopt(c->fd[0], SOL_TLS, TLS_TX_ZEROCOPY_RO, &on, sizeof(on)), 0);
	assert_int_equal(kernel_caps.tx_zerocopy_ro.cap, KTLS_CAP_YES);
	kernel_install(c, KTLS_RX, 0, 0);
	assert_int_equal(setsockopt(c->fd[0], SOL_TLS, TLS_RX_EXPECT_NO_PAD, &on, sizeof(on)), 0);
	assert_int_equal(kernel_caps.rx_expect_no_pad.cap, KTLS_CAP_YES);
}

/* Rekey and the payload's limit came to Linux in this order, both directions at once. */
static void
the_probes_answers_go_together(void **state)
{
	(void)state;
	assert_int_equal(kernel_caps.rekey[KTLS_TX].cap, kernel_caps.rekey[KTLS_RX].cap);
	assert_int_not_equal(kernel_caps.rekey[KTLS_TX].cap, KTLS_CAP_UNKNOWN);
	assert_int_equal(kernel_caps.rekey[KTLS_TX].err,
	    kernel_caps.rekey[KTLS_TX].cap == KTLS_CAP_YES ? 0 : -EBUSY);
	if (kernel_caps.tx_max_payload_len.cap == KTLS_CAP_YES)
		assert_int_equal(kernel_caps.rekey[KTLS_TX].cap, KTLS_CAP_YES);
}

static void
the_payload_limit_splits_records(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys keys;
	uint8_t data[100] = { 1, 2, 3 };

	if (kernel_caps.tx_max_payload_len.cap != KTLS_CAP_YES) {
		assert_int_equal(ktls_offload_max_payload(c->fd[0], 64), -ENOPROTOOPT);
		return;
	}
	assert_int_equal(ktls_offload_max_payload(c->fd[0], 64), 0);
	keys = kernel_install(c, KTLS_TX, 0, 0);
	assert_int_equal(send(c->fd[0], data, sizeof(data), 0), sizeof(data));
	expect_record(c->fd[1], &keys, DATA, data, 64);
	expect_record(c->fd[1], &keys, DATA, data + 64, 36);
	assert_int_equal(ktls_offload_max_payload(c->fd[0], 16385), -EINVAL);
}

static void
attaching_depends_on_the_state(void **state)
{
	const struct combination *c = *state;
	int listener = socket(AF_INET, SOCK_STREAM, 0), pair[2];
	uint64_t seq;

	assert_int_equal(ktls_offload_attach(c->fd[0]), 0);	/* the second time */
	assert_int_equal(ktls_offload_seq(c->fd[0], KTLS_TX, &seq), -EBUSY);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(ktls_offload_attach(listener), -ENOTCONN);
	close(listener);
	wire_pair(pair);
	assert_int_equal(ktls_offload_seq(pair[0], KTLS_TX, &seq), -EOPNOTSUPP);
	assert_int_equal(ktls_offload_max_payload(pair[0], 1024), -ENOPROTOOPT);
	shutdown(pair[1], SHUT_WR);
	usleep(50000);
	assert_int_equal(ktls_offload_attach(pair[0]), -ENOTCONN);
	close(pair[0]);
	close(pair[1]);
}

static void
keys_need_the_ulp(void **state)
{
	struct ktls_keys keys = wire_keys(KTLS_TLS13, KTLS_AES_128_GCM, 0);
	char buf[5];
	int pair[2];

	(void)state;
	wire_pair(pair);
	assert_int_equal(ktls_offload_install(pair[0], KTLS_TX, &keys), -ENOPROTOOPT);
	assert_int_equal(send(pair[0], "plain", 5, 0), 5);
	assert_int_equal(recv(pair[1], buf, 5, MSG_WAITALL), 5);
	assert_memory_equal(buf, "plain", 5);
	close(pair[0]);
	close(pair[1]);
}

static void *
ask_seq(void *fd)
{
	return (void *)(uintptr_t)kernel_seq(*(const int *)fd, KTLS_TX);
}

/* getsockopt returns the key in clear: on a stack that we can look through afterwards. */
static void
the_key_read_with_the_number_is_wiped(void **state)
{
	enum { STACK = 1 << 20 };
	const struct combination *c = *state;
	struct ktls_keys keys = kernel_install(c, KTLS_TX, 0, 42);
	pthread_attr_t attr;
	pthread_t thread;
	void *stack, *seq;
	int fd = c->fd[0];

	assert_int_equal(posix_memalign(&stack, 4096, STACK), 0);
	memset(stack, 0, STACK);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK), 0);
	assert_int_equal(pthread_create(&thread, &attr, ask_seq, &fd), 0);
	assert_int_equal(pthread_join(thread, &seq), 0);
	pthread_attr_destroy(&attr);
	assert_int_equal((uintptr_t)seq, 42);
	assert_null(memmem(stack, STACK, keys.key, 8));
	free(stack);
}

#define CASE(f)		{ #f, f }
#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

static const struct kernel_case each[] = {
	CASE(the_probe_says_what_trying_shows),
}, once[] = {
	CASE(the_probe_knows_the_options),
	CASE(the_probes_answers_go_together),
	CASE(the_payload_limit_splits_records),
	CASE(attaching_depends_on_the_state),
	CASE(keys_need_the_ulp),
	CASE(the_key_read_with_the_number_is_wiped),
};

int
main(void)
{
	return kernel_run(each, COUNT(each), once, COUNT(once));
}
