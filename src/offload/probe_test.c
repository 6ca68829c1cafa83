/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <ktls/offload.h>
#include "offload/loopback.h"

static const uint16_t versions[] = { KTLS_TLS12, KTLS_TLS13 };

static int
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* What the kernel under the test says: with the ULP the kmod tests go further. */
static void
the_ulp_is_found_as_it_is(void **unused)
{
	struct loopback lo;
	struct ktls_caps caps;
	int fd, err, before = open_descriptors();

	(void)unused;
	memset(&caps, 0xff, sizeof(caps));
	assert_int_equal(ktls_offload_probe(&caps), 0);
	assert_int_equal(open_descriptors(), before);

	assert_int_equal(loopback_open(&lo), 0);
	assert_true((fd = loopback_connect(&lo)) >= 0);
	err = ktls_offload_attach(fd);
	close(fd);
	loopback_close(&lo);
	assert_int_equal(caps.ulp.cap, err == 0 ? KTLS_CAP_YES : KTLS_CAP_NO);
	assert_int_equal(caps.ulp.err, err);
}

static void
expect_no_ulp(const struct ktls_caps *caps, uint16_t version, enum ktls_cipher c, enum ktls_dir d)
{
	struct ktls_cap_answer a = ktls_caps_cipher(caps, version, c, d);
	char why[128];

	assert_int_equal(a.cap, KTLS_CAP_NO);
	assert_int_equal(a.err, caps->ulp.err);
	ktls_caps_explain(caps, version, c, d, why, sizeof(why));
	assert_string_equal(why,
	    "this kernel has no TLS ULP: modprobe tls, or a kernel with CONFIG_TLS");
}

static void
without_the_ulp_every_answer_is_no_and_says_so(void **unused)
{
	struct ktls_caps caps;

	(void)unused;
	assert_int_equal(ktls_offload_probe(&caps), 0);
	if (caps.ulp.cap == KTLS_CAP_YES)
		skip();
	for (size_t v = 0; v < 2; v++)
		for (enum ktls_cipher c = 0; c < KTLS_CIPHERS; c++)
			for (enum ktls_dir d = 0; d < KTLS_DIRS; d++)
				expect_no_ulp(&caps, versions[v], c, d);
	assert_int_equal(caps.rekey[KTLS_TX].cap, KTLS_CAP_NO);
	assert_int_equal(caps.tx_max_payload_len.cap, KTLS_CAP_NO);
}

