/* SPDX-License-Identifier: MIT */
#ifndef HANDSHAKE_QUESTION_H
#define HANDSHAKE_QUESTION_H

#include <ktls/handshake.h>
#include "base/wire.h"

/*
 * What the machine asks its own side: the config's user where ktls_config_ask() says so,
 * else the library itself. A handler asks by setting `due`; the answer arrives
 * like a message. One question at a time.
 */
#define ASK_NOTHING	(-1)

struct questions {
	int due;			/* KTLS_ASK_*, or ASK_NOTHING */
	bool open;			/* the user has it */
	bool calling;			/* inside the user's callback */
	struct ktls_question asked;	/* what the user sees, while open */
	uint8_t *data;			/* that lies in here, where it had to be made */
	size_t data_len;

	/* The answer, until it is taken. */
	int err;
	uint8_t *answer;
	size_t answer_len;
	struct ktls_config *cfg;	/* a reference, or NULL */
	int identity;
};

struct ktls_hs;

/* Answers what is due or gives it to the user, to whom it then stays open. */
KTLS_CHECKED int question_ask(struct ktls_hs *hs);
void question_free(struct questions *q);

#endif
