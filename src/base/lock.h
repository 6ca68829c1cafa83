/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>
#include <ktls/error.h>

/*
 * A mutex, for the few objects that threads share and change (store.h, secret
 * pages). Held for a few instructions, never across a callback or a system call
 * that can block, so entering has no failure to report.
 */
struct lock {
	pthread_mutex_t mutex;
};

#define LOCK_INIT	{ PTHREAD_MUTEX_INITIALIZER }

KTLS_CHECKED int lock_init(struct lock *lock);		/* -ENOMEM, -EAGAIN */
void lock_free(struct lock *lock);
void lock_enter(struct lock *lock);
void lock_leave(struct lock *lock);

#endif
