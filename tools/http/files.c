/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "http/files.h"
#include "http/mime.h"

#define INDEX "index.html"

/*
 * Where there is no openat2 (a container's old seccomp filter, valgrind): segment by
 * segment, following no link at all. The name has no ".." (target.h).
 */
static int
open_stepwise(int root, const char *name, int flags)
{
	char segment[NAME_MAX + 1];
	int dir = root;

	for (;; name++) {
		size_t len = strcspn(name, "/");
		bool last = name[len] == '\0';
		int how = last ? flags : O_PATH | O_DIRECTORY;
		int next = -ENAMETOOLONG;

		if (len < sizeof(segment)) {
			*(char *)mempcpy(segment, name, len) = '\0';
			next = openat(dir, segment, how | O_NOFOLLOW | O_CLOEXEC);
			next = next < 0 ? -errno : next;
		}
		if (dir != root)
			close(dir);
		if (next < 0 || last)
			return next;
		dir = next;
		name += len;
	}
}

/* The descriptor or -errno. */
static int
open_beneath(int root, const char *name, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd;
	int tries = 16;

	/* EAGAIN: a rename somewhere raced with a ".." in a link (openat2(2)) */
	do {
		fd = syscall(SYS_openat2, root, name, &how, sizeof(how));
	} while (fd < 0 && (errno == EINTR || (errno == EAGAIN && --tries > 0)));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_stepwise(root, name, flags);
	return fd < 0 ? -errno : (int)fd;
}

/* clang-format off */
static const struct {
	int err, status;
	const char *why;
} open_errors[] = {
	{ ENOENT,	404, "there is no such file" },
	{ ENOTDIR,	404, "there is no such file" },
	{ ENAMETOOLONG,	404, "there is no such file; its name is longer than one can be" },
	{ EACCES,	403, "the server may not read it (permission denied)" },
	{ EPERM,	403, "the server may not read it (operation not permitted)" },
	{ EXDEV,	403, "a symbolic link that leads out of the served directory" },
	{ ELOOP,	403, "a symbolic link that can't be followed" },
	{ ENXIO,	403, "neither a regular file nor a directory" },
	{ ENODEV,	403, "neither a regular file nor a directory" },
	{ EMFILE,	503, "the server has no file descriptor left" },
	{ ENFILE,	503, "the server has no file descriptor left" },
	{ ENOMEM,	503, "the server has no memory left" },
};
/* clang-format on */

static bool
refuse_errno(struct http_fault *fault, int err)
{
	for (size_t i = 0; i < sizeof(open_errors) / sizeof(*open_errors); i++)
		if (open_errors[i].err == -err)
			return http_refuse(fault, open_errors[i].status, open_errors[i].why);
	return http_refuse(fault, 500, "the server failed to open it");
}

bool
http_file_open(int root, const char *name, struct http_file *file, struct http_fault *fault)
{
	struct stat st;
	/* O_NONBLOCK: a FIFO must not make the whole server wait for a writer */
	int fd = open_beneath(root, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return refuse_errno(fault, fd);
	if (fstat(fd, &st) != 0) {
		close(fd);
		return http_refuse(fault, 500, "the server failed to look at it");
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		close(fd);
		return refuse_errno(fault, -ENXIO);
	}
	/* Off again: io_uring takes the flag to mean that a read may fail with EAGAIN. */
	(void)fcntl(fd, F_SETFL, 0);
	*file = (struct http_file){ .fd = fd, .is_dir = S_ISDIR(st.st_mode),
	    .size = (uint64_t)st.st_size, .modified = st.st_mtime };
	return true;
}

int
http_file_stat(int root, const char *name, struct stat *st)
{
	int fd = open_beneath(root, name, O_PATH), err = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, st) != 0)
		err = -errno;
	close(fd);
	return err;
}

/* The index first: where there is one, that is a single system call. */
static enum http_found
find_in_dir(int root, const struct http_path *path, struct http_file *file,
    struct http_fault *fault)
{
	char name[HTTP_PATH_MAX + sizeof("/" INDEX)];

	snprintf(name, sizeof(name), "%s%s" INDEX, path->name, path->len != 0 ? "/" : "");
	if (http_file_open(root, name, file, fault)) {
		file->type = http_mime_type(INDEX);
		if (!file->is_dir)
			return HTTP_FOUND_FILE;
		close(file->fd);
	} else if (fault->status != 404) {
		return HTTP_FOUND_NOTHING;
	}
	if (!http_file_open(root, path->len != 0 ? path->name : ".", file, fault))
		return HTTP_FOUND_NOTHING;
	if (file->is_dir)
		return HTTP_FOUND_DIR;
	close(file->fd);
	http_refuse(fault, 404, "a file, not a directory: its URL has no slash at the end");
	return HTTP_FOUND_NOTHING;
}

enum http_found
http_file_find(int root, const struct http_path *path, struct http_file *file,
    struct http_fault *fault)
{
	if (path->hidden) {
		http_refuse(fault, 404, "there is no such file");	/* as if there were none */
		return HTTP_FOUND_NOTHING;
	}
	if (path->slash)
		return find_in_dir(root, path, file, fault);
	if (!http_file_open(root, path->name, file, fault))
		return HTTP_FOUND_NOTHING;
	if (file->is_dir) {
		close(file->fd);
		return HTTP_FOUND_REDIRECT;
	}
	file->type = http_mime_type(path->name);
	return HTTP_FOUND_FILE;
}
