/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/inet_diag.h>
#include <cmocka.h>
#include "netlink/diag.h"

/* Attributes as a kernel of the VM sent them (little-endian machines only; so is the VM). */
/* clang-format off */
#define MARK		5,0, 15,0, 7,0,0,0		/* INET_DIAG_MARK's kind: none of ours */
#define NAME		8,0, 1,0, 't','l','s',0
#define VERSION(v)	6,0, 1,0, (v),3, 0,0
#define CIPHER(c)	6,0, 2,0, (c),0, 0,0
#define TX(conf)	6,0, 3,0, (conf),0, 0,0
#define RX(conf)	6,0, 4,0, (conf),0, 0,0
#define ZC_RO_TX	4,0, 5,0
#define RX_NO_PAD	4,0, 6,0
#define MAX_PAYLOAD	6,0, 7,0, 0,4, 0,0		/* 1024 */

static const struct {
	const char *what;
	uint8_t attrs[80];
	size_t len;
	bool tls;
	uint16_t version, cipher_id;
	int cipher;
	uint8_t tx, rx;
	bool zerocopy, no_pad;
	uint16_t max_payload;
} cases[] = {
	{ "TLS 1.3 TX by the kernel",
	  { MARK, 48,0, 19,0, NAME, 36,0, 2,0, VERSION(4), CIPHER(51), TX(2), RX(1) },
	  8 + 48, true, KTLS_TLS13, 51, KTLS_AES_128_GCM, KTLS_NL_SOFTWARE, KTLS_NL_NONE, false, false, 0 },
	{ "TLS 1.2 both by the NIC, all told",
	  { 64,0, 19,0, NAME, 52,0, 2,0, VERSION(3), CIPHER(54), TX(3), RX(3), ZC_RO_TX, RX_NO_PAD, MAX_PAYLOAD },
	  64, true, KTLS_TLS12, 54, KTLS_CHACHA20_POLY1305, KTLS_NL_NIC, KTLS_NL_NIC, true, true, 1024 },
	{ "a cipher that we don't have",
	  { 48,0, 19,0, NAME, 36,0, 2,0, VERSION(4), CIPHER(55), TX(1), RX(2) },
	  48, true, KTLS_TLS13, 55, -1, KTLS_NL_NONE, KTLS_NL_SOFTWARE, false, false, 0 },
	{ "no keys yet", { 32,0, 19,0, NAME, 20,0, 2,0, TX(1), RX(1) },
	  32, true, 0, 0, -1, KTLS_NL_NONE, KTLS_NL_NONE, false, false, 0 },
	{ "an attribute of a later kernel", { 36,0, 19,0, NAME, 24,0, 2,0, TX(2), RX(1), 4,0, 99,0 },
	  36, true, 0, 0, -1, KTLS_NL_SOFTWARE, KTLS_NL_NONE, false, false, 0 },
	{ "no attribute", { 0 }, 0, false, 0, 0, 0, 0, 0, false, false, 0 },
	{ "no ULP", { MARK }, 8, false, 0, 0, 0, 0, 0, false, false, 0 },
	{ "another ULP", { 28,0, 19,0, 8,0, 1,0, 'm','p','t',0, 16,0, 3,0, TX(2), 4,0, 9,0 },
	  28, false, 0, 0, 0, 0, 0, false, false, 0 },
	{ "another ULP, with our number", { 24,0, 19,0, 8,0, 1,0, 's','m','c',0, 12,0, 2,0, TX(2) },
	  24, false, 0, 0, 0, 0, 0, false, false, 0 },
	{ "a name and no nest", { 12,0, 19,0, NAME }, 12, false, 0, 0, 0, 0, 0, false, false, 0 },
	{ "a nest and no name", { 16,0, 19,0, 12,0, 2,0, TX(2) }, 16, false, 0, 0, 0, 0, 0, false, false, 0 },
	{ "a path of one byte", { 24,0, 19,0, NAME, 12,0, 2,0, 5,0, 3,0, 2,0,0,0 },
	  24, false, 0, 0, 0, 0, 0, false, false, 0 },
	{ "a nest longer than its parent", { 24,0, 19,0, NAME, 99,0, 2,0, TX(2) },
	  24, false, 0, 0, 0, 0, 0, false, false, 0 },
};
/* clang-format on */

/* In memory of exactly that length. */
static bool
parse(struct ktls_nl_socket *s, const uint8_t *attrs, size_t len)
{
	struct inet_diag_msg head = { .idiag_family = AF_INET, .idiag_inode = 4711,
	    .idiag_uid = 1000, .id.idiag_sport = htons(443), .id.idiag_dport = htons(50000),
	    .id.idiag_src[0] = htonl(0x7f000001), .id.idiag_dst[0] = htonl(0x7f000002) };
	uint8_t *exact = malloc(sizeof(head) + len);
	bool tls;

	assert_non_null(exact);
	memcpy(exact, &head, sizeof(head));
	memcpy(exact + sizeof(head), attrs, len);
	memset(s, 0xff, sizeof(*s));
	tls = diag_parse(s, exact, sizeof(head) + len);
	free(exact);
	return tls;
}

static void
each_answer(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ktls_nl_socket s;
		bool tls = parse(&s, cases[i].attrs, cases[i].len);

		if (tls != cases[i].tls)
			fail_msg("%s: %d", cases[i].what, tls);
		if (tls && (s.version != cases[i].version || s.cipher_id != cases[i].cipher_id ||
		    s.cipher != cases[i].cipher || s.path[KTLS_TX] != cases[i].tx ||
		    s.path[KTLS_RX] != cases[i].rx || s.tx_zerocopy_ro != cases[i].zerocopy ||
		    s.rx_no_pad != cases[i].no_pad || s.tx_max_payload != cases[i].max_payload))
			fail_msg("%s: a field is wrong", cases[i].what);
	}
}

static void
the_socket_is_named(void **unused)
{
	static const uint8_t local[16] = { 127, 0, 0, 1 }, peer[16] = { 127, 0, 0, 2 };
	struct ktls_nl_socket s;

	(void)unused;
	assert_true(parse(&s, cases[0].attrs, cases[0].len));
	assert_int_equal(s.family, AF_INET);
	assert_memory_equal(s.local, local, sizeof(local));
	assert_memory_equal(s.peer, peer, sizeof(peer));
	assert_int_equal(s.local_port, 443);
	assert_int_equal(s.peer_port, 50000);
	assert_int_equal(s.inode, 4711);
	assert_int_equal(s.uid, 1000);
}

static void
no_truncation_is_a_tls_socket(void **unused)
{
	struct ktls_nl_socket s;
	struct inet_diag_msg *head = calloc(1, sizeof(*head));

	(void)unused;
	for (size_t n = 0; n < cases[1].len; n++)
		assert_false(parse(&s, cases[1].attrs, n));
	assert_non_null(head);
	for (size_t n = 0; n < sizeof(*head); n++)
		assert_false(diag_parse(&s, head, n));
	free(head);
}

/* The kernel under the test answers, whether or not it has TLS. */
static int
look(const struct ktls_nl_socket *s, void *arg)
{
	(void)arg;
	return s->family == AF_INET || s->family == AF_INET6 ? 0 : 1;
}

static void
the_list_ends(void **unused)
{
	int err = ktls_nl_sockets(look, NULL);

	(void)unused;
	if (err == -ENOENT || err == -EPROTONOSUPPORT || err == -EPERM || err == -EACCES)
		skip();
	assert_int_equal(err, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer),
		cmocka_unit_test(the_socket_is_named),
		cmocka_unit_test(no_truncation_is_a_tls_socket),
		cmocka_unit_test(the_list_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
