/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <ktls/conn.h>
#include <ktls/offload.h>
#include "config/pki_testlib.h"

/*
 * Whole connections over this kernel's TLS, by the system call driver: both
 * ends in this one thread.
 */

#define R(r)	KTLS_REFUSED(KTLS_R_##r)
#define BODY	300000

enum { CLIENT, SERVER };

static struct test_pki *pki;
static struct ktls_caps caps;
static bool rekey;
static uint8_t body[2 * BODY];		/* twice the same */
static int body_file, empty_file;

struct pair {
	struct ktls_conn *c[2];
	int fd[2];
	size_t sent, received;		/* to the client */
};

static int
group_setup(void **unused)
{
	(void)unused;
	pki = test_pki_new();
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i % BODY * 7 + i % BODY / 251);
	body_file = open(test_pki_file(pki, "body", body, BODY), O_RDONLY | O_CLOEXEC);
	empty_file = open(test_pki_file(pki, "empty", body, 0), O_RDONLY | O_CLOEXEC);
	if (ktls_offload_probe(&caps) != 0 || caps.ulp.cap != KTLS_CAP_YES)
		fail_msg("this kernel has no TLS");
	rekey = caps.rekey[KTLS_TX].cap == KTLS_CAP_YES;
	return body_file < 0 || empty_file < 0;
}

static int
group_teardown(void **unused)
{
	(void)unused;
	close(body_file);
	close(empty_file);
	test_pki_free(pki);
	return 0;
}

static void
tcp_pair(int fd[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	fd[CLIENT] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd[CLIENT], (struct sockaddr *)&a, len), 0);
	fd[SERVER] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(fd[SERVER] >= 0);
	assert_int_equal(fcntl(fd[CLIENT], F_SETFL, O_NONBLOCK), 0);
	close(listener);
}

static struct ktls_conn *
conn_new(enum ktls_role role, enum ktls_offload offload, enum ktls_cipher cipher, int fd)
{
	const struct ktls_hs_params params = { .server_name = "localhost" };
	struct ktls_config *cfg = role == KTLS_CLIENT ?
	    test_pki_client(pki) : test_pki_server(pki, TEST_EC);
	struct ktls_conn *c;

	assert_int_equal(ktls_config_offload(cfg, offload), 0);
	assert_int_equal(ktls_config_caps(cfg, &caps), 0);
	assert_int_equal(ktls_config_ciphers(cfg, &cipher, 1), 0);
	assert_int_equal(ktls_conn_new(&c, cfg, role, fd, role == KTLS_CLIENT ? &params : NULL), 0);
	ktls_config_unref(cfg);
	return c;
}

static void
connect_pair(struct pair *p, enum ktls_offload client, enum ktls_offload server,
    enum ktls_cipher cipher)
{
	int n[2] = { -EAGAIN, -EAGAIN };

	*p = (struct pair){0};
	tcp_pair(p->fd);
	p->c[CLIENT] = conn_new(KTLS_CLIENT, client, cipher, p->fd[CLIENT]);
	p->c[SERVER] = conn_new(KTLS_SERVER, server, cipher, p->fd[SERVER]);
	while (n[0] == -EAGAIN || n[1] == -EAGAIN)
		for (int i = 0; i < 2; i++)
			n[i] = ktls_conn_handshake(p->c[i]);
	assert_int_equal(n[CLIENT], 0);
	assert_int_equal(n[SERVER], 0);
}

static void
free_pair(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		ktls_conn_free(p->c[i]);
		close(p->fd[i]);
	}
}

static enum ktls_path
path(const struct ktls_conn *c, enum ktls_dir dir)
{
	struct ktls_conn_status s;

	ktls_conn_status(c, &s);
	return s.path[dir];
}

/* Everything there is, compared; then what recv ended with. */
static ssize_t
receive(struct pair *p, int side, size_t piece)
{
	static uint8_t buf[65536];
	struct pollfd poll_in = { .fd = p->fd[side], .events = POLLIN };
	size_t *at = side == CLIENT ? &p->received : &(size_t){0};
	ssize_t n;

	(void)poll(&poll_in, 1, 50);
	while ((n = ktls_conn_recv(p->c[side], buf, piece)) > 0) {
		if (side == CLIENT)
			assert_memory_equal(buf, body + *at % BODY, (size_t)n);
		*at += (size_t)n;
	}
	return n;
}

