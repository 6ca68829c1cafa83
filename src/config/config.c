/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <ktls/record.h>
#include "config/setter.h"

#define DEFAULT_HANDSHAKE_TIMEOUT	10000	/* ms */
#define DEFAULT_TICKET_COUNT		2

int
ktls_config_new_with(struct ktls_config **out, struct ktls_crypto *crypto)
{
	struct ktls_config *cfg = OPENSSL_zalloc(sizeof(*cfg));
	int err;

	if (cfg == NULL)
		return -ENOMEM;
	if ((err = lock_init(&cfg->lock)) != 0) {
		OPENSSL_free(cfg);
		return err;
	}
	atomic_init(&cfg->refs, 1);
	cfg->crypto = ktls_crypto_ref(crypto);
	cfg->verify = true;
	cfg->verify_depth = CONFIG_CHAIN_MAX;
	cfg->ticket_count = DEFAULT_TICKET_COUNT;
	cfg->grease = true;
	cfg->send_limit = KTLS_RECORD_PLAIN_MAX;
	cfg->offload = KTLS_OFFLOAD_AUTO;
	cfg->offload_after = KTLS_OFFLOAD_AFTER;
	cfg->handshake_timeout = DEFAULT_HANDSHAKE_TIMEOUT;
	if ((err = lists_default(cfg)) != 0) {
		ktls_config_unref(cfg);
		return err;
	}
	*out = cfg;
	return 0;
}

int
ktls_config_new(struct ktls_config **cfg)
{
	struct ktls_crypto *crypto;
	int err;

	if ((err = ktls_crypto_new(&crypto, NULL, NULL)) != 0)
		return err;
	err = ktls_config_new_with(cfg, crypto);
	ktls_crypto_unref(crypto);
	return err;
}

struct ktls_config *
ktls_config_ref(struct ktls_config *cfg)
{
	atomic_fetch_add_explicit(&cfg->refs, 1, memory_order_relaxed);
	return cfg;
}

static void
free_alpn(char **alpn, size_t count)
{
	for (size_t i = 0; i < count; i++)
		OPENSSL_free(alpn[i]);
}

void
ktls_config_unref(struct ktls_config *cfg)
{
	/* Release and acquire: who frees has seen all that the others did. */
	if (cfg == NULL || atomic_fetch_sub_explicit(&cfg->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < cfg->identity_count; i++)
		identity_free(cfg->identity[i]);
	trust_free(&cfg->trust);
	resume_free(cfg);
	use_free(cfg);
	free_alpn(cfg->alpn, cfg->alpn_count);
	ktls_crypto_unref(cfg->crypto);
	OPENSSL_clear_free(cfg, sizeof(*cfg));
}

const char *
config_alpn(const struct ktls_config *cfg, struct slice name)
{
	for (size_t i = 0; i < cfg->alpn_count; i++)
		if (strlen(cfg->alpn[i]) == name.len && memcmp(cfg->alpn[i], name.p, name.len) == 0)
			return cfg->alpn[i];
	return NULL;
}

int
config_writable(struct ktls_config *cfg)
{
	if (!atomic_load(&cfg->used))
		return 0;
	/* not cfg->error: other threads may read it */
	atomic_store(&cfg->late_error,
	    "a config in use can't be changed: make another one for the new settings");
	return -EBUSY;
}

int
config_fail(struct ktls_config *cfg, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cfg->error, sizeof(cfg->error), format, args);
	atomic_store(&cfg->late_error, NULL);	/* of a config_use() that may be tried again */
	va_end(args);
	return err;
}

const char *
ktls_config_error(const struct ktls_config *cfg)
{
	const char *late = atomic_load(&cfg->late_error);

	return late != NULL ? late : cfg->error;
}

static int
check_alpn(struct ktls_config *cfg, const char *const *names, size_t count)
{
	if (count > CONFIG_ALPN_MAX)
		return config_fail(cfg, -EINVAL, "%zu ALPN protocols: at most %d are possible",
		    count, CONFIG_ALPN_MAX);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names[i]);

		if (len == 0 || len > 255)	/* RFC 7301 3.1: ProtocolName<1..2^8-1> */
			return config_fail(cfg, -EINVAL,
			    "ALPN protocol %zu has %zu bytes: 1 to 255 are possible", i + 1, len);
		for (size_t j = 0; j < i; j++)
			if (strcmp(names[i], names[j]) == 0)
				return config_fail(cfg, -EINVAL,
				    "the ALPN protocol \"%.64s\" was given twice", names[i]);
	}
	return 0;
}

int
ktls_config_alpn(struct ktls_config *cfg, const char *const *names, size_t count)
{
	char *copy[CONFIG_ALPN_MAX] = {0};
	int err;

	if ((err = config_writable(cfg)) != 0 || (err = check_alpn(cfg, names, count)) != 0)
		return err;
	for (size_t i = 0; i < count; i++)
		if ((copy[i] = OPENSSL_strdup(names[i])) == NULL) {
			free_alpn(copy, i);
			return config_fail(cfg, -ENOMEM, "out of memory");
		}

	free_alpn(cfg->alpn, cfg->alpn_count);
	memcpy(cfg->alpn, copy, sizeof(copy));
	cfg->alpn_count = count;
	return 0;
}

int
ktls_config_record_size_limit(struct ktls_config *cfg, uint16_t limit)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (limit != 0 && (limit < 64 || limit > 16385))	/* RFC 8449 4 */
		return config_fail(cfg, -EINVAL,
		    "record_size_limit %u: 64 to 16385 are possible, or 0 for none", limit);
	cfg->record_size_limit = limit;
	return 0;
}

int
ktls_config_send_limit(struct ktls_config *cfg, uint16_t limit)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if (limit < 64 || limit > KTLS_RECORD_PLAIN_MAX)
		return config_fail(cfg, -EINVAL,
		    "records of %u bytes: 64 to %d are possible", limit, KTLS_RECORD_PLAIN_MAX);
	cfg->send_limit = limit;
	return 0;
}

int
ktls_config_keylog(struct ktls_config *cfg, ktls_keylog_fn *keylog, void *arg)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->keylog = keylog;
	cfg->keylog_arg = arg;
	return 0;
}

int
ktls_config_offload(struct ktls_config *cfg, enum ktls_offload wanted)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	if ((unsigned)wanted > KTLS_OFFLOAD_FULL)
		return config_fail(cfg, -EINVAL,
		    "there is no setting %u in enum ktls_offload", (unsigned)wanted);
	cfg->offload = wanted;
	return 0;
}

int
ktls_config_offload_require(struct ktls_config *cfg, bool tx, bool rx)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->require[KTLS_TX] = tx;
	cfg->require[KTLS_RX] = rx;
	return 0;
}

int
ktls_config_offload_after(struct ktls_config *cfg, uint64_t bytes)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->offload_after = bytes;
	return 0;
}

int
ktls_config_caps(struct ktls_config *cfg, const struct ktls_caps *caps)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->caps = *caps;
	cfg->caps_given = true;
	return 0;
}

int
ktls_config_handshake_timeout(struct ktls_config *cfg, unsigned milliseconds)
{
	int err;

	if ((err = config_writable(cfg)) != 0)
		return err;
	cfg->handshake_timeout = milliseconds;
	return 0;
}
