/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ktls/config.h>
#include "bogo_shim/flags.h"
#include "bogo_shim/options.h"

#define COUNT(table)	(sizeof(table) / sizeof(*(table)))
#define SECP224R1	21
#define X25519_KYBER768	0x6399

static void
lack(struct shim_options *o, enum lack reason)
{
	if ((int)reason < o->lacks)
		o->lacks = (int)reason;
}

static bool
append(struct shim_list *list, long value)
{
	if (list->count == SHIM_LIST_MAX || value < 0 || value > UINT16_MAX)
		return false;
	list->of[list->count++] = (uint16_t)value;
	return true;
}

static bool
take_group(struct shim_options *o, long group)
{
	if (group == SECP224R1)
		lack(o, LACK_P224);
	else if (group == X25519_KYBER768)
		lack(o, LACK_KYBER);
	else
		return append(&o->groups, group);
	return true;
}

/* rsa_pkcs1_md5_sha1 is BoringSSL's own number; the others have SHA-1. */
static bool
take_scheme(struct shim_options *o, struct shim_list *list, long scheme)
{
	static const long weak[] = { 0xff01, 0x0201, 0x0203 };

	for (size_t i = 0; i < COUNT(weak); i++)
		if (scheme == weak[i])
			lack(o, LACK_SHA1);
	return append(list, scheme);
}

static bool
take(struct shim_options *o, const struct flag *flag, const char *value)
{
	void *field = (char *)o + flag->offset;
	char *end = NULL;
	long n = value != NULL ? strtol(value, &end, 10) : 0;

	if (flag_is_number(flag) && (end == value || *end != '\0'))
		return false;
	switch (flag->kind) {
	case BOOL:	*(bool *)field = true; return true;
	case NUMBER:	*(int *)field = (int)n; return true;
	case STRING:	*(const char **)field = value; return true;
	case GROUP:	return take_group(o, n);
	case SCHEME:	return take_scheme(o, field, n);
	case NOTHING:	return true;
	case NEVER:
	case NEVER_VALUE: lack(o, flag->reason); return true;
	}
	return false;
}

/*
 * The name behind its prefixes, and for which connections it is meant: a bit each. A
 * retry is one without the early data that was rejected: there is none.
 */
static const char *
without_prefix(const char *name, unsigned *meant)
{
	static const struct { const char *prefix; unsigned meant; } prefixes[] = {
		{ "-on-shim-", 3 }, { "-on-handshaker-", 0 },
		{ "-on-initial-", 1 << SHIM_INITIAL }, { "-on-resume-", 1 << SHIM_RESUME },
		{ "-on-retry-", 0 },
	};

	*meant = 3;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t len = strlen(prefixes[i].prefix);

		if (strncmp(name, prefixes[i].prefix, len) == 0) {
			name += len - 1;	/* the last '-' is the flag's own */
			*meant &= prefixes[i].meant;
		}
	}
	return name;
}

bool
shim_options_versions(const struct shim_options *o, uint16_t *min, uint16_t *max)
{
	*min = o->min_version > KTLS_TLS12 ? (uint16_t)o->min_version : KTLS_TLS12;
	*max = o->max_version != 0 && o->max_version < KTLS_TLS13 ? (uint16_t)o->max_version :
	    KTLS_TLS13;
	if (o->no_tls12 && *min == KTLS_TLS12)
		*min = KTLS_TLS13;
	if (o->no_tls13 && *max == KTLS_TLS13)
		*max = KTLS_TLS12;
	return *min <= *max;
}

/* What only several flags together say. */
static void
check(struct shim_options *o)
{
	uint16_t min, max;

	if (!shim_options_versions(o, &min, &max) && !o->no_tls12)
		lack(o, LACK_OLD_TLS);
}

static bool
take_for_all(struct shim_options o[SHIM_CONNECTIONS], unsigned meant, const struct flag *flag,
    const char *value)
{
	for (size_t i = 0; i < SHIM_CONNECTIONS; i++)
		if ((meant >> i & 1) != 0 && !take(&o[i], flag, value))
			return false;
	return true;
}

bool
shim_options_parse(struct shim_options o[SHIM_CONNECTIONS], char **argv)
{
	for (size_t i = 0; i < SHIM_CONNECTIONS; i++)
		o[i] = (struct shim_options){ .shim_id = -1, .lacks = LACK_NOTHING };
	for (; *argv != NULL; argv++) {
		const char *value = NULL;
		unsigned meant;
		const struct flag *flag = flag_find(without_prefix(*argv, &meant));

		if (flag == NULL) {
			fprintf(stderr, "what is the flag %s?\n", *argv);
			return false;
		}
		if (flag_has_value(flag) && (value = *++argv) == NULL) {
			fprintf(stderr, "%s lacks its value\n", flag->name);
			return false;
		}
		if (!take_for_all(o, meant, flag, value)) {
			fprintf(stderr, "%s can't have the value %s\n", flag->name, value);
			return false;
		}
	}
	for (size_t i = 0; i < SHIM_CONNECTIONS; i++)
		check(&o[i]);
	return true;
}
