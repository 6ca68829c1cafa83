/* SPDX-License-Identifier: MIT */
#ifndef KTLS_REASONS_H
#define KTLS_REASONS_H

/* Alert descriptions, RFC 8446 section 6 and its revision, and RFC 7301 section 3.2. */
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
	X(no_renegotiation, 100) \
	X(missing_extension, 109) \
	X(unsupported_extension, 110) \
	X(unrecognized_name, 112) \
	X(bad_certificate_status_response, 113) \
	X(unknown_psk_identity, 115) \
	X(certificate_required, 116) \
	X(general_error, 117) \
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
	X(SHARE_INVALID, illegal_parameter, "a key share that is no valid point of its group", "RFC 8446 4.2.8.2, 7.4.2") \
	X(PLAIN_HTTP, none, "an HTTP request without TLS, on a port that speaks TLS", "RFC 8446 5.1") \
	X(SSLV2_HELLO, protocol_version, "a ClientHello of SSL 2.0", "RFC 8446 D.5") \
	X(TRUNCATED_HANDSHAKE, none, "the stream ended in the middle of the handshake", "RFC 8446 6.1") \
	X(TRUNCATED, none, "the stream ended without close_notify", "RFC 8446 6.1") \
	X(OFFLOAD_REQUIRED, internal_error, "the kernel can't make these records, and the configuration requires it", "") \
	X(KERNEL_REKEY, close_notify, "new keys are due, and this kernel can't change them: Linux 6.14", "RFC 8446 4.6.3") \
	X(KERNEL_KEY_UPDATE, close_notify, "a KeyUpdate in pieces, which the kernel can't receive", "RFC 8446 4.6.3") \
	X(KEY_SPENT, close_notify, "a key has protected as many records as it may", "RFC 8446 5.5") \
	X(RECORD_FLOOD, unexpected_message, "too many records that carry nothing", "RFC 8446 5") \
	X(APPLICATION_DATA, unexpected_message, "application data before the handshake is done", "RFC 8446 5.1") \
	X(EARLY_DATA_LONG, unexpected_message, "more early data than we skip", "RFC 8446 4.2.10") \
	X(ALERT_MALFORMED, decode_error, "an alert that isn't two bytes", "RFC 8446 5.1, 6") \
	X(MESSAGE_LONG, illegal_parameter, "a handshake message longer than we accept", "RFC 8446 4") \
	X(HANDSHAKE_LONG, illegal_parameter, "a handshake of more bytes than we accept", "RFC 5246 7.4.8") \
	X(KEY_BOUNDARY, unexpected_message, "a record that goes on behind a message which changes the keys", "RFC 8446 5.1") \
	X(INTERLEAVED, unexpected_message, "another record in the middle of a handshake message", "RFC 8446 5.1") \
	X(CCS_UNEXPECTED, unexpected_message, "a change_cipher_spec out of its place", "RFC 5246 7.1") \
	X(CCS_MISSING, unexpected_message, "another message where change_cipher_spec is due", "RFC 5246 7.1") \
	X(MALFORMED, decode_error, "a message cut short or overlong", "RFC 8446 6.2") \
	X(EXT_TWICE, illegal_parameter, "the same extension twice", "RFC 8446 4.2") \
	X(EXT_MISPLACED, illegal_parameter, "an extension that can't stand in this message", "RFC 8446 4.2") \
	X(EXT_NOT_OFFERED, unsupported_extension, "an answer to an extension that we did not send", "RFC 8446 4.2") \
	X(RECORD_LIMIT, illegal_parameter, "record_size_limit below 64", "RFC 8449 4") \
	X(CH_SSL3, protocol_version, "a hello of SSL 3.0", "RFC 8446 D.5") \
	X(CH_VERSION, protocol_version, "the client offers no version that we speak", "RFC 8446 4.2.1, D.2") \
	X(CH_FALLBACK, inappropriate_fallback, "the client fell back to a version below what both speak", "RFC 7507 3") \
	X(CH_COMPRESSION, illegal_parameter, "compression methods other than null alone", "RFC 8446 4.1.2") \
	X(CH_NULL_COMPRESSION, illegal_parameter, "compression methods without null", "RFC 5246 7.4.1.2") \
	X(CH_POINT_FORMATS, illegal_parameter, "ec_point_formats without uncompressed", "RFC 8422 5.1.2") \
	X(CH_RENEGOTIATION, handshake_failure, "renegotiation_info that speaks of a handshake before this one", "RFC 5746 3.6") \
	X(CH_RESUMED_NO_EMS, handshake_failure, "the client resumes a session of the extended master secret without offering it", "RFC 7627 5.3") \
	X(CH_MISSING, missing_extension, "an extension is missing without which there is no key exchange", "RFC 8446 9.2") \
	X(CH_NO_CIPHER, handshake_failure, "no cipher suite in common", "RFC 8446 4.1.1") \
	X(CH_NO_GROUP, handshake_failure, "no key exchange group in common", "RFC 8446 4.1.1") \
	X(CH_NO_SCHEME, handshake_failure, "the client verifies no signature that our key can make", "RFC 8446 4.4.2.2") \
	X(CH_NO_ALPN, no_application_protocol, "no ALPN protocol in common", "RFC 7301 3.2") \
	X(CH_SERVER_NAME, unrecognized_name, "server_name is no DNS name", "RFC 6066 3") \
	X(CH_SHARE_TWICE, illegal_parameter, "two key shares of the same group", "RFC 8446 4.2.8") \
	X(CH_SHARE_GROUP, illegal_parameter, "a key share of a group that supported_groups lacks", "RFC 8446 4.2.8") \
	X(CH_PSK_NOT_LAST, illegal_parameter, "pre_shared_key isn't the last extension", "RFC 8446 4.2.11") \
	X(CH_PSK_BINDERS, illegal_parameter, "not as many binders as identities", "RFC 8446 4.2.11") \
	X(CH_BINDER, decrypt_error, "a binder that isn't its pre-shared key's", "RFC 8446 4.2.11") \
	X(CH_COOKIE, illegal_parameter, "a cookie that isn't ours", "RFC 8446 4.2.2") \
	X(CH_PSK_MODES, missing_extension, "pre_shared_key without psk_key_exchange_modes", "RFC 8446 4.2.9") \
	X(CH_EARLY_DATA, illegal_parameter, "early_data where it can't be offered", "RFC 8446 4.1.2, 4.2.10") \
	X(CH_CHANGED, illegal_parameter, "the second ClientHello changes what it must repeat", "RFC 8446 4.1.2") \
	X(CH_RETRY_SHARE, illegal_parameter, "the second ClientHello lacks the one key share that we asked for", "RFC 8446 4.1.2, 4.2.8") \
	X(SH_VERSION, protocol_version, "the server chose a TLS version older than 1.3", "RFC 8446 4.1.3, D.1") \
	X(SH_DOWNGRADE, illegal_parameter, "the server knows TLS 1.3 and was made to choose less", "RFC 8446 4.1.3") \
	X(SH_SELECTED_VERSION, illegal_parameter, "supported_versions selects a version that we did not offer", "RFC 8446 4.2.1") \
	X(SH_LEGACY_VERSION, illegal_parameter, "legacy_version isn't 0x0303", "RFC 8446 4.1.3") \
	X(SH_SESSION_ID, illegal_parameter, "legacy_session_id_echo isn't what we sent", "RFC 8446 4.1.3") \
	X(SH_CIPHER, illegal_parameter, "the server chose a cipher suite that we did not offer", "RFC 8446 4.1.3") \
	X(SH_COMPRESSION, illegal_parameter, "a compression method other than null", "RFC 8446 4.1.3") \
	X(SH_MISSING, missing_extension, "key_share is missing", "RFC 8446 9.2") \
	X(SH_GROUP, illegal_parameter, "a key share of a group for which we sent none", "RFC 8446 4.2.8") \
	X(SH_PSK, illegal_parameter, "the server chose a pre-shared key that we did not offer, or not of this hash", "RFC 8446 4.2.11") \
	X(SH_CHANGED, illegal_parameter, "ServerHello differs from the HelloRetryRequest before it", "RFC 8446 4.1.4") \
	X(SH_POINT_FORMATS, illegal_parameter, "the server reads no uncompressed points", "RFC 8422 5.2") \
	X(SH_RENEGOTIATION, handshake_failure, "the server renegotiates what was no handshake of ours", "RFC 5746 3.4") \
	X(SH_NO_RENEGOTIATION, handshake_failure, "the server does not know renegotiation_info", "RFC 9325 3.5") \
	X(SH_RESUMED_NOTHING, illegal_parameter, "the server resumes a session that we did not offer", "RFC 5246 7.4.1.3") \
	X(SH_RESUMED_SUITE, illegal_parameter, "the server resumes a session under another cipher suite", "RFC 5246 7.4.1.3") \
	X(SH_RESUMED_NO_EMS, handshake_failure, "the server resumes a session of the extended master secret without it", "RFC 7627 5.3") \
	X(SH_RESUMED_EMS, handshake_failure, "the server resumes a session without the extended master secret with it", "RFC 7627 5.3") \
	X(SKE_CURVE_TYPE, illegal_parameter, "parameters other than a named curve", "RFC 8422 5.4") \
	X(SKE_GROUP, illegal_parameter, "a key exchange in a group that we did not offer", "RFC 8422 5.4") \
	X(SKE_SCHEME, illegal_parameter, "parameters signed under a scheme that we did not offer, or not of this key", "RFC 5246 7.4.3") \
	X(SKE_SIGNATURE, decrypt_error, "the signature of the parameters is wrong", "RFC 5246 7.4.3") \
	X(HRR_TWICE, unexpected_message, "a second HelloRetryRequest", "RFC 8446 4.1.4") \
	X(HRR_NO_CHANGE, illegal_parameter, "HelloRetryRequest asks for no change", "RFC 8446 4.1.4") \
	X(HRR_GROUP, illegal_parameter, "HelloRetryRequest asks for a group that we did not offer, or sent a share of", "RFC 8446 4.2.8") \
	X(EE_ALPN_NOT_OFFERED, illegal_parameter, "the server chose an ALPN protocol that we did not offer", "RFC 7301 3.2") \
	X(CERTIFICATE_CONTEXT, illegal_parameter, "certificate_request_context isn't empty", "RFC 8446 4.3.2, 4.4.2") \
	X(CERTIFICATE_NONE, decode_error, "a server without a certificate", "RFC 8446 4.4.2.4") \
	X(CERTIFICATE_REQUIRED, certificate_required, "a client without the certificate that it must show", "RFC 8446 4.4.2.4") \
	X(CERTIFICATE_REQUIRED_12, handshake_failure, "a client without the certificate that TLS 1.2 lets us require", "RFC 5246 7.4.6") \
	X(CERTIFICATE_SUITE, illegal_parameter, "a certificate whose key is not of the kind that the cipher suite names", "RFC 5246 7.4.2") \
	X(CERTIFICATE_CURVE, illegal_parameter, "a certificate for a key on a curve that we did not offer", "RFC 8422 5.3") \
	X(CERTIFICATE_CHAIN_LONG, bad_certificate, "a chain of more certificates than we accept", "RFC 8446 4.4.2") \
	X(CERT_MALFORMED, bad_certificate, "a certificate that can't be decoded", "RFC 8446 4.4.2") \
	X(CERT_KEY, unsupported_certificate, "a certificate for a key of a kind that we don't support", "RFC 8446 4.4.2.4") \
	X(CERT_KEY_USAGE, unsupported_certificate, "a certificate whose key may not sign", "RFC 8446 4.4.2.2") \
	X(CERT_UNTRUSTED, unknown_ca, "a certificate that no authority we trust answers for", "RFC 5280 6.1") \
	X(CERT_EXPIRED, certificate_expired, "a certificate that has expired", "RFC 5280 6.1.3") \
	X(CERT_NOT_YET_VALID, certificate_expired, "a certificate that isn't valid yet", "RFC 5280 6.1.3") \
	X(CERT_NAME, bad_certificate, "a certificate for another name", "RFC 9525 6") \
	X(CERT_SIGNATURE, bad_certificate, "a certificate with a wrong signature", "RFC 5280 6.1.3") \
	X(CERT_REVOKED, certificate_revoked, "a certificate that was revoked", "RFC 5280 6.3") \
	X(CERT_NO_CRL, certificate_unknown, "a certificate whose issuer has given no revocation list that we know of", "RFC 5280 6.3.3") \
	X(CERT_CRL_EXPIRED, certificate_unknown, "a certificate whose issuer's revocation list is out of date", "RFC 5280 6.3.3") \
	X(CERT_CRL, certificate_unknown, "a certificate whose issuer's revocation list can't be believed", "RFC 5280 6.3.3") \
	X(CERT_DEPTH, unknown_ca, "a chain of more authorities than the configuration allows", "RFC 5280 6.1") \
	X(CERT_PURPOSE, unsupported_certificate, "a certificate that isn't meant for this role in TLS", "RFC 5280 4.2.1.12") \
	X(CERT_WEAK, bad_certificate, "a certificate with too small a key or too weak a hash", "RFC 8446 4.4.2.4") \
	X(CERT_AUTHORITY, bad_certificate, "a certificate that its issuer had no right to give", "RFC 5280 6.1.4") \
	X(CERT_EXTENSION, unsupported_certificate, "a certificate with a critical extension that we don't know", "RFC 5280 4.2") \
	X(CERT_OTHER, certificate_unknown, "a certificate that libcrypto refused", "RFC 5280 6.1") \
	X(CR_MISSING, missing_extension, "signature_algorithms is missing", "RFC 8446 4.3.2") \
	X(CV_SCHEME, illegal_parameter, "a signature scheme that we did not offer, or not of this key", "RFC 8446 4.4.3") \
	X(CV_SIGNATURE, decrypt_error, "the signature is wrong", "RFC 8446 4.4.3") \
	X(FINISHED_MAC, decrypt_error, "verify_data is wrong", "RFC 8446 4.4.4") \
	X(RENEGOTIATION, unexpected_message, "a new handshake on the same connection", "RFC 8446 4.1.2") \
	X(NO_RENEGOTIATION, no_renegotiation, "a new handshake on a TLS 1.2 connection, which we refuse", "RFC 5246 7.4.1.1, 7.4.1.2") \
	X(POST_HANDSHAKE_AUTH, unexpected_message, "a request for a certificate after the handshake, which we did not offer", "RFC 8446 4.6.2") \
	X(TICKET_LIFETIME, illegal_parameter, "a ticket that lives longer than 7 days", "RFC 8446 4.6.1") \
	X(KEY_UPDATE_REQUEST, illegal_parameter, "a KeyUpdate with request_update other than 0 and 1", "RFC 8446 4.6.3") \
	X(KEY_UPDATE_FLOOD, unexpected_message, "too many KeyUpdates without data between them", "RFC 8446 4.6.3") \
	X(ALERT_LEVEL, illegal_parameter, "an alert of a level other than warning and fatal", "RFC 8446 6") \
	X(ALERT_FLOOD, unexpected_message, "too many alerts that end nothing", "RFC 8446 6.1, RFC 5246 7.2")

/* clang-format on */
#define KTLS_REASON_ENUM(name, alert, text, rfc)	KTLS_R_##name,
enum ktls_reason { KTLS_REASONS(KTLS_REASON_ENUM) KTLS_R_COUNT };

#endif
