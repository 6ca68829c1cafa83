/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include "post/state.h"
#include "schedule/schedule12.h"

enum { LEVEL_WARNING = 1, LEVEL_FATAL = 2 };	/* RFC 8446 6 */

#define PARTIAL_MIN	64	/* bytes */

int
post_alloc(struct ktls_post **out)
{
	struct ktls_post *post = OPENSSL_zalloc(sizeof(*post));
	int err;

	if (post == NULL)
		return -ENOMEM;
	if ((err = secret_slot_new(&post->slot)) != 0 ||
	    (err = secret_slot_new(&post->kept)) != 0) {
		ktls_post_free(post);
		return err;
	}
	*out = post;
	return 0;
}

static void
drop_slot(struct secret_slot **slot)
{
	secret_slot_free(*slot);
	*slot = NULL;
}

/* The secrets that aren't traffic's, each where the config wants it. */
static void
keep(struct ktls_post *post, const struct hs_secrets *secrets)
{
	uint8_t *kept = secret_slot_bytes(post->kept);

	if (!secrets->exports && secrets->tickets == NULL) {
		drop_slot(&post->kept);
		return;
	}
	memcpy(kept + KEPT_EXPORTER, secrets->exporter, HASH_LEN_MAX);
	if (secrets->version == KTLS_TLS13) {
		memcpy(kept + KEPT_RESUMPTION, secrets->resumption, HASH_LEN_MAX);
		return;
	}
	memcpy(kept + KEPT_CLIENT_RANDOM, secrets->client_random, RANDOM_LEN);
	memcpy(kept + KEPT_SERVER_RANDOM, secrets->server_random, RANDOM_LEN);
}

void
post_begin(struct ktls_post *post, struct hs_secrets *secrets)
{
	post->crypto = ktls_crypto_ref(secrets->crypto);
	post->role = secrets->role;
	post->version = secrets->version;
	post->cipher = secrets->cipher;
	post->hash = secrets->hash;
	post->exports = secrets->exports;
	keep(post, secrets);
	post->tickets = secrets->tickets;
	post->tickets_wanted = secrets->tickets != NULL ? KTLS_SESSIONS_PER_KEY : 0;
	secrets->tickets = NULL;
	if (secrets->version != KTLS_TLS13) {
		drop_slot(&post->slot);		/* its keys never change */
		return;
	}
	post->keylog = secrets->keylog;
	post->keylog_arg = secrets->keylog_arg;
	if (secrets->keylog != NULL)
		memcpy(post->client_random, secrets->client_random, sizeof(post->client_random));
	for (int dir = 0; dir < KTLS_DIRS; dir++)
		memcpy(post_secret(post, (enum ktls_dir)dir), secrets->traffic[dir], HASH_LEN_MAX);
}

/* The secrets can be taken once: what can fail for want of memory comes before. */
int
ktls_post_new(struct ktls_post **out, struct ktls_hs *hs)
{
	struct hs_secrets secrets;
	struct ktls_post *post;
	int err;

	*out = NULL;
	if ((err = post_alloc(&post)) != 0)
		return err;
	if ((err = hs_take_secrets(hs, &secrets)) != 0) {
		ktls_post_free(post);
		return err;
	}
	post_begin(post, &secrets);
	hs_secrets_wipe(&secrets);
	*out = post;
	return 0;
}

static void
drop_partial(struct ktls_post *post)
{
	OPENSSL_free(post->partial);
	post->partial = NULL;
	post->partial_len = 0;
}

void
ktls_post_free(struct ktls_post *post)
{
	if (post == NULL)
		return;
	secret_slot_free(post->slot);
	secret_slot_free(post->kept);
	hs_tickets_free(post->tickets);
	ktls_crypto_unref(post->crypto);
	drop_partial(post);
	OPENSSL_free(post);
}

/*
 * Whether it ends nothing: in TLS 1.3 user_canceled alone, whatever the level says
 * (RFC 8446 6); in TLS 1.2 each warning (RFC 5246 7.2).
 */
static bool
harmless(const struct ktls_post *post, uint8_t level, uint8_t description)
{
	if (post->version == KTLS_TLS12)
		return level == LEVEL_WARNING;
	return description == KTLS_ALERT_user_canceled;
}

