/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <jansson.h>
#include "probe/probe.h"

static json_t *
answer_json(struct ktls_cap_answer answer, const char *why)
{
	json_t *o = json_pack("{s:s}", "answer", probe_word(answer));

	if (answer.err != 0)
		json_object_set_new(o, "errno", json_integer(-answer.err));
	if (why != NULL && why[0] != '\0')
		json_object_set_new(o, "why", json_string(why));
	return o;
}

static json_t *
cipher_json(const struct ktls_caps *caps, uint16_t version, enum ktls_cipher cipher,
    enum ktls_dir dir)
{
	char why[160];
	json_t *o;

	ktls_caps_explain(caps, version, cipher, dir, why, sizeof(why));
	o = answer_json(ktls_caps_cipher(caps, version, cipher, dir), why);
	json_object_set_new(o, "version", json_string(version == KTLS_TLS13 ? "1.3" : "1.2"));
	json_object_set_new(o, "cipher", json_string(ktls_cipher_name(cipher)));
	json_object_set_new(o, "direction", json_string(dir == KTLS_TX ? "tx" : "rx"));
	return o;
}

static json_t *
ciphers_json(const struct ktls_caps *caps)
{
	json_t *all = json_array();

	for (uint16_t v = KTLS_TLS12; v <= KTLS_TLS13; v++)
		for (enum ktls_cipher c = 0; c < KTLS_CIPHERS; c++)
			for (enum ktls_dir d = KTLS_TX; d <= KTLS_RX; d++)
				json_array_append_new(all, cipher_json(caps, v, c, d));
	return all;
}

/* Each group is an object of its own. */
static void
add_rows(json_t *root, const struct probe *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct probe_row *row = &p->rows[i];

		if (json_object_get(root, row->group) == NULL)
			json_object_set_new(root, row->group, json_object());
		json_object_set_new(json_object_get(root, row->group), row->name,
		    answer_json(row->answer, row->remedy));
	}
}

/* jansson's setters refuse the NULL of an allocation that failed, and of root: so does the dump. */
int
probe_print_json(const struct probe *p)
{
	char why[160];
	json_t *root = json_pack("{s:{s:s, s:s}}", "kernel", "release", p->host.release,
	    "machine", p->host.machine);
	int err;

	probe_explain_ulp(&p->caps, why, sizeof(why));
	json_object_set_new(root, "tls", answer_json(p->caps.ulp, why));
	json_object_set_new(root, "ciphers", ciphers_json(&p->caps));
	add_rows(root, p);
	err = json_dumpf(root, stdout, JSON_INDENT(2)) != 0 ? -ENOMEM : 0;
	putchar('\n');
	json_decref(root);
	return err;
}
