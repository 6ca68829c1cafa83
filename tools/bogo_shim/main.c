/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bogo_shim/errors.h"
#include "bogo_shim/exchange.h"
#include "bogo_shim/flags.h"
#include "bogo_shim/link.h"
#include "bogo_shim/mutant.h"

/*
 * The shim of BoringSSL's TLS test runner: one process a test. The runner plays
 * the peer, and judges the exit status, stderr and the wire.
 */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_UNIMPLEMENTED = 89 };

/*
 * The runner counts what is not implemented; why, it can't hear. So the reason is a
 * line of the file that KTLS_SHIM_SKIPPED names, written at once: others write there too.
 */
static int
skip(enum lack why)
{
	const char *file = getenv("KTLS_SHIM_SKIPPED");
	char line[128];
	int fd, len;

	if (file == NULL || (fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) < 0)
		return EXIT_UNIMPLEMENTED;
	len = snprintf(line, sizeof(line), "%s\n", lack_text(why));
	if (write(fd, line, (size_t)len) != len)
		perror(file);
	close(fd);
	return EXIT_UNIMPLEMENTED;
}

static int
complain(const struct conn *c, int err)
{
	const char *text = c->hs != NULL ? ktls_hs_reason_text(c->hs) : "";
	const char *name = c->own_refusal != NULL ? c->own_refusal : error_names(err);

	fprintf(stderr, "%s %s\n", mutant("error") ? ":WRONG:" : name,
	    *text != '\0' ? text : ktls_strerror(err));
	return EXIT_FAILED;
}

static int
run(struct conn *c)
{
	int err;

	if (mutant("nothing"))
		return EXIT_DONE;
	if ((err = conn_config(c)) != 0) {
		fprintf(stderr, "%s %s\n", config_error_names(c->o), ktls_config_error(c->cfg));
		return EXIT_FAILED;
	}
	if ((err = conn_handshake(c)) != 0)
		return complain(c, err);
	if (!expect_handshake(c))
		return EXIT_FAILED;
	if ((err = exchange(c)) != 0) {
		conn_send_alert(c, err);
		return complain(c, err);
	}
	return expect_exchange(c) ? EXIT_DONE : EXIT_FAILED;
}

static int
connect_and_run(struct shim *shim, const struct shim_options *o, bool resumption)
{
	static struct conn conn;
	int status;

	conn = (struct conn){ .o = o, .shim = shim, .resumption = resumption };
	if ((conn.fd = link_open(o)) < 0) {
		fprintf(stderr, "connect: %s\n", strerror(-conn.fd));
		return EXIT_FAILED;
	}
	status = run(&conn);
	conn_free(&conn);
	return status;
}

static int
run_all(const struct shim_options o[SHIM_CONNECTIONS])
{
	struct shim shim = { 0 };
	int status = EXIT_DONE, err;

	if ((err = shim_open(&shim)) != 0) {
		fprintf(stderr, "%s\n", ktls_strerror(err));
		status = EXIT_FAILED;
	}
	for (int i = 0; i <= o[SHIM_INITIAL].resume_count && status == EXIT_DONE; i++) {
		if (i > 0)
			shim.now += (int64_t)o[SHIM_INITIAL].resumption_delay * 1000;
		status = connect_and_run(&shim, &o[i > 0 ? SHIM_RESUME : SHIM_INITIAL], i > 0);
	}
	shim_close(&shim);
	return status;
}

int
main(int argc, char **argv)
{
	struct shim_options o[SHIM_CONNECTIONS];
	int status, lacks;

	(void)argc;
	if (!shim_options_parse(o, argv + 1))
		return EXIT_FAILED;
	if (o[SHIM_INITIAL].is_handshaker_supported) {
		puts("No");
		return EXIT_DONE;
	}
	lacks = o[SHIM_INITIAL].lacks;
	if (o[SHIM_INITIAL].resume_count != 0 && o[SHIM_RESUME].lacks < lacks)
		lacks = o[SHIM_RESUME].lacks;
	if (lacks != LACK_NOTHING)
		return skip((enum lack)lacks);
	status = run_all(o);
	/* Whatever stands behind this line is a sanitizer's. */
	fputs("--- DONE ---\n", stderr);
	return status;
}
