/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <ktls/offload.h>
#include "offload/control.h"
#include "offload/uapi.h"

/* A msghdr with one cmsg as a kernel would leave it behind, in a buffer of exactly its length. */
struct filled {
	struct msghdr msg;
	_Alignas(struct cmsghdr) uint8_t space[CMSG_SPACE(1)];
};

static void
fill(struct filled *f, int level, int type, size_t len, uint8_t value)
{
	struct cmsghdr c = { .cmsg_len = len, .cmsg_level = level, .cmsg_type = type };

	memset(f, 0, sizeof(*f));
	memcpy(f->space, &c, sizeof(c));
	f->space[CMSG_LEN(0)] = value;
	f->msg.msg_control = f->space;
	f->msg.msg_controllen = sizeof(f->space);
}

/* clang-format off */
static const struct {
	const char *what;
	int level, type;
	size_t len;
	uint8_t value, want;
} messages[] = {
	{ "an alert", SOL_TLS, TLS_GET_RECORD_TYPE, CMSG_LEN(1), 21, 21 },
	{ "type 255", SOL_TLS, TLS_GET_RECORD_TYPE, CMSG_LEN(1), 255, 255 },
	{ "another level", SOL_SOCKET, TLS_GET_RECORD_TYPE, CMSG_LEN(1), 21, 0 },
	{ "another type", SOL_TLS, TLS_SET_RECORD_TYPE, CMSG_LEN(1), 21, 0 },
	{ "no byte", SOL_TLS, TLS_GET_RECORD_TYPE, CMSG_LEN(0), 21, 0 },
	{ "longer than its buffer", SOL_TLS, TLS_GET_RECORD_TYPE, CMSG_SPACE(1) + 1, 21, 0 },
};
/* clang-format on */

static void
types_are_read_from_the_control_message(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		struct filled f;
		uint8_t got;

		fill(&f, messages[i].level, messages[i].type, messages[i].len, messages[i].value);
		got = control_recv_type(&f.msg, NULL);
		if (got != messages[i].want)
			fail_msg("%s: type %u", messages[i].what, (unsigned)got);
	}
}

static void
no_control_message_is_type_0(void **unused)
{
	struct msghdr msg = {0};
	bool eor = true;

	(void)unused;
	assert_int_equal(control_recv_type(&msg, &eor), 0);
	assert_false(eor);
}

static void
a_records_end_is_told(void **unused)
{
	struct filled f;
	bool eor = false;

	(void)unused;
	fill(&f, SOL_TLS, TLS_GET_RECORD_TYPE, CMSG_LEN(1), 23);
	f.msg.msg_flags = MSG_EOR;
	assert_int_equal(control_recv_type(&f.msg, &eor), 23);
	assert_true(eor);
	f.msg.msg_flags = 0;
	assert_int_equal(control_recv_type(&f.msg, &eor), 23);
	assert_false(eor);
}

static void
what_is_sent_carries_one_type(void **unused)
{
	static const uint8_t alert[] = { 1, 0 };
	struct control_msg m;
	struct cmsghdr *c;

	(void)unused;
	memset(&m, 0xff, sizeof(m));
	control_send_init(&m, 21, alert, sizeof(alert));
	assert_int_equal(m.msg.msg_iovlen, 1);
	assert_ptr_equal(m.msg.msg_iov[0].iov_base, alert);
	assert_int_equal(m.msg.msg_iov[0].iov_len, sizeof(alert));
	assert_null(m.msg.msg_name);
	assert_int_equal(m.msg.msg_flags, 0);
	c = CMSG_FIRSTHDR(&m.msg);
	assert_non_null(c);
	assert_int_equal(c->cmsg_level, SOL_TLS);
	assert_int_equal(c->cmsg_type, TLS_SET_RECORD_TYPE);
	assert_int_equal(c->cmsg_len, CMSG_LEN(1));
	assert_int_equal(*CMSG_DATA(c), 21);
	assert_null(CMSG_NXTHDR(&m.msg, c));
}

/* A UNIX socket lets control messages of other levels pass: bytes and errors can be seen. */
static void
bytes_and_errors_pass(void **unused)
{
	uint8_t buf[8] = {0}, type = 9;
	bool eor = true;
	int pair[2];

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(ktls_offload_recv(pair[1], buf, sizeof(buf), 0, &type, &eor), -EAGAIN);
	assert_int_equal(type, 9);
	assert_int_equal(ktls_offload_send(pair[0], 21, "\1", 2, 0), 2);
	assert_int_equal(ktls_offload_recv(pair[1], buf, sizeof(buf), 0, &type, &eor), 2);
	assert_memory_equal(buf, "\1", 2);
	assert_int_equal(type, 0);
	assert_false(eor);
	close(pair[1]);
	signal(SIGPIPE, SIG_DFL);	/* would end the test */
	assert_int_equal(ktls_offload_send(pair[0], 21, "\1", 2, 0), -EPIPE);
	close(pair[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_read_from_the_control_message),
		cmocka_unit_test(no_control_message_is_type_0),
		cmocka_unit_test(a_records_end_is_told),
		cmocka_unit_test(what_is_sent_carries_one_type),
		cmocka_unit_test(bytes_and_errors_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
