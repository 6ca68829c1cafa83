/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "base/check_testlib.h"
#include "base/wipe_testlib.h"
#include "config/alloc_testlib.h"
#include "session/tickets.h"

#define START	1700000000
#define DAY	86400
#define HALF	(DAY / 2)
#define MAX	200

static struct ktls_crypto *crypto;
static const uint8_t shared_secret[KTLS_TICKETS_SECRET] = "shared by all of the hosts";

static struct ktls_tickets *
make_for(uint32_t lifetime)
{
	struct ktls_tickets *tickets;

	OK(ktls_tickets_new(&tickets, crypto, shared_secret, START, lifetime));
	return tickets;
}

static struct ktls_tickets *
make(void)
{
	return make_for(DAY);
}

/* A ticket, in a block of its exact length; what it carries says when it was sealed. */
struct ticket {
	uint8_t *p;
	size_t len;
	int64_t text;
};

static struct ticket
seal(struct ktls_tickets *tickets, int64_t now)
{
	struct ticket ticket = { malloc(sizeof(ticket.text) + TICKETS_OVERHEAD), 0, now };

	assert_non_null(ticket.p);
	OK(ktls_tickets_seal(tickets, now, &ticket.text, sizeof(ticket.text), ticket.p,
	    &ticket.len));
	assert_int_equal(ticket.len, sizeof(ticket.text) + TICKETS_OVERHEAD);
	return ticket;
}

static int
try(struct ktls_tickets *tickets, int64_t now, const struct ticket *ticket)
{
	uint8_t *out = malloc(ticket->len);
	size_t len = 0;
	int err;

	assert_non_null(out);
	err = ktls_tickets_open(tickets, now, ticket->p, ticket->len, out, &len);
	if (err == 0) {
		assert_int_equal(len, sizeof(ticket->text));
		assert_memory_equal(out, &ticket->text, len);
	} else {
		assert_int_equal(len, 0);
	}
	free(out);
	return err;
}

static void
round_trips(void **unused)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 200, 1000, 65000 };
	struct ktls_tickets *tickets = make();

	(void)unused;
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		uint8_t *text = calloc(1, lens[i] + 1);
		uint8_t *sealed = malloc(lens[i] + TICKETS_OVERHEAD);
		uint8_t *out = malloc(lens[i] + TICKETS_OVERHEAD);
		size_t sealed_len, len;

		OK(ktls_tickets_seal(tickets, START, text, lens[i], sealed, &sealed_len));
		assert_int_equal(sealed_len, lens[i] + TICKETS_OVERHEAD);
		OK(ktls_tickets_open(tickets, START, sealed, sealed_len, out, &len));
		assert_int_equal(len, lens[i]);
		assert_memory_equal(out, text, len);
		free(text);
		free(sealed);
		free(out);
	}
	ktls_tickets_unref(tickets);
}

/* Sealed at one time, opened at another: by who was there all the time, and by who comes then. */
/* clang-format off */
static const struct {
	const char *rule;
	uint32_t lifetime;
	int64_t sealed, opened;		/* after START */
	int err;
} times[] = {
	{ "at once", DAY, 0, 0, 0 },
	{ "at the end of its period", DAY, 0, HALF - 1, 0 },
	{ "a period later", DAY, 0, HALF, 0 },
	{ "at the lifetime's end", DAY, 0, DAY, 0 },
	{ "until a lifetime after its period's end", DAY, 0, 3 * HALF - 1, 0 },
	{ "and no longer", DAY, 0, 3 * HALF, -ENOENT },
	{ "sealed at a period's end, a lifetime later", DAY, HALF - 1, HALF - 1 + DAY, 0 },
	{ "and no longer, either", DAY, HALF - 1, HALF + DAY, -ENOENT },
	{ "much later", DAY, 0, 1000 * DAY, -ENOENT },
	{ "at a later time, the same", DAY, 700 * DAY + 5, 701 * DAY + 5, 0 },
	{ "and too late", DAY, 700 * DAY + 5, 701 * DAY + 5 + HALF, -ENOENT },
	{ "the opener's clock is a little behind", DAY, HALF, HALF - 1, 0 },
	{ "a period behind", DAY, 10 * HALF, 9 * HALF, 0 },
	{ "before the start", DAY, -5, 0, 0 },
	{ "long before", DAY, -100 * DAY, -5, 0 },
	{ "the shortest lifetime", 60, 29, 89, 0 },
	{ "and its end", 60, 29, 90, -ENOENT },
	{ "an odd lifetime", 61, 30, 91, 0 },
	{ "and its end, odd", 61, 30, 93, -ENOENT },
	{ "the longest", 604800, 302399, 302399 + 604800, 0 },
	{ "and its end, of a week", 604800, 302399, 302400 + 604800, -ENOENT },
	{ "ten years of the shortest", 60, 315360000, 315360000 + 60, 0 },
	{ "the last epoch there is", 60, INT64_MAX - START, INT64_MAX - START, 0 },
};
/* clang-format on */

