/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <ktls/error.h>

#define REFUSED_FIRST	0x10000		/* KTLS_REFUSED(0) and KTLS_PEER_ALERT(0), negated */
#define PEER_ALERT_FIRST	0x20000
#define ERRNO_LAST	4095

/* X(NAME, alert, "text", "RFC n m") as one line: "text (RFC n m)", or "text" without a rule. */
#define SENTENCE(name, alert, text, rfc) \
	[KTLS_R_##name] = { KTLS_ALERT_##alert, sizeof(rfc) > 1 ? text " (" rfc ")" : text },

static const struct {
	enum ktls_alert alert;
	const char *sentence;
} reasons[KTLS_R_COUNT] = { KTLS_REASONS(SENTENCE) };

enum kind { KIND_OK, KIND_ERRNO, KIND_REFUSED, KIND_PEER_ALERT, KIND_UNKNOWN };

/* What err is, and its errno, reason or alert. */
static enum kind
classify(int err, int *value)
{
	/* The sums can't overflow: each follows its own comparison. */
	if (err == 0)
		return KIND_OK;
	if (err < 0 && err >= -ERRNO_LAST) {
		*value = -err;
		return KIND_ERRNO;
	}
	if (err <= -REFUSED_FIRST && err > -REFUSED_FIRST - KTLS_R_COUNT) {
		*value = -(err + REFUSED_FIRST);
		return KIND_REFUSED;
	}
	if (err <= -PEER_ALERT_FIRST && err >= -PEER_ALERT_FIRST - 255) {
		*value = -(err + PEER_ALERT_FIRST);
		return KIND_PEER_ALERT;
	}
	return KIND_UNKNOWN;
}

int
ktls_err_alert(int err)
{
	int value = 0;

	switch (classify(err, &value)) {
	case KIND_REFUSED:
		return reasons[value].alert != KTLS_ALERT_none ? (int)reasons[value].alert : -1;
	case KIND_PEER_ALERT:
		return value;
	default:
		return -1;
	}
}

enum ktls_reason
ktls_err_reason(int err)
{
	int value = 0;

	return classify(err, &value) == KIND_REFUSED ? (enum ktls_reason)value : KTLS_R_NONE;
}

#define ALERT_NAME(name, value)		case value: return #name;
#define ALERT_SENTENCE(name, value)	case value: return "the peer sent the alert " #name;

static const char *
alert_sentence(int alert)
{
	switch (alert) {
	KTLS_ALERTS(ALERT_SENTENCE)
	default: return "the peer sent an unknown alert";
	}
}

const char *
ktls_alert_name(int alert)
{
	switch (alert) {
	KTLS_ALERTS(ALERT_NAME)
	default: return "unknown alert";
	}
}

const char *
ktls_strerror(int err)
{
	const char *sentence = NULL;
	int value = 0;

	switch (classify(err, &value)) {
	case KIND_OK:
		return "success";
	case KIND_ERRNO:
		sentence = strerrordesc_np(value);	/* static, and never translated */
		break;
	case KIND_REFUSED:
		return reasons[value].sentence;
	case KIND_PEER_ALERT:
		return alert_sentence(value);
	case KIND_UNKNOWN:
		break;
	}
	return sentence != NULL ? sentence : "unknown error";
}
