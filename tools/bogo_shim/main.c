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

/* What a failure shows to be lacking, where no flag had told. */
static enum lack
lacks(const struct conn *c, int err)
{
	enum ktls_reason reason = ktls_err_reason(err);
	bool version = reason == KTLS_R_CH_VERSION || reason == KTLS_R_SH_VERSION ||
	    err == KTLS_PEER_ALERT(KTLS_ALERT_protocol_version);

	if (version && c->post == NULL && shim_options_allow_tls12(c->o))
		return LACK_TLS12;
	if (reason == KTLS_R_CERT_KEY)
		return LACK_KEYS;
	return LACK_NOTHING;
}

static int
complain(const struct conn *c, int err)
{
	const char *text = c->hs != NULL ? ktls_hs_reason_text(c->hs) : "";

	fprintf(stderr, "%s %s\n", mutant("error") ? ":WRONG:" : error_names(err),
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
		if (strstr(ktls_config_error(c->cfg), "key") != NULL)
			return skip(LACK_KEYS);
		fprintf(stderr, "%s\n", ktls_config_error(c->cfg));
		return EXIT_FAILED;
	}
	if ((err = conn_handshake(c)) != 0)
		return lacks(c, err) != LACK_NOTHING ? skip(lacks(c, err)) : complain(c, err);
	if (!expect_handshake(c))
		return EXIT_FAILED;
	if ((err = exchange(c)) != 0) {
		conn_send_alert(c, err);
		return complain(c, err);
	}
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	static struct conn conn;
	struct shim_options o;
	int status;

	(void)argc;
	if (!shim_options_parse(&o, argv + 1))
		return EXIT_FAILED;
	if (o.is_handshaker_supported) {
		puts("No");
		return EXIT_DONE;
	}
	if (o.lacks != LACK_NOTHING)
		return skip((enum lack)o.lacks);
	conn.o = &o;
	if ((conn.fd = link_open(&o)) < 0) {
		fprintf(stderr, "connect: %s\n", strerror(-conn.fd));
		return EXIT_FAILED;
	}
	status = run(&conn);
	conn_free(&conn);
	/* Whatever stands behind this line is a sanitizer's. */
	fputs("--- DONE ---\n", stderr);
	return status;
}
