/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <ktls/offload.h>
#include "offload/install.h"

/*
 * The kernel wants the exact length of the cipher's struct, and tells a shorter
 * question which cipher that is: two calls.
 */
int
ktls_offload_seq(int fd, enum ktls_dir dir, uint64_t *seq)
{
	union crypto_info ci = {0};
	socklen_t len = sizeof(ci.info);
	int optname = crypto_info_optname(dir), err = 0;

	if (getsockopt(fd, SOL_TLS, optname, &ci, &len) != 0)
		return -errno;
	if ((len = crypto_info_len(&ci)) == 0)
		return -EOPNOTSUPP;
	if (getsockopt(fd, SOL_TLS, optname, &ci, &len) != 0)
		err = -errno;
	else
		*seq = crypto_info_seq(&ci);
	explicit_bzero(&ci, sizeof(ci));	/* the kernel returns the key with it */
	return err;
}
