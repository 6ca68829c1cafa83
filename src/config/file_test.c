/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include "base/wipe_testlib.h"
#include "config/alloc_testlib.h"
#include "config/config.h"
#include "config/pki_testlib.h"

static struct test_pki *pki;

static struct ktls_config *
config(void)
{
	struct ktls_config *cfg;

	assert_int_equal(ktls_config_new(&cfg), 0);
	return cfg;
}

/* One wrong pair of files a line: what is in them, and what the sentence must say. */
enum content {
	CERT, KEY, OTHER_KEY, EMPTY, GARBAGE, CUT_CERT, CUT_KEY, DER, BUNDLE, HUGE_FILE,
	DIRECTORY, MISSING, UNREADABLE, ENCRYPTED, OLD_ENCRYPTED, UNNAMED,
};

/* clang-format off */
static const struct {
	const char *rule;
	enum content cert, key;
	int err;
	const char *says;
} file_cases[] = {
	{ "mismatch", CERT, OTHER_KEY, -EINVAL, "1.pem and " },
	{ "mismatch, second file", CERT, OTHER_KEY, -EINVAL, "2.pem don't belong together" },
	{ "no certificate file", MISSING, KEY, -ENOENT, "1.pem: can't be opened: No such file or directory" },
	{ "no key file", CERT, MISSING, -ENOENT, "2.pem: can't be opened: No such file or directory" },
	{ "a directory", DIRECTORY, KEY, -EISDIR, "1.pem: is a directory" },
	{ "a directory for a key", CERT, DIRECTORY, -EISDIR, "2.pem: is a directory" },
	{ "empty", EMPTY, KEY, -EINVAL, "1.pem: the file is empty" },
	{ "empty key", CERT, EMPTY, -EINVAL, "2.pem: the file is empty" },
	{ "too large", HUGE_FILE, KEY, -EFBIG, "1.pem: is larger than 1024 KiB" },
	{ "too large a key", CERT, HUGE_FILE, -EFBIG, "2.pem: is larger than 1024 KiB" },
	{ "garbage", GARBAGE, KEY, -EINVAL, "1.pem: holds no certificate in PEM" },
	{ "garbage for a key", CERT, GARBAGE, -EINVAL, "2.pem: holds no private key in PEM" },
	{ "exchanged", KEY, CERT, -EINVAL, "1.pem: holds no certificate in PEM" },
	{ "certificate twice", CERT, CERT, -EINVAL, "2.pem: holds no private key in PEM" },
	{ "cut short", CUT_CERT, KEY, -EINVAL, "1.pem: certificate 1 can't be decoded" },
	{ "cut short key", CERT, CUT_KEY, -EINVAL, "2.pem: the private key can't be decoded" },
	{ "DER", DER, KEY, -EINVAL, "it looks like DER" },
	{ "a bundle", BUNDLE, KEY, -E2BIG, "1.pem: has more than 10 certificates" },
	{ "encrypted key", CERT, ENCRYPTED, -EINVAL, "2.pem: the key is encrypted" },
	{ "encrypted, the old way", CERT, OLD_ENCRYPTED, -EINVAL, "2.pem: the key is encrypted" },
	{ "no name", UNNAMED, KEY, -EINVAL, "no file was named" },
	{ "unreadable", CERT, UNREADABLE, -EACCES, "2.pem: can't be opened: Permission denied" },
};
/* clang-format on */

static const char *
encrypted_key(bool old)
{
	static char copy[4096];
	BIO *in = BIO_new_mem_buf(test_pki_key(pki, TEST_EC), -1), *out = BIO_new(BIO_s_mem());
	EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	unsigned char secret[] = "secret";
	char *data;
	long len;

	assert_true((old ? PEM_write_bio_PrivateKey_traditional : PEM_write_bio_PrivateKey)(out,
	    key, EVP_aes_128_cbc(), secret, 6, NULL, NULL));
	len = BIO_get_mem_data(out, &data);
	snprintf(copy, sizeof(copy), "%.*s", (int)len, data);
	EVP_PKEY_free(key);
	BIO_free(in);
	BIO_free(out);
	return copy;
}

static const char *content(enum content which);

static const char *
bundle(void)
{
	static char pem[16384];
	size_t len = 0;

	for (int i = 0; i < 11; i++)
		len += (size_t)snprintf(pem + len, sizeof(pem) - len, "%s", content(CERT));
	return pem;
}

static const char *
huge(void)
{
	static char data[(1 << 20) + 2];

	memset(data, '\n', sizeof(data) - 1);
	memcpy(data, test_pki_cert(pki, TEST_EC), strlen(test_pki_cert(pki, TEST_EC)));
	return data;
}

static const char *
content(enum content which)
{
	static char cut[4096];

	switch (which) {
	case CERT:
	case UNREADABLE:
		return test_pki_cert(pki, TEST_EC);
	case KEY:
		return test_pki_key(pki, TEST_EC);
	case OTHER_KEY:
		return test_pki_key(pki, TEST_IP);
	case CUT_CERT:
		snprintf(cut, sizeof(cut), "%.*s%s", 200, test_pki_cert(pki, TEST_EC),
		    "\n-----END CERTIFICATE-----\n");
		return cut;
	case CUT_KEY:
		snprintf(cut, sizeof(cut), "%.*s%s", 90, test_pki_key(pki, TEST_EC),
		    "\n-----END PRIVATE KEY-----\n");
		return cut;
	case GARBAGE:
		return "-----BEGIN NONSENSE-----\nAAAA\n-----END NONSENSE-----\n";
	case DER:
		return "\x30\x82\x01\x02\x30";
	case BUNDLE:
		return bundle();
	case HUGE_FILE:
		return huge();
	case ENCRYPTED:
	case OLD_ENCRYPTED:
		return encrypted_key(which == OLD_ENCRYPTED);
	default:
		return "";
	}
}