static void
ages(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct ktls_tickets *here = make_for(times[i].lifetime);
		struct ktls_tickets *elsewhere = make_for(times[i].lifetime);
		struct ticket ticket = seal(here, START + times[i].sealed);

		if (try(elsewhere, START + times[i].opened, &ticket) != times[i].err)
			fail_msg("%s: elsewhere", times[i].rule);
		if (times[i].opened >= times[i].sealed &&
		    try(here, START + times[i].opened, &ticket) != times[i].err)
			fail_msg("%s: here", times[i].rule);
		free(ticket.p);
		ktls_tickets_unref(here);
		ktls_tickets_unref(elsewhere);
	}
}

/* Hour by hour over ten days, every ticket lives for a lifetime at the least. */
static void
rotates(void **unused)
{
	enum { HOURS = 240 };
	struct ktls_tickets *tickets = make();
	struct ticket all[HOURS];

	(void)unused;
	for (int h = 0; h < HOURS; h++) {
		all[h] = seal(tickets, START + h * 3600);
		for (int age = 0; age <= h; age++) {
			int err = try(tickets, START + h * 3600, &all[h - age]);

			/* Sealed in the first hour of a period, 36 h; in the last, 25 h. */
			if (err != (age < 36 - (h - age) % 12 ? 0 : -ENOENT))
				fail_msg("hour %d, age %d: %d", h, age, err);
		}
	}
	for (int h = 0; h < HOURS; h++)
		free(all[h].p);
	ktls_tickets_unref(tickets);
}

static void
who_agrees(void **unused)
{
	uint8_t other[KTLS_TICKETS_SECRET];
	struct ktls_tickets *a = make(), *b = make(), *c, *d, *e, *f, *g;
	struct ticket ticket = seal(a, START + DAY);

	(void)unused;
	memcpy(other, shared_secret, sizeof(other));
	other[31] ^= 1;
	OK(ktls_tickets_new(&c, crypto, other, START, DAY));
	OK(ktls_tickets_new(&d, crypto, shared_secret, START + HALF, DAY));
	OK(ktls_tickets_new(&e, crypto, NULL, START, DAY));
	OK(ktls_tickets_new(&f, NULL, NULL, START, DAY));
	OK(ktls_tickets_new(&g, NULL, shared_secret, START, 0));
	OK(try(b, START + DAY, &ticket));
	OK(try(g, START + DAY, &ticket));
	GIVES(-ENOENT, try(c, START + DAY, &ticket));
	/* Another start: another period's key, which is no other key: START + HALF's epoch 2. */
	GIVES(-ENOENT, try(d, START + DAY - 1, &ticket));
	OK(try(d, START + DAY + HALF, &ticket));
	GIVES(-ENOENT, try(e, START + DAY, &ticket));
	GIVES(-ENOENT, try(f, START + DAY, &ticket));
	free(ticket.p);
	ticket = seal(e, START);
	OK(try(e, START, &ticket));
	GIVES(-ENOENT, try(f, START, &ticket));
	GIVES(-ENOENT, try(a, START, &ticket));
	free(ticket.p);
	ktls_tickets_unref(a);
	ktls_tickets_unref(b);
	ktls_tickets_unref(c);
	ktls_tickets_unref(d);
	ktls_tickets_unref(e);
	ktls_tickets_unref(f);
	ktls_tickets_unref(g);
}

static void
every_bit_counts(void **unused)
{
	struct ktls_tickets *tickets = make();
	struct ticket ticket = seal(tickets, START), cut;

	(void)unused;
	for (size_t bit = 0; bit < 8 * ticket.len; bit++) {
		ticket.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (try(tickets, START, &ticket) != -ENOENT)
			fail_msg("bit %zu", bit);
		ticket.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < ticket.len; len++) {
		cut = (struct ticket){ malloc(len != 0 ? len : 1), len, ticket.text };
		assert_non_null(cut.p);
		memcpy(cut.p, ticket.p, len);
		if (try(tickets, START, &cut) != -ENOENT)
			fail_msg("%zu bytes", len);
		free(cut.p);
	}
	OK(try(tickets, START, &ticket));
	free(ticket.p);
	ktls_tickets_unref(tickets);
}

