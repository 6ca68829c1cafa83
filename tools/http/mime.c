/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "http/mime.h"

#define TEXT(subtype)	"text/" subtype "; charset=utf-8"

/* IANA's names. Text is said to be UTF-8, as everything written today is. */
static const struct {
	const char *extension, *type;
} types[] = {
	{ "html", TEXT("html") }, { "htm", TEXT("html") }, { "css", TEXT("css") },
	{ "js", TEXT("javascript") }, { "mjs", TEXT("javascript") },
	{ "txt", TEXT("plain") }, { "text", TEXT("plain") }, { "log", TEXT("plain") },
	{ "conf", TEXT("plain") }, { "ini", TEXT("plain") }, { "diff", TEXT("plain") },
	{ "patch", TEXT("plain") }, { "c", TEXT("plain") }, { "h", TEXT("plain") },
	{ "sh", TEXT("plain") }, { "py", TEXT("plain") }, { "rs", TEXT("plain") },
	{ "md", TEXT("markdown") }, { "csv", TEXT("csv") }, { "ics", TEXT("calendar") },
	{ "vtt", TEXT("vtt") }, { "xml", "application/xml" },
	{ "xhtml", "application/xhtml+xml" }, { "atom", "application/atom+xml" },
	{ "rss", "application/rss+xml" }, { "json", "application/json" },
	{ "map", "application/json" }, { "jsonld", "application/ld+json" },
	{ "webmanifest", "application/manifest+json" }, { "wasm", "application/wasm" },
	{ "yaml", "application/yaml" }, { "yml", "application/yaml" },
	{ "toml", "application/toml" },
	{ "pdf", "application/pdf" }, { "epub", "application/epub+zip" },
	{ "rtf", "application/rtf" }, { "ps", "application/postscript" },
	{ "odt", "application/vnd.oasis.opendocument.text" },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ "gz", "application/gzip" }, { "tgz", "application/gzip" },
	{ "zst", "application/zstd" }, { "xz", "application/x-xz" },
	{ "bz2", "application/x-bzip2" }, { "zip", "application/zip" },
	{ "tar", "application/x-tar" }, { "7z", "application/x-7z-compressed" },
	{ "png", "image/png" }, { "jpg", "image/jpeg" }, { "jpeg", "image/jpeg" },
	{ "gif", "image/gif" }, { "webp", "image/webp" }, { "avif", "image/avif" },
	{ "svg", "image/svg+xml" }, { "ico", "image/vnd.microsoft.icon" },
	{ "bmp", "image/bmp" }, { "tif", "image/tiff" }, { "tiff", "image/tiff" },
	{ "mp3", "audio/mpeg" }, { "m4a", "audio/mp4" }, { "ogg", "audio/ogg" },
	{ "opus", "audio/ogg" }, { "flac", "audio/flac" }, { "wav", "audio/wav" },
	{ "mp4", "video/mp4" }, { "m4v", "video/mp4" }, { "webm", "video/webm" },
	{ "mkv", "video/matroska" }, { "mov", "video/quicktime" }, { "ts", "video/mp2t" },
	{ "m3u8", "application/vnd.apple.mpegurl" },
	{ "woff", "font/woff" }, { "woff2", "font/woff2" }, { "ttf", "font/ttf" },
	{ "otf", "font/otf" },
};

const char *
http_mime_type(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *dot = strrchr(slash != NULL ? slash : name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(*types); i++)
		if (strcasecmp(dot + 1, types[i].extension) == 0)
			return types[i].type;
	return "application/octet-stream";
}
