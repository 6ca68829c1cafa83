/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "base/check_testlib.h"
#include "base/wipe_testlib.h"
#include "config/alloc_testlib.h"
#include "session/session.h"

static const uint8_t chain[] = { 0, 0, 3, 'a', 'b', 'c', 0, 0, 1, 'd' };
static uint8_t zeros[SESSION_ENCODED_MAX + 1];
static uint8_t long_chain[SESSION_CHAIN_MAX + 1];

static struct slice
text(const char *s)
{
	return (struct slice){ (const uint8_t *)s, strlen(s) };
}

/* All of it there, no two parts alike. */
static struct session
whole(void)
{
	struct session session = {
		.version = KTLS_TLS13, .suite = 0x1302, .ems = true, .verified = true,
		.secret_len = 48, .issued = 1700000000123, .authenticated = 1690000000,
		.expires = 1700604800, .chain_end = 1712345678, .age_add = 0xdeadbeef,
		.server_name = text("example.com"),
		.alpn = text("h2"), .chain = { chain, sizeof(chain) }, .id = text("a ticket"),
		.id_is_ticket = true,
	};

	memset(session.context, 0xc0, sizeof(session.context));
	memset(session.secret, 0x5e, sizeof(session.secret));
	return session;
}

/* In a block of its exact length, so that ASan sees one byte over. */
static int
decode(struct session *session, const uint8_t *bytes, size_t len, uint8_t **block)
{
	*block = malloc(len != 0 ? len : 1);
	assert_non_null(*block);
	memcpy(*block, bytes, len);
	return session_decode(session, (struct slice){ *block, len });
}

static void
same_slice(struct slice a, struct slice b)
{
	assert_int_equal(a.len, b.len);
	if (a.len != 0)
		assert_memory_equal(a.p, b.p, a.len);
}

static void
same(const struct session *a, const struct session *b)
{
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->suite, b->suite);
	assert_int_equal(a->ems, b->ems);
	assert_int_equal(a->verified, b->verified);
	assert_memory_equal(a->context, b->context, sizeof(a->context));
	assert_int_equal(a->secret_len, b->secret_len);
	assert_memory_equal(a->secret, b->secret, a->secret_len);
	assert_true(a->issued == b->issued);
	assert_true(a->authenticated == b->authenticated);
	assert_true(a->expires == b->expires);
	assert_true(a->chain_end == b->chain_end);
	assert_int_equal(a->age_add, b->age_add);
	same_slice(a->server_name, b->server_name);
	same_slice(a->alpn, b->alpn);
	same_slice(a->chain, b->chain);
	same_slice(a->id, b->id);
	assert_int_equal(a->id_is_ticket, b->id_is_ticket);
}

static void
round_trip(const struct session *session)
{
	struct session got;
	uint8_t *out, *block;
	size_t len;

	OK(session_encode(session, &out, &len));
	OK(decode(&got, out, len, &block));
	same(&got, session);
	free(block);
	OPENSSL_clear_free(out, len);
}

/* Each row changes one thing of a whole session. */
/* clang-format off */
#define WITH(change)	static void change(struct session *s)
WITH(nothing)		{ (void)s; }
WITH(tls12)		{ s->version = KTLS_TLS12; s->suite = 0xc02b; }
WITH(tls12_secret)	{ s->version = KTLS_TLS12; s->secret_len = 32; }
WITH(tls11)		{ s->version = 0x0302; }
WITH(no_version)	{ s->version = 0; }
WITH(secret_32)		{ s->secret_len = 32; }
WITH(secret_47)		{ s->secret_len = 47; }
WITH(secret_none)	{ s->secret_len = 0; }
WITH(secret_49)		{ s->secret_len = 49; }
WITH(no_flags)		{ s->ems = s->verified = s->id_is_ticket = false; }
WITH(only_verified)	{ s->ems = s->id_is_ticket = false; }
WITH(only_ems)		{ s->verified = s->id_is_ticket = false; }
WITH(only_ticket)	{ s->verified = s->ems = false; }
WITH(times_0)		{ s->issued = s->authenticated = s->expires = s->chain_end = 0; }
WITH(times_last)	{ s->issued = s->authenticated = s->expires = s->chain_end = SESSION_TIME_MAX; }
WITH(issued_late)	{ s->issued = SESSION_TIME_MAX + 1; }
WITH(issued_early)	{ s->issued = -1; }
WITH(authenticated_late) { s->authenticated = INT64_MAX; }
WITH(authenticated_early) { s->authenticated = -1; }
WITH(expires_late)	{ s->expires = SESSION_TIME_MAX + 1; }
WITH(expires_early)	{ s->expires = INT64_MIN; }
WITH(chain_end_late)	{ s->chain_end = SESSION_TIME_MAX + 1; }
WITH(chain_end_early)	{ s->chain_end = -1; }
WITH(empty)		{ s->server_name = s->alpn = s->chain = s->id = (struct slice){ NULL, 0 }; }
WITH(name_255)		{ s->server_name = (struct slice){ zeros, 255 }; }
WITH(name_256)		{ s->server_name = (struct slice){ zeros, 256 }; }
WITH(alpn_255)		{ s->alpn = (struct slice){ zeros, 255 }; }
WITH(alpn_256)		{ s->alpn = (struct slice){ zeros, 256 }; }
WITH(chain_longest)	{ s->chain = (struct slice){ long_chain, SESSION_CHAIN_MAX }; }
WITH(chain_long)	{ long_chain[2]++; s->chain = (struct slice){ long_chain, SESSION_CHAIN_MAX + 1 }; }
WITH(chain_short)	{ s->chain.len--; }
WITH(chain_header)	{ s->chain.len = 2; }
WITH(chain_empty_cert)	{ s->chain = (struct slice){ zeros, 3 }; }
WITH(id_longest)	{ s->id = (struct slice){ zeros, SESSION_ENCODED_MAX - 144 }; }
WITH(id_long)		{ s->id = (struct slice){ zeros, SESSION_ENCODED_MAX - 143 }; }
WITH(id_longer)		{ s->id = (struct slice){ zeros, SESSION_ENCODED_MAX + 1 }; }

