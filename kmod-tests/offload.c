/* SPDX-License-Identifier: MIT */
/* The kernel's records against libcrypto's: every version, cipher and direction. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "kernel_testlib.h"

enum {
	DATA = KTLS_TYPE_APPLICATION_DATA,
	ALERT = KTLS_TYPE_ALERT,
	HANDSHAKE = KTLS_TYPE_HANDSHAKE,
};

static const uint8_t close_notify[] = { 1, 0 };

static const uint8_t key_update[] = { 24, 0, 0, 1, 0 };

static void
tx_makes_the_records_of_the_rfc(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys keys = kernel_install(c, KTLS_TX, 0, 1000);
	static uint8_t big[20000];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7);
	assert_int_equal(send(c->fd[0], "hello", 5, 0), 5);
	expect_record(c->fd[1], &keys, DATA, "hello", 5);
	assert_int_equal(send(c->fd[0], big, sizeof(big), 0), sizeof(big));
	expect_record(c->fd[1], &keys, DATA, big, 16384);
	expect_record(c->fd[1], &keys, DATA, big + 16384, sizeof(big) - 16384);
	assert_int_equal(kernel_seq(c->fd[0], KTLS_TX), 1003);
	assert_int_equal(keys.seq, 1003);
}

static void
tx_sends_control_records_in_order(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys keys = kernel_install(c, KTLS_TX, 0, 0);

	assert_int_equal(ktls_offload_send(c->fd[0], HANDSHAKE, "ticket", 6, 0), 6);
	assert_int_equal(send(c->fd[0], "open", 4, MSG_MORE), 4);
	assert_int_equal(ktls_offload_send(c->fd[0], ALERT, close_notify, 2, 0), 2);
	expect_record(c->fd[1], &keys, HANDSHAKE, "ticket", 6);
	expect_record(c->fd[1], &keys, DATA, "open", 4);
	expect_record(c->fd[1], &keys, ALERT, close_notify, 2);
	assert_int_equal(ktls_offload_send(c->fd[0], ALERT, "", 0, 0), 0);
	assert_int_equal(kernel_seq(c->fd[0], KTLS_TX), 3);
}

static void
rx_takes_the_records_of_the_rfc(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys keys = wire_keys(c->version, c->cipher, 0);
	uint8_t buf[256], type;
	bool eor;

	keys.seq = 77;
	wire_write(c->fd[1], &keys, DATA, "before the keys", 15);
	kernel_install(c, KTLS_RX, 0, 77);
	expect_recv(c->fd[0], DATA, "before the keys", 15);
	wire_write(c->fd[1], &keys, DATA, "in two halves", 13);
	assert_int_equal(ktls_offload_recv(c->fd[0], buf, 3, 0, &type, &eor), 3);
	assert_int_equal(type, DATA);
	assert_false(eor);
	expect_recv(c->fd[0], DATA, "two halves", 10);
	assert_int_equal(kernel_seq(c->fd[0], KTLS_RX), 79);
	assert_int_equal(ktls_offload_recv(c->fd[0], buf, 3, MSG_DONTWAIT, &type, &eor), -EAGAIN);
}

static void
rx_tells_control_records_apart(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys keys = kernel_install(c, KTLS_RX, 0, 0);
	uint8_t buf[8];

	wire_write(c->fd[1], &keys, DATA, "data", 4);
	wire_write(c->fd[1], &keys, HANDSHAKE, "ticket", 6);
	wire_write(c->fd[1], &keys, ALERT, close_notify, 2);
	assert_int_equal(shutdown(c->fd[1], SHUT_WR), 0);
	assert_int_equal(recv(c->fd[0], buf, sizeof(buf), 0), 4);
	assert_int_equal(recv(c->fd[0], buf, sizeof(buf), 0), -1);
	assert_int_equal(errno, EIO);			/* and nothing is lost */
	expect_recv(c->fd[0], HANDSHAKE, "ticket", 6);
	expect_recv(c->fd[0], ALERT, close_notify, 2);
	assert_int_equal(ktls_offload_recv(c->fd[0], buf, sizeof(buf), 0, buf, NULL), 0);
	assert_int_equal(buf[0], 0);			/* no type: the end of the stream */
}

/* 0 bytes of type 23, with a record of another type behind it, are not the end. */
static void
rx_shows_an_empty_record(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys keys = kernel_install(c, KTLS_RX, 0, 0);
	uint8_t buf[8], type = 99;

	wire_write(c->fd[1], &keys, DATA, "", 0);
	wire_write(c->fd[1], &keys, ALERT, close_notify, 2);
	usleep(50000);					/* both are there */
	assert_int_equal(ktls_offload_recv(c->fd[0], buf, sizeof(buf), 0, &type, NULL), 0);
	assert_int_equal(type, DATA);
	expect_recv(c->fd[0], ALERT, close_notify, 2);
}

static void
both_directions_at_once(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys tx = kernel_install(c, KTLS_TX, 0, 0);
	struct ktls_keys rx = kernel_install(c, KTLS_RX, 1, 5);

	for (int i = 0; i < 3; i++) {
		wire_write(c->fd[1], &rx, DATA, "request", 7);
		expect_recv(c->fd[0], DATA, "request", 7);
		assert_int_equal(send(c->fd[0], "response", 8, 0), 8);
		expect_record(c->fd[1], &tx, DATA, "response", 8);
	}
	assert_int_equal(kernel_seq(c->fd[0], KTLS_TX), 3);
	assert_int_equal(kernel_seq(c->fd[0], KTLS_RX), 8);
}

