/* SPDX-License-Identifier: MIT */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#define ADDRESSES_MAX	16

/*
 * The listening sockets: one for each address and worker, with SO_REUSEPORT, all
 * held open by the master, so that what waits in the queue of a worker that died
 * passes to its successor.
 */
struct serve_listeners {
	size_t addresses, workers;
	int *fd;				/* [worker * addresses + address] */
	char name[ADDRESSES_MAX][64];		/* "127.0.0.1:8443", "[::1]:8443" */
	unsigned port;				/* of the first */
};

/* Whether it reads as [ADDRESS:]PORT. */
bool serve_listen_valid(const char *where);

/* Adds what one --listen names. false: the sentence has been printed. */
bool serve_listen(struct serve_listeners *listeners, const char *where, size_t workers);

/* In a worker: closes all but its own. */
void serve_listeners_keep(struct serve_listeners *listeners, size_t worker);
/* In every process that has them: no more connections, those in the queues are reset. */
void serve_listeners_stop(struct serve_listeners *listeners);
void serve_listeners_close(struct serve_listeners *listeners);

#endif
