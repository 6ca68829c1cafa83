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
#define ROOM_STEP	65536	/* bytes; nearly every PEM file is smaller */

const char *
config_path(const char *path)
{
	size_t len = strlen(path);

	return len > PATH_SHOWN ? path + len - PATH_SHOWN : path;
}

/* To the end of a file of any kind, a pipe too, or to more than max bytes. -errno. */
static int
read_all(int fd, size_t max, struct pem *pem)
{
	size_t room = 0;
	uint8_t *buf = NULL, *more;
	ssize_t n;

	do {
		if (pem->len == room) {
			if ((more = OPENSSL_clear_realloc(buf, room, room + ROOM_STEP)) == NULL)
				return -ENOMEM;
			pem->data = buf = more;
			room += ROOM_STEP;
		}
		n = read(fd, buf + pem->len, room - pem->len);
		if (n > 0)
			pem->len += (size_t)n;
	} while (pem->len <= max && (n > 0 || (n < 0 && errno == EINTR)));
	return n < 0 ? -errno : 0;
}

static int
read_fd(struct ktls_config *cfg, int fd, size_t max, struct pem *pem)
{
	int err = read_all(fd, max, pem);

	if (err == -ENOMEM)
		return config_fail(cfg, err, "%s: out of memory", pem->name);
	if (err == -EISDIR)
		return config_fail(cfg, err, "%s: is a directory, not a PEM file", pem->name);
	if (err != 0)
		return config_fail(cfg, err, "%s: can't be read: %s", pem->name,
		    ktls_strerror(err));
	if (pem->len == 0)
		return config_fail(cfg, -EINVAL, "%s: the file is empty", pem->name);
	if (pem->len > max)
		return config_fail(cfg, -EFBIG, "%s: is larger than %zu KiB, too much for PEM",
		    pem->name, max >> 10);
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
	if ((err = read_fd(cfg, fd, max, pem)) != 0)
		config_wipe(pem);		/* a part of a key may be there */
	close(fd);
	return err;
}

void
config_wipe(struct pem *pem)
{
	OPENSSL_clear_free((void *)(uintptr_t)pem->data, pem->len);
	*pem = (struct pem){0};
}

/* Certificates and lists have none; libcrypto's own callback would ask on the terminal. */
int
config_never_ask(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

int
config_pem_end(void)
{
	unsigned long code = ERR_peek_last_error();

	if (crypto_error() == -ENOMEM)
		return -ENOMEM;
	return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE ?
	    0 : -EINVAL;
}

int
config_next_cert(struct ktls_config *cfg, BIO *bio, bool aux, X509 **out)
{
	X509 *cert = X509_new_ex(cfg->crypto->libctx, cfg->crypto->propq);

	if (cert == NULL)
		return -ENOMEM;
	if ((aux ? PEM_read_bio_X509_AUX(bio, &cert, config_never_ask, NULL) :
	    PEM_read_bio_X509(bio, &cert, config_never_ask, NULL)) != NULL) {
		*out = cert;
		return 1;
	}
	X509_free(cert);
	return config_pem_end();
}
