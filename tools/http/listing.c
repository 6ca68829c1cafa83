/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include "http/files.h"
#include "http/listing.h"
#include "http/page.h"

struct entry {
	char *name;
	bool is_dir;
	off_t size;
	time_t modified;
};

struct entries {
	struct entry *at;
	size_t count, cap;
	bool more;		/* than HTTP_LISTING_MAX */
};

static void
entries_free(struct entries *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->at[i].name);
	free(list->at);
}

static int
entries_add(struct entries *list, const char *name, const struct stat *st)
{
	struct entry *at = list->at;
	char *copy;

	if (list->count == list->cap) {
		size_t cap = list->cap != 0 ? list->cap * 2 : 64;

		if ((at = realloc(at, cap * sizeof(*at))) == NULL)
			return -ENOMEM;
		list->at = at;
		list->cap = cap;
	}
	if ((copy = strdup(name)) == NULL)
		return -ENOMEM;
	list->at[list->count++] = (struct entry){ .name = copy, .is_dir = S_ISDIR(st->st_mode),
	    .size = st->st_size, .modified = st->st_mtime };
	return 0;
}

/* Where a link leads is judged from root, so that nothing outside shows its size or date. */
static bool
stat_entry(int root, const struct http_path *path, int dir, const char *name, struct stat *st)
{
	char full[HTTP_PATH_MAX + NAME_MAX + 2];

	if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	if (S_ISLNK(st->st_mode)) {
		snprintf(full, sizeof(full), "%s%s%s", path->name, path->len != 0 ? "/" : "", name);
		if (http_file_stat(root, full, st) != 0)
			return false;
	}
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

static int
entries_read(struct entries *list, int root, const struct http_path *path, DIR *d)
{
	const struct dirent *e;
	struct stat st;
	int err;

	for (errno = 0; (e = readdir(d)) != NULL; errno = 0) {
		if (e->d_name[0] == '.' || !stat_entry(root, path, dirfd(d), e->d_name, &st))
			continue;
		if (list->count == HTTP_LISTING_MAX) {
			list->more = true;
			return 0;
		}
		if ((err = entries_add(list, e->d_name, &st)) != 0)
			return err;
	}
	return -errno;
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order;

	if (x->is_dir != y->is_dir)
		return x->is_dir ? -1 : 1;
	order = strcasecmp(x->name, y->name);
	return order != 0 ? order : strcmp(x->name, y->name);
}

static void
put_size(struct http_buf *out, off_t size)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double n = (double)size / 1024;
	size_t unit = 0;

	if (size < 1024) {
		http_buf_fmt(out, "%d B", (int)size);
		return;
	}
	for (; n >= 1023.95; n /= 1024)		/* would round to 1024.0 */
		unit++;
	http_buf_fmt(out, "%.1f %s", n, units[unit]);
}

static void
put_time(struct http_buf *out, time_t t)
{
	struct tm tm;

	/* a file's time can be any number: this one fits the columns, and no int overflows */
	if (gmtime_r(&t, &tm) != NULL && tm.tm_year >= -1900 && tm.tm_year <= 9999 - 1900)
		http_buf_fmt(out, "%04d-%02d-%02d %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday, tm.tm_hour, tm.tm_min);
}

/* bdi: a name written from right to left must not swap the columns behind it. */
static void
put_row(struct http_buf *out, const struct entry *e)
{
	struct http_text name = http_text(e->name);
	const char *slash = e->is_dir ? "/" : "";

	http_buf_str(out, "<tr><td><a href=\"");
	http_buf_percent(out, name, "");
	http_buf_fmt(out, "%s\"><bdi>", slash);
	http_buf_html(out, name);
	http_buf_fmt(out, "</bdi>%s</a></td><td class=\"n\">", slash);
	if (!e->is_dir)
		put_size(out, e->size);
	http_buf_str(out, "</td><td class=\"n\">");
	put_time(out, e->modified);
	http_buf_str(out, "</td></tr>\n");
}

static void
put_page(struct http_buf *out, const struct http_path *path, const struct entries *list)
{
	char title[HTTP_PATH_MAX + 2];
	int n = snprintf(title, sizeof(title), "/%s%s", path->name, path->len != 0 ? "/" : "");

	http_page_begin(out, (struct http_text){ title, (size_t)n });
	http_buf_str(out,
	    "<table>\n<tr><th>Name</th><th class=\"n\">Size</th>"
	    "<th class=\"n\">Modified (UTC)</th></tr>\n");
	if (path->len != 0)
		http_buf_str(out, "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
	for (size_t i = 0; i < list->count; i++)
		put_row(out, &list->at[i]);
	http_buf_str(out, "</table>\n");
	if (list->more)
		http_buf_fmt(out, "<p>There are more: only %u entries are listed.</p>\n",
		    HTTP_LISTING_MAX);
	else if (list->count == 0)
		http_buf_str(out, "<p>The directory is empty.</p>\n");
	http_page_end(out);
}

int
http_listing_put(struct http_buf *out, int root, const struct http_path *path, int dir)
{
	struct entries list = {0};
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0), err;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	rewinddir(d);
	err = entries_read(&list, root, path, d);
	closedir(d);
	if (err == 0) {
		if (list.count > 1)
			qsort(list.at, list.count, sizeof(*list.at), compare);
		put_page(out, path, &list);
	}
	entries_free(&list);
	return err;
}
