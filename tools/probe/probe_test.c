/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>
#include "ktls/cmd.h"
#include "probe/probe.h"

enum { OUTPUT = 16384 };

/* What run() prints to stdout. */
static void
printed(void (*run)(const void *arg), const void *arg, char text[OUTPUT])
{
	FILE *file = tmpfile();
	int saved = dup(STDOUT_FILENO);
	size_t n;

	assert_non_null(file);
	fflush(stdout);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	run(arg);
	fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	rewind(file);
	n = fread(text, 1, OUTPUT - 1, file);
	text[n] = '\0';
	fclose(file);
}

static void
print_table(const void *p)
{
	probe_print_table(p);
}

static void
print_json(const void *p)
{
	assert_int_equal(probe_print_json(p), 0);
}

/* A kernel put together by hand: rekey is lacking, and one cipher. */
static struct probe
example(void)
{
	const struct ktls_cap_answer yes = { KTLS_CAP_YES, 0 }, busy = { KTLS_CAP_NO, -EBUSY };
	struct probe p = { .host = { .release = "6.1.0", .machine = "x86_64" }, .caps.ulp = yes };

	for (enum ktls_cipher c = 0; c < KTLS_CIPHERS; c++)
		for (enum ktls_dir d = 0; d < KTLS_DIRS; d++)
			p.caps.cipher[0][c][d] = p.caps.cipher[1][c][d] = yes;
	p.caps.cipher[1][KTLS_CHACHA20_POLY1305][KTLS_TX] =
	    (struct ktls_cap_answer){ KTLS_CAP_NO, -ENOENT };
	p.rows[p.count++] = (struct probe_row){ "rekey", "tx", "new keys, TX", busy,
	    "Linux 6.14 or newer", NULL };
	p.rows[p.count++] = (struct probe_row){ "options", "X", "X", yes, NULL, "a note" };
	return p;
}

static void
the_table_says_what_makes_a_yes(void **unused)
{
	struct probe p = example();
	char text[OUTPUT];

	(void)unused;
	printed(print_table, &p, text);
	assert_non_null(strstr(text, "Linux 6.1.0, x86_64\n"));
	assert_non_null(strstr(text, "kernel TLS                  yes\n"));
	assert_non_null(strstr(text, "AES-128-GCM                 "
	    "yes         yes         yes         yes\n"));
	assert_non_null(strstr(text, "CHACHA20-POLY1305           "
	    "yes         yes         no          yes\n"));
	assert_non_null(strstr(text, "\n  this kernel has no CHACHA20-POLY1305: modprobe "));
	assert_non_null(strstr(text, "new keys, TX                no: Linux 6.14 or newer\n"));
	assert_non_null(strstr(text, "X                           yes: a note\n"));
}

static const char *
string_at(json_t *root, const char *group, const char *name, const char *member)
{
	json_t *o = json_object_get(root, group);

	if (name != NULL)
		o = json_object_get(o, name);
	return json_string_value(json_object_get(o, member));
}

static void
the_json_is_whole(void **unused)
{
	struct probe p = example();
	char text[OUTPUT];
	json_t *root, *one;
	size_t no = 0;

	(void)unused;
	printed(print_json, &p, text);
	assert_non_null(root = json_loads(text, 0, NULL));
	assert_string_equal(string_at(root, "kernel", NULL, "release"), "6.1.0");
	assert_string_equal(string_at(root, "tls", NULL, "answer"), "yes");
	assert_string_equal(string_at(root, "rekey", "tx", "answer"), "no");
	assert_string_equal(string_at(root, "rekey", "tx", "why"), "Linux 6.14 or newer");
	assert_string_equal(string_at(root, "options", "X", "answer"), "yes");
	assert_int_equal(json_array_size(json_object_get(root, "ciphers")), 16);
	for (size_t i = 0; i < 16; i++) {
		one = json_array_get(json_object_get(root, "ciphers"), i);
		if (strcmp(json_string_value(json_object_get(one, "answer")), "yes") == 0)
			continue;
		no++;
		assert_string_equal(json_string_value(json_object_get(one, "cipher")),
		    "CHACHA20-POLY1305");
		assert_string_equal(json_string_value(json_object_get(one, "version")), "1.3");
		assert_string_equal(json_string_value(json_object_get(one, "direction")), "tx");
		assert_int_equal(json_integer_value(json_object_get(one, "errno")), ENOENT);
	}
	assert_int_equal(no, 1);
	json_decref(root);
}

/* Of this kernel, whatever it is: no row is lost, and each no has its reason here or above it. */
static void
this_kernel_is_asked(void **unused)
{
	struct probe p;

	(void)unused;
	probe_ask(&p);
	assert_true(p.count > 5 && p.count <= PROBE_ROWS);
	assert_true(p.host.release[0] != '\0');
	for (size_t i = 0; i < p.count; i++) {
		bool yes = p.rows[i].answer.cap == KTLS_CAP_YES, told = p.rows[i].remedy != NULL;
		bool uring = strcmp(p.rows[i].group, "io_uring") == 0;
		bool ring = strcmp(p.rows[i].name, "setup") == 0;

		if (yes)
			assert_false(told);
		else if (ring || (!uring && p.caps.ulp.cap == KTLS_CAP_YES))
			assert_true(told);
	}
}

static int
run_probe(int argc, char **argv)
{
	optind = 0;		/* getopt starts anew */
	return cmd_probe(argc, argv);
}

static void
usage_errors_are_2(void **unused)
{
	char name[] = "ktls probe", wrong[] = "--wrong", word[] = "word";
	char *option[] = { name, wrong, NULL }, *argument[] = { name, word, NULL };

	(void)unused;
	assert_int_equal(run_probe(2, option), EXIT_USAGE);
	assert_int_equal(run_probe(2, argument), EXIT_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_says_what_makes_a_yes),
		cmocka_unit_test(the_json_is_whole),
		cmocka_unit_test(this_kernel_is_asked),
		cmocka_unit_test(usage_errors_are_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