static const struct {
	const char *rule;
	void (*change)(struct session *session);
	int err;
} rules[] = {
	{ "whole", nothing, 0 },
	{ "TLS 1.2", tls12, 0 },
	{ "TLS 1.2 has a master secret of 48 bytes", tls12_secret, -EMSGSIZE },
	{ "TLS 1.1", tls11, -EMSGSIZE },
	{ "no version", no_version, -EMSGSIZE },
	{ "SHA-256's PSK", secret_32, 0 },
	{ "no hash's PSK", secret_47, -EMSGSIZE },
	{ "no PSK", secret_none, -EMSGSIZE },
	{ "a PSK too long", secret_49, -EMSGSIZE },
	{ "no flag", no_flags, 0 },
	{ "verified", only_verified, 0 },
	{ "extended master secret", only_ems, 0 },
	{ "ticket", only_ticket, 0 },
	{ "1970", times_0, 0 },
	{ "the last time", times_last, 0 },
	{ "issued later", issued_late, -EMSGSIZE },
	{ "issued before 1970", issued_early, -EMSGSIZE },
	{ "authenticated later", authenticated_late, -EMSGSIZE },
	{ "authenticated before 1970", authenticated_early, -EMSGSIZE },
	{ "expires later", expires_late, -EMSGSIZE },
	{ "expires before 1970", expires_early, -EMSGSIZE },
	{ "the chain ends later", chain_end_late, -EMSGSIZE },
	{ "the chain ended before 1970", chain_end_early, -EMSGSIZE },
	{ "nothing but the secret", empty, 0 },
	{ "a name of 255", name_255, 0 },
	{ "a name of 256", name_256, -EMSGSIZE },
	{ "a protocol of 255", alpn_255, 0 },
	{ "a protocol of 256", alpn_256, -EMSGSIZE },
	{ "the longest chain", chain_longest, 0 },
	{ "a longer chain", chain_long, -EMSGSIZE },
	{ "half a certificate", chain_short, -EMSGSIZE },
	{ "half a length", chain_header, -EMSGSIZE },
	{ "an empty certificate", chain_empty_cert, -EMSGSIZE },
	{ "the longest session", id_longest, 0 },
	{ "a longer one", id_long, -EMSGSIZE },
	{ "an id that is longer than all", id_longer, -EMSGSIZE },
};
/* clang-format on */

static void
limits(void **unused)
{
	uint8_t *out;
	size_t len;

	(void)unused;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct session session = whole();
		int err;

		memset(long_chain, 0, sizeof(long_chain));
		long_chain[1] = (SESSION_CHAIN_MAX - 3) >> 8;
		long_chain[2] = (SESSION_CHAIN_MAX - 3) & 255;
		rules[i].change(&session);
		if (rules[i].err == 0) {
			round_trip(&session);
			continue;
		}
		out = NULL;
		err = session_encode(&session, &out, &len);
		if (err != rules[i].err || out != NULL)
			fail_msg("%s: %d", rules[i].rule, err);
	}
}

static uint32_t
random_below(uint32_t n)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % n;
}

static int64_t
random_time(void)
{
	return (int64_t)random_below(UINT32_MAX) << random_below(17);
}

/* What is read is what was written, whatever that was; and it is written the same again. */
static void
decode_is_the_inverse(void **unused)
{
	static uint8_t bytes[4096];

	(void)unused;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_below(256);
	for (int i = 0; i < 2000; i++) {
		struct session session = {
			.version = (uint16_t)(KTLS_TLS12 + random_below(2)),
			.suite = (uint16_t)random_below(65536), .ems = random_below(2),
			.verified = random_below(2), .id_is_ticket = random_below(2),
			.issued = random_time(), .authenticated = random_time(),
			.expires = random_time(), .chain_end = random_time(),
			.age_add = random_below(UINT32_MAX),
			.server_name = { bytes + random_below(256), random_below(256) },
			.alpn = { bytes + random_below(256), random_below(256) },
			.id = { bytes + random_below(256), random_below(2000) },
		};

		session.secret_len = session.version == KTLS_TLS12 || random_below(2) ? 48 : 32;
		memcpy(session.context, bytes + random_below(256), sizeof(session.context));
		memcpy(session.secret, bytes + random_below(256), session.secret_len);
		if (random_below(2))
			session.chain = (struct slice){ chain, sizeof(chain) };
		round_trip(&session);
	}
}

