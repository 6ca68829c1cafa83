/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_OPTIONS_H
#define BOGO_SHIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHIM_GROUPS_MAX	8

/* What the runner asks for, by the names of its flags. */
struct shim_options {
	int port;
	bool ipv6;
	int shim_id;			/* -1: none */
	bool is_handshaker_supported;

	/* the configuration */
	bool server;
	const char *key_file, *cert_file;
	const char *host_name;
	const char *advertise_alpn;	/* as on the wire: each name behind its length */
	const char *select_alpn;
	bool reject_alpn;
	uint16_t groups[SHIM_GROUPS_MAX];
	size_t group_count;
	bool verify_peer, verify_fail;
	int min_version;
	bool no_tls12;

	/* how it is driven */
	bool async, exact;
	bool shim_writes_first, shim_shuts_down, check_close_notify;
	bool read_with_unfinished_write, write_different_record_sizes;
	bool handshake_twice, key_update, send_alert, export_traffic_secrets;
	int read_size;

	/* what must come out of it */
	bool handshake_never_done;
	bool expect_hrr, expect_no_hrr;
	int expect_version, expect_cipher, expect_curve_id, expect_peer_signature_algorithm;
	const char *expect_server_name, *expect_alpn;

	int lacks;			/* enum lack: why the test can't be run here */
};

/* False: a flag that nobody knows, or a wrong value; said on stderr. */
bool shim_options_parse(struct shim_options *o, char **argv);

/* Whether the test would be content with TLS 1.2, too. */
bool shim_options_allow_tls12(const struct shim_options *o);

#endif
