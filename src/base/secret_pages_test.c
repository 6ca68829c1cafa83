/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/check_testlib.h"
#include "base/lock.h"
#include "base/secret_pages.h"
#include "base/wipe_testlib.h"

#define MANY	1300		/* more than two regions hold */

static struct secret_slot *
slot_new(void)
{
	struct secret_slot *slot = NULL;

	OK(secret_slot_new(&slot));
	assert_non_null(slot);
	return slot;
}

static void
a_slot_is_empty_and_keeps(void **unused)
{
	static const uint8_t zeros[SECRET_SLOT_LEN];
	struct secret_slot *a = slot_new(), *b = slot_new();

	(void)unused;
	assert_ptr_not_equal(a, b);
	assert_memory_equal(secret_slot_bytes(a), zeros, sizeof(zeros));
	memset(secret_slot_bytes(a), 1, SECRET_SLOT_LEN);
	memset(secret_slot_bytes(b), 2, SECRET_SLOT_LEN);
	assert_int_equal(secret_slot_bytes(a)[0], 1);
	assert_int_equal(secret_slot_bytes(a)[SECRET_SLOT_LEN - 1], 1);
	secret_slot_free(b);
	assert_int_equal(secret_slot_bytes(a)[SECRET_SLOT_LEN - 1], 1);
	secret_slot_free(a);
	secret_slot_free(NULL);
	a = slot_new();
	assert_memory_equal(secret_slot_bytes(a), zeros, sizeof(zeros));
	secret_slot_free(a);
}

static void
many_come_and_go(void **unused)
{
	static struct secret_slot *slots[MANY];

	(void)unused;
	for (int round = 0; round < 3; round++) {
		for (uint16_t i = 0; i < MANY; i++) {
			slots[i] = slot_new();
			memcpy(secret_slot_bytes(slots[i]), &i, sizeof(i));
		}
		/* In another order than they came. */
		for (size_t i = 0; i < MANY; i++) {
			size_t at = i * 7 % MANY;
			uint16_t is;

			memcpy(&is, secret_slot_bytes(slots[at]), sizeof(is));
			assert_int_equal(is, at);
			secret_slot_free(slots[at]);
		}
	}
}

static void
a_copy_is_no_slot(void **unused)
{
	struct secret_slot *slot = slot_new(), copy = *slot;

	(void)unused;
	assert_null(secret_slot_bytes(&copy));
	secret_slot_free(slot);
}

/* In the child the secrets are gone, are seen to be gone, and the pages serve again. */
static int
child(struct secret_slot *slot)
{
	static const uint8_t zeros[SECRET_SLOT_LEN];
	struct secret_slot *again;

	if (secret_slot_bytes(slot) != NULL || memcmp(slot->bytes, zeros, sizeof(zeros)) != 0)
		return 1;
	secret_slot_free(slot);
	for (int i = 0; i < 2; i++) {
		if (secret_slot_new(&again) != 0 || secret_slot_bytes(again) == NULL)
			return 2;
		secret_slot_bytes(again)[0] = 1;
	}
	return 0;
}

static void
a_fork_loses_them(void **unused)
{
	struct secret_slot *slot = slot_new();
	int status;
	pid_t pid;

	(void)unused;
	memset(secret_slot_bytes(slot), 3, SECRET_SLOT_LEN);
	pid = fork();
	if (pid == 0)
		_exit(child(slot));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(secret_slot_bytes(slot)[SECRET_SLOT_LEN - 1], 3);
	secret_slot_free(slot);
}

/* /proc/self/smaps says of a mapping: dd (not dumped), wf (wiped in a fork). */
static void
the_kernel_was_told(void **unused)
{
	struct secret_slot *slot = slot_new();
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long from, to, at = (unsigned long)(uintptr_t)slot;
	char line[512];
	bool ours = false, told = false;

	(void)unused;
	assert_non_null(smaps);
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			ours = from <= at && at < to;
		if (ours && strncmp(line, "VmFlags:", 8) == 0)
			told = strstr(line, " dd") != NULL && strstr(line, " wf") != NULL;
	}
	(void)fclose(smaps);
	secret_slot_free(slot);
	assert_true(told);
}

static const uint8_t masked[16] = {
	0x3c, 0x91, 0x5e, 0x07, 0xd2, 0x48, 0xbb, 0x14,
	0xe9, 0x70, 0x2f, 0xac, 0x55, 0xca, 0x8e, 0x63,
};

static void
wiped(void **unused)
{
	struct secret_slot *slot;

	(void)unused;
	wipe_begin();
	slot = slot_new();
	wipe_unmask(masked, sizeof(masked), secret_slot_bytes(slot));
	assert_int_equal(wipe_find(masked, sizeof(masked)), 1);
	secret_slot_free(slot);
	assert_int_equal(wipe_find(masked, sizeof(masked)), 0);
}

static struct lock lock;
static int inside, overlaps;

static void *
thread(void *unused)
{
	(void)unused;
	for (int i = 0; i < 2000; i++) {
		struct secret_slot *slot = NULL;

		if (secret_slot_new(&slot) != 0)
			continue;
		memset(secret_slot_bytes(slot), i, SECRET_SLOT_LEN);
		lock_enter(&lock);
		overlaps += inside++ != 0;
		overlaps += secret_slot_bytes(slot)[SECRET_SLOT_LEN / 2] != (uint8_t)i;
		inside--;
		lock_leave(&lock);
		secret_slot_free(slot);
	}
	return NULL;
}

static void
threads(void **unused)
{
	pthread_t ids[4];

	(void)unused;
	OK(lock_init(&lock));
	for (int i = 0; i < 4; i++)
		OK(pthread_create(&ids[i], NULL, thread, NULL));
	for (int i = 0; i < 4; i++)
		OK(pthread_join(ids[i], NULL));
	assert_int_equal(overlaps, 0);
	lock_free(&lock);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_is_empty_and_keeps),
		cmocka_unit_test(many_come_and_go),
		cmocka_unit_test(a_copy_is_no_slot),
		cmocka_unit_test(a_fork_loses_them),
		cmocka_unit_test(the_kernel_was_told),
		cmocka_unit_test(wiped),
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
