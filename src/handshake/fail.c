/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/bio.h>
#include "handshake/machine.h"

int
fail_memory(void)
{
	(void)crypto_error();
	return -ENOMEM;
}

int
fail_refuse(struct ktls_hs *hs, enum ktls_reason reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)BIO_vsnprintf(hs->why, sizeof(hs->why), fmt, ap);
	va_end(ap);
	return KTLS_REFUSED(reason);
}

/* "ServerHello: the server chose cipher suite 0x1399, which we did not offer" */
static void
describe(struct ktls_hs *hs, int err)
{
	const char *where = hs->at != 0 ? machine_message_name(hs->at) : "record";
	const char *text = hs->why[0] != '\0' ? hs->why : ktls_strerror(err);
	const char *state = machine_state_name(hs->state);
	int alert = ktls_err_alert(err);
	char *out = hs->reason;
	size_t len = sizeof(hs->reason);

	if (alert < 0)
		(void)BIO_snprintf(out, len, "%s, in state %s", text, state);
	else if (err == KTLS_PEER_ALERT(alert))
		(void)BIO_snprintf(out, len, "alert: the peer sent %s (%d) in state %s",
		    ktls_alert_name(alert), alert, state);
	else
		(void)BIO_snprintf(out, len, "%s: %s", where, text);
}

/* The alert that we owe the peer: none to one that has sent its own, has gone, or speaks HTTP. */
static int
alert_owed(int err)
{
	if (err == KTLS_PEER_ALERT(ktls_err_alert(err)))
		return -1;
	return err > KTLS_REFUSED(0) ? KTLS_ALERT_internal_error : ktls_err_alert(err);
}

void
fail_with(struct ktls_hs *hs, int err)
{
	int alert = alert_owed(err);

	if (hs->err != 0)
		return;
	hs->err = err;
	describe(hs, err);
	/* The alert must follow what the peer has perhaps seen half of. */
	if (alert < 0 || flight_alert(hs, (uint8_t)alert) != 0)
		flight_free(&hs->out);
}

#define ALERT_WARNING	1

/*
 * RFC 5246 7.2.2: what a warning of TLS 1.2 means is its receiver's to judge. A client may
 * get one before it knows the version: unrecognized_name (RFC 6066 3).
 */
static bool
warns(const struct ktls_hs *hs)
{
	if (hs->version == 0)
		return hs->role == KTLS_CLIENT && hs->cfg->version_min <= KTLS_TLS12;
	return hs->version == KTLS_TLS12;
}

/*
 * RFC 8446 6: whatever its level says, an alert is the end; but user_canceled is
 * only an announcement, close_notify follows.
 */
int
fail_peer_alert(struct ktls_hs *hs, struct slice body)
{
	if (body.len != 2)
		return KTLS_REFUSED(KTLS_R_ALERT_MALFORMED);
	if (body.p[1] == KTLS_ALERT_user_canceled)
		return 0;
	if (warns(hs) && body.p[0] == ALERT_WARNING && body.p[1] != KTLS_ALERT_close_notify)
		return 0;
	return KTLS_PEER_ALERT(body.p[1]);
}