/* Both directions agree in version and cipher: anything else is refused, and no harm done. */
static void
a_refused_install_leaves_the_socket_usable(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys tx = wire_keys(c->version, c->cipher, 0), bad = tx, rx;
	char buf[8];

	bad.version = 0x0305;
	assert_int_equal(ktls_offload_install(c->fd[0], KTLS_TX, &bad), -EINVAL);
	bad = tx;
	bad.cipher = (enum ktls_cipher)9;
	assert_int_equal(ktls_offload_install(c->fd[0], KTLS_TX, &bad), -EINVAL);
	assert_int_equal(send(c->fd[0], "plain", 5, 0), 5);
	assert_int_equal(recv(c->fd[1], buf, 5, MSG_WAITALL), 5);
	assert_memory_equal(buf, "plain", 5);

	kernel_install(c, KTLS_TX, 0, 0);
	bad = wire_keys(c->version, (c->cipher + 1) % KTLS_CIPHERS, 1);
	assert_int_equal(ktls_offload_install(c->fd[0], KTLS_RX, &bad), -EINVAL);
	bad = wire_keys(c->version ^ KTLS_TLS12 ^ KTLS_TLS13, c->cipher, 1);
	assert_int_equal(ktls_offload_install(c->fd[0], KTLS_RX, &bad), -EINVAL);
	rx = kernel_install(c, KTLS_RX, 1, 0);
	wire_write(c->fd[1], &rx, DATA, "fine", 4);
	expect_recv(c->fd[0], DATA, "fine", 4);
	assert_int_equal(send(c->fd[0], "fine", 4, 0), 4);
	expect_record(c->fd[1], &tx, DATA, "fine", 4);
}

/* Whether this kernel takes new keys for this version. */
static bool
rekeys(const struct combination *c, enum ktls_dir dir)
{
	return c->version == KTLS_TLS13 && kernel_caps.rekey[dir].cap == KTLS_CAP_YES;
}

static void
tx_takes_new_keys_or_keeps_the_old(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys old = kernel_install(c, KTLS_TX, 0, 10);
	struct ktls_keys new = wire_keys(c->version, c->cipher, 1), bad;

	assert_int_equal(ktls_offload_send(c->fd[0], HANDSHAKE, key_update, 5, 0), 5);
	expect_record(c->fd[1], &old, HANDSHAKE, key_update, 5);
	if (!rekeys(c, KTLS_TX)) {
		assert_int_equal(ktls_offload_install(c->fd[0], KTLS_TX, &new), -EBUSY);
		assert_int_equal(send(c->fd[0], "old", 3, 0), 3);
		expect_record(c->fd[1], &old, DATA, "old", 3);
		assert_int_equal(kernel_seq(c->fd[0], KTLS_TX), 12);
		return;
	}
	bad = wire_keys(c->version, (c->cipher + 1) % KTLS_CIPHERS, 1);
	assert_int_equal(ktls_offload_install(c->fd[0], KTLS_TX, &bad), -EINVAL);
	assert_int_equal(ktls_offload_install(c->fd[0], KTLS_TX, &new), 0);
	assert_int_equal(send(c->fd[0], "new", 3, 0), 3);
	expect_record(c->fd[1], &new, DATA, "new", 3);
	assert_int_equal(kernel_seq(c->fd[0], KTLS_TX), 1);
}

static void
rx_takes_new_keys_or_says_busy(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys old = kernel_install(c, KTLS_RX, 0, 10);
	struct ktls_keys new = wire_keys(c->version, c->cipher, 1);
	uint8_t buf[8], type;

	/* In TLS 1.2 there is no such message, yet newer kernels wait for a key after it. */
	if (c->version == KTLS_TLS13) {
		wire_write(c->fd[1], &old, HANDSHAKE, key_update, 5);
		expect_recv(c->fd[0], HANDSHAKE, key_update, 5);
	}
	if (!rekeys(c, KTLS_RX)) {
		assert_int_equal(ktls_offload_install(c->fd[0], KTLS_RX, &new), -EBUSY);
		wire_write(c->fd[1], &old, DATA, "old", 3);
		expect_recv(c->fd[0], DATA, "old", 3);
		return;
	}
	wire_write(c->fd[1], &new, DATA, "new", 3);
	assert_int_equal(ktls_offload_recv(c->fd[0], buf, sizeof(buf), MSG_DONTWAIT, &type, NULL),
	    -EKEYEXPIRED);
	kernel_install(c, KTLS_RX, 1, 0);
	expect_recv(c->fd[0], DATA, "new", 3);
	assert_int_equal(kernel_seq(c->fd[0], KTLS_RX), 1);
}

/* A peer's early FIN comes too late for a ULP that was attached at accept. */
static void
keys_install_after_the_peers_fin(void **state)
{
	const struct combination *c = *state;
	struct ktls_keys keys;

	assert_int_equal(shutdown(c->fd[1], SHUT_WR), 0);
	usleep(50000);
	keys = kernel_install(c, KTLS_TX, 0, 0);
	kernel_install(c, KTLS_RX, 1, 0);
	assert_int_equal(send(c->fd[0], "still", 5, 0), 5);
	expect_record(c->fd[1], &keys, DATA, "still", 5);
}

#define CASE(f)		{ #f, f }
#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

static const struct kernel_case each[] = {
	CASE(tx_makes_the_records_of_the_rfc),
	CASE(tx_sends_control_records_in_order),
	CASE(rx_takes_the_records_of_the_rfc),
	CASE(rx_tells_control_records_apart),
	CASE(rx_shows_an_empty_record),
	CASE(both_directions_at_once),
	CASE(a_refused_install_leaves_the_socket_usable),
	CASE(tx_takes_new_keys_or_keeps_the_old),
	CASE(rx_takes_new_keys_or_says_busy),
	CASE(keys_install_after_the_peers_fin),
};

int
main(void)
{
	return kernel_run(each, COUNT(each), NULL, 0);
}
