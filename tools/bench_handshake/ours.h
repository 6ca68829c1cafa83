/* SPDX-License-Identifier: MIT */
#ifndef BENCH_HANDSHAKE_OURS_H
#define BENCH_HANDSHAKE_OURS_H

#include <ktls/handshake.h>
#include <ktls/record.h>
#include "bench_handshake/bench.h"

/* For those who look into a connection of ours: memory.c, records.c. */
struct ktls_config *ours_config(enum row row, enum side side, struct ktls_crypto *crypto);
struct ktls_hs *ours_hs(enum side side, size_t slot);
struct ktls_crypto *ours_crypto(void);
struct ktls_record *ours_record(struct ktls_hs *hs, struct ktls_crypto *crypto,
    enum ktls_dir dir);

#endif
