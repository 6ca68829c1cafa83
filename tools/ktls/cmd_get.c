/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "get/download.h"
#include "ktls/cmd.h"

/*
 * Says goodbye. All that we sent has been answered, so nothing is lost if we don't
 * wait for the other side's: it has half a second for it, so as not to be reset.
 */
static void
part(struct get_peer *peer, bool wait)
{
	int tries = wait ? 10 : 1, err;

	do {
		err = ktls_conn_shutdown(peer->conn);
	} while (err == -EAGAIN && --tries > 0 && get_wait(peer) == 0);
}

static bool
fetch(struct get_peer *peer, struct get_output *out)
{
	if (get_download(peer, out))
		return get_output_finish(out);
	get_output_abandon(out);
	return false;
}

int
cmd_get(int argc, char **argv)
{
	struct get_options options;
	struct get_output out;
	struct get_peer peer;
	int status;

	if (get_options_parse(&options, argc, argv, &status) != 0)
		return status;
	status = EXIT_FAILED;
	if (get_connect(&peer, &options)) {
		if (get_output_open(&out, &options))
			status = fetch(&peer, &out) ? EXIT_OK : EXIT_FAILED;
		part(&peer, status == EXIT_OK);
	}
	get_close(&peer);
	return status;
}