/* One alert a record, never in pieces: RFC 8446 5.1. Ones that we don't know are errors too. */
static int
alert(struct ktls_post *post, struct slice data)
{
	struct reader r = rd_init(data);
	uint8_t level = rd_u8(&r), description = rd_u8(&r);

	if (data.len == 0)
		return KTLS_REFUSED(KTLS_R_RECORD_EMPTY);
	if (!rd_done(&r))
		return KTLS_REFUSED(KTLS_R_ALERT_MALFORMED);
	if (level != LEVEL_WARNING && level != LEVEL_FATAL)
		return KTLS_REFUSED(KTLS_R_ALERT_LEVEL);
	if (description != KTLS_ALERT_close_notify && !harmless(post, level, description))
		return KTLS_PEER_ALERT(description);
	if (post->partial != NULL)
		return KTLS_REFUSED(KTLS_R_INTERLEAVED);
	if (description == KTLS_ALERT_close_notify) {
		post->peer_closed = true;
		post->due |= DUE_CLOSED;
		return 0;
	}
	if (post->warnings == WARNINGS_MAX)
		return KTLS_REFUSED(KTLS_R_ALERT_FLOOD);
	post->warnings++;
	return 0;
}

/* Bytes for len of an incomplete message: as they come, not as announced. */
static size_t
room(size_t len)
{
	size_t n = PARTIAL_MIN;

	while (n < len)
		n *= 2;
	return n < MESSAGE_HEADER + MESSAGE_MAX ? n : MESSAGE_HEADER + MESSAGE_MAX;
}

/* Up to n bytes from data's front behind the incomplete message. */
static int
join(struct ktls_post *post, struct slice *data, size_t n)
{
	size_t len = post->partial_len + (n < data->len ? n : data->len);
	uint8_t *more = post->partial;

	n = len - post->partial_len;
	if (more == NULL || room(len) != room(post->partial_len)) {
		if ((more = OPENSSL_realloc(more, room(len))) == NULL)
			return -ENOMEM;
		post->partial = more;
	}
	memcpy(more + post->partial_len, data->p, n);
	post->partial_len = len;
	*data = (struct slice){ data->p + n, data->len - n };
	return 0;
}

/*
 * Takes the next message off data's front: where it lies if it is whole there, else
 * joined in post->partial. An empty *message: data is used up and more must come.
 */
static int
next_message(struct ktls_post *post, struct slice *data, struct slice *message)
{
	size_t len;
	int err;

	*message = (struct slice){0};
	if (post->partial == NULL) {
		if ((err = post_message_len(post, *data, &len)) != 0)
			return err;
		if (len <= data->len) {
			*message = (struct slice){ data->p, len };
			*data = (struct slice){ data->p + len, data->len - len };
			return 0;
		}
	}
	for (;;) {
		struct slice joined = { post->partial, post->partial_len };

		if ((err = post_message_len(post, joined, &len)) != 0)
			return err;
		if (len == joined.len)
			*message = joined;
		if (len == joined.len || data->len == 0)
			return 0;
		if ((err = join(post, data, len - joined.len)) != 0)
			return err;
	}
}

static int
handshake(struct ktls_post *post, struct slice data)
{
	struct slice message;
	int err;

	if (data.len == 0)
		return KTLS_REFUSED(KTLS_R_RECORD_EMPTY);
	while (data.len != 0) {
		if ((err = next_message(post, &data, &message)) != 0)
			return err;
		if (message.len == 0)
			break;
		err = post_message(post, message, data.len == 0);
		drop_partial(post);
		if (err != 0)
			return err;
	}
	return 0;
}

static int
record(struct ktls_post *post, uint8_t type, struct slice data)
{
	switch (type) {
	case KTLS_TYPE_ALERT:
		return alert(post, data);
	case KTLS_TYPE_HANDSHAKE:
		return handshake(post, data);
	default:		/* change_cipher_spec too, after Finished: RFC 8446 5 */
		return KTLS_REFUSED(KTLS_R_RECORD_TYPE);
	}
}

static int
fail(struct ktls_post *post, int err)
{
	drop_partial(post);
	post->due = 0;
	return post->err = err;
}

