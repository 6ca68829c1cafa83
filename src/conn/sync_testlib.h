/* SPDX-License-Identifier: MIT */
#ifndef CONN_SYNC_TESTLIB_H
#define CONN_SYNC_TESTLIB_H

#include "config/pki_testlib.h"
#include "conn/sync.h"

/* For tests of the system call driver: sockets, configurations, something to send. */
#define R(r)	KTLS_REFUSED(KTLS_R_##r)
#define BODY	3000000

extern struct test_pki *sync_pki;
extern struct ktls_config *sync_client_cfg, *sync_server_cfg;
extern uint8_t *sync_body;
extern int sync_body_file;
extern const struct ktls_hs_params sync_localhost;

int sync_group_setup(void **unused);
int sync_group_teardown(void **unused);

/* fd[0] is the client's. */
void sync_tcp_pair(int fd[2]);
void sync_unix_pair(int fd[2]);
void sync_set_nonblocking(int fd);
int64_t sync_milliseconds(void);

/* What an application with poll(2) does after -EAGAIN, and whether there was one. */
bool sync_again(const struct ktls_conn *c, int fd, ssize_t n);

/* Both ends in this thread, not blocking, handshake done. */
void sync_connect_here(struct ktls_conn *c[2], int fd[2]);
void sync_free_both(struct ktls_conn *c[2], const int fd[2]);

#endif
