/* SPDX-License-Identifier: MIT */
/* The tests of src/uring's streams, with every record of both ends made by the kernel. */
#define KERNEL_RECORDS 1
#include "uring/stream_test.c"