/* No two alike, and nothing in clear but the key's name and the nonce. */
static void
tickets_tell_nothing(void **unused)
{
	struct ktls_tickets *tickets = make();
	struct ticket a = seal(tickets, START), b = seal(tickets, START);
	struct ticket later = seal(tickets, START + HALF);

	(void)unused;
	assert_memory_equal(a.p, b.p, TICKETS_NAME_LEN);
	assert_memory_not_equal(a.p, later.p, TICKETS_NAME_LEN);
	for (size_t at = TICKETS_NAME_LEN; at + 8 <= a.len; at++)
		assert_memory_not_equal(a.p + at, b.p + at, 8);
	assert_null(memmem(a.p, a.len, &a.text, sizeof(a.text)));
	free(a.p);
	free(b.p);
	free(later.p);
	ktls_tickets_unref(tickets);
}

static void
with_a_nonce(void **unused)
{
	const uint8_t nonce[AEAD_NONCE_LEN] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 9, 8 };
	struct ktls_tickets *tickets = make();
	struct ticket ticket = seal(tickets, START);

	(void)unused;
	OK(tickets_seal(tickets, START, nonce, (struct slice){ (uint8_t *)&ticket.text,
	    sizeof(ticket.text) }, ticket.p, &ticket.len));
	assert_int_equal(ticket.len, sizeof(ticket.text) + TICKETS_OVERHEAD);
	assert_memory_equal(ticket.p + TICKETS_NAME_LEN, nonce, sizeof(nonce));
	OK(try(tickets, START, &ticket));
	free(ticket.p);
	ktls_tickets_unref(tickets);
}

/* Never an error: a clock that goes back, a little or far, finds keys. */
static void
the_clock_goes_back(void **unused)
{
	static const int64_t back[] = { 1, HALF, DAY, 2 * DAY, 1000 * DAY, START };
	struct ktls_tickets *tickets = make();
	struct ticket before = seal(tickets, START + 2000 * DAY), after;

	(void)unused;
	for (size_t i = 0; i < sizeof(back) / sizeof(*back); i++) {
		int64_t now = START + 2000 * DAY - back[i];

		OK(try(tickets, now, &before));
		after = seal(tickets, now);
		OK(try(tickets, now, &after));
		free(after.p);
	}
	/* A little: with the key that everybody else uses then. */
	after = seal(tickets, START + 2000 * DAY - 1);
	assert_memory_not_equal(before.p, after.p, TICKETS_NAME_LEN);
	free(before.p);
	free(after.p);
	ktls_tickets_unref(tickets);
}

static void
bounds(void **unused)
{
	struct ktls_tickets *tickets = NULL;
	EVP_CIPHER *aes = crypto->aead[KTLS_AES_256_GCM];

	(void)unused;
	GIVES(-EINVAL, ktls_tickets_new(&tickets, crypto, NULL, START, 59));
	GIVES(-EINVAL, ktls_tickets_new(&tickets, crypto, NULL, START, 604801));
	GIVES(-EINVAL, ktls_tickets_new(&tickets, crypto, NULL, -1, 0));
	crypto->aead[KTLS_AES_256_GCM] = NULL;
	GIVES(-ENOTSUP, ktls_tickets_new(&tickets, crypto, NULL, START, 0));
	crypto->aead[KTLS_AES_256_GCM] = aes;
	assert_null(tickets);
	OK(ktls_tickets_new(&tickets, crypto, NULL, 0, 60));
	assert_int_equal(ktls_tickets_lifetime(tickets), 60);
	ktls_tickets_unref(tickets);
	OK(ktls_tickets_new(&tickets, crypto, NULL, INT64_MAX, 0));
	assert_int_equal(ktls_tickets_lifetime(tickets), DAY);
	ktls_tickets_unref(tickets);
}

/* NIST SP 800-38D 8.3. The next period's key begins anew, and what was sealed still opens. */
static void
a_key_seals_so_often(void **unused)
{
	struct ktls_tickets *tickets = make();
	struct ticket ticket = seal(tickets, START);
	uint8_t out[100];
	size_t len;

	(void)unused;
	assert_true(tickets->keys[0].seals == 1);
	tickets->keys[0].seals = TICKETS_SEALS_MAX - 1;
	OK(ktls_tickets_seal(tickets, START, "x", 1, out, &len));
	GIVES(-EOVERFLOW, ktls_tickets_seal(tickets, START, "x", 1, out, &len));
	OK(try(tickets, START, &ticket));
	OK(ktls_tickets_seal(tickets, START + HALF, "x", 1, out, &len));
	free(ticket.p);
	ktls_tickets_unref(tickets);
}

