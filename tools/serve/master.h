/* SPDX-License-Identifier: MIT */
#ifndef SERVE_MASTER_H
#define SERVE_MASTER_H

#include "serve/listen.h"
#include "serve/worker.h"

/*
 * Starts the workers, each like `worker` with its own listeners; starts one again
 * that dies; on SIGTERM or SIGINT lets all of them finish. Reads nothing from a
 * peer. In a worker it returns when the worker has ended: the exit status either way.
 */
int master_run(const struct worker *worker, struct serve_listeners *listeners);

#endif