/* The rest runs in a child: it takes away what a probe needs. Returns what check() returned. */
static int
in_child(int (*check)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(check());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum { GOOD, CANNOT = 77 };
#define WANT(x) \
	do { \
		if (!(x)) { \
			print_error("line %d: %s\n", __LINE__, #x); \
			return 1; \
		} \
	} while (0)

static void
run_or_skip(int (*check)(void))
{
	int status = in_child(check);

	if (status == CANNOT)
		skip();
	assert_int_equal(status, GOOD);
}

static int
probe_without_descriptors(void)
{
	const struct rlimit none = { 0, 0 };
	struct ktls_caps caps;
	char why[128];

	if (setrlimit(RLIMIT_NOFILE, &none) != 0)
		return CANNOT;
	WANT(ktls_offload_probe(&caps) == -EMFILE);
	WANT(caps.ulp.cap == KTLS_CAP_UNKNOWN && caps.ulp.err == -EMFILE);
	WANT(caps.cipher[1][KTLS_AES_128_GCM][KTLS_TX].cap == KTLS_CAP_UNKNOWN);
	WANT(caps.rekey[KTLS_RX].cap == KTLS_CAP_UNKNOWN);
	ktls_caps_explain(&caps, KTLS_TLS13, KTLS_AES_128_GCM, KTLS_TX, why, sizeof(why));
	WANT(strcmp(why, "it could not be tried whether this kernel has a TLS ULP: "
	    "Too many open files") == 0);
	return GOOD;
}

static void
no_descriptors_is_unknown_not_no(void **unused)
{
	(void)unused;
	run_or_skip(probe_without_descriptors);
}

/* A network namespace of its own has an interface lo that is down. */
static int
probe_without_network(void)
{
	struct ktls_caps caps;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return CANNOT;
	WANT(ktls_offload_probe(&caps) < 0);
	WANT(caps.ulp.cap == KTLS_CAP_UNKNOWN && caps.ulp.err != 0);
	return GOOD;
}

static int
probe_with_ipv6_alone(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	struct sockaddr_in *in = (struct sockaddr_in *)&ifr.ifr_addr;
	struct loopback lo;
	struct ktls_caps caps;
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 ||
	    (fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
		return CANNOT;
	ifr.ifr_flags = IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) != 0)
		return CANNOT;
	memset(&ifr.ifr_addr, 0, sizeof(ifr.ifr_addr));
	in->sin_family = AF_INET;
	if (ioctl(fd, SIOCSIFADDR, &ifr) != 0)		/* 0.0.0.0 takes 127.0.0.1 away */
		return CANNOT;
	close(fd);
	if ((fd = socket(AF_INET6, SOCK_STREAM, 0)) < 0)
		return CANNOT;
	close(fd);
	WANT(loopback_open(&lo) == 0 && lo.addr.ss_family == AF_INET6);
	loopback_close(&lo);
	WANT(ktls_offload_probe(&caps) == 0);
	WANT(caps.ulp.cap != KTLS_CAP_UNKNOWN);
	return GOOD;
}

static void
no_loopback_is_unknown_not_no(void **unused)
{
	(void)unused;
	run_or_skip(probe_without_network);
}

static void
ipv6_alone_is_enough(void **unused)
{
	(void)unused;
	run_or_skip(probe_with_ipv6_alone);
}

static void
ignore(int sig)
{
	(void)sig;
}

/* Hundreds of signals that interrupt system calls, and a SIGPIPE that would kill. */
static int
probe_under_signals(void)
{
	const struct itimerval often = { { 0, 200 }, { 0, 200 } };
	struct sigaction sa = { .sa_handler = ignore };
	struct ktls_caps caps;

	signal(SIGPIPE, SIG_DFL);
	WANT(sigaction(SIGALRM, &sa, NULL) == 0);
	WANT(setitimer(ITIMER_REAL, &often, NULL) == 0);
	for (int i = 0; i < 50; i++) {
		WANT(ktls_offload_probe(&caps) == 0);
		WANT(caps.ulp.cap != KTLS_CAP_UNKNOWN);
	}
	return GOOD;
}

static void
signals_change_nothing(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(probe_under_signals), GOOD);
}

/* Answers that a kernel might give, put together by hand. */
/* clang-format off */
static const struct {
	uint16_t version;
	enum ktls_cipher cipher;
	struct ktls_cap_answer ulp, answer;
	const char *sentence;
} sentences[] = {
	{ KTLS_TLS13, KTLS_AES_128_GCM, { KTLS_CAP_YES, 0 }, { KTLS_CAP_YES, 0 }, "" },
	{ KTLS_TLS13, KTLS_CHACHA20_POLY1305, { KTLS_CAP_YES, 0 }, { KTLS_CAP_NO, -ENOENT },
	  "this kernel has no CHACHA20-POLY1305: modprobe chacha20poly1305, or a kernel with CONFIG_CRYPTO_CHACHA20POLY1305" },
	{ KTLS_TLS13, KTLS_AES_128_CCM, { KTLS_CAP_YES, 0 }, { KTLS_CAP_NO, -ENOENT },
	  "this kernel has no AES-128-CCM: modprobe ccm, or a kernel with CONFIG_CRYPTO_CCM" },
	{ KTLS_TLS12, KTLS_CHACHA20_POLY1305, { KTLS_CAP_YES, 0 }, { KTLS_CAP_NO, -EINVAL },
	  "this kernel's TLS 1.2 has no CHACHA20-POLY1305: Linux 5.11 or newer" },
	{ KTLS_TLS13, KTLS_AES_256_GCM, { KTLS_CAP_YES, 0 }, { KTLS_CAP_NO, -EINVAL },
	  "this kernel's TLS 1.3 has no AES-256-GCM: Linux 5.1 or newer" },
	{ KTLS_TLS13, KTLS_AES_256_GCM, { KTLS_CAP_YES, 0 }, { KTLS_CAP_UNKNOWN, -ENOMEM },
	  "it could not be tried whether this kernel has AES-256-GCM: Cannot allocate memory" },
	{ KTLS_TLS13, KTLS_AES_256_GCM, { KTLS_CAP_YES, 0 }, { KTLS_CAP_UNKNOWN, 0 },
	  "not tried yet whether this kernel has AES-256-GCM" },
	{ KTLS_TLS13, KTLS_AES_256_GCM, { KTLS_CAP_UNKNOWN, 0 }, { KTLS_CAP_UNKNOWN, 0 },
	  "not tried yet whether this kernel has a TLS ULP" },
	{ KTLS_TLS13, KTLS_AES_256_GCM, { KTLS_CAP_UNKNOWN, -EPERM }, { KTLS_CAP_UNKNOWN, -EPERM },
	  "it could not be tried whether this kernel has a TLS ULP: Operation not permitted" },
	{ KTLS_TLS13, KTLS_AES_256_GCM, { KTLS_CAP_NO, -ENOENT }, { KTLS_CAP_NO, -ENOENT },
	  "this kernel has no TLS ULP: modprobe tls, or a kernel with CONFIG_TLS" },
};
/* clang-format on */