static void
the_last_reference_frees(void **unused)
{
	struct ktls_tickets *tickets = make();

	(void)unused;
	assert_ptr_equal(ktls_tickets_ref(tickets), tickets);
	ktls_tickets_unref(tickets);
	assert_int_equal(ktls_tickets_lifetime(tickets), DAY);
	ktls_tickets_unref(tickets);
	ktls_tickets_unref(NULL);
}

static const uint8_t masked[KTLS_TICKETS_SECRET] = {
	0x61, 0xc8, 0x86, 0x47, 0x2e, 0xb5, 0x1c, 0x93,
	0x0a, 0xf1, 0x78, 0xef, 0x56, 0xdd, 0x34, 0xab,
	0x12, 0x99, 0x00, 0x87, 0x6f, 0xe6, 0x4d, 0xc4,
	0x3b, 0xa2, 0x19, 0x90, 0x07, 0x7e, 0xf5, 0x5c,
};

static void
make_secretly(void *arg)
{
	uint8_t secret[KTLS_TICKETS_SECRET];

	wipe_unmask(masked, sizeof(masked), secret);
	OK(ktls_tickets_new(arg, crypto, secret, START, DAY));
	explicit_bzero(secret, sizeof(secret));
}

static uint8_t masked_held[RATCHET_LEVELS][RATCHET_SECRET], masked_epoch[2][RATCHET_SECRET];

/* What the keys of the first two epochs are made of. */
static void
derive_secretly(void *unused)
{
	uint8_t secret[KTLS_TICKETS_SECRET];
	struct ratchet ratchet;

	(void)unused;
	wipe_unmask(masked, sizeof(masked), secret);
	ratchet_init(&ratchet, secret);
	for (size_t i = 0; i < 2; i++) {
		OK(ratchet_turn(&ratchet, crypto, i, secret));
		wipe_mask(secret, sizeof(secret), masked_epoch[i]);
	}
	explicit_bzero(&ratchet, sizeof(ratchet));
}

/* By a ticket that isn't one: what would be left on the stack is not soon written over. */
static void
turn_secretly(void *arg)
{
	struct ktls_tickets *tickets = arg;
	uint8_t none[100] = {0}, out[100], held[RATCHET_SECRET];
	size_t len;

	GIVES(-ENOENT, ktls_tickets_open(tickets, START, none, sizeof(none), out, &len));
	for (size_t i = 0; i < RATCHET_LEVELS; i++) {
		memcpy(held, tickets->ratchet.secret[i], sizeof(held));
		wipe_mask(held, sizeof(held), masked_held[i]);
	}
}

/*
 * The first secret lies in the object, and from the first period on nowhere; what came of it
 * lies in the object alone, and then nowhere.
 */
