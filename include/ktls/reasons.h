/* SPDX-License-Identifier: MIT */
#ifndef KTLS_REASONS_H
#define KTLS_REASONS_H

/* Alert descriptions, RFC 8446 section 6 and RFC 7301 section 3.2. */
#define KTLS_ALERTS(X) \
	X(close_notify, 0) \
	X(unexpected_message, 10) \
	X(bad_record_mac, 20) \
	X(record_overflow, 22) \
	X(handshake_failure, 40) \
	X(bad_certificate, 42) \
	X(unsupported_certificate, 43) \
	X(certificate_revoked, 44) \
	X(certificate_expired, 45) \
	X(certificate_unknown, 46) \
	X(illegal_parameter, 47) \
	X(unknown_ca, 48) \
	X(access_denied, 49) \
	X(decode_error, 50) \
	X(decrypt_error, 51) \
	X(protocol_version, 70) \
	X(insufficient_security, 71) \
	X(internal_error, 80) \
	X(inappropriate_fallback, 86) \
	X(user_canceled, 90) \
	X(missing_extension, 109) \
	X(unsupported_extension, 110) \
	X(unrecognized_name, 112) \
	X(bad_certificate_status_response, 113) \
	X(unknown_psk_identity, 115) \
	X(certificate_required, 116) \
	X(no_application_protocol, 120)

#define KTLS_ALERT_ENUM(name, value)	KTLS_ALERT_##name = value,
/* none: the peer doesn't speak TLS, or has gone; no alert is sent. */
enum ktls_alert { KTLS_ALERTS(KTLS_ALERT_ENUM) KTLS_ALERT_none = 256 };

/*
 * Why a peer was refused: one row a rule. The row gives the alert that the RFC
 * demands, the sentence for people, and where the rule stands. The numbers are
 * not part of the ABI's promise before 1.0: new rows stand with their kin.
 */
/* clang-format off */
#define KTLS_REASONS(X) \
	X(NONE, none, "no reason", "") \
	X(INTERNAL, internal_error, "a mistake of this library", "RFC 8446 6.2") \
	X(UNEXPECTED_MESSAGE, unexpected_message, "a message out of its order", "RFC 8446 4") \
	X(RECORD_TYPE, unexpected_message, "a record of a type that can't stand here", "RFC 8446 5") \
	X(RECORD_VERSION, protocol_version, "a record of a version that isn't TLS 1.x", "RFC 8446 5.1") \
	X(RECORD_OVERFLOW, record_overflow, "a record longer than allowed", "RFC 8446 5.2, RFC 8449 4") \
	X(RECORD_EMPTY, unexpected_message, "an empty handshake or alert record", "RFC 8446 5.4") \
	X(RECORD_NO_TYPE, unexpected_message, "a protected record of nothing but padding", "RFC 8446 5.4") \
	X(RECORD_CCS, unexpected_message, "a change_cipher_spec other than the byte 1", "RFC 8446 5") \
	X(BAD_RECORD_MAC, bad_record_mac, "a record that can't be authenticated", "RFC 8446 5.2") \
	X(SHARE_INVALID, illegal_parameter, "a key share that is no valid point of its group", "RFC 8446 4.2.8.2, 7.4.2")

/* clang-format on */
#define KTLS_REASON_ENUM(name, alert, text, rfc)	KTLS_R_##name,
enum ktls_reason { KTLS_REASONS(KTLS_REASON_ENUM) KTLS_R_COUNT };

#endif