static void
each_no_has_its_sentence(void **unused)
{
	char why[160];

	(void)unused;
	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
		struct ktls_caps caps = { .ulp = sentences[i].ulp };

		caps.cipher[sentences[i].version == KTLS_TLS13][sentences[i].cipher][KTLS_RX] =
		    sentences[i].answer;
		ktls_caps_explain(&caps, sentences[i].version, sentences[i].cipher, KTLS_RX, why,
		    sizeof(why));
		assert_string_equal(why, sentences[i].sentence);
	}
}

static void
a_sentence_is_cut_at_its_buffer(void **unused)
{
	struct ktls_caps caps = { .ulp = { KTLS_CAP_NO, -ENOENT } };
	char *why = malloc(12);

	(void)unused;
	assert_non_null(why);
	ktls_caps_explain(&caps, KTLS_TLS13, KTLS_AES_128_GCM, KTLS_TX, why, 12);
	assert_string_equal(why, "this kernel");
	ktls_caps_explain(&caps, KTLS_TLS13, KTLS_AES_128_GCM, KTLS_TX, why, 0);
	assert_string_equal(why, "this kernel");
	free(why);
}

static void
what_the_enums_lack_is_a_no(void **unused)
{
	struct ktls_caps caps = {0};
	char why[80];

	(void)unused;
	memset(caps.cipher, KTLS_CAP_YES, sizeof(caps.cipher));
	assert_int_equal(ktls_caps_cipher(&caps, 0x0302, KTLS_AES_128_GCM, KTLS_TX).cap,
	    KTLS_CAP_NO);
	assert_int_equal(ktls_caps_cipher(&caps, KTLS_TLS13, (enum ktls_cipher)4, KTLS_TX).cap,
	    KTLS_CAP_NO);
	ktls_caps_explain(&caps, 0x0305, KTLS_AES_128_GCM, KTLS_TX, why, sizeof(why));
	assert_string_equal(why, "the kernel's TLS has no such version, cipher or direction");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ulp_is_found_as_it_is),
		cmocka_unit_test(without_the_ulp_every_answer_is_no_and_says_so),
		cmocka_unit_test(no_descriptors_is_unknown_not_no),
		cmocka_unit_test(no_loopback_is_unknown_not_no),
		cmocka_unit_test(ipv6_alone_is_enough),
		cmocka_unit_test(signals_change_nothing),
		cmocka_unit_test(each_no_has_its_sentence),
		cmocka_unit_test(a_sentence_is_cut_at_its_buffer),
		cmocka_unit_test(what_the_enums_lack_is_a_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
