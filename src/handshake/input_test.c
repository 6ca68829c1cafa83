/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/bench_testlib.h"
#include "handshake/message_testlib.h"

#define R(name)		KTLS_REFUSED(KTLS_R_##name)
#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

/* What a server makes of the first bytes; the alert that it sends for it. */
/* clang-format off */
static const struct {
	const char *what;
	uint8_t bytes[24];
	size_t len;
	int err;
} firsts[] = {
	{ "zeros", { 0,0,0,0,0 }, 5, R(RECORD_VERSION) },
	{ "ssh", { 'S','S','H','-','2','.','0' }, 7, R(RECORD_VERSION) },
	{ "SSL 2.0", { 0x80,0x2e, 1, 3,1, 0,0x15 }, 7, R(SSLV2_HELLO) },
	{ "SSL 2.0, not a hello", { 0x80,0x2e, 4, 3,1 }, 5, R(RECORD_VERSION) },
	{ "major version 2", { 22, 2,0, 0,10 }, 5, R(RECORD_VERSION) },
	{ "application data", { 23, 3,3, 0,40 }, 5, R(APPLICATION_DATA) },
	{ "heartbeat", { 24, 3,3, 0,3 }, 5, R(RECORD_TYPE) },
	{ "change_cipher_spec before ClientHello", { 20, 3,3, 0,1, 1 }, 6, R(RECORD_TYPE) },
	{ "too long", { 22, 3,1, 0x40,1 }, 5, R(RECORD_OVERFLOW) },
	{ "empty", { 22, 3,1, 0,0 }, 5, R(RECORD_EMPTY) },
	{ "empty alert", { 21, 3,1, 0,0 }, 5, R(RECORD_EMPTY) },
	{ "half an alert", { 21, 3,1, 0,1, 2 }, 6, R(ALERT_MALFORMED) },
	{ "an alert and a half", { 21, 3,1, 0,3, 2,40,2 }, 8, R(ALERT_MALFORMED) },
	{ "alert", { 21, 3,1, 0,2, 2,40 }, 7, KTLS_PEER_ALERT(40) },
	{ "alert, called a warning", { 21, 3,1, 0,2, 1,90+22 }, 7, KTLS_PEER_ALERT(112) },
	{ "alert that nobody knows", { 21, 3,1, 0,2, 2,255 }, 7, KTLS_PEER_ALERT(255) },
	{ "close_notify", { 21, 3,1, 0,2, 1,0 }, 7, KTLS_PEER_ALERT(0) },
	{ "Finished", { 22, 3,1, 0,4, 20, 0,0,0 }, 9, R(UNEXPECTED_MESSAGE) },
	{ "a message too long", { 22, 3,1, 0,4, 1, 1,0,1 }, 9, R(MESSAGE_LONG) },
	{ "an empty ClientHello", { 22, 3,1, 0,4, 1, 0,0,0 }, 9, R(MALFORMED) },
	{ "a byte behind ClientHello", { 22, 3,1, 0,5, 1, 0,0,0, 1 }, 10, R(KEY_BOUNDARY) },
};
/* clang-format on */

static void
first_bytes(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(firsts); i++)
		for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
			int want = firsts[i].err, alert, err;
			struct bench b;

			bench_new(&b, BENCH_HELLO);
			pair_wire_add(&b.up, firsts[i].bytes, firsts[i].len);
			(void)bench_deliver(&b, KTLS_SERVER, way);
			alert = bench_alert(&b, KTLS_SERVER);
			err = ktls_hs_want(b.server);
			if (err != want ||
			    alert != (want <= KTLS_PEER_ALERT(0) ? -1 : ktls_err_alert(want)))
				fail_msg("%s: %s, %d", firsts[i].what, ktls_strerror(err), alert);
			assert_int_not_equal(*ktls_hs_reason_text(b.server), '\0');
			bench_free(&b);
		}
}

/* The first bytes, and all that came with them, are handed back; no alert. */
static void
plain_http(void **unused)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HEAD /a HTTP/1.0\r\n",
		"POST / HTTP/1.1\r\n", "PUT /x", "OPTIONS *", "CONNECT a:1", "DELETE /", "TRACE /",
		"PATCH /", "PRI * HTTP/2.0\r\n",
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(requests); i++)
		for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
			size_t len = strlen(requests[i]), rest_len;
			struct bench b;
			const void *rest;

			bench_new(&b, BENCH_HELLO);
			pair_wire_add(&b.up, requests[i], len);
			assert_int_equal(bench_deliver(&b, KTLS_SERVER, way), R(PLAIN_HTTP));
			assert_int_equal(bench_alert(&b, KTLS_SERVER), -1);
			rest = ktls_hs_rest(b.server, &rest_len);
			assert_int_equal(rest_len, len - b.up.len);
			assert_memory_equal(rest, requests[i], rest_len);
			if (way == PAIR_WHOLE || way == PAIR_FEED)
				assert_int_equal(b.up.len, 0);
			bench_free(&b);
		}
}

