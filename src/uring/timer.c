/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include "uring/timer.h"

void
timers_init(struct timers *timers, uint64_t now_ms)
{
	for (size_t i = 0; i < TIMER_SLOTS; i++)
		timers->slot[i].next = timers->slot[i].prev = &timers->slot[i];
	timers->now = now_ms / TIMER_TICK;
	timers->count = 0;
}

void
timer_clear(struct timers *timers, struct timer *timer)
{
	if (timer->next == NULL)
		return;
	timer->next->prev = timer->prev;
	timer->prev->next = timer->next;
	timer->next = timer->prev = NULL;
	timers->count--;
}

void
timer_set(struct timers *timers, struct timer *timer, uint64_t now_ms, unsigned after_ms)
{
	struct timer *head;

	timer_clear(timers, timer);
	timer->tick = (now_ms + after_ms) / TIMER_TICK + 1;	/* rounded up: never early */
	head = &timers->slot[timer->tick % TIMER_SLOTS];
	timer->next = head;
	timer->prev = head->prev;
	head->prev->next = timer;
	head->prev = timer;
	timers->count++;
}

/*
 * One slot. Whoever expires may set and clear any timer, so the slot is taken off
 * the wheel as a list of its own, and each timer goes back before anything is called.
 */
static void
run_slot(struct timers *timers, struct timer *head)
{
	struct timer list, *timer;

	if (head->next == head)
		return;
	list = *head;
	list.next->prev = list.prev->next = &list;
	head->next = head->prev = head;
	while ((timer = list.next) != &list) {
		timer->next->prev = &list;
		list.next = timer->next;
		timer->next = head;
		timer->prev = head->prev;
		head->prev->next = timer;
		head->prev = timer;
		if (timer->tick <= timers->now) {
			timer_clear(timers, timer);
			timer->expired(timer);
		}
	}
}

void
timers_run(struct timers *timers, uint64_t now_ms)
{
	uint64_t tick = now_ms / TIMER_TICK;

	if (tick > timers->now + TIMER_SLOTS)		/* once round sees them all */
		timers->now = tick - TIMER_SLOTS;
	for (; timers->now <= tick; timers->now++)
		run_slot(timers, &timers->slot[timers->now % TIMER_SLOTS]);
	timers->now = tick;				/* again next time: it isn't over */
}

int
timers_next(const struct timers *timers, uint64_t now_ms)
{
	uint64_t tick = timers->now + 1, at;		/* the slot of now itself has been run */

	if (timers->count == 0)
		return -1;
	while (tick < timers->now + TIMER_SLOTS &&
	    timers->slot[tick % TIMER_SLOTS].next == &timers->slot[tick % TIMER_SLOTS])
		tick++;
	at = tick * TIMER_TICK;
	return at > now_ms ? (int)(at - now_ms) : 0;
}
