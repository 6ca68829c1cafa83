/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <ktls/offload.h>
#include "offload/install.h"

int
ktls_offload_install(int fd, enum ktls_dir dir, const struct ktls_keys *keys)
{
	union crypto_info ci = {0};
	socklen_t len = crypto_info_set(&ci, keys);
	int err = 0;

	if (len == 0)
		return -EINVAL;
	if (setsockopt(fd, SOL_TLS, crypto_info_optname(dir), &ci, len) != 0)
		err = -errno;
	explicit_bzero(&ci, sizeof(ci));
	return err;
}
