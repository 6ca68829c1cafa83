/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "get/progress.h"
#include "get/say.h"
#include "http/buf.h"

#define REDRAW_MS	200
#define BAR_MAX		30u
#define BAR_MIN		5u

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static size_t
columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

static void
put_bytes(struct http_buf *out, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	for (; bytes >= 1024 && unit < 4; unit++)
		bytes /= 1024;
	http_buf_fmt(out, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

/* "12.0 MiB of 64.0 MiB, 8.0 MiB/s, 7 s left" */
static void
put_numbers(struct http_buf *out, const struct get_progress *progress, uint64_t done, uint64_t now)
{
	double seconds = (double)(now - progress->began) / 1000;
	double rate = seconds > 0 ? (double)done / seconds : 0;

	put_bytes(out, (double)done);
	if (progress->total != 0) {
		http_buf_str(out, " of ");
		put_bytes(out, (double)progress->total);
	}
	http_buf_str(out, ", ");
	put_bytes(out, rate);
	http_buf_str(out, "/s");
	if (progress->total > done && rate > 0)
		http_buf_fmt(out, ", %.0f s left", (double)(progress->total - done) / rate);
}

/* "100% [===   ] ", as wide as it may be; nothing where that is too narrow. */
static void
put_bar(struct http_buf *out, double part, size_t width)
{
	size_t bar = width < BAR_MAX + 8 ? width - 8 : BAR_MAX;

	if (width < BAR_MIN + 8)
		return;
	http_buf_fmt(out, "%3d%% [", (int)(part * 100));
	for (size_t i = 0; i < bar; i++)
		http_buf_str(out, i < (size_t)(part * (double)bar) ? "=" : " ");
	http_buf_str(out, "] ");
}

/* A line that wraps could not be drawn over: what the terminal has no room for is left out. */
static void
draw(struct get_progress *progress, uint64_t done, uint64_t now)
{
	char line[256] = "", text[160] = "";
	struct http_buf out = { .p = line, .cap = sizeof(line) - 1 };
	struct http_buf numbers = { .p = text, .cap = sizeof(text) - 1 };
	size_t room = columns() - 1;

	put_numbers(&numbers, progress, done, now);
	if (progress->total != 0 && room > numbers.len)
		put_bar(&out, (double)done / (double)progress->total, room - numbers.len);
	http_buf_put(&out, text, numbers.len < room ? numbers.len : room);
	line[out.len] = '\0';
	get_say_bar(line);
	progress->drawn = now;
}

void
get_progress_begin(struct get_progress *progress, bool on, uint64_t total)
{
	progress->on = on && isatty(STDERR_FILENO);
	progress->total = total;
	progress->began = now_ms();
	progress->drawn = 0;
}

void
get_progress_show(struct get_progress *progress, uint64_t done)
{
	uint64_t now;

	if (progress->on && (now = now_ms()) - progress->drawn >= REDRAW_MS)
		draw(progress, done, now);
}

void
get_progress_end(struct get_progress *progress, uint64_t done)
{
	if (!progress->on)
		return;
	draw(progress, done, now_ms());
	get_say_bar_done();
	progress->on = false;
}
