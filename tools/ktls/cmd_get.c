/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "get/download.h"
#include "ktls/cmd.h"

/* Says goodbye, so that the server needn't guess; what it answers no longer matters. */
static void
part(struct get_peer *peer)
{
	int err;

	while ((err = ktls_conn_shutdown(peer->conn)) == -EAGAIN && get_wait(peer) == 0)
		;
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
	if (get_connect(&peer, &options) && get_output_open(&out, &options)) {
		if (get_download(&peer, &out)) {
			part(&peer);
			status = get_output_finish(&out) ? EXIT_OK : EXIT_FAILED;
		} else {
			get_output_abandon(&out);
		}
	}
	get_close(&peer);
	return status;
}
