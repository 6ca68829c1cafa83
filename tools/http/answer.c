/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "http/answer.h"
#include "http/files.h"
#include "http/head.h"
#include "http/listing.h"
#include "http/page.h"

#define HTML	"text/html; charset=utf-8"
#define PLAIN	"text/plain; charset=utf-8"

int
http_site_open(struct http_site *site, const char *dir)
{
	site->root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return site->root < 0 ? -errno : 0;
}

void
http_site_close(struct http_site *site)
{
	if (site->root >= 0)
		close(site->root);
	site->root = -1;
}

void
http_answer_free(struct http_answer *answer)
{
	free(answer->bytes);
	if (answer->fd >= 0)
		close(answer->fd);
	*answer = (struct http_answer){ .fd = -1 };
}

/* Writes head and, for a body of our own, that behind it. */
static int
finish(struct http_answer *answer, const struct http_request *req, struct http_head *head,
    const struct http_buf *body)
{
	bool is_head = req != NULL && req->method == HTTP_METHOD_HEAD;
	struct http_buf out = { .grows = true };

	head->now = time(NULL);
	head->minor = req != NULL ? req->minor : 1;
	head->keep_alive = answer->keep_alive;
	if (body != NULL)
		head->length = body->len;
	http_head_put(&out, head);
	answer->head_len = out.len;
	if (body != NULL && !is_head)
		http_buf_put(&out, body->p, body->len);
	if (out.full || (body != NULL && body->full)) {
		http_buf_free(&out);
		return -ENOMEM;
	}
	answer->status = head->status;
	answer->bytes = out.p;
	answer->len = out.len;
	return 0;
}

/* A status with its page: what it is about, which may be empty, and why. */
static int
finish_page(struct http_answer *answer, const struct http_request *req,
    const struct http_fault *fault, struct http_text what, const struct http_buf *location)
{
	bool html = req != NULL && http_fields_has(&req->fields, "Accept", "text/html");
	struct http_head head = { .status = fault->status, .own_page = html,
	    .type = html ? HTML : PLAIN, .location = location };
	struct http_buf page = { .grows = true };
	int err;

	answer->why = fault->why;
	http_page_error(&page, html, fault->status, what, fault->why);
	err = finish(answer, req, &head, &page);
	http_buf_free(&page);
	return err;
}

int
http_answer_error(const struct http_request *req, const struct http_fault *fault,
    struct http_answer *answer)
{
	*answer = (struct http_answer){ .fd = -1 };
	return finish_page(answer, req, fault, (struct http_text){ NULL, 0 }, NULL);
}

/* "/name: why", so that the reader sees what the server took the path for. */
static int
refuse_path(struct http_answer *answer, const struct http_request *req,
    const struct http_path *path, const struct http_fault *fault)
{
	struct http_buf what = { .grows = true };
	int err;

	http_buf_str(&what, "/");
	http_buf_put(&what, path->name, path->len);
	http_buf_str(&what, path->slash && path->len != 0 ? "/" : "");
	if (what.full)
		err = -ENOMEM;
	else
		err = finish_page(answer, req, fault, (struct http_text){ what.p, what.len }, NULL);
	http_buf_free(&what);
	return err;
}

/* Takes the descriptor over. */
static int
serve_file(struct http_answer *answer, const struct http_request *req,
    const struct http_file *file)
{
	struct http_head head = { .status = 200, .type = file->type, .length = file->size,
	    .has_modified = true, .modified = file->modified };

	if (req->method == HTTP_METHOD_HEAD || file->size == 0) {
		close(file->fd);
	} else {
		answer->fd = file->fd;
		answer->length = file->size;
	}
	return finish(answer, req, &head, NULL);
}

static int
serve_listing(struct http_answer *answer, const struct http_request *req,
    const struct http_site *site, const struct http_path *path, int dir)
{
	static const struct http_fault unread = { 500, "the server failed to read the directory" };
	struct http_head head = { .status = 200, .type = HTML, .own_page = true };
	struct http_buf page = { .grows = true };
	int err = http_listing_put(&page, site->root, path, dir);

	close(dir);
	if (err == 0)
		err = finish(answer, req, &head, &page);
	else if (err != -ENOMEM)
		err = refuse_path(answer, req, path, &unread);
	http_buf_free(&page);
	return err;
}

/*
 * The name as we read it, encoded again, not the target as it came: "//host/.." sent
 * back in Location would lead the client to another server.
 */
static int
redirect(struct http_answer *answer, const struct http_request *req, const struct http_path *path)
{
	static const struct http_fault moved = { 301, "a directory: its URL ends in a slash" };
	struct http_buf location = { .grows = true };
	struct http_text what;
	int err;

	http_buf_str(&location, "/");
	http_buf_percent(&location, (struct http_text){ path->name, path->len }, "/");
	http_buf_str(&location, "/");
	http_buf_put(&location, path->query.p, path->query.len);
	what = (struct http_text){ location.p, location.len };
	err = location.full ? -ENOMEM : finish_page(answer, req, &moved, what, &location);
	answer->why = NULL;
	http_buf_free(&location);
	return err;
}

int
http_answer(const struct http_site *site, const struct http_request *req,
    struct http_answer *answer)
{
	struct http_fault fault = {0};
	struct http_path path;
	struct http_file file;

	*answer = (struct http_answer){ .fd = -1, .keep_alive = req->keep_alive };
	if (!http_target_path(&path, req->target, &fault))
		return finish_page(answer, req, &fault, req->target, NULL);
	switch (http_file_find(site->root, &path, &file, &fault)) {
	case HTTP_FOUND_FILE:
		return serve_file(answer, req, &file);
	case HTTP_FOUND_DIR:
		return serve_listing(answer, req, site, &path, file.fd);
	case HTTP_FOUND_REDIRECT:
		return redirect(answer, req, &path);
	case HTTP_FOUND_NOTHING:
		break;
	}
	return refuse_path(answer, req, &path, &fault);
}
