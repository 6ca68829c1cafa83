/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "bogo_shim/flags.h"

/* clang-format off */
#define AT(field)	offsetof(struct shim_options, field), LACK_NOTHING
#define NOWHERE		0, LACK_NOTHING
#define WHY(reason)	0, LACK_##reason

static const struct flag flags[] = {
	{ "-port", NUMBER, AT(port) },
	{ "-ipv6", BOOL, AT(ipv6) },
	{ "-shim-id", NUMBER, AT(shim_id) },
	{ "-is-handshaker-supported", BOOL, AT(is_handshaker_supported) },
	{ "-server", BOOL, AT(server) },
	{ "-key-file", STRING, AT(key_file) },
	{ "-cert-file", STRING, AT(cert_file) },
	{ "-host-name", STRING, AT(host_name) },
	{ "-advertise-alpn", STRING, AT(advertise_alpn) },
	{ "-select-alpn", STRING, AT(select_alpn) },
	{ "-reject-alpn", BOOL, AT(reject_alpn) },
	{ "-decline-alpn", NOTHING, NOWHERE },		/* without a list a server ignores the client's */
	{ "-curves", GROUP, NOWHERE },
	{ "-signing-prefs", SCHEME, AT(sign_schemes) },
	{ "-verify-prefs", SCHEME, AT(verify_schemes) },
	{ "-verify-fail", BOOL, AT(verify_fail) },
	{ "-verify-peer", BOOL, AT(verify_peer) },
	{ "-use-custom-verify-callback", BOOL, AT(custom_verify) },
	{ "-require-any-client-certificate", BOOL, AT(require_client_certificate) },
	{ "-use-client-ca-list", STRING, AT(client_ca_list) },
	{ "-ignore-rsa-key-usage", NOTHING, NOWHERE },	/* it counts, always */
	{ "-min-version", NUMBER, AT(min_version) },
	{ "-max-version", NUMBER, AT(max_version) },
	{ "-no-tls13", BOOL, AT(no_tls13) },
	{ "-no-tls12", BOOL, AT(no_tls12) },
	{ "-no-tls11", NOTHING, NOWHERE },		/* never spoken */
	{ "-no-tls1", NOTHING, NOWHERE },
	{ "-server-preference", NOTHING, NOWHERE },	/* the server's order decides, always */
	{ "-fips-202205", BOOL, AT(fips_202205) },
	{ "-wpa-202304", BOOL, AT(wpa_202304) },
	{ "-enable-grease", BOOL, AT(grease) },
	{ "-max-send-fragment", NUMBER, AT(max_send_fragment) },
	{ "-no-ticket", BOOL, AT(no_ticket) },
	{ "-use-ticket-callback", BOOL, AT(use_ticket_callback) },
	{ "-renew-ticket", NOTHING, NOWHERE },		/* a resumed session gets one, always */
	{ "-resume-count", NUMBER, AT(resume_count) },
	{ "-resumption-delay", NUMBER, AT(resumption_delay) },
	{ "-use-early-callback", BOOL, AT(use_early_callback) },
	{ "-fail-early-callback", BOOL, AT(fail_early_callback) },
	{ "-install-ddos-callback", BOOL, AT(install_ddos_callback) },
	{ "-fail-ddos-callback", BOOL, AT(fail_ddos_callback) },
	{ "-fail-cert-callback", BOOL, AT(fail_cert_callback) },
	{ "-use-old-client-cert-callback", BOOL, AT(use_old_client_cert_callback) },
	{ "-async", BOOL, AT(async) },
	{ "-exact", BOOL, AT(exact) },			/* ours: as if bound for the kernel */
	{ "-implicit-handshake", NOTHING, NOWHERE },	/* reading never starts a handshake */
	{ "-partial-write", NOTHING, NOWHERE },		/* sending is our own loop */
	{ "-shim-writes-first", BOOL, AT(shim_writes_first) },
	{ "-shim-shuts-down", BOOL, AT(shim_shuts_down) },
	{ "-check-close-notify", BOOL, AT(check_close_notify) },
	{ "-read-with-unfinished-write", BOOL, AT(read_with_unfinished_write) },
	{ "-write-different-record-sizes", BOOL, AT(write_different_record_sizes) },
	{ "-read-size", NUMBER, AT(read_size) },
	{ "-no-op-extra-handshake", BOOL, AT(handshake_twice) },
	{ "-handshake-twice", BOOL, AT(handshake_twice) },
	{ "-key-update", BOOL, AT(key_update) },
	{ "-send-alert", BOOL, AT(send_alert) },
	{ "-export-traffic-secrets", BOOL, AT(export_traffic_secrets) },
	{ "-export-keying-material", NUMBER, AT(export_keying_material) },
	{ "-export-label", STRING, AT(export_label) },
	{ "-export-context", STRING, AT(export_context) },
	{ "-use-export-context", BOOL, AT(use_export_context) },
	{ "-tls-unique", BOOL, AT(tls_unique) },
	{ "-peek-then-read", BOOL, AT(peek_then_read) },
	{ "-handshake-never-done", BOOL, AT(handshake_never_done) },
	{ "-expect-hrr", BOOL, AT(expect_hrr) },
	{ "-expect-no-hrr", BOOL, AT(expect_no_hrr) },
	{ "-expect-version", NUMBER, AT(expect_version) },
	{ "-expect-cipher", NUMBER, AT(expect_cipher) },
	{ "-expect-curve-id", NUMBER, AT(expect_curve_id) },
	{ "-expect-peer-signature-algorithm", NUMBER, AT(expect_peer_signature_algorithm) },
	{ "-expect-server-name", STRING, AT(expect_server_name) },
	{ "-expect-alpn", STRING, AT(expect_alpn) },
	{ "-expect-advertised-alpn", STRING, AT(expect_advertised_alpn) },
	{ "-expect-session-miss", BOOL, AT(expect_session_miss) },
	{ "-expect-no-session", BOOL, AT(expect_no_session) },
	{ "-expect-ticket-renewal", BOOL, AT(expect_ticket_renewal) },
	{ "-expect-session-id", BOOL, AT(expect_session_id) },
	{ "-expect-no-session-id", BOOL, AT(expect_no_session_id) },
	{ "-expect-verify-result", BOOL, AT(expect_verify_result) },
	{ "-expect-extended-master-secret", BOOL, AT(expect_extended_master_secret) },
	{ "-expect-peer-cert-file", STRING, AT(expect_peer_cert_file) },
	{ "-expect-client-ca-list", STRING, AT(expect_client_ca_list) },
	{ "-expect-peer-verify-pref", SCHEME, AT(expect_peer_verify_prefs) },

	{ "-dtls", NEVER, WHY(DTLS) },
	{ "-mtu", NEVER_VALUE, WHY(DTLS) },
	{ "-initial-timeout-duration-ms", NEVER_VALUE, WHY(DTLS) },
	{ "-quic", NEVER, WHY(QUIC) },
	{ "-quic-transport-params", NEVER_VALUE, WHY(QUIC) },
	{ "-expect-quic-transport-params", NEVER_VALUE, WHY(QUIC) },
	{ "-quic-use-legacy-codepoint", NEVER_VALUE, WHY(QUIC) },
	{ "-quic-early-data-context", NEVER_VALUE, WHY(QUIC) },
	{ "-handoff", NEVER, WHY(SPLIT) },
	{ "-handshake-hints", NEVER, WHY(SPLIT) },
	{ "-allow-hint-mismatch", NEVER, WHY(SPLIT) },
	{ "-handshaker-resume", NEVER, WHY(SPLIT) },
	{ "-handshaker-path", NEVER_VALUE, WHY(SPLIT) },
	{ "-enable-ech-grease", NEVER, WHY(ECH) },
	{ "-ech-server-config", NEVER_VALUE, WHY(ECH) },
	{ "-ech-server-key", NEVER_VALUE, WHY(ECH) },
	{ "-ech-is-retry-config", NEVER_VALUE, WHY(ECH) },
	{ "-ech-config-list", NEVER_VALUE, WHY(ECH) },
	{ "-expect-ech-accept", NEVER, WHY(ECH) },
	{ "-expect-ech-name-override", NEVER_VALUE, WHY(ECH) },
	{ "-expect-no-ech-name-override", NEVER, WHY(ECH) },
	{ "-expect-ech-retry-configs", NEVER_VALUE, WHY(ECH) },
	{ "-expect-no-ech-retry-configs", NEVER, WHY(ECH) },
	{ "-delegated-credential", NEVER_VALUE, WHY(DELEGATED) },
	{ "-expect-delegated-credential-used", NEVER, WHY(DELEGATED) },
	{ "-application-settings", NEVER_VALUE, WHY(ALPS) },
	{ "-expect-peer-application-settings", NEVER_VALUE, WHY(ALPS) },
	{ "-defer-alps", NEVER, WHY(ALPS) },
	{ "-advertise-npn", NEVER_VALUE, WHY(NPN) },
	{ "-select-next-proto", NEVER_VALUE, WHY(NPN) },
	{ "-expect-next-proto", NEVER_VALUE, WHY(NPN) },
	{ "-enable-channel-id", NEVER, WHY(CHANNEL_ID) },
	{ "-send-channel-id", NEVER_VALUE, WHY(CHANNEL_ID) },
	{ "-expect-channel-id", NEVER_VALUE, WHY(CHANNEL_ID) },
	{ "-verify-peer-if-no-obc", NEVER, WHY(CHANNEL_ID) },
	{ "-srtp-profiles", NEVER_VALUE, WHY(SRTP) },
	{ "-false-start", NEVER, WHY(FALSE_START) },
	{ "-allow-false-start-without-alpn", NEVER, WHY(FALSE_START) },
	{ "-retain-only-sha256-client-cert", NEVER, WHY(QUIRK) },
	{ "-expect-sha256-client-cert", NEVER, WHY(QUIRK) },
	{ "-permute-extensions", NEVER, WHY(QUIRK) },
	{ "-jdk11-workaround", NEVER, WHY(QUIRK) },
	{ "-expect-msg-callback", NEVER_VALUE, WHY(QUIRK) },
	{ "-expect-cipher-aes", NEVER_VALUE, WHY(QUIRK) },	/* prefers by the machine's hardware */
	{ "-expect-cipher-no-aes", NEVER_VALUE, WHY(QUIRK) },
	{ "-allow-unknown-alpn-protos", NEVER, WHY(QUIRK) },
	{ "-select-empty-alpn", NEVER, WHY(QUIRK) },
	{ "-max-cert-list", NEVER_VALUE, WHY(QUIRK) },
	{ "-cipher", NEVER_VALUE, WHY(QUIRK) },		/* a language of its own */
	{ "-ticket-key", NEVER_VALUE, WHY(QUIRK) },	/* tickets in its own format */
	{ "-reverify-on-resume", NEVER, WHY(QUIRK) },
	{ "-expect-certificate-types", NEVER_VALUE, WHY(QUIRK) },
	{ "-expect-key-usage-invalid", NEVER, WHY(QUIRK) },
	{ "-wait-for-debugger", NEVER, WHY(QUIRK) },
	{ "-write-settings", NEVER_VALUE, WHY(QUIRK) },
	{ "-renegotiate-once", NEVER, WHY(RENEGOTIATION) },
	{ "-renegotiate-freely", NEVER, WHY(RENEGOTIATION) },
	{ "-renegotiate-ignore", NEVER, WHY(RENEGOTIATION) },
	{ "-renegotiate-explicit", NEVER, WHY(RENEGOTIATION) },
	{ "-forbid-renegotiation-after-handshake", NEVER, WHY(RENEGOTIATION) },
	{ "-expect-total-renegotiations", NEVER_VALUE, WHY(RENEGOTIATION) },
	{ "-expect-secure-renegotiation", NEVER, WHY(RENEGOTIATION) },
	{ "-expect-no-secure-renegotiation", NEVER, WHY(RENEGOTIATION) },
	{ "-fallback-scsv", NEVER, WHY(FALLBACK) },
	{ "-cbc-record-splitting", NEVER, WHY(OLD_TLS) },
	{ "-enable-early-data", NEVER, WHY(EARLY_DATA) },
	{ "-expect-ticket-supports-early-data", NEVER, WHY(EARLY_DATA) },
	{ "-expect-accept-early-data", NEVER, WHY(EARLY_DATA) },
	{ "-expect-reject-early-data", NEVER, WHY(EARLY_DATA) },
	{ "-expect-no-offer-early-data", NEVER, WHY(EARLY_DATA) },
	{ "-expect-early-data-reason", NEVER_VALUE, WHY(EARLY_DATA) },
	{ "-use-exporter-between-reads", NEVER, WHY(EARLY_DATA) },
	{ "-expect-ticket-age-skew", NEVER_VALUE, WHY(EARLY_DATA) },	/* that alone asks how fresh one is */
	{ "-early-write-after-message", NEVER_VALUE, WHY(EARLY_DATA) },
	{ "-psk", NEVER_VALUE, WHY(PSK) },
	{ "-psk-identity", NEVER_VALUE, WHY(PSK) },
	{ "-enable-ocsp-stapling", NEVER, WHY(OCSP) },
	{ "-ocsp-response", NEVER_VALUE, WHY(OCSP) },
	{ "-expect-ocsp-response", NEVER_VALUE, WHY(OCSP) },
	{ "-use-ocsp-callback", NEVER, WHY(OCSP) },
	{ "-set-ocsp-in-callback", NEVER, WHY(OCSP) },
	{ "-decline-ocsp-callback", NEVER, WHY(OCSP) },
	{ "-fail-ocsp-callback", NEVER, WHY(OCSP) },
	{ "-enable-signed-cert-timestamps", NEVER, WHY(SCT) },
	{ "-signed-cert-timestamps", NEVER_VALUE, WHY(SCT) },
	{ "-expect-signed-cert-timestamps", NEVER_VALUE, WHY(SCT) },
	{ "-install-cert-compression-algs", NEVER, WHY(COMPRESSION) },
	{ "-install-one-cert-compression-alg", NEVER_VALUE, WHY(COMPRESSION) },
};
/* clang-format on */
#define COUNT(table)	(sizeof(table) / sizeof(*(table)))

const struct flag *
flag_find(const char *name)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if (strcmp(flags[i].name, name) == 0)
			return &flags[i];
	return NULL;
}

bool
flag_is_number(const struct flag *flag)
{
	return flag->kind == NUMBER || flag->kind == GROUP || flag->kind == SCHEME;
}

bool
flag_has_value(const struct flag *flag)
{
	return flag_is_number(flag) || flag->kind == STRING || flag->kind == NEVER_VALUE;
}

#define LACK_TEXT(name, text)	text,

const char *
lack_text(enum lack lack)
{
	static const char *const texts[] = { SHIM_LACKS(LACK_TEXT) };

	return (size_t)lack < COUNT(texts) ? texts[lack] : "nothing";
}
