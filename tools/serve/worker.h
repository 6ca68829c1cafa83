/* SPDX-License-Identifier: MIT */
#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include "http/answer.h"
#include "serve/log.h"
#include "serve/options.h"

struct client;

/* One process, one thread, one ring. */
struct worker {
	const struct serve_options *options;
	struct ktls_config *cfg;
	struct http_site *site;
	struct serve_log log;
	struct ktls_uring *uring;
	struct client *clients;
	size_t client_count, client_peak;
	const int *listeners;
	size_t listener_count;
	bool draining;			/* SIGTERM has come: no new connections, no new requests */
};

#define WORKER_DRAIN_SECONDS	10

/* Serves until SIGTERM or SIGINT, then finishes what is in flight. The exit status. */
int worker_run(struct worker *worker);

/* The book-keeping of client.c. */
void worker_client_came(struct worker *worker);
void worker_client_gone(struct worker *worker);

/* client.c */
void client_accepted(struct worker *worker, int fd);
/* Finishes: at once where it waits for a request, else after the answer under way. */
void client_drain(struct client *client);
/* whatever it is doing; says nothing to the peer */
void client_close(struct client *client);
/* likewise, and the log says so */
void client_cut_off(struct client *client);
struct client *client_next(struct client *client);

#endif
