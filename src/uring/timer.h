/* SPDX-License-Identifier: MIT */
#ifndef URING_TIMER_H
#define URING_TIMER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Deadlines, in a wheel: setting, moving and clearing one costs the same few
 * stores whether there are ten or a hundred thousand. Exact to TIMER_TICK: a
 * deadline is never early, and late by two ticks at most.
 */
#define TIMER_TICK	32		/* ms */
#define TIMER_SLOTS	256		/* a power of two; what lies further goes round again */

struct timer {
	struct timer *next, *prev;	/* NULL: not set */
	uint64_t tick;
	void (*expired)(struct timer *timer);
};

struct timers {
	struct timer slot[TIMER_SLOTS];	/* list heads */
	uint64_t now;			/* in ticks: all before it have been looked at */
	unsigned count;
};

void timers_init(struct timers *timers, uint64_t now_ms);
void timer_set(struct timers *timers, struct timer *timer, uint64_t now_ms, unsigned after_ms);
void timer_clear(struct timers *timers, struct timer *timer);
/* Calls expired for each timer whose time has come; it may set and clear any. */
void timers_run(struct timers *timers, uint64_t now_ms);
/* Milliseconds until timers_run() is worth a call; -1: none is set. */
int timers_next(const struct timers *timers, uint64_t now_ms);

#endif