/* Only a first record can be a request. */
static void
http_later_is_garbage(void **unused)
{
	struct bench b;
	size_t len;

	(void)unused;
	bench_new(&b, BENCH_WAIT_EE);
	pair_wire_add(&b.up, "GET / HTTP/1.1\r\n", 16);
	assert_int_equal(bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE), KTLS_HS_SEND);
	assert_int_equal(b.server->err, R(RECORD_TYPE));
	assert_null(ktls_hs_rest(b.server, &len));
	bench_free(&b);
}

/* A ClientHello in records of every size; 64 KiB of one too. */
static void
hello_in_pieces(void **unused)
{
	(void)unused;
	for (size_t piece = 1; piece < 250; piece += piece < 8 ? 1 : 29) {
		struct bench b;
		size_t n;

		bench_new(&b, BENCH_HELLO);
		for (size_t at = KTLS_RECORD_HEADER; at < b.hello.len; at += n) {
			n = b.hello.len - at < piece ? b.hello.len - at : piece;
			bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_HANDSHAKE, b.hello.data + at, n);
		}
		assert_int_equal(bench_deliver(&b, KTLS_SERVER, PAIR_WHOLE), KTLS_HS_SEND);
		assert_int_equal(b.server->err, 0);
		bench_free(&b);
	}
}

/* The longest message, in records of n bytes. */
static void
receive_longest(size_t size, enum pair_way way)
{
	static const uint8_t big[KTLS_RECORD_PLAIN_MAX] = { MT_CLIENT_HELLO, 1, 0, 0 };
	static const uint8_t zeros[KTLS_RECORD_PLAIN_MAX];
	const size_t whole = MESSAGE_HEADER + MESSAGE_MAX;
	struct bench b;
	size_t held = 0;

	bench_new(&b, BENCH_HELLO);
	for (size_t at = 0, n; at < whole; at += n) {
		const struct input *in = &b.server->in;

		n = whole - at < size ? whole - at : size;
		bench_plain(&b, KTLS_CLIENT, KTLS_TYPE_HANDSHAKE, at == 0 ? big : zeros, n);
		(void)bench_deliver(&b, KTLS_SERVER, way);
		if (in->joined_room + in->room > held)
			held = in->joined_room + in->room;
	}
	/* What is joined, what was received, and the transcript's copy. */
	assert_in_range(held, whole, 256 * 1024 - TRANSCRIPT_HELD_MAX - sizeof(struct ktls_hs));
	assert_int_equal(b.server->err, R(MALFORMED));
	bench_free(&b);
}

static void
memory_is_bounded(void **unused)
{
	(void)unused;
	for (enum pair_way way = 0; way < PAIR_WAYS; way++) {
		receive_longest(4000, way);
		receive_longest(KTLS_RECORD_PLAIN_MAX, way);
	}
}

/* The server's flight, cut once at every place, and into pieces of every size. */
static void
flight_in_pieces(void **unused)
{
	struct bench b;
	size_t len = 1;

	(void)unused;
	for (size_t cut = 1; cut < len; cut += cut < 40 ? 1 : 23) {
		bench_new(&b, BENCH_WAIT_EE);
		len = b.flight.len;
		bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b.flight.data, cut);
		bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b.flight.data + cut, len - cut);
		assert_int_equal(bench_deliver(&b, KTLS_CLIENT, cut % PAIR_WAYS), KTLS_HS_SEND);
		assert_int_equal(b.client->err, 0);
		assert_int_equal(b.down.len, 0);
		bench_free(&b);
	}
	for (size_t piece = 1; piece < 64; piece += 9) {
		bench_new(&b, BENCH_WAIT_EE);
		for (size_t at = 0; at < b.flight.len; at += len) {
			len = b.flight.len - at < piece ? b.flight.len - at : piece;
			bench_sealed(&b, KTLS_SERVER, KTLS_TYPE_HANDSHAKE, b.flight.data + at, len);
		}
		assert_int_equal(bench_deliver(&b, KTLS_CLIENT, PAIR_WHOLE), KTLS_HS_SEND);
		assert_int_equal(b.client->err, 0);
		bench_free(&b);
	}
}

static int
teardown(void **unused)
{
	(void)unused;
	message_configs_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_bytes),
		cmocka_unit_test(plain_http),
		cmocka_unit_test(http_later_is_garbage),
		cmocka_unit_test(hello_in_pieces),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(flight_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, teardown) != 0;
}
