/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "handshake/secrets.h"
#include "post/state.h"

static int
begin(struct ktls_post *post, const struct hs_secrets *secrets)
{
	int err;

	post->crypto = ktls_crypto_ref(secrets->crypto);
	post->role = secrets->role;
	post->version = secrets->version;
	post->cipher = secrets->cipher;
	post->hash = secrets->hash;
	if ((err = secret_slot_new(&post->slot)) != 0)
		return err;
	for (int dir = 0; dir < KTLS_DIRS; dir++)
		memcpy(post_secret(post, (enum ktls_dir)dir), secrets->traffic[dir], HASH_LEN_MAX);
	if (secrets->keylog == NULL)
		return 0;
	if ((post->keylog = calloc(1, sizeof(*post->keylog))) == NULL)
		return -ENOMEM;
	post->keylog->log = secrets->keylog;
	post->keylog->arg = secrets->keylog_arg;
	memcpy(post->keylog->client_random, secrets->client_random, sizeof(secrets->client_random));
	return 0;
}

int
ktls_post_new(struct ktls_post **out, struct ktls_hs *hs)
{
	struct hs_secrets secrets;
	struct ktls_post *post;
	int err;

	*out = NULL;
	if ((post = calloc(1, sizeof(*post))) == NULL)
		return -ENOMEM;
	if ((err = hs_take_secrets(hs, &secrets)) != 0) {
		free(post);
		return err;
	}
	if ((err = begin(post, &secrets)) != 0)
		ktls_post_free(post);
	else
		*out = post;
	ktls_crypto_unref(secrets.crypto);
	explicit_bzero(&secrets, sizeof(secrets));
	return err;
}

void
ktls_post_free(struct ktls_post *post)
{
	if (post == NULL)
		return;
	secret_slot_free(post->slot);
	ktls_crypto_unref(post->crypto);
	free(post->keylog);
	free(post->partial);
	free(post);
}

/* RFC 8446 6: the level says nothing that the description doesn't. */
static int
alert(struct ktls_post *post, struct slice data)
{
	if (post->partial != NULL)
		return KTLS_REFUSED(KTLS_R_INTERLEAVED);
	if (data.len != 2)
		return KTLS_REFUSED(KTLS_R_ALERT_MALFORMED);
	if (data.p[0] != 1 && data.p[0] != 2)
		return KTLS_REFUSED(KTLS_R_ALERT_LEVEL);
	if (data.p[1] == KTLS_ALERT_close_notify) {
		post->peer_closed = true;
		post->due |= DUE_CLOSED;
		return 0;
	}
	if (data.p[1] != KTLS_ALERT_user_canceled)
		return KTLS_PEER_ALERT(data.p[1]);
	return ++post->in_a_row > UPDATES_MAX ? KTLS_REFUSED(KTLS_R_ALERT_FLOOD) : 0;
}

/* Behind what is there of an incomplete message. */
static int
join(struct ktls_post *post, struct slice data)
{
	uint8_t *more = realloc(post->partial, post->partial_len + data.len);

	if (more == NULL)
		return -ENOMEM;
	memcpy(more + post->partial_len, data.p, data.len);
	post->partial = more;
	post->partial_len += data.len;
	return 0;
}

static void
drop_partial(struct ktls_post *post)
{
	free(post->partial);
	post->partial = NULL;
	post->partial_len = 0;
}

static int
handshake(struct ktls_post *post, struct slice data)
{
	struct slice rest;
	size_t used;
	int err;

	if (data.len == 0)
		return KTLS_REFUSED(KTLS_R_RECORD_EMPTY);
	if (post->partial == NULL) {
		if ((err = post_messages(post, data, &used)) != 0)
			return err;
		rest = (struct slice){ data.p + used, data.len - used };
		return rest.len != 0 ? join(post, rest) : 0;
	}
	if ((err = join(post, data)) != 0 ||
	    (err = post_messages(post, (struct slice){ post->partial, post->partial_len }, &used)) != 0)
		return err;
	post->partial_len -= used;
	if (post->partial_len == 0)
		drop_partial(post);
	else
		memmove(post->partial, post->partial + used, post->partial_len);
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
	case KTLS_TYPE_CHANGE_CIPHER_SPEC:
		return KTLS_REFUSED(KTLS_R_RECORD_CCS);
	default:
		return KTLS_REFUSED(KTLS_R_RECORD_TYPE);
	}
}

/* What comes behind close_notify is ignored (RFC 8446 6.1). */
int
ktls_post_record(struct ktls_post *post, uint8_t type, const void *data, size_t len)
{
	if (post->err != 0 || post->peer_closed)
		return post->err;
	if ((post->err = record(post, type, (struct slice){ data, len })) != 0)
		drop_partial(post);
	return post->err;
}

int
ktls_post_application_data(struct ktls_post *post)
{
	if (post->err == 0 && post->partial != NULL) {
		post->err = KTLS_REFUSED(KTLS_R_INTERLEAVED);
		drop_partial(post);
	}
	post->in_a_row = 0;
	return post->err;
}

static struct ktls_action
alert_action(uint8_t level, uint8_t description)
{
	return (struct ktls_action){ .kind = KTLS_ACTION_SEND, .type = KTLS_TYPE_ALERT,
	    .data = { level, description }, .len = 2 };
}

/* KeyUpdate, RFC 8446 4.6.3: type 24, a length of 1, request_update. */
static struct ktls_action
update_action(bool request)
{
	return (struct ktls_action){ .kind = KTLS_ACTION_SEND, .type = KTLS_TYPE_HANDSHAKE,
	    .data = { 24, 0, 0, 1, request }, .len = 5 };
}

/* The new key of what we receive comes first; our own only behind the KeyUpdate that announces it. */
void
ktls_post_next(struct ktls_post *post, struct ktls_action *action)
{
	int due = post->due & -post->due;		/* the lowest bit */

	post->due = (uint8_t)(post->due & ~due);
	*action = (struct ktls_action){ .kind = KTLS_ACTION_NONE };
	if (due == DUE_REKEY_RX || due == DUE_REKEY_TX) {
		action->kind = KTLS_ACTION_REKEY;
		action->dir = due == DUE_REKEY_RX ? KTLS_RX : KTLS_TX;
	} else if (due == DUE_UPDATE) {
		*action = update_action(post->request);
		post->request = false;
	} else if (due == DUE_CLOSE) {
		*action = alert_action(1, KTLS_ALERT_close_notify);
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
	post->due |= DUE_UPDATE | DUE_REKEY_TX;
	post->request = post->request || request;
	return 0;
}

int
ktls_post_close(struct ktls_post *post)
{
	if (post->closing)
		return -EBADF;
	post->closing = true;
	post->due = (uint8_t)((post->due & ~(DUE_UPDATE | DUE_REKEY_TX)) | DUE_CLOSE);
	return 0;
}

bool
ktls_post_peer_closed(const struct ktls_post *post)
{
	return post->peer_closed;
}

/* One of close_notify says nothing of a fault: warning. Every other is fatal (RFC 8446 6). */
void
ktls_post_alert(int err, struct ktls_action *action)
{
	int description = ktls_err_reason(err) != KTLS_R_NONE ? ktls_err_alert(err) : -1;

	*action = (struct ktls_action){ .kind = KTLS_ACTION_NONE };
	if (description >= 0 && description < KTLS_ALERT_none)
		*action = alert_action(description == KTLS_ALERT_close_notify ? 1 : 2, (uint8_t)description);
}
