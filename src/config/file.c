/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include "config/setter.h"

#define PATH_SHOWN	100	/* bytes of a path in a sentence: the end says most */

const char *
config_path(const char *path)
{
	size_t len = strlen(path);

	return len > PATH_SHOWN ? path + len - PATH_SHOWN : path;
}

/* Into buf, until the end or max + 1 bytes; returns how many, or -errno. From a pipe too. */
static ssize_t
read_all(int fd, uint8_t *buf, size_t max)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, buf + len, max + 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (len <= max && (n > 0 || (n < 0 && errno == EINTR)));
	return n < 0 && len <= max ? -errno : (ssize_t)len;
}

static int
read_fd(struct ktls_config *cfg, int fd, size_t max, struct pem *pem)
{
	uint8_t *buf = OPENSSL_malloc(max + 1);
	int err = 0;
	ssize_t n;

	if (buf == NULL)
		return config_fail(cfg, -ENOMEM, "%s: out of memory", pem->name);
	n = read_all(fd, buf, max);
	if (n == -EISDIR)
		err = config_fail(cfg, -EISDIR, "%s: is a directory, not a PEM file", pem->name);
	else if (n < 0)
		err = config_fail(cfg, (int)n, "%s: can't be read: %s", pem->name,
		    ktls_strerror((int)n));
	else if (n == 0)
		err = config_fail(cfg, -EINVAL, "%s: the file is empty", pem->name);
	else if ((size_t)n > max)
		err = config_fail(cfg, -EFBIG, "%s: is larger than %zu KiB, too much for PEM",
		    pem->name, max >> 10);
	if (err != 0) {
		OPENSSL_clear_free(buf, max + 1);	/* a part of a key may be there */
		return err;
	}
	pem->data = buf;
	pem->len = (size_t)n;
	return 0;
}

int
config_read(struct ktls_config *cfg, const char *path, size_t max, struct pem *pem)
{
	int err, fd;

	if (path == NULL)
		return config_fail(cfg, -EINVAL, "no file was named");
	*pem = (struct pem){ .name = config_path(path) };
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		return config_fail(cfg, err, "%s: can't be opened: %s", pem->name,
		    ktls_strerror(err));
	}
	err = read_fd(cfg, fd, max, pem);
	close(fd);
	return err;
}

void
config_wipe(struct pem *pem)
{
	OPENSSL_clear_free((void *)(uintptr_t)pem->data, pem->len);
	*pem = (struct pem){0};
}

/* Certificates have no passphrase; libcrypto's own callback would ask on the terminal. */
static int
never_ask(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

int
config_next_cert(struct ktls_config *cfg, BIO *bio, bool aux, X509 **out)
{
	X509 *cert = X509_new_ex(cfg->crypto->libctx, cfg->crypto->propq);
	unsigned long code;

	if (cert == NULL)
		return -ENOMEM;
	if ((aux ? PEM_read_bio_X509_AUX(bio, &cert, never_ask, NULL) :
	    PEM_read_bio_X509(bio, &cert, never_ask, NULL)) != NULL) {
		*out = cert;
		return 1;
	}
	X509_free(cert);
	code = ERR_peek_last_error();
	if (crypto_error() == -ENOMEM)
		return -ENOMEM;
	return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE ?
	    0 : -EINVAL;
}