/* All of len bytes from the body's place `sent`, while the client receives. */
static void
send_to_client(struct pair *p, size_t len, bool by_file, int flags)
{
	ssize_t n;

	for (size_t done = 0; done < len; done += (size_t)n) {
		size_t at = (p->sent + done) % BODY;

		if (by_file)
			n = ktls_conn_sendfile(p->c[SERVER], body_file, (off_t)at, len - done);
		else
			n = ktls_conn_send(p->c[SERVER], body + at, len - done, flags);
		if (n == -EAGAIN) {
			n = 0;
			assert_int_equal(receive(p, CLIENT, 65536), -EAGAIN);
		} else {
			assert_true(n > 0);
		}
	}
	p->sent += len;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * Bounded by time, not by turns: before 6.12 half a record is POLLIN, so that a
 * hundred turns pass in 15 ms, and the kernel's own worker may need longer than that.
 */
static void
drain(struct pair *p)
{
	int64_t until = now_ms() + 10000;

	while (p->received < p->sent && now_ms() < until)
		assert_int_equal(receive(p, CLIENT, 65536), -EAGAIN);
	assert_int_equal(p->received, p->sent);
}

static void
every_mix_of_paths(void **unused)
{
	static const enum ktls_cipher ciphers[] = { KTLS_AES_128_GCM, KTLS_AES_256_GCM,
	    KTLS_CHACHA20_POLY1305 };

	(void)unused;
	for (unsigned n = 0; n < 25; n++) {
		enum ktls_offload client = n % 5, server = n / 5;
		struct pair p;
		uint8_t got[10];
		ssize_t len;

		connect_pair(&p, client, server, ciphers[n % 3]);
		send_to_client(&p, 100, false, 0);
		send_to_client(&p, 300, false, KTLS_MORE);
		send_to_client(&p, BODY - 400, true, 0);
		send_to_client(&p, 100000, false, 0);
		drain(&p);
		assert_int_equal(ktls_conn_send(p.c[CLIENT], "0123456789", 10, 0), 10);
		while ((len = ktls_conn_recv(p.c[SERVER], got, sizeof(got))) == -EAGAIN)
			;
		assert_int_equal(len, 10);
		assert_memory_equal(got, "0123456789", 10);
		assert_int_equal(path(p.c[SERVER], KTLS_TX) == KTLS_PATH_KERNEL,
		    server != KTLS_OFFLOAD_NONE && server != KTLS_OFFLOAD_RX);
		assert_int_equal(path(p.c[SERVER], KTLS_RX) == KTLS_PATH_KERNEL,
		    server == KTLS_OFFLOAD_RX || server == KTLS_OFFLOAD_FULL);
		assert_int_equal(path(p.c[CLIENT], KTLS_RX) == KTLS_PATH_KERNEL, client ==
		    KTLS_OFFLOAD_RX ||
		    client == KTLS_OFFLOAD_FULL || (client == KTLS_OFFLOAD_AUTO && rekey));
		assert_int_equal(ktls_conn_shutdown(p.c[CLIENT]), -EAGAIN);
		assert_int_equal(receive(&p, SERVER, 100), 0);
		while ((len = ktls_conn_shutdown(p.c[SERVER])) == -EAGAIN)
			(void)receive(&p, CLIENT, 100);
		assert_int_equal(len, 0);
		free_pair(&p);
	}
}

/* Both directions, in every role; a kernel that can't says so and changes nothing. */
static void
keys_change(void **unused)
{
	struct pair p;

	(void)unused;
	connect_pair(&p, KTLS_OFFLOAD_FULL, KTLS_OFFLOAD_FULL, KTLS_AES_128_GCM);
	for (int i = 0; i < 8; i++) {
		int side = i & 1;

		send_to_client(&p, 100, false, KTLS_MORE);	/* open while the key changes */
		assert_int_equal(ktls_conn_key_update(p.c[side], (i & 2) != 0), rekey ?
		    0 : -EOPNOTSUPP);
		send_to_client(&p, 50000, i & 4, 0);
		drain(&p);
		assert_int_equal(receive(&p, SERVER, 1), -EAGAIN);
		send_to_client(&p, 50000, i & 4, 0);
		drain(&p);
	}
	free_pair(&p);
}

/* The peer, in userspace, changes its keys: what this kernel can't follow ends well. */
static void
the_peer_changes_keys(void **unused)
{
	struct pair p;

	(void)unused;
	for (int request = 0; request < 2; request++) {
		connect_pair(&p, KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_FULL, KTLS_AES_128_GCM);
		send_to_client(&p, 1000, false, 0);
		drain(&p);
		assert_int_equal(ktls_conn_key_update(p.c[CLIENT], request), 0);
		assert_int_equal(ktls_conn_send(p.c[CLIENT], body, 100, 0), 100);
		assert_int_equal(receive(&p, SERVER, 7), rekey ? -EAGAIN : R(KERNEL_REKEY));
		if (rekey)
			send_to_client(&p, 1000, false, 0);
		if (rekey)
			drain(&p);
		else
			assert_int_equal(receive(&p, CLIENT, 100), 0);	/* close_notify */
		free_pair(&p);
	}
}

/* The kernel's error is cleared, else the alert could not leave. */
static void
a_bad_record_is_answered(void **unused)
{
	static const uint8_t bad[5 + 40] = { 23, 3, 3, 0, 40 };
	static const uint8_t long_one[5] = { 23, 3, 3, 0xff, 0xff };
	struct pair p;

	(void)unused;
	for (int n = 0; n < 2; n++) {
		connect_pair(&p, KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_FULL, KTLS_AES_128_GCM);
		assert_true(write(p.fd[CLIENT], n == 0 ? bad : long_one, n == 0 ?
		    sizeof(bad) : sizeof(long_one)) > 0);
		assert_int_equal(receive(&p, SERVER, 100), n == 0 ?
		    R(BAD_RECORD_MAC) : R(RECORD_OVERFLOW));
		assert_int_equal(receive(&p, CLIENT, 100), KTLS_PEER_ALERT(n == 0 ?
		    KTLS_ALERT_bad_record_mac : KTLS_ALERT_record_overflow));
		free_pair(&p);
	}
}

/* An empty control message sends a record that MSG_MORE has left open, and no other. */
static void
what_is_held_back_leaves(void **unused)
{
	struct pair p;

	(void)unused;
	connect_pair(&p, KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_TX, KTLS_AES_128_GCM);
	send_to_client(&p, 300, false, KTLS_MORE);
	assert_int_equal(receive(&p, CLIENT, 1000), -EAGAIN);
	assert_int_equal(p.received, 0);
	assert_int_equal(ktls_conn_sendfile(p.c[SERVER], empty_file, 0, 100), 0);
	drain(&p);
	p.sent = p.received = BODY - 400;
	send_to_client(&p, 300, false, KTLS_MORE);
	assert_int_equal(ktls_conn_sendfile(p.c[SERVER], body_file, BODY - 100, 5000), 100);
	p.sent += 100;
	drain(&p);
	send_to_client(&p, 300, false, KTLS_MORE);
	assert_int_equal(ktls_conn_send(p.c[SERVER], NULL, 0, 0), 0);
	drain(&p);
	free_pair(&p);

	connect_pair(&p, KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_TX, KTLS_AES_128_GCM);
	send_to_client(&p, 300, false, KTLS_MORE);
	assert_int_equal(ktls_conn_shutdown(p.c[SERVER]), -EAGAIN);
	assert_int_equal(receive(&p, CLIENT, 1000), 0);
	assert_int_equal(p.received, 300);
	free_pair(&p);
}

/* FIN behind the request: the ULP was there before, so the answer still goes through the kernel. */
static void
an_early_fin(void **unused)
{
	struct pair p;

	(void)unused;
	connect_pair(&p, KTLS_OFFLOAD_NONE, KTLS_OFFLOAD_AUTO, KTLS_AES_128_GCM);
	assert_int_equal(ktls_conn_shutdown(p.c[CLIENT]), -EAGAIN);
	assert_int_equal(receive(&p, SERVER, 100), 0);
	assert_int_equal(ktls_conn_sendfile(p.c[SERVER], body_file, 0, 70000), 70000);
	assert_int_equal(path(p.c[SERVER], KTLS_TX), KTLS_PATH_KERNEL);
	free_pair(&p);
}

static void
truncation_is_told(void **unused)
{
	struct pair p;

	(void)unused;
	connect_pair(&p, KTLS_OFFLOAD_FULL, KTLS_OFFLOAD_FULL, KTLS_AES_128_GCM);
	send_to_client(&p, 1000, false, 0);
	assert_int_equal(shutdown(p.fd[SERVER], SHUT_WR), 0);
	assert_int_equal(receive(&p, CLIENT, 5000), R(TRUNCATED));
	assert_int_equal(p.received, 1000);
	free_pair(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mix_of_paths),
		cmocka_unit_test(keys_change),
		cmocka_unit_test(the_peer_changes_keys),
		cmocka_unit_test(a_bad_record_is_answered),
		cmocka_unit_test(what_is_held_back_leaves),
		cmocka_unit_test(an_early_fin),
		cmocka_unit_test(truncation_is_told),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown) != 0;
}