static void
no_trace(void **unused)
{
	struct ktls_tickets *tickets;

	(void)unused;
	wipe_begin();
	wipe_deep(derive_secretly, NULL);
	wipe_deep(make_secretly, &tickets);
	assert_int_equal(wipe_find(masked, sizeof(masked)), 1);
	wipe_deep(turn_secretly, tickets);
	assert_int_equal(wipe_find(masked, sizeof(masked)), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(wipe_find(masked_epoch[i], RATCHET_SECRET), 0);
	for (size_t i = 0; i < RATCHET_LEVELS; i++)
		assert_int_equal(wipe_find(masked_held[i], RATCHET_SECRET), 1);
	ktls_tickets_unref(tickets);
	for (size_t i = 0; i < RATCHET_LEVELS; i++)
		assert_int_equal(wipe_find(masked_held[i], RATCHET_SECRET), 0);
}

static uint8_t masked_text[64], opened[64 + TICKETS_OVERHEAD];

static void
open_secretly(void *arg)
{
	uint8_t text[sizeof(masked_text)], sealed[sizeof(opened)];
	size_t len;

	wipe_unmask(masked_text, sizeof(text), text);
	OK(ktls_tickets_seal(arg, START, text, sizeof(text), sealed, &len));
	explicit_bzero(text, sizeof(text));
	sealed[len - 1] ^= 1;
	GIVES(-ENOENT, ktls_tickets_open(arg, START, sealed, len, opened, &len));
}

/* What is no ticket of ours is not handed out, though it was decrypted. */
static void
a_changed_one_is_not_shown(void **unused)
{
	struct ktls_tickets *tickets;

	(void)unused;
	wipe_begin();
	tickets = make();
	for (size_t i = 0; i < sizeof(masked_text); i++)
		masked_text[i] = (uint8_t)(i * 73 + 11);
	wipe_deep(open_secretly, tickets);
	assert_int_equal(wipe_find(masked_text, sizeof(masked_text)), 0);
	ktls_tickets_unref(tickets);
}

static void
no_memory_for_it(void **unused)
{
	struct ktls_tickets *tickets = NULL;
	size_t n;
	int err;

	(void)unused;
	for (n = 0;; n++) {
		test_alloc_fail(n);
		err = ktls_tickets_new(&tickets, NULL, NULL, START, DAY);
		if (!test_alloc_failed())
			break;
		assert_int_not_equal(err, 0);
		assert_null(tickets);
	}
	OK(err);
	assert_int_not_equal(n, 0);
	ktls_tickets_unref(tickets);
}

/* Where there is no memory to turn, the keys stay as they are, and it is tried again. */
static void
no_memory_for_a_turn(void **unused)
{
	struct ktls_tickets *tickets = make(), *other = make();
	struct ticket first = seal(tickets, START), ticket;
	uint8_t out[100];
	size_t n, len;
	int err;

	(void)unused;
	for (n = 0;; n++) {
		test_alloc_fail(n);
		err = ktls_tickets_seal(tickets, START + 5 * DAY, "x", 1, out, &len);
		if (!test_alloc_failed())
			break;
		assert_int_not_equal(err, 0);
		if (n == 0)
			OK(try(tickets, START, &first));
	}
	OK(err);
	assert_int_not_equal(n, 0);
	ticket = seal(tickets, START + 5 * DAY);
	OK(try(other, START + 5 * DAY, &ticket));
	free(ticket.p);
	free(first.p);
	ktls_tickets_unref(tickets);
	ktls_tickets_unref(other);
}

#define THREADS	4
#define ROUNDS	1000

static atomic_uint wrong;

static void *
hammer(void *arg)
{
	struct ktls_tickets *tickets = ktls_tickets_ref(arg);
	uint8_t sealed[sizeof(int) + TICKETS_OVERHEAD], out[sizeof(sealed)];
	size_t len;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t now = START + (int64_t)3 * HALF * i / ROUNDS;

		if (ktls_tickets_seal(tickets, now, &i, sizeof(i), sealed, &len) != 0 ||
		    ktls_tickets_open(tickets, now, sealed, len, out, &len) != 0 ||
		    len != sizeof(i) || memcmp(out, &i, len) != 0)
			atomic_fetch_add(&wrong, 1);
	}
	ktls_tickets_unref(tickets);
	return NULL;
}

/*
 * Each with a clock of its own: one turns the keys while another is still behind. Not by more
 * than the keys that are held, or a ticket would be too old before it is opened.
 */
static void
threads(void **unused)
{
	pthread_t thread[THREADS];

	(void)unused;
	for (int round = 0; round < 10; round++) {
		struct ktls_tickets *tickets = make();

		for (size_t i = 0; i < THREADS; i++)
			OK(pthread_create(&thread[i], NULL, hammer, tickets));
		for (size_t i = 0; i < THREADS; i++)
			OK(pthread_join(thread[i], NULL));
		ktls_tickets_unref(tickets);
	}
	assert_int_equal(wrong, 0);
}

static int
setup(void **unused)
{
	(void)unused;
	return ktls_crypto_new(&crypto, NULL, NULL);
}

static int
teardown(void **unused)
{
	(void)unused;
	ktls_crypto_unref(crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(ages),
		cmocka_unit_test(rotates),
		cmocka_unit_test(who_agrees),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(tickets_tell_nothing),
		cmocka_unit_test(with_a_nonce),
		cmocka_unit_test(the_clock_goes_back),
		cmocka_unit_test(bounds),
		cmocka_unit_test(a_key_seals_so_often),
		cmocka_unit_test(the_last_reference_frees),
		cmocka_unit_test(no_trace),
		cmocka_unit_test(a_changed_one_is_not_shown),
		cmocka_unit_test(no_memory_for_it),
		cmocka_unit_test(no_memory_for_a_turn),
		cmocka_unit_test(threads),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