static bool
is_empty(const struct session *session)
{
	const uint8_t *p = (const uint8_t *)session;

	for (size_t i = 0; i < sizeof(*session); i++)
		if (p[i] != 0)
			return false;
	return true;
}

static void
refuse(const uint8_t *bytes, size_t len, const char *what, size_t at)
{
	struct session session = whole();
	uint8_t *block;

	if (decode(&session, bytes, len, &block) != -EINVAL || !is_empty(&session))
		fail_msg("%s at %zu is taken, or leaves something", what, at);
	free(block);
}

/* And one byte too many. */
static void
every_truncation_fails(void **unused)
{
	struct session session = whole();
	uint8_t *out, *more;
	size_t len;

	(void)unused;
	OK(session_encode(&session, &out, &len));
	for (size_t i = 0; i < len; i++)
		refuse(out, i, "an end", i);
	more = calloc(1, len + 1);
	assert_non_null(more);
	memcpy(more, out, len);
	refuse(more, len + 1, "an end", len + 1);
	free(more);
	OPENSSL_clear_free(out, len);
	refuse(zeros, sizeof(zeros), "the end of one too long", sizeof(zeros));
}

/* What no encoding has. The offsets are those of the table in session.c. */
static void
canonical(void **unused)
{
	/* clang-format off */
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
	} cases[] = {
		{ "format 0", 0, 0 },
		{ "the next format", 0, 2 },
		{ "version 3.2", 2, 2 },
		{ "version 3.5", 2, 5 },
		{ "version 4.4", 1, 4 },
		{ "a fourth flag", 5, 8 },
		{ "the eighth flag", 5, 0x87 },
		{ "a secret of 47 bytes", 38, 47 },
		{ "a secret of 49 bytes", 38, 49 },
		{ "a secret of 255 bytes", 38, 255 },
	};
	/* clang-format on */
	struct session session = whole();
	uint8_t *out;
	size_t len;

	(void)unused;
	OK(session_encode(&session, &out, &len));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t was = out[cases[i].at];

		out[cases[i].at] = cases[i].byte;
		refuse(out, len, cases[i].what, cases[i].at);
		out[cases[i].at] = was;
	}
	OPENSSL_clear_free(out, len);
}

/* Every byte counts: another byte is refused, or another session. */
static void
every_byte_counts(void **unused)
{
	struct session session = whole(), got;
	uint8_t *out, *block, *again;
	size_t len, again_len;

	(void)unused;
	OK(session_encode(&session, &out, &len));
	for (size_t i = 0; i < len; i++) {
		out[i] ^= 1;
		if (decode(&got, out, len, &block) == 0) {
			OK(session_encode(&got, &again, &again_len));
			assert_int_equal(again_len, len);
			assert_memory_equal(again, out, len);
			OPENSSL_clear_free(again, again_len);
		}
		free(block);
		out[i] ^= 1;
	}
	OPENSSL_clear_free(out, len);
}

static const uint8_t masked[48] = {
	0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15, 0xf3, 0x9c, 0xc0, 0x60,
	0x5c, 0xed, 0xc8, 0x34, 0x10, 0x82, 0x27, 0x6b, 0xf3, 0xa2, 0x72, 0x51,
	0xf8, 0x6c, 0x6a, 0x11, 0xd0, 0xc1, 0x8e, 0x95, 0x27, 0xd8, 0x41, 0xfa,
	0x93, 0x0c, 0x65, 0xbe, 0x17, 0x88, 0xe1, 0x5a, 0xc3, 0x3c, 0xb5, 0x0e,
};

static void
write_and_read(void *unused)
{
	struct session session = whole(), got;
	uint8_t *out;
	size_t len;

	(void)unused;
	wipe_unmask(masked, sizeof(masked), session.secret);
	OK(session_encode(&session, &out, &len));
	OK(session_decode(&got, (struct slice){ out, len }));
	session_wipe(&got);
	GIVES(-EINVAL, session_decode(&got, (struct slice){ out, len - 1 }));
	OPENSSL_clear_free(out, len);
	session_wipe(&session);
}

static void
no_trace(void **unused)
{
	(void)unused;
	wipe_begin();
	wipe_deep(write_and_read, NULL);
	assert_int_equal(wipe_find(masked, sizeof(masked)), 0);
}

static void
no_memory(void **unused)
{
	struct session session = whole();
	uint8_t *out = NULL;
	size_t len;

	(void)unused;
	test_alloc_fail(0);
	GIVES(-ENOMEM, session_encode(&session, &out, &len));
	assert_true(test_alloc_failed());
	assert_null(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(decode_is_the_inverse),
		cmocka_unit_test(every_truncation_fails),
		cmocka_unit_test(canonical),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(no_trace),
		cmocka_unit_test(no_memory),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
