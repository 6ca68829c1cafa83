/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <openssl/x509.h>
#include "interop/peer.h"

/* The common name of the peer's certificate; JSON's null where it has shown none. */
static json_t *
subject(const struct ktls_conn *conn)
{
	size_t len;
	const unsigned char *der = ktls_conn_peer_chain(conn, 0, &len);
	X509 *x = der != NULL ? d2i_X509(NULL, &der, (long)len) : NULL;
	char name[256];
	int n = x == NULL ? -1 :
	    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, sizeof(name));

	X509_free(x);
	return n >= 0 ? json_string(name) : json_null();
}

static json_t *
string_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static const char *
version_name(uint16_t version)
{
	return version == KTLS_TLS13 ? "1.3" : version == KTLS_TLS12 ? "1.2" : NULL;
}

/* A step's own error isn't the connection's. */
static json_t *
error_text(const struct ktls_conn *conn, int err)
{
	return err == 0 ? json_null() : json_string(err == -EBADMSG ? "other bytes than expected" :
	    err > -4096 ? ktls_strerror(err) : ktls_conn_reason_text(conn));
}

static json_t *
collect(unsigned number, const struct ktls_conn *conn, int err,
    const struct peer_received *received)
{
	struct ktls_conn_status s;
	json_t *facts = json_object();
	int alert = ktls_err_alert(err);

	ktls_conn_status(conn, &s);
	json_object_set_new(facts, "connection", json_integer((json_int_t)number));
	json_object_set_new(facts, "version", string_or_null(version_name(s.version)));
	json_object_set_new(facts, "cipher",
	    s.version != 0 ? json_string(ktls_cipher_name(s.cipher)) : json_null());
	json_object_set_new(facts, "group", string_or_null(peer_group_name(s.group)));
	json_object_set_new(facts, "scheme", string_or_null(peer_scheme_name(s.signature_scheme)));
	json_object_set_new(facts, "resumed", json_boolean(s.resumed));
	json_object_set_new(facts, "alpn", string_or_null(s.alpn));
	json_object_set_new(facts, "server_name", string_or_null(s.server_name));
	json_object_set_new(facts, "peer", subject(conn));
	json_object_set_new(facts, "received", json_integer((json_int_t)received->bytes));
	json_object_set_new(facts, "alert", alert >= 0 ?
	    json_string(ktls_alert_name(alert)) : json_null());
	json_object_set_new(facts, "error", error_text(conn, err));
	return facts;
}

/* A value as it stands in --expect: without quotes. */
static char *
plain(const json_t *value)
{
	return json_is_string(value) ? strdup(json_string_value(value)) :
	    json_dumps(value, JSON_ENCODE_ANY);
}

/* The connection's own of VALUE|VALUE...; those behind the last have the last. */
static const char *
own(const char *values, unsigned number, int *len)
{
	const char *end = strchrnul(values, '|');

	for (; number != 0 && *end == '|'; number--) {
		values = end + 1;
		end = strchrnul(values, '|');
	}
	*len = (int)(end - values);
	return values;
}

static bool
as_expected(json_t *facts, unsigned number, const char *expect)
{
	const char *equal = strchr(expect, '=');
	int len;
	const char *want = own(equal + 1, number, &len);
	char name[64], *got;
	bool ok;

	(void)snprintf(name, sizeof(name), "%.*s", (int)(equal - expect), expect);
	got = plain(json_object_get(facts, name));
	ok = got != NULL && strlen(got) == (size_t)len && memcmp(got, want, (size_t)len) == 0;
	if (!ok)
		fprintf(stderr, "ktls_peer: connection %u: %s is %s, not %.*s\n", number, name,
		    got != NULL ? got : "no fact", len, want);
	free(got);
	return ok;
}

bool
peer_facts(const struct peer *p, unsigned number, const struct ktls_conn *conn, int err,
    const struct peer_received *received)
{
	json_t *facts = collect(number, conn, err, received);
	char *line = json_dumps(facts, JSON_COMPACT);
	bool ok = line != NULL && puts(line) >= 0 && fflush(stdout) == 0;

	for (size_t i = 0; i < p->expect_count; i++)
		ok = as_expected(facts, number, p->expect[i]) && ok;
	free(line);
	json_decref(facts);
	return ok;
}
