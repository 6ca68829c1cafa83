/* SPDX-License-Identifier: MIT */
#ifndef BOGO_SHIM_OPTIONS_H
#define BOGO_SHIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHIM_LIST_MAX	32

/* Numbers in the order given. */
struct shim_list {
	uint16_t of[SHIM_LIST_MAX];
	size_t count;
};

/* What the runner asks of one connection, by the names of its flags. */
struct shim_options {
	int port;
	bool ipv6;
	int shim_id;			/* -1: none */
	bool is_handshaker_supported;
	int resume_count, resumption_delay;	/* seconds */

	/* the configuration */
	bool server;
	const char *key_file, *cert_file;
	const char *host_name;
	const char *advertise_alpn;	/* as on the wire: each name behind its length */
	const char *select_alpn;
	bool reject_alpn;
	struct shim_list groups, sign_schemes, verify_schemes;
	bool verify_peer, require_client_certificate, verify_fail, custom_verify;
	const char *client_ca_list;
	int min_version, max_version;	/* 0: whatever there is */
	bool no_tls12, no_tls13;
	bool no_ticket, use_ticket_callback;
	bool fips_202205, wpa_202304;
	bool grease;
	int max_send_fragment;

	/* what its hooks do */
	bool use_early_callback, fail_early_callback, install_ddos_callback, fail_ddos_callback;
	bool fail_cert_callback, use_old_client_cert_callback;

	/* how it is driven */
	bool async, exact;
	bool shim_writes_first, shim_shuts_down, check_close_notify;
	bool read_with_unfinished_write, write_different_record_sizes, peek_then_read;
	bool handshake_twice, key_update, send_alert, export_traffic_secrets;
	bool tls_unique;
	int read_size;
	int export_keying_material;
	const char *export_label, *export_context;
	bool use_export_context;

	/* what must come out of it */
	bool handshake_never_done;
	bool expect_hrr, expect_no_hrr;
	int expect_version, expect_cipher, expect_curve_id, expect_peer_signature_algorithm;
	const char *expect_server_name, *expect_alpn, *expect_advertised_alpn;
	bool expect_session_miss, expect_no_session, expect_ticket_renewal;
	bool expect_session_id, expect_no_session_id;
	bool expect_verify_result, expect_extended_master_secret;
	const char *expect_peer_cert_file, *expect_client_ca_list;
	struct shim_list expect_peer_verify_prefs;

	int lacks;			/* enum lack: why the test can't be run here */
};

/* The first connection of a process, and those that resume it. */
enum { SHIM_INITIAL, SHIM_RESUME, SHIM_CONNECTIONS };

/* False: a flag that nobody knows, or a wrong value; said on stderr. */
bool shim_options_parse(struct shim_options o[SHIM_CONNECTIONS], char **argv);

/* The lowest and the highest version that it may speak; false where there is none. */
bool shim_options_versions(const struct shim_options *o, uint16_t *min, uint16_t *max);

#endif
