/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "probe/probe.h"

enum { NAME = 26, SENTENCE = 160 };

/* A combination of version and direction is a column. */
static const struct column {
	const char *title;
	uint16_t version;
	enum ktls_dir dir;
} columns[] = {
	{ "TLS 1.2 TX", KTLS_TLS12, KTLS_TX }, { "TLS 1.2 RX", KTLS_TLS12, KTLS_RX },
	{ "TLS 1.3 TX", KTLS_TLS13, KTLS_TX }, { "TLS 1.3 RX", KTLS_TLS13, KTLS_RX },
};
enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

static void
print_cell(size_t column, const char *word)
{
	if (column < COLUMNS - 1)
		printf("  %-10s", word);
	else
		printf("  %s\n", word);
}

static void
print_header(void)
{
	printf("\n%-*s", NAME, "");
	for (size_t i = 0; i < COLUMNS; i++)
		print_cell(i, columns[i].title);
}

static void
print_cipher(const struct ktls_caps *caps, enum ktls_cipher cipher)
{
	printf("%-*s", NAME, ktls_cipher_name(cipher));
	for (size_t i = 0; i < COLUMNS; i++) {
		const struct column *c = &columns[i];

		print_cell(i, probe_word(ktls_caps_cipher(caps, c->version, cipher, c->dir)));
	}
}

/* Why a cipher's line isn't all yes: each reason once, though both directions may have it. */
static void
print_reasons(const struct ktls_caps *caps, enum ktls_cipher cipher)
{
	char last[SENTENCE] = "", now[SENTENCE];

	for (size_t i = 0; i < COLUMNS; i++) {
		ktls_caps_explain(caps, columns[i].version, cipher, columns[i].dir, now,
		    sizeof(now));
		if (now[0] != '\0' && strcmp(now, last) != 0) {
			printf("  %s\n", now);
			memcpy(last, now, sizeof(last));
		}
	}
}

static void
print_row(const struct probe_row *row)
{
	const char *more = row->answer.cap == KTLS_CAP_YES ? row->note : row->remedy;

	printf("%-*s  %s%s%s\n", NAME, row->title, probe_word(row->answer),
	    more == NULL ? "" : ": ", more == NULL ? "" : more);
}

void
probe_print_table(const struct probe *p)
{
	char why[SENTENCE];

	probe_explain_ulp(&p->caps, why, sizeof(why));
	printf("Linux %s, %s\n\n", p->host.release, p->host.machine);
	printf("%-*s  %s%s%s\n", NAME, "kernel TLS", probe_word(p->caps.ulp),
	    why[0] == '\0' ? "" : ": ", why);
	print_header();
	for (enum ktls_cipher c = 0; c < KTLS_CIPHERS; c++)
		print_cipher(&p->caps, c);
	if (p->caps.ulp.cap == KTLS_CAP_YES)
		for (enum ktls_cipher c = 0; c < KTLS_CIPHERS; c++)
			print_reasons(&p->caps, c);
	for (size_t i = 0; i < p->count; i++) {
		if (i == 0 || strcmp(p->rows[i].group, p->rows[i - 1].group) != 0)
			putchar('\n');
		print_row(&p->rows[i]);
	}
}