int
ktls_post_record(struct ktls_post *post, uint8_t type, const void *data, size_t len)
{
	int err;

	if (post->err != 0)
		return post->err;
	if (post->peer_closed)
		return 0;		/* RFC 8446 6.1: what comes behind is ignored */
	if (post->due & DUE_REKEY_RX)
		return -EINVAL;		/* nobody can have opened it with the right key */
	err = record(post, type, (struct slice){ data, len });
	return err != 0 ? fail(post, err) : 0;
}

int
ktls_post_application_data(struct ktls_post *post, size_t len)
{
	if (post->err != 0)
		return post->err;
	if (post->partial != NULL)
		return fail(post, KTLS_REFUSED(KTLS_R_INTERLEAVED));
	if (len == 0 && post->in_a_row == IN_A_ROW_MAX)
		return fail(post, KTLS_REFUSED(KTLS_R_RECORD_FLOOD));
	post->in_a_row = len == 0 ? (uint8_t)(post->in_a_row + 1) : 0;
	if (len != 0)
		post->warnings = post->tickets_in_a_row = 0;
	return 0;
}

static struct ktls_action
alert_action(enum ktls_alert description)
{
	/* RFC 8446 6 */
	uint8_t level = description == KTLS_ALERT_close_notify ? LEVEL_WARNING : LEVEL_FATAL;

	return (struct ktls_action){ .kind = KTLS_ACTION_SEND, .type = KTLS_TYPE_ALERT,
	    .data = { level, (uint8_t)description }, .len = 2 };
}

/* KeyUpdate, RFC 8446 4.6.3: type 24, a length of 1, request_update. */
static struct ktls_action
update_action(bool request)
{
	return (struct ktls_action){ .kind = KTLS_ACTION_SEND, .type = KTLS_TYPE_HANDSHAKE,
	    .data = { 24, 0, 0, 1, request }, .len = 5 };
}

void
ktls_post_next(struct ktls_post *post, struct ktls_action *action)
{
	unsigned due = post->due & (0u - post->due);	/* the lowest bit */

	post->due = (uint8_t)(post->due & ~due);
	*action = (struct ktls_action){ .kind = KTLS_ACTION_NONE };
	if (due == DUE_REKEY_RX || due == DUE_REKEY_TX) {
		action->kind = KTLS_ACTION_REKEY;
		action->dir = due == DUE_REKEY_RX ? KTLS_RX : KTLS_TX;
	} else if (due == DUE_UPDATE) {
		*action = update_action(post->request);
		post->request = false;
		post->due |= DUE_REKEY_TX;
	} else if (due == DUE_CLOSE) {
		*action = alert_action(KTLS_ALERT_close_notify);
	} else if (due == DUE_CLOSED) {
		action->kind = KTLS_ACTION_CLOSED;
	}
}

int
ktls_post_key_update(struct ktls_post *post, bool request)
{
	if (post->err != 0)
		return post->err;
	if (post->closing)
		return -EBADF;
	if (post->version != KTLS_TLS13)
		return -EOPNOTSUPP;
	post->due |= DUE_UPDATE;
	post->request = post->request || request;
	return 0;
}

/* A KeyUpdate that nobody has seen yet has no purpose any more; one under way gets its keys. */
int
ktls_post_close(struct ktls_post *post)
{
	if (post->err != 0)
		return post->err;
	if (post->closing)
		return -EBADF;
	post->closing = true;
	post->request = false;
	post->due = (uint8_t)((post->due & ~DUE_UPDATE) | DUE_CLOSE);
	return 0;
}

bool
ktls_post_peer_closed(const struct ktls_post *post)
{
	return post->peer_closed;
}

void
ktls_post_alert(int err, struct ktls_action *action)
{
	int description = ktls_err_reason(err) != KTLS_R_NONE ? ktls_err_alert(err) : -1;

	if (err == -ENOMEM)
		description = KTLS_ALERT_internal_error;	/* RFC 8446 6.2 names it */
	*action = (struct ktls_action){ .kind = KTLS_ACTION_NONE };
	if (description >= 0)
		*action = alert_action((enum ktls_alert)description);
}
