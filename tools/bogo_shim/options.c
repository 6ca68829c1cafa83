/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ktls/config.h>
#include "bogo_shim/flags.h"
#include "bogo_shim/options.h"

#define COUNT(table)	(sizeof(table) / sizeof(*(table)))
#define SECP224R1	21
#define SECP384R1	24
#define SECP521R1	25

static void
lack(struct shim_options *o, enum lack reason)
{
	if ((int)reason < o->lacks)
		o->lacks = (int)reason;
}

static void
take_group(struct shim_options *o, long group)
{
	if (group == SECP384R1 || group == SECP521R1)
		lack(o, LACK_GROUPS);
	else if (group == SECP224R1)
		lack(o, LACK_P224);
	else if ((group != KTLS_GROUP_SECP256R1 && group != KTLS_GROUP_X25519) ||
	    o->group_count == SHIM_GROUPS_MAX)
		lack(o, LACK_KYBER);
	else
		o->groups[o->group_count++] = (uint16_t)group;
}

static void
take_max_version(struct shim_options *o, long version)
{
	if (version < KTLS_TLS13)
		lack(o, version < KTLS_TLS12 ? LACK_OLD_TLS : LACK_TLS12);
}

static bool
take(struct shim_options *o, const struct flag *flag, const char *value)
{
	void *field = (char *)o + flag->offset;
	char *end = NULL;
	long n = value != NULL ? strtol(value, &end, 10) : 0;

	if (flag_is_number(flag) && (end == value || *end != '\0')) {
		fprintf(stderr, "%s takes a number, not \"%s\"\n", flag->name, value);
		return false;
	}
	switch (flag->kind) {
	case BOOL:	*(bool *)field = true; break;
	case NUMBER:	*(int *)field = (int)n; break;
	case STRING:	*(const char **)field = value; break;
	case GROUP:	take_group(o, n); break;
	case MAX_VERSION: take_max_version(o, n); break;
	case NOTHING:	break;
	case NEVER:
	case NEVER_VALUE: lack(o, flag->reason); break;
	}
	return true;
}

/*
 * The name behind its prefixes. *ours is false where it is meant for a connection
 * or a program that there isn't; a test that resumes lacks -resume-count anyway.
 */
static const char *
without_prefix(const char *name, bool *ours)
{
	static const struct { const char *prefix; bool ours; } prefixes[] = {
		{ "-on-shim-", true }, { "-on-handshaker-", false }, { "-on-initial-", true },
		{ "-on-resume-", false }, { "-on-retry-", false },
	};

	*ours = true;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t len = strlen(prefixes[i].prefix);

		if (strncmp(name, prefixes[i].prefix, len) == 0) {
			name += len - 1;	/* the last '-' is the flag's own */
			*ours = *ours && prefixes[i].ours;
		}
	}
	return name;
}

/* What only several flags together say. */
static void
check(struct shim_options *o)
{
	if (o->server && o->cert_file == NULL)
		lack(o, LACK_QUESTIONS);
	/* A client asks for a certificate in any case. */
	if (o->server ? o->verify_peer : o->cert_file != NULL)
		lack(o, LACK_CLIENT_CERT);
	/* There is no hook: the chain is judged, and refused with the alert of what is wrong. */
	if (o->verify_fail && !o->async)
		lack(o, LACK_QUESTIONS);
}

bool
shim_options_parse(struct shim_options *o, char **argv)
{
	*o = (struct shim_options){ .shim_id = -1, .lacks = LACK_NOTHING };
	for (; *argv != NULL; argv++) {
		const char *value = NULL;
		bool ours;
		const struct flag *flag = flag_find(without_prefix(*argv, &ours));

		if (flag == NULL) {
			fprintf(stderr, "what is the flag %s?\n", *argv);
			return false;
		}
		if (flag_has_value(flag) && (value = *++argv) == NULL) {
			fprintf(stderr, "%s lacks its value\n", flag->name);
			return false;
		}
		if (ours && !take(o, flag, value))
			return false;
	}
	check(o);
	return true;
}

bool
shim_options_allow_tls12(const struct shim_options *o)
{
	return o->min_version <= KTLS_TLS12 && !o->no_tls12;
}
