/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/utsname.h>
#include <ktls/offload.h>

/* One question apart from the ciphers. */
struct probe_row {
	const char *group;	/* "rekey", "options", "io_uring" */
	const char *name;	/* in the JSON */
	const char *title;	/* for people */
	struct ktls_cap_answer answer;
	const char *remedy;	/* what makes it a yes; NULL where the row above it says so */
	const char *note;	/* to a yes, or NULL */
};

enum { PROBE_ROWS = 32 };

/* All that was found out, before it is written in one way or the other. */
struct probe {
	struct utsname host;
	struct ktls_caps caps;
	struct probe_row rows[PROBE_ROWS];
	size_t count;
};

void probe_ask(struct probe *p);

const char *probe_word(struct ktls_cap_answer answer);	/* "yes", "no", "unknown" */

/* The sentence to the TLS ULP itself, "" where it is there. */
void probe_explain_ulp(const struct ktls_caps *caps, char *buf, size_t len);

/* To stdout. -ENOMEM where the JSON could not be built. */
void probe_print_table(const struct probe *p);
KTLS_CHECKED int probe_print_json(const struct probe *p);

#endif
