/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "ktls/cmd.h"
#include "serve/identity.h"
#include "serve/master.h"

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "ktls serve: %s: %s\n", what, why);
	return EXIT_FAILED;
}

/*
 * The service, with what this kernel can do found once for all workers, and with one
 * secret for the tickets of all of them: whoever has it opens what another has sealed.
 */
static struct ktls_config *
make_config(const struct serve_options *o, const struct serve_identity *identity,
    const struct ktls_caps *caps)
{
	static const char *const alpn[] = { "http/1.1" };
	struct ktls_config *cfg = NULL;
	struct ktls_tickets *tickets = NULL;
	int err;

	if ((err = ktls_config_new(&cfg)) == 0 &&
	    (err = ktls_tickets_new(&tickets, NULL, NULL, time(NULL), 0)) == 0 &&
	    (err = ktls_config_tickets(cfg, tickets)) == 0 &&
	    (err = ktls_config_identity(cfg, identity->cert, identity->key)) == 0 &&
	    (err = ktls_config_alpn(cfg, alpn, 1)) == 0 &&
	    (err = ktls_config_offload(cfg, o->offload)) == 0 &&
	    (err = ktls_config_caps(cfg, caps)) == 0 &&
	    (err = ktls_config_handshake_timeout(cfg, o->timeout)) == 0) {
		ktls_tickets_unref(tickets);
		return cfg;
	}
	fprintf(stderr, "ktls serve: %s\n", cfg != NULL && *ktls_config_error(cfg) != '\0' ?
	    ktls_config_error(cfg) : ktls_strerror(err));
	ktls_tickets_unref(tickets);
	ktls_config_unref(cfg);
	return NULL;
}

/* One direction: who makes its records, and why not the kernel, in the words of its answers. */
struct records {
	bool wanted;			/* in the kernel */
	char why[160];			/* not; "" where it does */
};

static struct records
ask_records(const struct serve_options *o, const struct ktls_caps *caps, enum ktls_dir dir)
{
	struct records r = { .wanted = o->offload == KTLS_OFFLOAD_FULL || (dir == KTLS_RX ?
	    o->offload == KTLS_OFFLOAD_RX :
	    o->offload == KTLS_OFFLOAD_TX || o->offload == KTLS_OFFLOAD_AUTO) };

	if (r.wanted)
		ktls_caps_explain(caps, KTLS_TLS13, KTLS_AES_128_GCM, dir, r.why, sizeof(r.why));
	return r;
}

static void
print_direction(const char *verb, const struct records *r)
{
	if (r->wanted && *r->why == '\0')
		printf("%s by the kernel", verb);
	else
		printf("%s in userspace%s%s%s", verb, *r->why != '\0' ? " (" : "", r->why,
		    *r->why != '\0' ? ")" : "");
}

static void
print_records(const struct serve_options *o, const struct ktls_caps *caps)
{
	struct records tx = ask_records(o, caps, KTLS_TX), rx = ask_records(o, caps, KTLS_RX);
	bool any = (tx.wanted && *tx.why == '\0') || (rx.wanted && *rx.why == '\0');

	fputs("records: ", stdout);
	if (!any) {
		printf("userspace (%s)\n", !tx.wanted && !rx.wanted ? "--offload none" :
		    tx.wanted ? tx.why : rx.why);
		return;
	}
	print_direction("sent", &tx);
	if (o->offload == KTLS_OFFLOAD_AUTO)
		printf(" from the first body over %u KiB on", KTLS_OFFLOAD_AFTER / 1024);
	print_direction(", received", &rx);
	putchar('\n');
}

/* In every worker the same; asked for here to be told, and so that a refusal ends the start. */
static bool
print_engine(const struct serve_options *o)
{
	const char *why = "", *name;
	struct ktls_uring *uring = NULL;
	int err;

	if ((err = ktls_uring_new(&uring, o->engine)) != 0) {
		fprintf(stderr, "ktls serve: no engine: %s%s\n", ktls_strerror(err),
		    o->engine == KTLS_ENGINE_URING ? "; try --engine epoll" : "");
		return false;
	}
	name = ktls_uring_engine(uring, &why);
	printf("engine: %s%s%s%s, %u %s\n", name, *why != '\0' ? " (" : "", why,
	    *why != '\0' ? ")" : "", o->workers, o->workers == 1 ? "worker" : "workers");
	ktls_uring_free(uring);
	return true;
}

/* As many connections as the machine allows; a failure leaves what there was. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
print_start(const struct serve_options *o, const struct serve_identity *identity,
    const struct serve_listeners *listeners, const struct ktls_caps *caps)
{
	printf("serving %s at", o->dir);
	for (size_t i = 0; i < listeners->addresses; i++)
		printf("%s https://%s/", i != 0 ? "," : "", listeners->name[i]);
	putchar('\n');
	print_records(o, caps);
	if (!print_engine(o))
		return false;
	printf("certificate: %s%s\n  SHA-256 %s\n", identity->cert,
	    identity->made ? " (self-signed, made for this host)" : "", identity->fingerprint);
	if (identity->made)
		printf("try: curl --cacert %s https://localhost:%u/\n", identity->cert,
		    listeners->port);
	fflush(stdout);
	return true;
}

static bool
listen_all(struct serve_listeners *listeners, const struct serve_options *o)
{
	for (size_t i = 0; i < o->listen_count; i++)
		if (!serve_listen(listeners, o->listen[i], o->workers))
			return false;
	return true;
}

/* Everything that can fail fails here, before the first worker runs. */
static int
serve(const struct serve_options *o, const struct serve_identity *identity, struct http_site *site)
{
	struct serve_listeners listeners = {0};
	struct worker worker = { .options = o, .site = site };
	struct ktls_caps caps;
	int status = EXIT_FAILED, err;

	raise_descriptors();
	if ((err = ktls_offload_probe(&caps)) != 0)
		return complain("asking the kernel what it can do", ktls_strerror(err));
	if ((worker.cfg = make_config(o, identity, &caps)) == NULL)
		return EXIT_FAILED;
	if (serve_log_open(&worker.log, o->log) && listen_all(&listeners, o) &&
	    print_start(o, identity, &listeners, &caps))
		status = master_run(&worker, &listeners);
	serve_listeners_close(&listeners);
	ktls_config_unref(worker.cfg);
	return status;
}

int
cmd_serve(int argc, char **argv)
{
	struct serve_options options;
	struct serve_identity identity;
	struct http_site site;
	int status, err;

	if (serve_options_parse(&options, argc, argv, &status) != 0)
		return status;
	if ((err = http_site_open(&site, options.dir)) != 0)
		return complain(options.dir, err == -ENOTDIR ?
		    "not a directory: give the one that holds the files" :
		    ktls_strerror(err));
	status = serve_identity_find(&identity, options.cert, options.key) ?
	    serve(&options, &identity, &site) : EXIT_FAILED;
	http_site_close(&site);
	return status;
}
