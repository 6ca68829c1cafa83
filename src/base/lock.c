/* SPDX-License-Identifier: MIT */
#include "base/lock.h"

int
lock_init(struct lock *lock)
{
	return -pthread_mutex_init(&lock->mutex, NULL);
}

void
lock_free(struct lock *lock)
{
	(void)pthread_mutex_destroy(&lock->mutex);
}

void
lock_enter(struct lock *lock)
{
	(void)pthread_mutex_lock(&lock->mutex);		/* a plain mutex of ours can't fail */
}

void
lock_leave(struct lock *lock)
{
	(void)pthread_mutex_unlock(&lock->mutex);
}