static const char *
make_file(enum content which, const char *name)
{
	const char *text = content(which), *path = test_pki_file(pki, name, text, strlen(text));

	if (which == DIRECTORY || which == MISSING)
		assert_int_equal(unlink(path), 0);
	if (which == DIRECTORY)
		assert_int_equal(mkdir(path, 0700), 0);
	if (which == UNREADABLE)
		assert_int_equal(chmod(path, 0), 0);
	return which == UNNAMED ? NULL : path;
}

static void
each_wrong_file_has_its_sentence(void **unused)
{
	struct ktls_config *cfg = test_pki_server(pki, TEST_RSA);
	const EVP_PKEY *before = cfg->identity[0]->key;

	(void)unused;
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(*file_cases); i++) {
		const char *cert = make_file(file_cases[i].cert, "1.pem");
		const char *key = make_file(file_cases[i].key, "2.pem");
		int err;

		if (file_cases[i].err == -EACCES && geteuid() == 0)
			continue;		/* root may read everything */
		err = ktls_config_identity(cfg, cert, key);
		if (err != file_cases[i].err ||
		    strstr(ktls_config_error(cfg), file_cases[i].says) == NULL ||
		    cfg->identity[0]->key != before || cfg->identity_count != 1)
			fail_msg("%s: err %d, \"%s\"", file_cases[i].rule, err,
			    ktls_config_error(cfg));
		if (file_cases[i].cert == DIRECTORY)
			rmdir(cert);
		if (file_cases[i].key == DIRECTORY)
			rmdir(key);
	}
	ktls_config_unref(cfg);
}

/* A long path loses its front, not the sentence. */
static void
long_paths_leave_room_for_the_sentence(void **unused)
{
	struct ktls_config *cfg = config();
	char path[2048];

	(void)unused;
	memset(path, 'x', sizeof(path));
	for (size_t i = 0; i < sizeof(path); i += 64)
		path[i] = '/';
	strcpy(path + sizeof(path) - 9, "/end.pem");
	assert_int_equal(ktls_config_identity(cfg, path, path), -ENOENT);
	assert_non_null(strstr(ktls_config_error(cfg),
	    "/end.pem: can't be opened: No such file or directory"));
	ktls_config_unref(cfg);
}

static void
running_out_of_memory(void **unused)
{
	const char *cert = test_pki_cert_file(pki, TEST_EC), *key = test_pki_key_file(pki, TEST_EC);
	struct ktls_config *cfg = config();

	(void)unused;
	for (size_t n = 0; n < 2; n++) {
		test_alloc_fail(n);
		assert_int_equal(ktls_config_identity(cfg, cert, key), -ENOMEM);
		assert_true(test_alloc_failed());
		assert_non_null(strstr(ktls_config_error(cfg), "pem: out of memory"));
	}
	ktls_config_unref(cfg);
}

/* By a child, so that this process has never seen the key. */
static void
write_elsewhere(const char *cert_path, const char *key_path)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct test_pki *other = test_pki_new();
		const char *cert = test_pki_cert_file(other, TEST_EC);
		const char *key = test_pki_key_file(other, TEST_EC);
		int moved = rename(cert, cert_path) == 0 && rename(key, key_path) == 0;

		test_pki_free(other);
		_exit(moved ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The middle of a file, masked. */
static void
read_masked(const char *path, uint8_t masked[48])
{
	uint8_t text[48];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, text, sizeof(text), 100), sizeof(text));
	close(fd);
	wipe_mask(text, sizeof(text), masked);
}

static void
load(void *arg)
{
	const char *const *paths = arg;
	struct ktls_config *cfg = config();

	assert_int_equal(ktls_config_identity(cfg, paths[0], paths[1]), 0);
	assert_int_equal(ktls_config_identity(cfg, paths[1], paths[0]), -EINVAL);
	ktls_config_unref(cfg);
}

/* A key file is in memory only while it is decoded. */
static void
the_text_of_a_key_file_is_gone(void **unused)
{
	char cert[300], key[300];
	const char *paths[] = { cert, key };
	uint8_t masked[48];

	(void)unused;
	wipe_begin();
	snprintf(cert, sizeof(cert), "%s/elsewhere.pem", test_pki_dir(pki));
	snprintf(key, sizeof(key), "%s/elsewhere-key.pem", test_pki_dir(pki));
	write_elsewhere(cert, key);
	read_masked(key, masked);
	wipe_deep(load, paths);
	assert_int_equal(wipe_find(masked, sizeof(masked)), 0);
}

static int
set_up(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	return 0;
}

static int
tear_down(void **unused)
{
	(void)unused;
	test_pki_free(pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wrong_file_has_its_sentence),
		cmocka_unit_test(long_paths_leave_room_for_the_sentence),
		cmocka_unit_test(running_out_of_memory),
		cmocka_unit_test(the_text_of_a_key_file_is_gone),
	};

	test_alloc_init();
	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
