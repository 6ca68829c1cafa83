/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "base/check_testlib.h"
#include "base/wire.h"

/* 1, 0x0203, 0x040506, vec8 "ab", vec16 { vec8 "" , 7 } */
static const uint8_t structure[] = { 1, 2, 3, 4, 5, 6, 2, 'a', 'b', 0, 2, 0, 7 };

/* Reads structure, from memory of exactly that length; what was read into sum. */
static bool
read_structure(const uint8_t *bytes, size_t len, uint32_t *sum)
{
	uint8_t *exact = malloc(len);
	struct reader r;
	const uint8_t *outer;
	struct slice ab;
	bool done;

	assert_true(len == 0 || exact != NULL);
	if (len != 0)
		memcpy(exact, bytes, len);
	r = rd_init((struct slice){ exact, len });
	*sum = rd_u8(&r);
	*sum += rd_u16(&r);
	*sum += rd_u24(&r);
	ab = rd_vec(&r, 1);
	for (size_t i = 0; i < ab.len; i++)
		*sum += ab.p[i];
	outer = rd_open(&r, 2);
	*sum += (uint32_t)rd_vec(&r, 1).len;
	*sum += rd_u8(&r);
	rd_close(&r, outer);
	done = rd_done(&r);
	free(exact);
	return done;
}

static void
reads_through(void **unused)
{
	uint32_t sum;

	(void)unused;
	assert_true(read_structure(structure, sizeof(structure), &sum));
	assert_int_equal(sum, 1 + 0x0203 + 0x040506 + 'a' + 'b' + 0 + 7);
}

static void
every_truncation_latches(void **unused)
{
	uint8_t longer[sizeof(structure) + 1] = {0};
	uint32_t sum;

	(void)unused;
	for (size_t len = 0; len < sizeof(structure); len++)
		assert_false(read_structure(structure, len, &sum));
	memcpy(longer, structure, sizeof(structure));
	assert_false(read_structure(longer, sizeof(longer), &sum));
}

static void
a_vector_not_used_up_latches(void **unused)
{
	static const uint8_t bytes[] = { 2, 7, 8 };
	struct reader r = rd_init((struct slice){ bytes, sizeof(bytes) });
	const uint8_t *outer = rd_open(&r, 1);

	(void)unused;
	assert_int_equal(rd_u8(&r), 7);
	assert_true(rd_more(&r));
	rd_close(&r, outer);
	assert_true(r.bad);
	assert_false(rd_more(&r));
	assert_false(rd_done(&r));
	assert_int_equal(rd_u8(&r), 0);		/* latched: zero, though a byte is there */
}

static void
an_inner_vector_may_not_leave_its_outer(void **unused)
{
	static const uint8_t bytes[] = { 2, 2, 9, 9 };
	struct reader r = rd_init((struct slice){ bytes, sizeof(bytes) });
	const uint8_t *outer = rd_open(&r, 1), *inner = rd_open(&r, 1);

	(void)unused;
	assert_true(r.bad);
	rd_close(&r, inner);
	rd_close(&r, outer);
	assert_false(rd_done(&r));
}

static void
nothing_is_a_structure_too(void **unused)
{
	struct reader r = rd_init((struct slice){ NULL, 0 });

	(void)unused;
	assert_true(rd_done(&r));
	assert_false(rd_more(&r));
	assert_int_equal(rd_bytes(&r, 0).len, 0);
	assert_true(rd_done(&r));
	assert_int_equal(rd_u24(&r), 0);
	assert_false(rd_done(&r));
}

/* Into memory of exactly room bytes. */
static bool
write_structure(size_t room, uint8_t *out, size_t *len)
{
	uint8_t *exact = malloc(room), *outer, *inner;
	struct writer w;
	bool done;

	assert_true(room == 0 || exact != NULL);
	w = wr_init(exact, room);
	wr_u8(&w, 1);
	wr_u16(&w, 0x0203);
	wr_u24(&w, 0x040506);
	wr_vec(&w, 1, (struct slice){ (const uint8_t *)"ab", 2 });
	outer = wr_open(&w, 2);
	inner = wr_open(&w, 1);
	wr_close(&w, inner);
	wr_u8(&w, 7);
	wr_close(&w, outer);
	done = wr_done(&w);
	*len = wr_len(&w);
	if (*len != 0)
		memcpy(out, exact, *len);
	free(exact);
	return done;
}

static void
writes_what_is_read(void **unused)
{
	uint8_t out[sizeof(structure) + 8];
	size_t len;

	(void)unused;
	assert_true(write_structure(sizeof(structure), out, &len));
	assert_int_equal(len, sizeof(structure));
	assert_memory_equal(out, structure, sizeof(structure));
	assert_true(write_structure(sizeof(out), out, &len));
	assert_int_equal(len, sizeof(structure));
}

static void
no_room_latches(void **unused)
{
	uint8_t out[sizeof(structure)];
	size_t len;

	(void)unused;
	for (size_t room = 0; room < sizeof(structure); room++) {
		assert_false(write_structure(room, out, &len));
		assert_true(len <= room);
	}
}

static void
each_length_has_its_limit(void **unused)
{
	static uint8_t out[70000];
	static const struct {
		size_t n, fits;
	} cases[] = { { 1, 255 }, { 2, 65535 } };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t over = 0; over < 2; over++) {
			struct writer w = wr_init(out, sizeof(out));
			uint8_t *vec = wr_open(&w, cases[i].n);

			assert_non_null(wr_room(&w, cases[i].fits + over));
			assert_false(wr_done(&w));	/* still open */
			wr_close(&w, vec);
			assert_int_equal(wr_done(&w), over == 0);
		}
	}
}

static void
a_number_too_large_latches(void **unused)
{
	uint8_t out[4];
	struct writer w = wr_init(out, sizeof(out));

	(void)unused;
	wr_uint(&w, 1, 256);
	assert_false(wr_done(&w));
}

static void
widths(void **unused)
{
	static const uint8_t want[] = { 0xff, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff };
	uint8_t out[sizeof(want)];
	struct writer w = wr_init(out, sizeof(out));

	(void)unused;
	wr_u8(&w, 0xff);
	wr_u16(&w, 0xff);
	wr_u24(&w, 0xffffff);
	wr_u32(&w, 0xfeffffff);
	assert_true(wr_done(&w));
	assert_int_equal(wr_written(&w).len, sizeof(want));
	assert_memory_equal(wr_written(&w).p, want, sizeof(want));
	wr_slice(&w, (struct slice){ NULL, 0 });
	assert_true(wr_done(&w));
	wr_u8(&w, 0);
	assert_false(wr_done(&w));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_through),
		cmocka_unit_test(every_truncation_latches),
		cmocka_unit_test(a_vector_not_used_up_latches),
		cmocka_unit_test(an_inner_vector_may_not_leave_its_outer),
		cmocka_unit_test(nothing_is_a_structure_too),
		cmocka_unit_test(writes_what_is_read),
		cmocka_unit_test(no_room_latches),
		cmocka_unit_test(each_length_has_its_limit),
		cmocka_unit_test(a_number_too_large_latches),
		cmocka_unit_test(widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
