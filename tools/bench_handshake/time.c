/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bench_handshake/bench.h"

/*
 * Processor time, each side's apart: a batch of connections takes its turns together, and
 * the clock is read around a side's turn of the whole batch. The contenders' batches take
 * turns, another one's first in each round; a round's ratios are to its own floor.
 */

#define ROUNDS_MAX	99
#define ROUND_NS	INT64_C(40000000)	/* of the floor */

enum who { OURS, LIBSSL, FLOOR, WHO };
static const struct contender *const contenders[WHO] = { &ours, &libssl, &the_floor };

int64_t
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return count % 2 != 0 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void
batch(const struct contender *c, int64_t ns[SIDES])
{
	int64_t before = cpu_now(), now;

	for (unsigned turn = 0; turn <= TURN_END; turn++)
		for (enum side side = CLIENT; side < SIDES; side++, before = now) {
			for (size_t slot = 0; slot < BATCH; slot++)
				c->turn(side, slot, turn);
			now = cpu_now();
			ns[side] += now - before;
		}
}

struct ratios {
	double of[WHO][SIDES][ROUNDS_MAX];	/* FLOOR: microseconds */
};

/* One batch after the other, so that whatever else the machine does meets all of them. */
static void
measure(const bool can[WHO], unsigned first, double ns[WHO][SIDES])
{
	int64_t sum[WHO][SIDES] = { { 0 } };
	double batches = 0;

	for (; sum[FLOOR][CLIENT] + sum[FLOOR][SERVER] < ROUND_NS; batches++)
		for (unsigned i = 0; i < WHO; i++) {
			unsigned who = (i + first) % WHO;

			if (can[who])
				batch(contenders[who], sum[who]);
		}
	for (unsigned who = 0; who < WHO; who++)
		for (enum side side = CLIENT; side < SIDES; side++)
			ns[who][side] = (double)sum[who][side] / (batches * BATCH);
}

static void
round_of(unsigned round, const bool can[WHO], struct ratios *r)
{
	double ns[WHO][SIDES];

	measure(can, round % WHO, ns);
	for (enum side side = CLIENT; side < SIDES; side++) {
		for (unsigned who = 0; who < FLOOR; who++)
			r->of[who][side][round] = ns[who][side] / ns[FLOOR][side];
		r->of[FLOOR][side][round] = ns[FLOOR][side] / 1000;
	}
}

static void
print_ratio(double *values, unsigned rounds, bool can)
{
	double middle = median(values, rounds);

	if (can)
		printf("  %5.2f (%5.2f ..%5.2f)", middle, values[0], values[rounds - 1]);
	else
		printf("  %-22s", "   -");
}

static void
print_side(enum row row, enum side side, unsigned rounds, const bool can[WHO], struct ratios *r)
{
	double floor_us = median(r->of[FLOOR][side], rounds);

	printf("%-24s %-6s %8.1f", side == SERVER ? row_name[row] : "", side_name[side], floor_us);
	print_ratio(r->of[LIBSSL][side], rounds, can[LIBSSL]);
	print_ratio(r->of[OURS][side], rounds, can[OURS]);
	printf("  %5.2f  %s\n", to_reach[row][side], !can[OURS] ? "-" :
	    median(r->of[OURS][side], rounds) <= to_reach[row][side] ? "met" : "MISSED");
	fflush(stdout);
}

void
time_table(unsigned rounds)
{
	static struct ratios r;

	NEED(rounds >= 1 && rounds <= ROUNDS_MAX);
	printf("Processor time of a handshake: the floor in microseconds, the others as a\n"
	    "multiple of it; medians of %u rounds (least .. most)\n\n"
	    "%-24s %-6s %8s  %-22s  %-22s  %5s\n", rounds, "", "", "floor us", "libssl", "ours",
	    "reach");
	for (enum row row = 0; row < ROWS; row++) {
		bool can[WHO];
		int64_t warm[SIDES] = { 0, 0 };		/* nobody's first time counts */

		for (unsigned who = 0; who < WHO; who++)
			if ((can[who] = contenders[who]->open(row, BATCH)))
				batch(contenders[who], warm);
		for (unsigned round = 0; round < rounds; round++)
			round_of(round, can, &r);
		for (unsigned who = 0; who < WHO; who++)
			contenders[who]->close();
		print_side(row, SERVER, rounds, can, &r);
		print_side(row, CLIENT, rounds, can, &r);
	}
}
