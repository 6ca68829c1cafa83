/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_SETTER_H
#define CONFIG_SETTER_H

#include "config/config.h"

/* What the setters share; nobody's outside this room. */

/* 0, or -EBUSY: every setter asks first. */
KTLS_CHECKED int config_writable(struct ktls_config *cfg);

/* Keeps the sentence and returns err. */
int config_fail(struct ktls_config *cfg, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What PEM is read from: a file's content, or the caller's memory. */
struct pem {
	const char *name;		/* for sentences */
	const uint8_t *data;
	size_t len;
};

/* path's content, at most max bytes; config_wipe() it. Says itself what failed. */
KTLS_CHECKED int config_read(struct ktls_config *cfg, const char *path, size_t max,
    struct pem *pem);
void config_wipe(struct pem *pem);

/* A path as a sentence has room for: its end. */
const char *config_path(const char *path);

/*
 * The next certificate of PEM: 1 and *cert, the caller's to free; 0 at the end;
 * -ENOMEM; -EINVAL where one can't be decoded. aux: OpenSSL's TRUSTED CERTIFICATE too.
 */
KTLS_CHECKED int config_next_cert(struct ktls_config *cfg, BIO *bio, bool aux, X509 **cert);

/* What PEM_read_bio_*() has failed with: 0 at the end of the file, -ENOMEM, -EINVAL. */
KTLS_CHECKED int config_pem_end(void);
/* A passphrase callback: nobody is asked for one. */
int config_never_ask(char *buf, int size, int writing, void *arg);

/* Versions, ciphers, groups, schemes: all that we have, less what crypto lacks (lists.c). */
KTLS_CHECKED int lists_default(struct ktls_config *cfg);

/* Appends a certificate, and what choose.c asks about it; the first is the leaf (facts.c). */
KTLS_CHECKED int facts_add(struct identity *identity, X509 *cert);

void identity_free(struct identity *identity);
void trust_free(struct trust *trust);
bool trust_nothing(const struct trust *trust);	/* was given */
bool trust_system(const struct trust *trust);	/* whether the system is trusted */
void resume_free(struct ktls_config *cfg);
void use_free(struct ktls_config *cfg);

/* config_use() makes with these what it keeps (context.c, authorities.c). */
KTLS_CHECKED int context_policy(const struct ktls_config *cfg, enum ktls_role role,
    uint8_t policy[FINGERPRINT_LEN]);
KTLS_CHECKED int context_of(const struct ktls_config *cfg, const uint8_t policy[FINGERPRINT_LEN],
    uint8_t context[SESSION_CONTEXT_LEN]);
KTLS_CHECKED int authorities_make(const struct ktls_config *cfg, struct slice *authorities);
KTLS_CHECKED int trust_store_new(const struct ktls_config *cfg, X509_STORE **store);

#endif
