/* SPDX-License-Identifier: MIT */
#ifndef KERNEL_TESTLIB_H
#define KERNEL_TESTLIB_H

#include <stddef.h>
#include <stdint.h>
#include <ktls/offload.h>
#include <ktls/record.h>
#include "wire_testlib.h"

/* One version and cipher, and a connection of which end [0] is the kernel's to protect. */
struct combination {
	uint16_t version;
	enum ktls_cipher cipher;
	int fd[2];
};

struct kernel_case {
	const char *name;
	void (*run)(void **state);	/* a struct combination, connected, the ULP attached */
};

/* What the kernel said of itself, before the first case. */
extern struct ktls_caps kernel_caps;

/* Runs each case with every version and cipher, and each of once with one of TLS 1.3. */
int kernel_run(const struct kernel_case *each, size_t each_count, const struct kernel_case *once,
    size_t once_count);

struct ktls_keys kernel_install(const struct combination *c, enum ktls_dir dir,
    unsigned generation, uint64_t seq);
uint64_t kernel_seq(int fd, enum ktls_dir dir);

/* The next record on the wire, opened by libcrypto; the next one that the kernel gives, by cmsg. */
void expect_record(int fd, struct ktls_keys *keys, uint8_t type, const void *data, size_t len);
void expect_recv(int fd, uint8_t type, const void *data, size_t len);

#endif
