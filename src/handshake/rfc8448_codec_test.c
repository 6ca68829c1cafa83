/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "handshake/hs13_encrypted_extensions.h"
#include "handshake/machine.h"
#include "handshake/server_hello.h"
#include "schedule/rfc8448_testlib.h"

/* RFC 8448: what has a codec is decoded and encoded again, byte for byte. */

static struct slice
body_of(struct slice message)
{
	return (struct slice){ message.p + MESSAGE_HEADER, message.len - MESSAGE_HEADER };
}

static void
check_encoded(const struct writer *w, struct slice message)
{
	assert_true(wr_done(w));
	assert_int_equal(wr_len(w), message.len - MESSAGE_HEADER);
	assert_memory_equal(w->start, message.p + MESSAGE_HEADER, wr_len(w));
}

/* Of every section: decoded, encoded again, equal. But for what we don't send. */
static void
encrypted_extensions_again(void **unused)
{
	(void)unused;
	for (int section = 3; section <= 7; section++) {
		struct slice message = rfc8448(section, "EncryptedExtensions");
		struct encrypted_extensions ee;
		uint8_t buf[512];
		struct writer w = wr_init(buf, sizeof(buf));

		assert_int_equal(encrypted_extensions_decode(&ee, body_of(message), UINT32_MAX), 0);
		encrypted_extensions_encode(&w, &ee);
		if (ee.seen & extension_bit(EXT_EARLY_DATA))
			assert_int_equal(section, 4);
		else
			check_encoded(&w, message);
	}
}

static void
hello_again(int section, const char *name, unsigned in)
{
	struct slice message = rfc8448(section, name);
	struct server_hello sh;
	uint8_t buf[512];
	struct writer w = wr_init(buf, sizeof(buf));

	assert_int_equal(server_hello_decode(&sh, body_of(message), in, UINT32_MAX), 0);
	server_hello_encode(&w, &sh);
	if (sh.seen & extension_bit(EXT_PRE_SHARED_KEY))
		assert_int_equal(section, 4);
	else if (sh.seen & extension_bit(EXT_COOKIE))
		assert_int_equal(in, IN_HRR);
	else
		check_encoded(&w, message);
}

static void
server_hellos_again(void **unused)
{
	(void)unused;
	for (int section = 3; section <= 7; section++)
		hello_again(section, "ServerHello", IN_SH);
	hello_again(5, "HelloRetryRequest", IN_HRR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypted_extensions_again),
		cmocka_unit_test(server_hellos_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
