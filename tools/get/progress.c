/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "get/progress.h"

#define REDRAW_MS	200
#define BAR		30

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
put_bytes(double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	for (; bytes >= 1024 && unit < 4; unit++)
		bytes /= 1024;
	fprintf(stderr, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

void
get_progress_begin(struct get_progress *progress, bool on, uint64_t total)
{
	progress->on = on && isatty(STDERR_FILENO);
	progress->total = total;
	progress->began = now_ms();
	progress->drawn = 0;
}

static void
draw(struct get_progress *progress, uint64_t done, uint64_t now)
{
	double seconds = (double)(now - progress->began) / 1000, rate = seconds > 0 ?
	    (double)done / seconds : 0;
	int filled = progress->total != 0 ? (int)((double)done / (double)progress->total * BAR) : 0;

	fputc('\r', stderr);
	if (progress->total != 0) {
		fprintf(stderr, "%3d%% [", (int)((double)done * 100 / (double)progress->total));
		for (int i = 0; i < BAR; i++)
			fputc(i < filled ? '=' : ' ', stderr);
		fputs("] ", stderr);
	}
	put_bytes((double)done);
	if (progress->total != 0) {
		fputs(" of ", stderr);
		put_bytes((double)progress->total);
	}
	fputs(", ", stderr);
	put_bytes(rate);
	fputs("/s", stderr);
	if (progress->total > done && rate > 0)
		fprintf(stderr, ", %.0f s left", (double)(progress->total - done) / rate);
	fputs("\033[K", stderr);
	progress->drawn = now;
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
	fputc('\n', stderr);
	progress->on = false;
}
